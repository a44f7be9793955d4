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
from tfrepair.target.compiling import settle, start_compiling

pytestmark = pytest.mark.skipif(os.name == "nt", reason="laid out as on POSIX")
SCRIPTS = Path(compiling.__file__).parent / "scripts"
FILES = {
    "tensorflow/__init__.py": "import json\nfrom tensorflow import deep\n",
    "tensorflow/deep.py": "def where():\n    return (lambda: where).__code__.co_filename\n",
    "keras/__init__.py": "import tensorflow\n",
}


@pytest.fixture
def world(venv, site, environ, tmp_path, monkeypatch):
    """An environment, and repairs of it: each lets it be compiled, imported at its final path and settled."""
    monkeypatch.setattr(compiling, "_processors", lambda: 2)
    for name, text in FILES.items():
        path = site / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text)
    return World(venv, site.relative_to(venv), environ, tmp_path)


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

    def compiled(self, name, environ=None):
        """The bytecode of `tensorflow/deep.py` that there is before anything is imported, in an environment so named."""
        env, bytecode = self.folder / name, self.folder / f"bytecode-{name}"
        shutil.copytree(self.venv, env, symlinks=True)
        bytecode.mkdir()
        (helper,) = start_compiling(
            str(env / "bin" / "python"),
            environ=environ or self.environ,
            bytecode=bytecode,
            stage=env,
            final=env,
            kept=self.kept,
        )
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

    def packs(self):
        return sorted(self.kept.glob("*.pack"))


def taken(path):
    """Whether an earlier repair had kept this bytecode."""
    (told,) = path.parents[next(n for n, p in enumerate(path.parents) if p.name.startswith("bytecode-"))].glob(
        "taken-*"
    )
    (own,) = [each for each in json.loads(told.read_text()) if each.endswith("/deep.py")] or [None]
    assert own in {None, named(path)}
    return own is not None


def named(path):
    """The file that bytecode was compiled from, as it says itself."""
    return marshal.loads(path.read_bytes()[16:]).co_filename


def test_what_one_repair_keeps_the_next_does_not_compile(world):
    source = world.site / "tensorflow" / "deep.py"
    assert named(world.settled("first")) == str(world.folder / "first" / source)
    (pack,) = world.packs()
    assert pack.stat().st_mode & 0o777 & ~0o644 == 0
    assert world.kept.stat().st_mode & 0o777 == 0o700
    path = world.compiled("second")
    assert taken(path), "it was compiled anew"
    assert named(path) == str(world.folder / "second" / source)


def test_what_came_from_an_earlier_repair_names_its_own_file_in_the_end_and_is_valid(world):
    world.settled("first")
    path = world.settled("second")
    source = world.folder / "second" / world.site / "tensorflow" / "deep.py"
    assert named(path) == str(source)
    assert len(world.packs()) == 1, "nothing new was to be kept"
    told = "import tensorflow.deep as d; print(d.where())"
    argv = [str(world.folder / "second" / "bin" / "python"), "-v", "-B", "-c", told]
    done = subprocess.run(argv, env=world.environ, capture_output=True, text=True, check=True)
    assert done.stdout.strip() == str(source)
    assert f"matches {source}" in done.stderr


def test_what_an_import_in_the_stage_wrote_meanwhile_names_its_own_file_in_the_end(world):
    world.settled("first")
    path, stage = world.compiled("second"), str(world.folder / "stage" / "deep.py")
    source = world.folder / "second" / world.site / "tensorflow" / "deep.py"
    path.write_bytes(path.read_bytes()[:16] + marshal.dumps(compile(source.read_text(), stage, "exec")))
    assert named(world.put("second") / path.name) == str(source)


def test_a_file_of_another_text_is_compiled(world):
    world.settled("first")
    (world.venv / world.site / "tensorflow" / "deep.py").write_text("where = 2\n")
    path = world.settled("second")
    assert marshal.loads(path.read_bytes()[16:]).co_names == ("where",)
    assert len(world.packs()) == 2


