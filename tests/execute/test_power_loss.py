"""The power fails at any moment of a repair or a rollback: what was synced is enough to come back."""

import os
import sys

import pytest
from disk_that_forgets import Disk, every_outcome
from execute_support import Outside, broken_environment, in_place_plan, smoke
from test_crash import new_is_whole
from test_file_by_file import lines
from test_transaction import repair

from tfrepair.errors import StepError, TfrepairError
from tfrepair.execute import files, journal, pieces, run_folder, swap, transaction
from tfrepair.execute.paths import STASH
from tfrepair.execute.recover import recover, unfinished
from tfrepair.execute.runs import find_run, rollback

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

    def repair(self, *, ok=True):
        repair(self.prefix, self.environ, Outside(), in_place_plan(self.prefix), confirm=lambda: smoke(ok=ok))

    def failures(self, allowed, monkeypatch):
        """Outcomes after which the next command does not bring one of the allowed trees back, and their number."""
        bad, count = [], 0
        swiftly(monkeypatch)
        for what, folders, contents in every_outcome(self.disk):
            count += 1
            self.disk.lay_out(folders, contents)
            try:
                recover(self.prefix, lock_timeout=1)
                assert unfinished(self.prefix) is None
                found = lines(self.prefix)
            except (TfrepairError, OSError, AssertionError) as error:
                found = f"{type(error).__name__}: {error}"
            if found not in allowed:
                bad.append((what, found))
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


def test_a_repair(watched, monkeypatch):
    before = lines(watched.prefix)
    with watched.disk.watching(monkeypatch):
        watched.repair()
    assert new_is_whole(watched.prefix)
    bad, count = watched.failures([before, lines(watched.prefix)], monkeypatch)
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


@pytest.mark.parametrize("inside", [False, True])
def test_what_is_kept_after_a_repair_survives_and_brings_the_old_environment_back(tmp_path, monkeypatch, inside):
    watched = Watched(tmp_path, inside=inside)
    before = lines(watched.prefix)
    with watched.disk.watching(monkeypatch):
        watched.repair()
    wrong = []
    swiftly(monkeypatch)
    for what, folders, contents in every_outcome(watched.disk):
        watched.disk.lay_out(folders, contents)
        recover(watched.prefix, lock_timeout=1)
        if lines(watched.prefix) != before:
            rollback(find_run(None, watched.environ, prefix=watched.prefix), watched.environ)
            wrong += [] if lines(watched.prefix) == before else [what]
    watched.disk.close()
    assert wrong == []


@pytest.mark.parametrize("forgotten", ["the journal", "the folders", "the stage"])
def test_the_layer_catches_a_sync_that_was_forgotten(tmp_path, monkeypatch, forgotten):
    watched = Watched(tmp_path, inside=False)
    before = lines(watched.prefix)
    with watched.disk.watching(monkeypatch), monkeypatch.context() as patches:
        if forgotten == "the journal":
            patches.setattr(journal.os, "fsync", lambda _descriptor: None)
        elif forgotten == "the folders":
            for module in (files, journal, run_folder, swap, transaction):
                patches.setattr(module, "sync_folder", lambda _folder: None)
        else:
            patches.setattr(transaction, "sync_file_system", lambda _folder: None)
        watched.repair()
        watched.disk.sync_everything()
    after = lines(watched.prefix)
    bad, _ = watched.failures([before, after], monkeypatch)
    watched.disk.close()
    assert bad != []
