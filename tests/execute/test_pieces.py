"""The pieces of the transaction, each alone."""

import os
import stat
import struct
import time
from pathlib import Path

import pytest
from execute_support import SITE, add_distribution, describe, make_environment, records_hold, write
from other_user import NOBODY, without_rights

from tfrepair.errors import StepError, SurroundingsError
from tfrepair.execute import tree
from tfrepair.execute.files import explained, remove_tree, write_durably
from tfrepair.execute.fingerprint import differences, fingerprint, manifest, tree_digest
from tfrepair.execute.journal import Journal, read_journal
from tfrepair.execute.linking import link_tree, unshare
from tfrepair.execute.ownership import private_rule, source_of
from tfrepair.execute.paths import new_run_id, state_dir
from tfrepair.execute.relocate import drop_bytecode, relocate
from tfrepair.execute.scripts import with_interpreter
from tfrepair.execute.swap import Swap, exchange, move, place
from tfrepair.execute.tree import uninstall
from tfrepair.target.console_scripts import interpreter_of


def test_run_ids_sort_by_time():
    moments = [1_700_000_000, 1_700_000_000.001, 1_700_000_000.9999, 1_700_000_001]
    ids = [new_run_id(moment) for moment in moments]
    assert ids == sorted(ids)
    assert ids[0].startswith("20231114T221320-0000")
    assert new_run_id(5) != new_run_id(5)


def test_the_state_folder_can_be_named():
    assert state_dir({"TFREPAIR_STATE_DIR": "/somewhere/else"}) == Path("/somewhere/else")
    assert state_dir({}).name == "tfrepair"


def test_a_torn_last_line_is_forgotten_and_the_next_line_stands_alone(tmp_path):
    path = tmp_path / "journal.jsonl"
    journal = Journal(path, "r1")
    journal.append("begin", prefix="/x")
    journal.append("staged")
    with path.open("ab") as stream:
        stream.write(b'{"seq": 2, "run": "r1", "ev')
    assert [entry.event for entry in read_journal(path)] == ["begin", "staged"]
    assert Journal(path, "r1").append("dropped").seq == 2
    assert [(entry.seq, entry.event) for entry in read_journal(path)] == [(0, "begin"), (1, "staged"), (2, "dropped")]


def test_zeros_after_a_power_cut_end_the_journal(tmp_path):
    path = tmp_path / "journal.jsonl"
    Journal(path, "r1").append("begin")
    with path.open("ab") as stream:
        stream.write(b"\0" * 512)
    assert len(read_journal(path)) == 1
    assert Journal(path, "r1").append("end").seq == 1
    assert len(read_journal(path)) == 2


def test_a_file_is_replaced_as_a_whole_or_not_at_all(tmp_path, monkeypatch):
    path = write(tmp_path / "file", "old")
    monkeypatch.setattr("os.fsync", lambda _descriptor: (_ for _ in ()).throw(OSError(28, "full")))
    with pytest.raises(OSError, match="full"):
        write_durably(path, b"new")
    assert path.read_text() == "old"
    assert os.listdir(tmp_path) == ["file"]


@pytest.mark.parametrize("name", ["module.cpython-310.pyc", "module.py"])
def test_only_bytecode_that_python_wrote_meanwhile_gives_way(tmp_path, name):
    old = write(tmp_path / "env" / name, "old")
    swap = Swap(
        place=old, tree=tmp_path / "run" / name, before=old.stat().st_ino, after=None, keep_as=tmp_path / "run" / name
    )
    (tmp_path / "run").mkdir()
    swap.forward()
    write(tmp_path / "other", "written meanwhile").rename(old)
    if name.endswith(".pyc"):
        assert swap.forward() == "none"
        assert old.read_text() == "written meanwhile"
        assert swap.back() == "renames"
        assert old.read_text() == "old"
    else:
        with pytest.raises(SurroundingsError, match="somebody put another one there"):
            swap.forward()
        assert old.read_text() == "written meanwhile"