def test_modules_of_the_base_interpreter_are_kept_too(world, store):
    world.settled("first")
    compiled = list((world.folder / "bytecode-first").rglob("*.pyc"))
    assert any(path.parent.name == "json" for path in compiled)
    data = world.packs()[0].read_bytes()
    _, length = store.HEAD.unpack_from(data, len(store.FORMAT))
    assert length // store.ENTRY.size == len(compiled)


@pytest.mark.parametrize("damage", ["data", "index", "short", "empty", "text"])
def test_a_damaged_pack_is_not_used(world, damage):
    world.settled("first")
    (pack,) = world.packs()
    data = bytearray(pack.read_bytes())
    if damage == "data":
        data[-(len(data) // 2) :] = bytes(len(data) // 2)
    elif damage == "index":
        data[80] ^= 1
    elif damage == "short":
        del data[len(data) // 3 :]
    elif damage == "empty":
        data.clear()
    else:
        data[:] = b"not a pack at all\n" * 9
    pack.write_bytes(data)
    for name in ("second", "third"):
        path = world.compiled(name)
        code = marshal.loads(path.read_bytes()[16:])
        assert code.co_filename == str(world.folder / name / world.site / "tensorflow/deep.py")
        assert "where" in code.co_names
        assert damage == "data" or not taken(path)


def test_packs_of_another_python_are_left_alone(world):
    world.settled("first")
    (pack,) = world.packs()
    other = pack.with_name(pack.name.replace("cpython-", "cpython-9", 1))
    pack.rename(other)
    assert not taken(world.compiled("second"))
    assert other.exists()


def test_what_others_may_write_is_not_used_and_nothing_is_kept_there(world):
    world.settled("first")
    world.kept.chmod(0o777)
    assert not taken(world.compiled("second"))
    world.settled("again")
    (world.venv / world.site / "tensorflow" / "deep.py").write_text("where = 2\n")
    world.settled("third")
    assert len(world.packs()) == 1


@pytest.mark.skipif(not hasattr(os, "geteuid") or os.geteuid() != 0, reason="only root gives files away")
def test_what_belongs_to_another_user_is_not_used(world):
    world.settled("first")
    os.chown(world.kept, 4711, 4712)
    assert not taken(world.compiled("second"))


def test_bytecode_without_assertions_is_neither_kept_nor_mistaken(world):
    optimized = world.environ | {"PYTHONOPTIMIZE": "1"}
    world.settled("first", optimized)
    assert not world.packs()
    world.settled("second")
    assert not taken(world.compiled("third", optimized))


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


def test_beyond_the_bound_the_longest_unused_goes(store, tmp_path, monkeypatch):
    monkeypatch.setattr(store, "BOUND", 2500)
    folder = tmp_path / "kept"
    code = marshal.dumps(compile(f"x = {'long' * 200!r}", store.NAMELESS, "exec"))
    for text in (b"1", b"2"):
        store.write(str(folder), {store.digest_of(text): code})
    first, second = (store.Store(str(folder)).found[store.digest_of(text)][0] for text in (b"1", b"2"))
    os.utime(first, (1, 1))
    os.utime(second, (2, 2))
    used = store.Store(str(folder))
    assert marshal.loads(used.code(b"1", "/e/a.py")).co_filename == "/e/a.py"
    used.note_use()
    store.write(str(folder), {store.digest_of(b"3"): code})
    left = store.Store(str(folder))
    assert [left.code(text, "/e/a.py") is not None for text in (b"1", b"2", b"3")] == [True, False, True]


def test_what_a_repair_that_was_killed_began_to_write_goes_later(store, tmp_path):
    folder = tmp_path / "kept"
    folder.mkdir(mode=0o700)
    old, new = folder / "old", folder / "new"
    for path in (old, new):
        path.write_bytes(b"x")
    os.utime(old, (time.time() - 7200,) * 2)
    store.write(str(folder), {store.digest_of(b"1"): b"code"})
    assert (old.exists(), new.exists()) == (False, True)


def test_nothing_new_writes_nothing(store, tmp_path):
    store.write(str(tmp_path / "kept"), {})
    assert not list((tmp_path / "kept").iterdir())
