"""The process dies at every journal boundary and inside operations; the next command puts things right."""

import dataclasses
import errno
import os
import time

import pytest
from execute_support import (
    SITE,
    Outside,
    add_distribution,
    broken_environment,
    forked,
    in_place_plan,
    lines,
    records_hold,
    smoke,
)
from test_transaction import repair

from tfrepair.errors import StepError, SurroundingsError, UsageError
from tfrepair.execute import exchange as exchange_room
from tfrepair.execute import journal, pieces, run_folder, swap
from tfrepair.execute import recover as recover_room
from tfrepair.execute import runs as runs_room
from tfrepair.execute.fingerprint import tree_lines
from tfrepair.execute.paths import RUN_ID, new_run_id
from tfrepair.execute.recover import recover, unfinished
from tfrepair.execute.run_folder import RunFolder
from tfrepair.execute.runs import clean, find_run, list_runs, rollback, runs
from tfrepair.execute.transaction import Transaction

pytestmark = [
    pytest.mark.skipif(not hasattr(os, "fork"), reason="processes are forked to die"),
    pytest.mark.usefixtures("unsynced"),
]


class Dying:
    """Patches the package so that the process dies at the chosen point: a number counts them, a name is one of them."""

    def __init__(self, what):
        self.what = what
        self.count = 0

    def here(self, point):
        if self.what in (point, self.count):
            os._exit(77)
        self.count += 1

    def around(self, owner, name, label):
        original = getattr(owner, name)

        def wrapped(*arguments, **options):
            self.here(f"before {label}")
            result = original(*arguments, **options)
            self.here(f"after {label}")
            return result

        setattr(owner, name, wrapped)


def child(what, prefix, environ, command, exchange, verdict):
    dying = Dying(what)
    dying.around(journal.Journal, "append", "journal")
    dying.around(swap, "_sync", "sync")
    dying.around(swap, "move", "move")
    dying.around(run_folder, "write_json", "json")
    dying.around(recover_room, "move", "tidy")
    dying.around(run_folder, "remove_tree", "remove")
    dying.around(runs_room, "remove_tree", "prune")
    if exchange == "files":
        exchange_room.in_one_step = lambda _beside, _scope: False
        dying.around(pieces, "write_json", "list")
        dying.around(pieces, "_leave", "folders")
        dying.around(pieces, "sync_file_system", "files")
    if exchange == "no":
        swap.exchange = lambda _left, _right: False
    else:
        dying.around(swap, "exchange", "exchange")
    if command == "rollback":
        rollback(find_run(None, environ, prefix=prefix), environ)
        return
    outside = Outside()
    dying.around(outside, "install", "install")

    def confirm():
        dying.here("confirming")
        return smoke(ok=verdict == "ok")

    plan = in_place_plan(prefix)
    with Transaction(prefix, RunFolder.create(prefix, environ), outside.ports()) as transaction:
        for act in (transaction.stage, transaction.apply):
            act(plan)
            dying.here(act.__name__)
        transaction.seal()
        dying.here("seal")
        transaction.commit(confirm)


def die_at(point, prefix, environ, *, command="fix", exchange="yes", verdict="ok"):
    """Run a command in a process that dies at a point; whether it came to that point."""

    def act():
        try:
            child(point, prefix, environ, command, exchange, verdict)
        except StepError:
            return 2
        return 0

    code = forked(act)
    assert code in {77, 0 if verdict == "ok" else 2}
    return code == 77


@pytest.mark.parametrize("exchange", ["yes", "no", "files"])
@pytest.mark.parametrize("verdict", ["ok", "bad"])
def test_a_repair_that_dies_anywhere_leaves_the_old_or_the_repaired_environment(tmp_path, exchange, verdict):
    points = 0
    for point in range(500):
        home = tmp_path / str(point)
        environ = {"TFREPAIR_STATE_DIR": str(home / "state")}
        prefix = broken_environment(home / "work" / "env")
        before = lines(prefix)
        if not die_at(point, prefix, environ, exchange=exchange, verdict=verdict):
            break
        points += 1
        if exchange == "yes":
            now = lines(prefix)
            assert now == before or new_is_whole(prefix), point
        said = unfinished(prefix)
        recovered = recover(prefix, lock_timeout=1)
        assert (recovered.outcome if recovered else None) == (said.will if said else None), point
        assert unfinished(prefix) is None
        now = lines(prefix)
        if now != before:
            assert verdict == "ok"
            assert new_is_whole(prefix), point
            rollback(find_run(None, environ, prefix=prefix), environ)
            assert lines(prefix) == before, point
        assert "unfinished" not in {run.status for run in list_runs(environ)}
        left = [path.name for path in prefix.parent.glob(".tfrepair-env/*/*")]
        assert left in ([], ["tree"]), point
    assert points > 30