def test_linked_files_share_and_private_ones_do_not(tmp_path):
    source = make_environment(tmp_path / "env")
    add_distribution(source, "kept", "1.0", {"kept/__init__.py": "x", "kept/config.json": "{}"}, ["tool"])
    write(source / SITE / "kept" / "__pycache__" / "__init__.cpython-310.pyc", b"pyc")
    write(source / "mine.txt", "mine")
    write(source / SITE / "x.pth", "")
    if hasattr(os, "setxattr"):
        os.setxattr(source / "mine.txt", "user.note", b"kept")
    os.utime(source / "mine.txt", ns=(1, 1_600_000_000_000_000_001))
    (source / "mine.txt").chmod(0o604)
    rule = private_rule(describe(source).environment)
    linked = link_tree(source, tmp_path / "copy", rule)
    copy = tmp_path / "copy"
    assert tree_digest(copy) == tree_digest(source)

    def shared(relative):
        return (source / relative).stat().st_ino == (copy / relative).stat().st_ino

    assert shared(f"{SITE}/kept/__init__.py")
    assert shared(f"{SITE}/kept/__pycache__/__init__.cpython-310.pyc")
    for relative in (
        "mine.txt",
        "bin/tool",
        f"{SITE}/x.pth",
        f"{SITE}/kept/config.json",
        f"{SITE}/kept-1.0.dist-info/RECORD",
        "pyvenv.cfg",
    ):
        assert not shared(relative), relative
    assert (copy / "mine.txt").stat().st_mtime_ns == 1_600_000_000_000_000_001
    assert (copy / "lib").stat().st_mtime_ns == (source / "lib").stat().st_mtime_ns
    assert (linked.linked, linked.links) == (2, 2)
    assert unshare(copy) == 2
    assert tree_digest(copy) == tree_digest(source)


@pytest.mark.parametrize("refusal", [18, 1, 31])
def test_where_links_are_refused_files_are_copied(tmp_path, monkeypatch, refusal):
    source = tmp_path / "env"
    write(source / "a" / "file", b"content", 0o640)

    def refuse(*_args, **_kwargs):
        raise OSError(refusal, os.strerror(refusal))

    monkeypatch.setattr("os.link", refuse)
    linked = link_tree(source, tmp_path / "copy", lambda _path: False)
    assert (linked.linked, linked.copied, linked.copied_bytes) == (0, 1, 7)
    assert tree_digest(tmp_path / "copy") == tree_digest(source)


@pytest.mark.skipif(not hasattr(os, "mkfifo"), reason="no pipes here")
def test_a_pipe_stays_a_pipe(tmp_path):
    (tmp_path / "env").mkdir()
    os.mkfifo(tmp_path / "env" / "pipe")
    link_tree(tmp_path / "env", tmp_path / "copy", lambda _path: True)
    assert stat.S_ISFIFO((tmp_path / "copy" / "pipe").stat().st_mode)


def test_bytecode_belongs_to_its_source():
    assert source_of("a/__pycache__/b.cpython-310.opt-1.pyc") == "a/b.py"
    assert source_of("__pycache__/b.cpython-310.pyc") == "b.py"
    assert source_of("a/b.pyc") is None
    assert source_of("a/b.py") is None


@pytest.mark.parametrize("change", ["content", "mode", "new", "gone", "link"])
def test_a_fingerprint_notices(tmp_path, change):
    root = tmp_path / "env"
    write(root / "a" / "file", "one")
    (root / "link").symlink_to("a")
    before, rows = fingerprint(root), manifest(root)
    assert fingerprint(root) == before
    match change:
        case "content":
            write(root / "a" / "file", "two")
        case "mode":
            (root / "a" / "file").chmod(0o600)
        case "new":
            write(root / "b")
        case "gone":
            (root / "a" / "file").unlink()
        case "link":
            (root / "link").unlink()
            (root / "link").symlink_to("b")
    assert fingerprint(root) != before
    expected = {"new": ("b",), "link": ("link",)}.get(change, ("a/file",))
    assert differences(rows, root) == expected


def test_linking_a_tree_leaves_its_fingerprint(tmp_path):
    write(tmp_path / "env" / "file", "x")
    before = fingerprint(tmp_path / "env")
    link_tree(tmp_path / "env", tmp_path / "copy", lambda _path: False)
    assert fingerprint(tmp_path / "env") == before


def test_two_folders_change_places_in_one_step(tmp_path):
    write(tmp_path / "a" / "first")
    write(tmp_path / "b" / "second")
    if not exchange(tmp_path / "a", tmp_path / "b"):
        pytest.skip("this file system cannot exchange names")
    assert os.listdir(tmp_path / "a") == ["second"]
    assert os.listdir(tmp_path / "b") == ["first"]


