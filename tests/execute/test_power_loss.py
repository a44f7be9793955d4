"""The power fails at any moment of a repair or a rollback: what was synced is enough to come back."""

import os
import sys
import types

import pytest
from disk_that_forgets import Disk, every_outcome
from execute_support import Outside, broken_environment, forked, in_place_plan, lines, smoke
from test_crash import new_is_whole
from test_crash_inside import rebuild_plan
from test_transaction import repair

from tfrepair.errors import StepError, TfrepairError
from tfrepair.execute import files, journal, pieces, run_folder, swap, transaction
from tfrepair.execute.paths import STASH
from tfrepair.execute.recover import recover, unfinished
from tfrepair.execute.runs import find_run, rollback

_DIED = 77

pytestmark = pytest.mark.skipif(sys.platform != "linux", reason="watches the system calls of Linux")


class Watched:
    """A home with a broken environment and the state folder in it, on a disk that forgets."""

    def __init__(self, folder, *, inside):
        self.home = folder / "home"
        self.prefix = broken_environment(self.home / "work" / "env")
        self.environ = {"TFREPAIR_STATE_DIR": str(self.home / "state")}
        (self.home / "state").mkdir()
        if inside:
            (self.prefix / STASH).mkdir()
        self.disk = Disk(self.home)

    def repair(self, *, plan=in_place_plan, ok=True):
        repair(self.prefix, self.environ, Outside(), plan(self.prefix), confirm=lambda: smoke(ok=ok))

    def dies_after(self, event):
        """A repair whose process dies as soon as the journal says this."""
        append = journal.Journal.append

        def dying(book, said, **detail):
            append(book, said, **detail)
            if said == event:
                os._exit(_DIED)

        def act():
            journal.Journal.append = dying
            self.repair()
            return 1

        assert forked(act) == _DIED

    def failures(self, allowed, monkeypatch, *, back_to=None, enough=1000):
        """Outcomes after which the next command does not bring one of the allowed trees back, and their number.

        With `back_to`, what is in place then must be that tree, or a rollback must bring it back; `enough` bad ones
        end the search.
        """
        bad, count = [], 0
        swiftly(monkeypatch)
        for what, folders, contents in every_outcome(self.disk):
            count += 1
            self.disk.lay_out(folders, contents)
            try:
                recover(self.prefix, lock_timeout=1)
                assert unfinished(self.prefix) is None
                found = lines(self.prefix)
                if back_to is not None and found in allowed and found != back_to:
                    rollback(find_run(None, self.environ, prefix=self.prefix), self.environ)
                    assert lines(self.prefix) == back_to
            except (TfrepairError, OSError, AssertionError) as error:
                found = f"{type(error).__name__}: {error}"
            if found not in allowed:
                bad.append((what, found))
            if len(bad) == enough:
                break
        return bad, count


def swiftly(monkeypatch):
    """The way back need not be synced while nobody cuts the power."""
    monkeypatch.setattr(os, "fsync", lambda _descriptor: None)
    monkeypatch.setattr(pieces, "sync_file_system", lambda _folder: None)


@pytest.fixture(params=["in one step", "file by file"])
def watched(request, tmp_path):
    made = Watched(tmp_path, inside=request.param == "file by file")
    yield made
    made.disk.close()


@pytest.mark.parametrize("plan", [in_place_plan, rebuild_plan])
def test_a_repair_and_what_it_keeps(watched, plan, monkeypatch):
    before = lines(watched.prefix)
    with watched.disk.watching(monkeypatch):
        watched.repair(plan=plan)
    assert new_is_whole(watched.prefix)
    bad, count = watched.failures([before, lines(watched.prefix)], monkeypatch, back_to=before)
    assert bad == []
    assert count > 120


def test_a_repair_that_does_not_hold(watched, monkeypatch):
    before = lines(watched.prefix)
    with watched.disk.watching(monkeypatch), pytest.raises(StepError):
        watched.repair(ok=False)
    bad, count = watched.failures([before], monkeypatch)
    assert bad == []
    assert count > 120


def test_a_rollback(watched, monkeypatch):
    before = lines(watched.prefix)
    watched.repair()
    repaired = lines(watched.prefix)
    with watched.disk.watching(monkeypatch):
        rollback(find_run(None, watched.environ, prefix=watched.prefix), watched.environ)
    bad, count = watched.failures([before, repaired], monkeypatch)
    assert bad == []
    assert count > 40


@pytest.mark.parametrize("event", ["swapping", "swapped", "confirmed"])
def test_a_recovery(watched, event, monkeypatch):
    watched.dies_after(event)
    with watched.disk.watching(monkeypatch):
        recover(watched.prefix, lock_timeout=1)
    bad, count = watched.failures([lines(watched.prefix)], monkeypatch)
    assert bad == []
    assert count > 10


def without_syncing(module):
    """The `os` of one module alone, whose fsync does nothing: elsewhere syncs go on."""
    quiet = types.ModuleType("os")
    vars(quiet).update(vars(module.os), fsync=lambda _descriptor: None)
    return quiet


@pytest.mark.parametrize("forgotten", ["the journal", "small files", "the folders", "the stage"])
def test_the_layer_catches_a_sync_that_was_forgotten(tmp_path, monkeypatch, forgotten):
    watched = Watched(tmp_path, inside=False)
    before = lines(watched.prefix)
    with watched.disk.watching(monkeypatch), monkeypatch.context() as patches:
        if forgotten == "the journal":
            patches.setattr(journal, "os", without_syncing(journal))
        elif forgotten == "small files":
            patches.setattr(files, "os", without_syncing(files))
        elif forgotten == "the folders":
            for module in (files, journal, run_folder, swap, transaction):
                patches.setattr(module, "sync_folder", lambda _folder: None)
        else:
            patches.setattr(transaction, "sync_file_system", lambda _folder: None)
        watched.repair()
        watched.disk.sync_everything()
    bad, _ = watched.failures([before, lines(watched.prefix)], monkeypatch, back_to=before, enough=1)
    watched.disk.close()
    assert bad != []
