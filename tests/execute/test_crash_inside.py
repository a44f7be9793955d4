"""The process dies before any of the system calls that write, inside operations too; the next command puts it right."""

import contextlib
import os
import shutil
import sys

import pytest
from execute_support import SITE, Outside, broken_environment, forked, in_place_plan, lines, plan_for, smoke, write
from test_crash import new_is_whole
from test_transaction import repair

from tfrepair.execute.paths import STASH
from tfrepair.execute.recover import recover, unfinished
from tfrepair.execute.runs import find_run, rollback
from tfrepair.model.plan import Carry, CreateEnvironment, Install

pytestmark = [
    pytest.mark.skipif(not hasattr(os, "fork"), reason="processes are forked to die"),
    pytest.mark.usefixtures("unsynced"),
]

_WRITING = frozenset(
    {
        "os.chmod", "os.chown", "os.link", "os.mkdir", "os.remove", "os.rename", "os.rmdir", "os.setxattr",
        "os.symlink", "os.truncate", "os.utime",
    }
)  # fmt: skip
_DIED, _DONE = 77, 0


def dies(call, work):
    """Do something in a process that dies before its n-th writing call; whether it came so far."""
    left = [call]

    def audit(event, arguments):
        writes = event in _WRITING or (event == "open" and isinstance(arguments[2], int) and arguments[2] & 3)
        if writes:
            if not left[0]:
                os._exit(_DIED)
            left[0] -= 1

    def act():
        sys.addaudithook(audit)
        work()
        return _DONE

    code = forked(act)
    assert code in {_DIED, _DONE}
    return code == _DIED


def rebuild_plan(prefix):
    return plan_for(
        prefix,
        "rebuild",
        [
            CreateEnvironment(base="3.10", version="3.10.0"),
            Carry(distributions=("kept",), leave=(f"{SITE}/old",)),
            Install(names=("new",), summary_text="install new 3.0"),
        ],
    )


def home_of(folder, inside):
    prefix = broken_environment(folder / "work" / "env")
    write(prefix / SITE / "mine.pth", "/somewhere\n")
    with contextlib.suppress(AttributeError, OSError):  # a file system without such attributes has none to lose
        os.setxattr(prefix / SITE / "kept" / "data.json", "user.note", b"mine")
    if inside:
        (prefix / STASH).mkdir()
    return prefix, {"TFREPAIR_STATE_DIR": str(folder / "state")}


@pytest.mark.parametrize("inside", [False, True])
@pytest.mark.parametrize("plan", [in_place_plan, rebuild_plan])
def test_a_repair(tmp_path, plan, inside):
    for call in range(5000):
        prefix, environ = home_of(tmp_path / "home", inside)
        before = lines(prefix)

        def work(prefix=prefix, environ=environ):
            repair(prefix, environ, Outside(), plan(prefix), confirm=smoke)

        if not dies(call, work):
            break
        if not inside:
            now = lines(prefix)
            assert now == before or new_is_whole(prefix), call
        recover(prefix, lock_timeout=1)
        assert unfinished(prefix) is None
        if lines(prefix) != before:
            assert new_is_whole(prefix), call
            rollback(find_run(None, environ, prefix=prefix), environ)
            assert lines(prefix) == before, call
        shutil.rmtree(tmp_path / "home")
    assert call > 150


@pytest.mark.parametrize("inside", [False, True])
def test_a_rollback_and_the_recovery_after_it(tmp_path, inside):
    for call in range(5000):
        prefix, environ = home_of(tmp_path / "home", inside)
        before = lines(prefix)
        repair(prefix, environ, Outside(), in_place_plan(prefix))
        repaired = lines(prefix)

        def work(prefix=prefix, environ=environ):
            rollback(find_run(None, environ, prefix=prefix), environ)

        if not dies(call, work):
            break
        dies(call % 7, lambda prefix=prefix: recover(prefix, lock_timeout=1))
        recover(prefix, lock_timeout=1)
        assert lines(prefix) in (before, repaired), call
        shutil.rmtree(tmp_path / "home")
    assert call > 20
