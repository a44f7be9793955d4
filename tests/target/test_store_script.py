"""Bytecode that one repair keeps and the next one need not compile."""

import json
import marshal
import os
import shutil
import subprocess
import sys
import time
from pathlib import Path

import pytest

from tfrepair.target import compiling
from tfrepair.target.compiling import settle, start_compiling, start_restoring

pytestmark = pytest.mark.skipif(os.name == "nt", reason="laid out as on POSIX")
SCRIPTS = Path(compiling.__file__).parent / "scripts"
FILES = {
    "tensorflow/__init__.py": "import json\nfrom tensorflow import deep\n",
    "tensorflow/deep.py": "def where():\n    return (lambda: where).__code__.co_filename\n",
    "keras/__init__.py": "import tensorflow\n",
}
AS_ROOT = pytest.mark.skipif(not hasattr(os, "geteuid") or os.geteuid() != 0, reason="only root gives files away")


@pytest.fixture
def world(venv, site, environ, tmp_path, monkeypatch):
    """An environment, and repairs of it: each lets it be compiled, imported at its final path and settled."""
    monkeypatch.setattr(compiling, "_processors", lambda: 2)
    world = World(venv, site.relative_to(venv), environ, tmp_path)
    for name, text in FILES.items():
        world.write(name, text)
    return world


@pytest.fixture
def store(monkeypatch):
    monkeypatch.syspath_prepend(SCRIPTS)
    import store_script

    yield store_script
    del sys.modules["store_script"]


class World:
    def __init__(self, venv, site, environ, folder):
        self.venv, self.site, self.environ, self.folder = venv, site, environ, folder
        self.kept = folder / "state" / "bytecode"

    def write(self, name, text):
        """A module of the environment that all others are copies of, with a time of its own, and the RECORD."""
        path = self.venv / self.site / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text)
        os.utime(path, (1600000000, 1600000000))
        self.record()

    def record(self):
        """Everything that lies there now is as recorded."""
        site = self.venv / self.site
        metadata = site / "tensorflow-2.20.0.dist-info"
        metadata.mkdir(exist_ok=True)
        rows = [f"{path.relative_to(site)},sha256={hash_of(path)},{path.stat().st_size}" for path in site.rglob("*.py")]
        (metadata / "RECORD").write_text("\n".join([*rows, "tensorflow-2.20.0.dist-info/RECORD,,", ""]))

    def copied(self, name):
        """An environment so named, and a folder for its bytecode."""
        env, bytecode = self.folder / name, self.folder / f"bytecode-{name}"
        shutil.copytree(self.venv, env, symlinks=True)
        bytecode.mkdir()
        return env, bytecode

    def compiled(self, name, environ=None):
        """The bytecode of `tensorflow/deep.py` that there is before anything is imported, in an environment so named."""
        env, bytecode = self.copied(name)
        python = str(env / "bin" / "python")
        (helper,) = start_compiling(python, environ=environ or self.environ, bytecode=bytecode, kept=self.kept)
        helper.wait()
        helper.stop()
        (path,) = bytecode.rglob("deep.*.pyc")
        return path

    def settled(self, name, environ=None):
        """The same, after which it is settled: what lies in the environment then."""
        path = self.compiled(name, environ)
        return self.put(name) / path.name

    def put(self, name):
        """Settle what was compiled; where the bytecode of `tensorflow` lies then."""
        env = self.folder / name
        settle(
            str(env / "bin" / "python"),
            environ=self.environ,
            bytecode=self.folder / f"bytecode-{name}",
            folders=[str(env / self.site)],
            kept=self.kept,
        )
        return env / self.site / "tensorflow" / "__pycache__"

    def restored(self, name, change=lambda env: None):
        """Whether all of it was put in place in a new environment so named, and where its bytecode lies then."""
        env, scratch = self.copied(name)
        change(env)
        python, folders = str(env / "bin" / "python"), [str(env / self.site)]
        helper = start_restoring(python, environ=self.environ, folders=folders, kept=self.kept, scratch=scratch)
        if helper is not None:
            helper.wait()
        whole = helper is not None and helper.stop() == 0
        assert not list(scratch.iterdir())
        return whole, env / self.site / "tensorflow" / "__pycache__"

    def files(self, ending=".pyc"):
        return sorted(self.kept.glob(f"*{ending}"))

    def own(self):
        """What is kept of `tensorflow/deep.py`."""
        (path,) = (
            path for path in self.files() if hash_of(self.venv / self.site / "tensorflow/deep.py", hex) in path.name
        )
        return path


