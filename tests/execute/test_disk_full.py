"""The disk is full from any write on: what is in place is whole, the error says so, and with space all goes on."""

import contextlib
import errno
import os
import shutil
import sys

import pytest
from execute_support import Outside, broken_environment, forked, in_place_plan, lines
from test_crash import new_is_whole
from test_crash_inside import home_of, rebuild_plan
from test_transaction import repair

from tfrepair.errors import RollbackError, SurroundingsError, TfrepairError
from tfrepair.execute import run_folder
from tfrepair.execute.recover import recover, unfinished
from tfrepair.execute.runs import find_run, rollback

pytestmark = [
    pytest.mark.skipif(not hasattr(os, "fork"), reason="a full disk is played in a process of its own"),
    pytest.mark.usefixtures("unsynced"),
]

_TAKING_SPACE = frozenset({"os.link", "os.mkdir", "os.symlink"})
_UNEXPECTED = 99


def with_full_disk(write, number, work, *, once=False):
    """Do something in a process for which the disk is full from the n-th write on, or for that one alone.

    Its exit code, and if it came so far.

    What is written into files that are open fails too.
    """
    state = {"left": write, "full": False}
    true_write = os.write

    def spend():
        state["left"] -= 1
        if state["left"] == -1 or (state["left"] < 0 and not once):
            state["full"] = True
            raise OSError(number, os.strerror(number))

    def audit(event, arguments):
        creates = event == "open" and isinstance(arguments[2], int) and arguments[2] & os.O_CREAT
        if event in _TAKING_SPACE or creates:
            spend()

    def os_write(descriptor, data):
        spend()
        return true_write(descriptor, data)

    def act():
        code = _UNEXPECTED
        with contextlib.suppress(Exception):
            try:
                sys.addaudithook(audit)
                os.write = os_write
                work()
                code = 0
            except TfrepairError as error:
                code = error.exit_code
        return code + 100 * state["full"]

    code = forked(act)
    return code % 100, code >= 100


ONCE = pytest.mark.parametrize("once", [False, True], ids=["full", "full for a moment"])


@ONCE
@pytest.mark.parametrize(
    ("plan", "inside", "number"),
    [
        (in_place_plan, False, errno.ENOSPC),
        (in_place_plan, True, errno.EDQUOT),
        (rebuild_plan, False, errno.EDQUOT),
        (rebuild_plan, True, errno.ENOSPC),
    ],
)
def test_a_repair_on_a_disk_that_fills_up(tmp_path, plan, inside, number, once):
    codes = set()
    for write in range(5000):
        prefix, environ = home_of(tmp_path / "home", inside)
        before = lines(prefix)

        def work(prefix=prefix, environ=environ):
            repair(prefix, environ, Outside(), plan(prefix))

        code, full = with_full_disk(write, number, work, once=once)
        if not full:
            assert code == 0
            break
        codes.add(code)
        assert code in {0, SurroundingsError.exit_code, RollbackError.exit_code}, write
        now = lines(prefix)
        if code == 0:
            assert new_is_whole(prefix), write
        else:
            assert now == before or code == RollbackError.exit_code, write
        recover(prefix, lock_timeout=1)
        assert unfinished(prefix) is None
        assert lines(prefix) == before or new_is_whole(prefix), write
        assert not list((tmp_path / "home").rglob("*.new")), write
        shutil.rmtree(tmp_path / "home")
    assert write > 60
    assert once or SurroundingsError.exit_code in codes


@ONCE
@pytest.mark.parametrize("inside", [False, True])
def test_a_rollback_on_a_disk_that_fills_up(tmp_path, inside, once):
    for write in range(5000):
        prefix, environ = home_of(tmp_path / "home", inside)
        before = lines(prefix)
        repair(prefix, environ, Outside(), in_place_plan(prefix))
        repaired = lines(prefix)

        def work(prefix=prefix, environ=environ):
            rollback(find_run(None, environ, prefix=prefix), environ)

        code, full = with_full_disk(write, errno.ENOSPC, work, once=once)
        assert code in {0, SurroundingsError.exit_code, RollbackError.exit_code}, write
        if code != RollbackError.exit_code:
            assert lines(prefix) == (before if code == 0 else repaired), write
        recover(prefix, lock_timeout=1)
        assert lines(prefix) in (before, repaired), write
        shutil.rmtree(tmp_path / "home")
        if not full:
            break
    assert write > 10


def test_a_record_that_cannot_be_read_for_a_moment_is_not_written_anew_without_what_it_said(tmp_path, monkeypatch):
    environ = {"TFREPAIR_STATE_DIR": str(tmp_path / "state")}
    prefix = broken_environment(tmp_path / "work" / "env")
    before = lines(prefix)
    repair(prefix, environ, Outside(), in_place_plan(prefix))
    record = find_run(None, environ, prefix=prefix)
    said = (record.folder / "run.json").read_bytes()
    true_read = run_folder.read_json
    monkeypatch.setattr(run_folder, "read_json", lambda path: None if path.name == "run.json" else true_read(path))
    with pytest.raises(OSError, match="cannot be read"):
        record.note_end("repaired", kept=True)
    assert (record.folder / "run.json").read_bytes() == said
    with pytest.raises(SurroundingsError, match="cannot be read"):
        rollback(record, environ)
    monkeypatch.undo()
    rollback(record, environ)
    assert lines(prefix) == before
