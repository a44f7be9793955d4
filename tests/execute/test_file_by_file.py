"""Where a folder cannot change places as a whole, its files do, one by one, by a list that survives a crash."""

import dataclasses
import errno
import os
import subprocess
import sys
from pathlib import Path

import pytest
from execute_support import (
    SITE,
    broken_environment,
    describe,
    forked,
    in_place_plan,
    lines,
    plan_for,
    records_hold,
    smoke,
    write,
)
from test_crash import die_at, new_is_whole
from test_transaction import names, repair

from tfrepair.errors import RollbackError, StepError
from tfrepair.execute import exchange, swap
from tfrepair.execute.paths import STASH, Beside
from tfrepair.execute.pieces import LISTING
from tfrepair.execute.recover import recover, unfinished
from tfrepair.execute.runs import Changes, changes_since, find_run, rollback
from tfrepair.execute.scope import EVERYTHING, Scope, scope_of
from tfrepair.model.operations import RunCommand
from tfrepair.model.plan import RemovePath

ROOT = hasattr(os, "geteuid") and os.geteuid() == 0


@pytest.fixture
def inside(prefix):
    """An environment whose stash lies within it."""
    (prefix / STASH).mkdir()
    return prefix


def test_a_repair_and_the_ways_back_are_exact(inside, environ, outside):
    before = lines(inside)
    inode = (inside / SITE / "kept" / "__init__.py").stat().st_ino
    record = repair(inside, environ, outside, in_place_plan(inside))
    assert record.beside.inside
    assert record.tree.is_relative_to(inside)
    assert new_is_whole(inside)
    assert names(inside) == ["kept-2.0.dist-info", "new-3.0.dist-info"]
    assert (inside / SITE / "kept" / "__init__.py").stat().st_ino == inode
    assert str(record.tree) not in (inside / "bin" / "newtool").read_text()
    assert {entry.detail["how"] for entry in record.entries if entry.event == "swapped"} == {"pieces"}
    assert lines(record.tree) == before
    assert changes_since(record) == Changes(lost=(), written=())
    repaired = lines(inside)
    rollback(find_run(None, environ, prefix=inside), environ)
    assert lines(inside) == before
    rollback(find_run(None, environ, prefix=inside), environ)
    assert lines(inside) == repaired


def test_folders_that_come_and_go_and_what_was_a_file_before(inside, environ, outside):
    write(inside / SITE / "old" / "deep" / "er" / "data", "old data")
    (inside / SITE / "old" / "deep").chmod(0o750)
    write(inside / SITE / "other", "a file")
    before = lines(inside)

    def rebuild(argv, *, cwd, timeout):
        (cwd / SITE / "other").unlink()
        write(cwd / SITE / "other" / "now" / "a_folder", "text").parent.chmod(0o711)
        (cwd / "notes" / "link").symlink_to("mine.txt")
        return ""

    plan = plan_for(
        inside, "in-place", [RunCommand(argv=("anything",)), RemovePath(path=f"{SITE}/old", why="it is left over")]
    )
    outside.run_command = rebuild
    repair(inside, environ, outside, plan)
    assert (inside / SITE / "other" / "now").stat().st_mode & 0o777 == 0o711
    assert (inside / "notes" / "link").readlink() == Path("mine.txt")
    assert not (inside / SITE / "old").exists()
    rollback(find_run(None, environ, prefix=inside), environ)
    assert lines(inside) == before


def test_what_was_written_meanwhile_into_a_folder_that_goes_is_no_obstacle(inside, environ, outside):
    before = lines(inside)

    def confirm():
        write(inside / SITE / "new" / "__pycache__" / "written.pyc", "bytecode")
        return smoke(ok=False)

    with pytest.raises(StepError):
        repair(inside, environ, outside, in_place_plan(inside), confirm=confirm)
    assert lines(inside) == before
    assert unfinished(inside) is None


@pytest.mark.skipif(not hasattr(os, "fork"), reason="processes are forked to die")
@pytest.mark.parametrize("verdict", ["ok", "bad"])
def test_death_between_any_two_files_is_mended(tmp_path, verdict):
    points = 0
    for point in range(500):
        home = tmp_path / str(point)
        environ = {"TFREPAIR_STATE_DIR": str(home / "state")}
        prefix = broken_environment(home / "env")
        (prefix / STASH).mkdir()
        before = lines(prefix)
        if not die_at(point, prefix, environ, exchange="files", verdict=verdict):
            break
        points += 1
        recover(prefix, lock_timeout=1)
        assert unfinished(prefix) is None
        if lines(prefix) != before:
            assert verdict == "ok"
            assert new_is_whole(prefix), point
            rollback(find_run(None, environ, prefix=prefix), environ)
        assert lines(prefix) == before, point
    assert points > 50


def test_a_folder_that_refuses_to_be_renamed_is_exchanged_file_by_file(prefix, environ, outside, monkeypatch):
    before = lines(prefix)
    true = swap.exchange

    def refuse(left, right):
        if left == prefix:
            raise OSError(errno.EXDEV, os.strerror(errno.EXDEV), str(left))
        return true(left, right)

    monkeypatch.setattr(swap, "exchange", refuse)
    record = repair(prefix, environ, outside, in_place_plan(prefix))
    assert [entry.detail.get("how") for entry in record.entries if entry.event == "swapped"] == ["pieces"]
    assert new_is_whole(prefix)
    rollback(find_run(None, environ, prefix=prefix), environ)
    assert lines(prefix) == before