@pytest.mark.parametrize("system", ["linux", "somewhere-else"])
def test_a_stage_never_replaces_what_is_there(tmp_path, monkeypatch, system):
    monkeypatch.setattr("tfrepair.execute.swap.platform", lambda: system)
    write(tmp_path / "a" / "file")
    (tmp_path / "b").mkdir()
    with pytest.raises(FileExistsError):
        move(tmp_path / "a", tmp_path / "b")
    place(tmp_path / "a", tmp_path / "c")
    assert os.listdir(tmp_path / "c") == ["file"]


@pytest.mark.parametrize(
    "script",
    [
        b"#!/stage/tree/bin/python\nimport x\n",
        b"#!/stage/tree/bin/python -E\nimport x\n",
        b"#!/bin/sh\n'''exec' \"/stage/tree/bin/python\" \"$0\" \"$@\"\n' '''\nimport x\n",
        b"#!/bin/sh\n'''exec' /stage/tree/bin/python \"$0\" \"$@\"\n' '''\nimport x\n",
        b"#!/bin/sh\n'''exec' '/stage/tree/bin/python' \"$0\" \"$@\"\n' '''\nimport x\n",
    ],
)
def test_interpreter_lines_of_all_installers_are_understood(script):
    assert interpreter_of(script) == "/stage/tree/bin/python"
    rest = b" -E" if b"-E" in script else b""
    assert with_interpreter(script, "/env/bin/python") == b"#!/env/bin/python" + rest + b"\nimport x\n"


@pytest.mark.parametrize("folder", ["with space", "d" * 150, 'quo"te $HOME `x'])
def test_an_interpreter_with_an_awkward_path_is_started_through_the_shell(tmp_path, folder):
    import subprocess
    import sys

    home = tmp_path / folder
    home.mkdir()
    (home / "python").symlink_to(sys.executable)
    script = with_interpreter(b"#!/x/python\nimport sys\nprint(sys.argv[1])\n", str(home / "python"))
    path = write(tmp_path / "script", script, 0o755)
    assert subprocess.run([path, "a b"], capture_output=True, text=True, check=True).stdout == "a b\n"


def test_after_relocation_no_file_names_the_stage_and_records_hold(tmp_path):
    stage = make_environment(tmp_path / "run one" / "tree")
    final = tmp_path / "env"
    since = time.time() - 1
    add_distribution(stage, "new", "1.0", {"new/__init__.py": ""}, ["tool"])
    site = stage / SITE
    quoted = str(stage).replace(" ", "%20")
    write(stage / "bin" / "activate", f'VIRTUAL_ENV="{stage}"\nVIRTUAL_ENV_PROMPT="(tree) "\ntree=1\n')
    write(site / "new-1.0.dist-info" / "direct_url.json", f'{{"url": "file://{quoted}/src"}}')
    write(site / "paths.pth", f"{stage}/src\n")
    write(stage / "share" / "jupyter" / "kernels" / "k" / "kernel.json", f'["{stage}/bin/python"]')
    write(site / "new" / "__pycache__" / "a.pyc", b"\0" + bytes(stage))
    write(stage / "bin" / "distlib.exe", b"MZ\0stub#!" + bytes(stage) + b"\\python.exe\r\nPK\x03\x04zip")
    path = bytes(stage) + b"/python.exe"
    write(stage / "bin" / "uv.exe", b"MZ\0stub" + b"PK\x03\x04zip" + path + struct.pack("<I", len(path)) + b"UVSC")
    (stage / "loop").symlink_to(stage / "lib")
    (stage / "sub").mkdir()
    relocated = relocate(stage, final, [site], since=since)
    assert relocated.left == ()
    assert records_hold(stage)
    assert (stage / "bin" / "tool").read_text().startswith(f"#!{final}/bin/python\n")
    assert (stage / "bin" / "tool").stat().st_mode & 0o777 == 0o755
    assert (stage / "bin" / "activate").read_text() == f'VIRTUAL_ENV="{final}"\nVIRTUAL_ENV_PROMPT="(env) "\ntree=1\n'
    assert (stage / "bin" / "distlib.exe").read_bytes() == b"MZ\0stub#!" + bytes(
        final
    ) + b"\\python.exe\r\nPK\x03\x04zip"
    new = bytes(final) + b"/python.exe"
    assert (stage / "bin" / "uv.exe").read_bytes() == b"MZ\0stubPK\x03\x04zip" + new + struct.pack(
        "<I", len(new)
    ) + b"UVSC"
    assert os.readlink(stage / "loop") == str(final / "lib")
    assert [path.name for path in relocated.deleted] == ["a.pyc"]