def new_is_whole(prefix):
    return records_hold(prefix) and (prefix / SITE / "new" / "lib.so").exists() and not (prefix / SITE / "old").exists()


@pytest.mark.parametrize("exchange", ["yes", "no", "files"])
def test_a_rollback_that_dies_anywhere_leaves_one_of_the_two_environments_and_loses_none(tmp_path, exchange):
    points = 0
    for point in range(500):
        home = tmp_path / str(point)
        environ = {"TFREPAIR_STATE_DIR": str(home / "state")}
        prefix = broken_environment(home / "work" / "env")
        before = lines(prefix)
        repair(prefix, environ, Outside(), in_place_plan(prefix))
        repaired = lines(prefix)
        if not die_at(point, prefix, environ, command="rollback", exchange=exchange):
            break
        points += 1
        recover(prefix, lock_timeout=1)
        now = lines(prefix)
        assert now in (before, repaired), point
        rollback(find_run(None, environ, prefix=prefix), environ)
        assert lines(prefix) == (repaired if now == before else before), point
    assert points > 20


def test_recovery_itself_may_die_and_be_repeated(tmp_path):
    environ = {"TFREPAIR_STATE_DIR": str(tmp_path / "state")}
    prefix = broken_environment(tmp_path / "work" / "env")
    before = lines(prefix)
    killed_while_confirming(prefix, environ)
    assert lines(prefix) != before
    assert unfinished(prefix).will == "restored"
    for point in range(3):

        def act(point=point):
            Dying(point).around(journal.Journal, "append", "journal")
            recover(prefix, lock_timeout=1)
            return 1

        assert forked(act) == 77
        assert lines(prefix) == before
    recover(prefix, lock_timeout=1)
    assert unfinished(prefix) is None
    assert lines(prefix) == before


def test_readers_report_an_unfinished_run_and_write_nothing(tmp_path):
    environ = {"TFREPAIR_STATE_DIR": str(tmp_path / "state")}
    prefix = broken_environment(tmp_path / "work" / "env")
    assert die_at("apply", prefix, environ)
    everything = list(tree_lines(tmp_path))
    said = unfinished(prefix)
    assert said.will == "dropped"
    assert "the environment was not touched" in said.sentence
    assert [run.status for run in list_runs(environ)] == ["unfinished"]
    assert list(tree_lines(tmp_path)) == everything


def test_the_next_repair_settles_what_a_crash_left(tmp_path):
    environ = {"TFREPAIR_STATE_DIR": str(tmp_path / "state")}
    prefix = broken_environment(tmp_path / "work" / "env")
    assert die_at("apply", prefix, environ)
    repair(prefix, environ, Outside(), in_place_plan(prefix))
    assert new_is_whole(prefix)
    assert {run.status for run in list_runs(environ)} == {"repaired", "rolled-back"}
    assert len([path for path in (prefix.parent / ".tfrepair-env").iterdir() if path.is_dir()]) == 1


def killed_while_confirming(prefix, environ):
    """A repair that dies after its environment came into place, and was noted."""

    def act():
        record = RunFolder.create(prefix, environ)

        def confirm():
            while record.read_manifest("live") is None:
                time.sleep(0.001)
            os._exit(77)

        plan = in_place_plan(prefix)
        with Transaction(prefix, record, Outside().ports()) as transaction:
            transaction.stage(plan)
            transaction.apply(plan)
            transaction.seal()
            transaction.commit(confirm)
        return 0

    assert forked(act) == 77


@pytest.mark.parametrize("again", [False, True])
def test_what_somebody_did_in_an_environment_that_is_taken_out_again_is_kept(tmp_path, again):
    environ = {"TFREPAIR_STATE_DIR": str(tmp_path / "state")}
    prefix = broken_environment(tmp_path / "work" / "env")
    before = lines(prefix)
    killed_while_confirming(prefix, environ)
    (prefix / "notes" / "mine.txt").write_text("a week's work")
    used = lines(prefix)
    if again:  # what is kept outlives a recovery that is killed

        def act():
            Dying("before json").around(run_folder, "write_json", "json")
            recover(prefix, lock_timeout=1)
            return 0

        assert forked(act) == 77
        assert unfinished(prefix).will == "restored"
    recovered = recover(prefix, lock_timeout=1)
    assert recovered.outcome == "restored"
    assert lines(prefix) == before
    assert lines(recovered.kept) == used
    assert f"kept at `{recovered.kept}`" in recovered.sentence
    (run,) = list_runs(environ)
    assert (run.status, run.kept) == ("rolled-back", str(recovered.kept))
    with pytest.raises(UsageError, match="no run"):
        find_run(None, environ, prefix=prefix)
    repair(prefix, environ, Outside(), in_place_plan(prefix))
    assert lines(recovered.kept) == used
    rollback(find_run(None, environ, prefix=prefix), environ)
    assert lines(prefix) == before
    assert run.id in clean(runs(environ)).runs
    assert not recovered.kept.exists()