def test_a_list_that_was_lost_is_said_and_nothing_more_is_touched(inside, environ):
    assert die_at("confirming", inside, environ, exchange="files")
    run = next(iter((Path(environ["TFREPAIR_STATE_DIR"]) / "runs").iterdir()))
    listing = (run / LISTING).read_bytes()
    (run / LISTING).unlink()
    half = lines(inside)
    assert unfinished(inside).will is None
    with pytest.raises(RollbackError, match="files as they were are below"):
        recover(inside, lock_timeout=1)
    assert lines(inside) == half
    (run / LISTING).write_bytes(listing)
    assert recover(inside, lock_timeout=1).outcome == "restored"


def test_a_scope_holds_its_parts_what_is_in_them_and_the_way_to_them():
    scope = Scope(("bin", "lib/python3.10"))
    assert "lib" in scope
    assert "lib/python3.10/site-packages/x.py" in scope
    assert "lib/python3.100" not in scope
    assert "share" not in scope
    assert STASH not in EVERYTHING
    assert f"{STASH}/lock" not in EVERYTHING


def test_an_installation_of_python_shares_its_prefix_with_what_is_none_of_our_business(tmp_path):
    prefix = broken_environment(tmp_path / "usr")
    environment = describe(prefix).environment
    write(prefix / "lib" / "libpython3.10.so.1.0", "code")
    write(prefix / "share" / "doc", "text")
    parts = scope_of(dataclasses.replace(environment, kind="system")).parts
    assert parts == ("bin", "lib/libpython3.10.so.1.0", "lib/python3.10")
    assert scope_of(environment) == EVERYTHING


def mounted(*arguments):
    done = subprocess.run(["mount", *arguments], check=False, capture_output=True, text=True)
    return done.returncode == 0


@pytest.mark.skipif(not ROOT or sys.platform != "linux", reason="only root may mount")
def test_a_prefix_that_is_a_mount_point(tmp_path, environ, outside):
    source, prefix = broken_environment(tmp_path / "source"), tmp_path / "env"
    prefix.mkdir()
    if not mounted("--bind", str(source), str(prefix)):
        pytest.skip("this machine lets not even root mount a folder")
    try:
        before = lines(prefix)
        assert Beside.of(prefix).inside
        repair(prefix, environ, outside, in_place_plan(prefix))
        assert new_is_whole(prefix)
        rollback(find_run(None, environ, prefix=prefix), environ)
        assert lines(prefix) == before
    finally:
        subprocess.run(["umount", str(prefix)], check=True)


@pytest.mark.skipif(not ROOT or sys.platform != "linux", reason="only root may mount")
def test_an_environment_in_a_lower_layer_of_a_container_image(tmp_path, environ, outside):
    for name in ("lower", "upper", "work", "merged"):
        (tmp_path / name).mkdir()
    broken_environment(tmp_path / "lower" / "env")
    layers = f"lowerdir={tmp_path}/lower,upperdir={tmp_path}/upper,workdir={tmp_path}/work"
    if not mounted("-t", "overlay", "overlay", "-o", layers, str(tmp_path / "merged")):
        pytest.skip("this machine has no overlay file system")
    prefix = tmp_path / "merged" / "env"
    try:
        before = lines(prefix)
        record = repair(prefix, environ, outside, in_place_plan(prefix))
        assert {entry.detail["how"] for entry in record.entries if entry.event == "swapped"} == {"pieces"}
        assert new_is_whole(prefix)
        rollback(find_run(None, environ, prefix=prefix), environ)
        assert lines(prefix) == before
    finally:
        subprocess.run(["umount", str(tmp_path / "merged")], check=True)


@pytest.mark.skipif(not ROOT or not hasattr(os, "fork"), reason="only root may become another user")
def test_a_parent_that_cannot_be_written_by_the_owner_of_the_environment(tmp_path, outside):
    somebody = 65534
    shared = tmp_path / "shared"
    prefix = broken_environment(shared / "env")
    state = tmp_path / "state"
    state.mkdir()
    for path in (prefix, state, *prefix.rglob("*")):
        os.lchown(path, somebody, somebody)
    for path in (tmp_path, *list(tmp_path.parents)[:3]):
        path.chmod(path.stat().st_mode | 0o755)
    environ = {"TFREPAIR_STATE_DIR": str(state)}
    before = lines(prefix)

    def act():
        os.setgroups([])
        os.setgid(somebody)
        os.setuid(somebody)
        repair(prefix, environ, outside, in_place_plan(prefix))
        whole = new_is_whole(prefix) and records_hold(prefix)
        rollback(find_run(None, environ, prefix=prefix), environ)
        return 2 if not whole else 0 if lines(prefix) == before else 3

    assert forked(act) == 0
    assert lines(prefix) == before
    assert (prefix / STASH).stat().st_uid == somebody
    assert sorted(path.name for path in shared.iterdir()) == ["env"]


def test_one_step_is_for_whole_environments_only(prefix):
    assert exchange.in_one_step(Beside.of(prefix), EVERYTHING)
    assert not exchange.in_one_step(Beside.of(prefix), Scope(("bin",)))