def hash_of(path, how=None):
    """As RECORD has it, or in hexadecimal."""
    import base64
    import hashlib

    digest = hashlib.sha256(path.read_bytes())
    return digest.hexdigest() if how else base64.urlsafe_b64encode(digest.digest()).rstrip(b"=").decode()


def taken(path):
    """Whether this bytecode is a file that an earlier repair has kept."""
    return path.stat().st_nlink > 1


def code_of(path):
    return marshal.loads(path.read_bytes()[16:])


def imported(env, environ):
    """What an import of an environment tells: where the code says that it is from, and what `-v` prints."""
    told = "import tensorflow.deep as d; print(d.where())"
    argv = [str(env / "bin" / "python"), "-v", "-B", "-c", told]
    done = subprocess.run(argv, env=environ, capture_output=True, text=True, check=True)
    return done.stdout.strip(), done.stderr


def test_what_one_repair_keeps_the_next_does_not_compile(world, store):
    assert code_of(world.settled("first")).co_filename == store.NAMELESS
    assert world.kept.stat().st_mode & 0o777 == 0o700
    assert all(path.stat().st_mode & 0o777 & ~0o644 == 0 for path in world.files())
    assert taken(world.compiled("second")), "it was compiled anew"


def test_all_of_it_is_put_in_place_at_once_where_the_files_are_as_before(world):
    first = world.settled("first")
    whole, cache = world.restored("second")
    assert whole
    assert os.path.samefile(first, cache / first.name)
    assert (world.folder / "second" / world.site / "keras" / "__pycache__").is_dir()
    source = world.folder / "second" / world.site / "tensorflow" / "deep.py"
    printed, verbose = imported(world.folder / "second", world.environ)
    assert printed == str(source)
    assert f"matches {source}" in verbose


def test_of_a_file_with_another_time_a_copy_is_made_that_fits(world):
    first = world.settled("first")
    source = world.folder / "second" / world.site / "tensorflow" / "deep.py"
    whole, cache = world.restored("second", lambda env: os.utime(source, (1700000000, 1700000000)))
    assert whole
    assert not os.path.samefile(first, cache / first.name)
    assert f"matches {source}" in imported(world.folder / "second", world.environ)[1]


def test_what_lies_there_is_replaced_and_not_written_into(world):
    first = world.settled("first")
    shared = world.folder / "shared"

    def change(env):
        old = env / world.site / "tensorflow" / "__pycache__" / first.name
        old.parent.mkdir()
        old.write_bytes(b"old")
        os.link(old, shared)

    whole, cache = world.restored("second", change)
    assert whole
    assert os.path.samefile(first, cache / first.name)
    assert shared.read_bytes() == b"old"


def test_a_file_that_the_user_has_changed_since_gets_no_bytecode_of_the_old_text(world):
    """Its RECORD is as before, and it belongs to a distribution that nobody compares."""
    first = world.settled("first")
    source = world.folder / "second" / world.site / "tensorflow" / "deep.py"
    whole, cache = world.restored("second", lambda env: source.write_text("def where():\n    return 'mine'\n"))
    assert not whole
    assert not (cache / first.name).exists()
    assert imported(world.folder / "second", world.environ)[0] == "mine"