def test_a_binary_that_names_the_stage_is_reported(tmp_path):
    stage = tmp_path / "run" / "tree"
    write(stage / "lib.so", b"\x7fELF\0" + b"x" * 100 + bytes(stage))
    assert relocate(stage, tmp_path / "env", [], since=0).left == ("lib.so",)


def test_bytecode_compiled_while_verifying_goes(tmp_path):
    stage = tmp_path / "run" / "tree"
    write(stage / "a.pyc", b"\0" + bytes(stage))
    write(stage / "b.pyc", b"\0 elsewhere")
    assert drop_bytecode(stage, since=time.time() - 5) == 1
    assert os.listdir(stage) == ["b.pyc"]


def test_uninstalling_keeps_what_another_distribution_also_records(tmp_path):
    stage = make_environment(tmp_path / "env")
    add_distribution(stage, "one", "1.0", {"both/__init__.py": "x", "both/one.py": "1", "one/deep/er/x.py": ""})
    add_distribution(stage, "two", "1.0", {"both/__init__.py": "x", "both/two.py": "2"})
    uninstall(stage, describe(stage).environment, f"{SITE}/one-1.0.dist-info")
    site = stage / SITE
    assert sorted(path.name for path in (site / "both").iterdir()) == ["__init__.py", "two.py"]
    assert not (site / "one").exists()


def test_uninstalling_keeps_what_another_distribution_records_in_other_letters_where_case_does_not_count(
    tmp_path, monkeypatch
):
    stage = make_environment(tmp_path / "env")
    add_distribution(stage, "one", "1.0", {"Both/__init__.py": "x", "both/one.py": "1"})
    add_distribution(stage, "two", "1.0", {"both/__init__.py": "x", "both/two.py": "2"})
    monkeypatch.setattr(tree, "ignores_case", lambda _folder: True)
    uninstall(stage, describe(stage).environment, f"{SITE}/one-1.0.dist-info")
    assert (stage / SITE / "Both" / "__init__.py").exists()
    assert sorted(path.name for path in (stage / SITE / "both").iterdir()) == ["__init__.py", "two.py"]


def test_an_editable_install_of_the_old_kind_is_forgotten(tmp_path):
    stage = make_environment(tmp_path / "env")
    site = stage / SITE
    write(site / "project.egg-link", "/home/me/project\n.")
    write(site / "easy-install.pth", "/home/me/other\n/home/me/project\n")
    uninstall(stage, describe(stage).environment, f"{SITE}/project.egg-link")
    assert (site / "easy-install.pth").read_text() == "/home/me/other\n"
    assert not (site / "project.egg-link").exists()


def test_metadata_outside_the_stage_is_refused(tmp_path):
    stage = make_environment(tmp_path / "env")
    with pytest.raises(StepError, match="does not lie inside"):
        uninstall(stage, describe(stage).environment, "../other.dist-info")
    with pytest.raises(StepError, match="no metadata"):
        uninstall(stage, describe(stage).environment, f"{SITE}/gone-1.0.dist-info")


def test_removing_a_tree_follows_no_link_and_opens_locked_folders(tmp_path):
    precious = write(tmp_path / "precious" / "file")
    write(tmp_path / "tree" / "locked" / "file")
    (tmp_path / "tree" / "link").symlink_to(precious.parent)
    (tmp_path / "tree" / "locked").chmod(0o500)
    remove_tree(tmp_path / "tree")
    assert precious.exists()
    assert not (tmp_path / "tree").exists()


@pytest.mark.skipif(os.name == "nt", reason="modes are those of POSIX")
@pytest.mark.parametrize("mode", [0, 0o400], ids=["closed", "listed only"])
@pytest.mark.parametrize("look", [fingerprint, lambda path: link_tree(path, path.parent / "copy", lambda _: True)])
def test_a_folder_that_may_not_be_entered_is_named(tmp_path, mode, look):
    work = tmp_path / "work"
    inner = work / "env" / "a folder"
    inner.mkdir(parents=True)
    (inner / "file").write_text("mine")
    for path in (work, work / "env", inner, inner / "file"):
        os.chown(path, *([NOBODY] * 2 if os.geteuid() == 0 else [-1, -1]))
    inner.chmod(mode)
    with without_rights(tmp_path):
        with pytest.raises(PermissionError) as raised:
            look(work / "env")
        error = explained(raised.value, "looking")
    inner.chmod(0o755)
    assert error.exit_code == 6
    assert f"looking failed at `{inner}" in error.message
    assert f"chmod u+rwx '{inner}'" in error.hint