def test_nothing_is_kept_of_an_environment_that_nobody_changed_before_it_is_taken_out_again(tmp_path):
    environ = {"TFREPAIR_STATE_DIR": str(tmp_path / "state")}
    prefix = broken_environment(tmp_path / "work" / "env")
    before = lines(prefix)
    killed_while_confirming(prefix, environ)
    recovered = recover(prefix, lock_timeout=1)
    assert (recovered.outcome, recovered.kept) == ("restored", None)
    assert lines(prefix) == before
    assert [path for path in (prefix.parent / ".tfrepair-env").iterdir() if path.is_dir()] == []


def test_a_run_whose_end_could_not_be_noted_is_not_called_repaired(tmp_path, monkeypatch):
    environ = {"TFREPAIR_STATE_DIR": str(tmp_path / "state")}
    prefix = broken_environment(tmp_path / "work" / "env")
    before = lines(prefix)

    def full(*_, **__):
        raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))

    monkeypatch.setattr(RunFolder, "note_end", full)
    with pytest.raises(StepError):
        repair(prefix, environ, Outside(), in_place_plan(prefix), confirm=lambda: smoke(ok=False))
    monkeypatch.undo()
    assert lines(prefix) == before
    said = unfinished(prefix)
    assert said.will == "restored"
    assert "verified" not in said.sentence
    assert "is back as it was before" in recover(prefix, lock_timeout=1).sentence
    assert [run.status for run in list_runs(environ)] == ["rolled-back"]
    assert lines(prefix) == before


def test_after_the_clock_was_set_back_the_newest_repair_is_still_the_one_that_is_undone(tmp_path, monkeypatch):
    environ = {"TFREPAIR_STATE_DIR": str(tmp_path / "state")}
    prefix = broken_environment(tmp_path / "work" / "env")
    repair(prefix, environ, Outside(), in_place_plan(prefix))
    add_distribution(prefix, "old", "1.0", {"old/__init__.py": "value = 1\n"})
    between = lines(prefix)
    true_time = time.time
    monkeypatch.setattr(time, "time", lambda: true_time() - 86400)
    plan = in_place_plan(prefix)
    newest = repair(prefix, environ, Outside(), dataclasses.replace(plan, operations=plan.operations[:1]))
    assert list_runs(environ)[0].id == newest.id
    found = find_run(None, environ, prefix=prefix)
    assert found.id == newest.id
    rollback(found, environ)
    assert lines(prefix) == between


@pytest.mark.parametrize("newest", ["99999999T999999-ffffffffffff", "99991231T235959-000000000000", ""])
def test_a_new_run_has_a_name_of_a_run_whatever_there_is(newest):
    name = new_run_id(after=newest)
    assert RUN_ID.match(name)
    assert name > newest or newest.endswith("f")


def test_a_pointer_that_cannot_be_read_is_not_taken_for_none(tmp_path):
    environ = {"TFREPAIR_STATE_DIR": str(tmp_path / "state")}
    prefix = broken_environment(tmp_path / "work" / "env")
    killed_while_confirming(prefix, environ)
    put = lines(prefix)
    pointer = prefix.parent / ".tfrepair-env" / "current.json"
    said = pointer.read_bytes()
    pointer.write_bytes(said[:20])
    for act in (
        lambda: recover(prefix, lock_timeout=1),
        lambda: repair(prefix, environ, Outside(), in_place_plan(prefix)),
    ):
        with pytest.raises(SurroundingsError, match="cannot be read"):
            act()
        assert pointer.read_bytes() == said[:20]
    assert unfinished(prefix).will is None
    assert "cannot be read" in unfinished(prefix).sentence
    assert clean(runs(environ)).runs == ()
    assert lines(prefix) == put
    pointer.write_bytes(said)
    assert recover(prefix, lock_timeout=1).outcome == "restored"


def test_cleaning_removes_nothing_where_a_run_was_killed_while_it_waited(tmp_path, monkeypatch):
    environ = {"TFREPAIR_STATE_DIR": str(tmp_path / "state")}
    prefix = broken_environment(tmp_path / "work" / "env")
    before = lines(prefix)
    repair(prefix, environ, Outside(), in_place_plan(prefix))
    kept = runs(environ)

    def asked(_prefix):
        assert die_at("after exchange", prefix, environ, command="rollback")

    monkeypatch.setattr(runs_room, "unfinished", asked)
    cleaned = clean(kept)
    assert cleaned.runs == ()
    assert "did not end" in cleaned.left[0]
    monkeypatch.undo()
    recover(prefix, lock_timeout=1)
    rollback(find_run(None, environ, prefix=prefix), environ)
    assert lines(prefix) == before