def test_where_one_cannot_be_put_what_is_kept_stays_as_it_is(world):
    """Two modules of one text: what is left of the first must not be written into for the second."""
    for name in ("tensorflow/empty.py", "keras/empty.py"):
        world.write(name, "")
    world.write(
        "tensorflow/deep.py", FILES["tensorflow/deep.py"] + "from tensorflow import empty\nimport keras.empty\n"
    )
    cached = world.settled("first").name.replace("deep", "empty")
    before = {path.name: path.read_bytes() for path in world.files()}

    def change(env):
        (env / world.site / "tensorflow" / "__pycache__" / cached).mkdir(parents=True)
        os.utime(env / world.site / "keras" / "empty.py", (1700000000, 1700000000))

    whole, cache = world.restored("second", change)
    assert not whole
    assert (cache / cached).is_dir()
    assert {path.name: path.read_bytes() for path in world.files()} == before


@pytest.mark.parametrize("missing", ["record", "row", "text", "file"])
def test_where_the_files_are_others_not_all_is_in_place(world, missing):
    world.settled("first")

    def change(env):
        record = env / world.site / "tensorflow-2.20.0.dist-info" / "RECORD"
        rows = record.read_text().splitlines()
        if missing == "record":
            record.unlink()
        elif missing == "row":
            record.write_text("\n".join(row for row in rows if "deep.py" not in row))
        elif missing == "text":
            record.write_text("\n".join(row.replace("sha256=", "sha256=A") if "deep" in row else row for row in rows))
        else:
            (env / world.site / "tensorflow" / "deep.py").unlink()

    assert not world.restored("second", change)[0]


def test_of_two_that_fit_the_one_with_more_is_put_in_place(world):
    world.settled("first")
    world.write("tensorflow/more.py", "")
    world.write("tensorflow/__init__.py", FILES["tensorflow/__init__.py"])
    world.write("keras/__init__.py", "import tensorflow.more\n")
    world.settled("second")
    world.write("tensorflow/never.py", "")
    whole, cache = world.restored("third")
    assert whole
    assert list(cache.glob("more.*"))
    assert len(world.files(".whole")) == 2


def test_before_anything_was_kept_nothing_is_started(world):
    assert not world.restored("first")[0]


def test_what_came_from_an_earlier_repair_serves_and_is_not_kept_again(world):
    world.settled("first")
    before = world.files(), world.files(".whole")
    path = world.settled("second")
    assert taken(path)
    assert (world.files(), world.files(".whole")) == before
    source = world.folder / "second" / world.site / "tensorflow" / "deep.py"
    printed, verbose = imported(world.folder / "second", world.environ)
    assert printed == str(source)
    assert f"matches {source}" in verbose


def test_what_an_import_in_the_stage_wrote_meanwhile_names_no_stage_in_the_end(world, store):
    world.settled("first")
    path, stage = world.compiled("second"), str(world.folder / "stage" / "deep.py")
    source = world.folder / "second" / world.site / "tensorflow" / "deep.py"
    start = path.read_bytes()[:16]
    path.unlink()
    path.write_bytes(start + marshal.dumps(compile(source.read_text(), stage, "exec")))
    assert code_of(world.put("second") / path.name).co_filename == store.NAMELESS


def test_a_file_of_another_text_is_compiled(world):
    world.settled("first")
    world.write("tensorflow/deep.py", "where = 2\n")
    path = world.settled("second")
    assert code_of(path).co_names == ("where",)
    assert len(world.files(".whole")) == 2


def test_modules_of_the_base_interpreter_are_kept_too(world):
    world.settled("first")
    compiled = [path for path in (world.folder / "bytecode-first").rglob("*.pyc") if path.read_bytes()]
    assert any(path.parent.name == "json" for path in compiled)
    (whole,) = world.files(".whole")
    document = json.loads(whole.read_text())
    assert document["modules"].keys() == FILES.keys()
    assert {*document["modules"].values(), *document["others"]} == {path.name for path in world.files()}
    assert len(document["others"]) > 3


@pytest.mark.parametrize("damage", ["data", "short", "empty", "text", "others may write", "another user's"])
def test_what_is_damaged_or_not_ours_alone_is_not_used(world, damage):
    world.settled("first")
    own = world.own()
    data = bytearray(own.read_bytes())
    if damage == "data":
        data[-20] ^= 1
    elif damage == "short":
        del data[len(data) // 3 :]
    elif damage == "empty":
        data.clear()
    elif damage == "text":
        data[:] = b"no bytecode at all\n" * 9
    elif damage == "others may write":
        own.chmod(0o666)
    elif os.geteuid() == 0:
        os.chown(own, 4711, 4712)
    else:
        pytest.skip("only root gives files away")
    own.write_bytes(data)
    path = world.compiled("second")
    assert not taken(path)
    assert "where" in code_of(path).co_names
    assert not world.restored("third")[0]


@pytest.mark.parametrize(
    "damage", [b"", b"[]", b"{}", b'{"modules": {"tensorflow/deep.py": 7}, "others": []}', b"\xff"]
)
def test_a_damaged_list_of_what_is_all_is_not_used(world, damage):
    world.settled("first")
    (whole,) = world.files(".whole")
    whole.write_bytes(damage)
    assert not world.restored("second")[0]
    assert taken(world.compiled("third"))


def test_what_another_python_can_use_is_left_alone(world):
    world.settled("first")
    for path in (*world.files(), *world.files(".whole")):
        path.rename(path.with_name(path.name.replace("cpython-", "cpython-9", 1)))
    before = len(world.files())
    assert not taken(world.compiled("second"))
    assert not world.restored("third")[0]
    world.put("second")
    assert len([path for path in world.files() if "cpython-9" in path.name]) == before


def test_a_folder_that_others_may_write_is_not_used_and_nothing_is_kept_there(world):
    world.settled("first")
    before = world.files()
    world.kept.chmod(0o777)
    assert not taken(world.compiled("second"))
    assert not world.restored("again")[0]
    world.write("tensorflow/deep.py", "where = 2\n")
    world.settled("third")
    assert world.files() == before


@AS_ROOT
def test_a_folder_of_another_user_is_not_used(world):
    world.settled("first")
    os.chown(world.kept, 4711, 4712)
    assert not taken(world.compiled("second"))
    assert not world.restored("third")[0]


@AS_ROOT
def test_what_root_puts_into_a_users_environment_is_a_copy_of_the_users(world):
    """A file that the user may write must not be the one that root's environments share."""
    first = world.settled("first")

    def change(env):
        for path in (env, *env.rglob("*")):
            os.lchown(path, 4711, 4712)

    whole, cache = world.restored("second", change)
    assert whole
    own = cache / first.name
    assert (own.stat().st_uid, own.stat().st_gid, own.stat().st_nlink) == (4711, 4712, 1)
    assert (cache.stat().st_uid, cache.stat().st_gid) == (4711, 4712)
    path = world.compiled("third")
    change(world.folder / "third")
    new = world.put("third") / path.name
    assert (new.stat().st_uid, new.stat().st_gid) == (4711, 4712)
    assert all(kept.stat().st_uid == 0 for kept in world.kept.iterdir())


@pytest.mark.parametrize("mode", [0o600, 0o640])
def test_bytecode_is_not_more_open_than_its_source(world, mode):
    first = world.settled("first")
    source = world.folder / "second" / world.site / "tensorflow" / "deep.py"
    whole, cache = world.restored("second", lambda env: source.chmod(mode))
    assert whole
    assert (cache / first.name).stat().st_mode & 0o777 == mode


def test_bytecode_without_assertions_is_neither_kept_nor_mistaken(world):
    optimized = world.environ | {"PYTHONOPTIMIZE": "1"}
    world.settled("first", optimized)
    assert not world.files()
    world.settled("second")
    assert world.files()
    assert "opt-1" in world.compiled("third", optimized).name
    assert not taken(next((world.folder / "bytecode-third").rglob("deep.*")))


NAMES = ("/e/a.py", "/" + "l" * 300 + ".py", "/é/ü.py", "/中文/" + "x" * 250 + ".py")


@pytest.mark.parametrize("before", NAMES)
@pytest.mark.parametrize("after", NAMES)
def test_code_is_renamed_without_being_loaded(store, before, after):
    for module in (json, marshal, os, shutil, compiling, subprocess):
        if not getattr(module, "__file__", "").endswith(".py"):
            continue
        text = Path(module.__file__).read_bytes()
        found = store.renamed(marshal.dumps(compile(text, before, "exec")), before, after)
        assert marshal.loads(found) == compile(text, after, "exec")
        assert names_in(marshal.loads(found)) == {after}


def names_in(code):
    inner = (names_in(each) for each in code.co_consts if isinstance(each, type(code)))
    return {code.co_filename}.union(*inner)


@pytest.mark.parametrize(
    ("text", "before"),
    [
        ("x = 1", "/other.py"),
        ("x = '/e/a.py'; y = '/e/a.py too'", "/e/a.py"),
        ("x = 'in /e/a.py'", "/e/a"),
    ],
)
def test_code_that_does_not_name_the_file_once_is_left_alone(store, text, before):
    data = marshal.dumps(compile(text, "/e/a.py", "exec"))
    with pytest.raises(ValueError, match=before):
        store.renamed(data, before, "/new.py")


def kept(store, folder, text, others=()):
    """The list of what one repair has kept: one module of this text."""
    opened = store.opened(str(folder))
    source = folder.parent / "module.py"
    source.write_bytes(text)
    bytecode = folder.parent / "module.pyc"
    code = marshal.dumps(compile(f"x = {'long' * 200!r}", store.NAMELESS, "exec"))
    data = store.header(source.stat()) + code
    bytecode.write_bytes(data)
    name = opened.keep(str(bytecode), data, store.digest_of(text), source.stat())
    before = set(folder.glob("*.whole"))
    opened.note({"module.py": name}, set(others))
    bytecode.unlink()
    (whole,) = set(folder.glob("*.whole")) - before or {None}
    return whole, folder / name


def test_beyond_the_bound_the_longest_unused_goes(store, tmp_path, monkeypatch):
    monkeypatch.setattr(store, "BOUND", 3000)
    folder = tmp_path / "kept"
    first, second = (kept(store, folder, text) for text in (b"1", b"2"))
    os.utime(first[0], (1, 1))
    os.utime(second[0], (2, 2))
    opened = store.Store(str(folder))
    assert opened.complete({"module.py": store.digest_of(b"1")}) == {"module.py": first[1].name}
    third = kept(store, folder, b"3")
    assert [path.exists() for pair in (first, second, third) for path in pair] == [True, True, False, False, True, True]


def test_what_a_repair_that_was_killed_began_to_write_goes_later(store, tmp_path):
    folder = tmp_path / "kept"
    folder.mkdir(mode=0o700)
    old, new, others = folder / f"{store.KIND}old.new", folder / f"{store.KIND}new.new", folder / "passwd"
    for path in (old, new, others):
        path.write_bytes(b"x")
    for path in (old, others):
        os.utime(path, (time.time() - 7200,) * 2)
    whole, module = kept(store, folder, b"1")
    assert (old.exists(), new.exists(), whole.exists(), module.exists()) == (False, True, True, True)
    assert others.exists(), "the store has no such name"


def test_a_link_is_no_store(store, tmp_path):
    real = tmp_path / "real"
    real.mkdir(mode=0o700)
    (tmp_path / "kept").symlink_to(real)
    assert store.is_private(str(real))
    assert not store.is_private(str(tmp_path / "kept"))


def test_what_is_kept_lies_there_under_one_name_however_often(store, tmp_path):
    folder = tmp_path / "kept"
    os.utime(kept(store, folder, b"1")[0], (1, 1))
    moment = (tmp_path / "module.py").stat().st_mtime
    (tmp_path / "module.py").unlink()
    opened = store.opened(str(folder))
    assert opened.find(store.digest_of(b"1"), os.stat_result((0o644, 0, 0, 1, 0, 0, 1, 0, moment, 0)))
    assert opened.find(store.digest_of(b"2"), os.stat_result((0o644, 0, 0, 1, 0, 0, 1, 0, moment, 0))) is None
    assert len(list(folder.iterdir())) == 2
