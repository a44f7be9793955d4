"""The process dies at every journal boundary and inside operations; the next command puts things right."""

import subprocess
import sys
from pathlib import Path

import pytest
from execute_support import in_place_plan

from tfrepair.execute.fingerprint import tree_lines
from tfrepair.execute.recover import recover, unfinished
from tfrepair.execute.runs import find_run, list_runs, rollback

CHILD = """
import os, sys
from pathlib import Path
sys.path.insert(0, {support!r})
from execute_support import Outside, in_place_plan, smoke
from tfrepair.execute import journal, run_folder, swap
from tfrepair.execute.run_folder import RunFolder
from tfrepair.execute.runs import find_run, rollback
from tfrepair.execute.transaction import Transaction

what, prefix, state, exchange = sys.argv[1], Path(sys.argv[2]), sys.argv[3], sys.argv[4]
environ = {{"TFREPAIR_STATE_DIR": state}}
count = 0

def die(point):
    global count
    if point == what or (what.isdigit() and count == int(what)):
        os._exit(77)
    count += 1

def around(module, name, label):
    original = getattr(module, name)
    def wrapped(*arguments, **options):
        die("before " + label)
        result = original(*arguments, **options)
        die("after " + label)
        return result
    setattr(module, name, wrapped)

around(journal.Journal, "append", "journal")
around(swap, "_sync", "sync")
around(swap, "move", "move")
around(run_folder, "write_json", "json")
import tfrepair.execute.recover as recover_module, tfrepair.execute.runs as runs_module
around(recover_module, "move", "tidy")
around(run_folder, "remove_tree", "remove")
around(runs_module, "remove_tree", "prune")
if exchange == "no":
    swap.exchange = lambda left, right: False
else:
    around(swap, "exchange", "exchange")

outside = Outside()
around(outside, "install", "install")
if sys.argv[5] == "fix":
    record = RunFolder.create(prefix, environ)
    plan = in_place_plan(prefix)
    with Transaction(prefix, record, outside.ports(), keep="1") as transaction:
        transaction.stage(plan); die("staged")
        transaction.apply(plan); die("applied")
        transaction.seal(); die("sealed")
        def confirm():
            die("confirming")
            return smoke(ok=sys.argv[6] == "ok")
        transaction.commit(confirm)
else:
    rollback(find_run(None, environ, prefix=prefix), environ)
"""


def die_at(point, prefix, environ, *, command="fix", exchange="yes", verdict="ok"):
    code = CHILD.format(support=str(Path(__file__).parent))
    arguments = [str(point), str(prefix), environ["TFREPAIR_STATE_DIR"], exchange, command, verdict]
    done = subprocess.run([sys.executable, "-c", code, *arguments], capture_output=True, text=True, check=False)
    assert done.returncode in {77, 0 if verdict == "ok" else 1}, done.stderr
    return done.returncode == 77


def lines(path):
    return list(tree_lines(path)) if path.exists() else None


@pytest.mark.parametrize("exchange", ["yes", "no"])
@pytest.mark.parametrize("verdict", ["ok", "bad"])
def test_a_repair_that_dies_anywhere_leaves_the_old_or_the_repaired_environment(tmp_path, exchange, verdict):
    from execute_support import broken_environment

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
    from execute_support import SITE, records_hold

    return records_hold(prefix) and (prefix / SITE / "new" / "lib.so").exists() and not (prefix / SITE / "old").exists()


@pytest.mark.parametrize("exchange", ["yes", "no"])
def test_a_rollback_that_dies_anywhere_leaves_one_of_the_two_environments_and_loses_none(tmp_path, exchange):
    from execute_support import Outside, broken_environment
    from test_transaction import repair

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
    from execute_support import broken_environment

    environ = {"TFREPAIR_STATE_DIR": str(tmp_path / "state")}
    prefix = broken_environment(tmp_path / "work" / "env")
    before = lines(prefix)
    assert die_at("confirming", prefix, environ)
    assert lines(prefix) != before
    assert unfinished(prefix).will == "restored"
    child = (
        "import os, sys; from pathlib import Path\n"
        "from tfrepair.execute import journal, recover\n"
        "n = 0\n"
        "append = journal.Journal.append\n"
        "def dying(self, *a, **k):\n"
        "    global n\n"
        "    if n == int(sys.argv[2]): os._exit(77)\n"
        "    n += 1\n"
        "    return append(self, *a, **k)\n"
        "journal.Journal.append = dying\n"
        "recover.recover(Path(sys.argv[1]), lock_timeout=1)\n"
    )
    for point in range(3):
        subprocess.run([sys.executable, "-c", child, str(prefix), str(point)], check=False)
        assert lines(prefix) == before
    recover(prefix, lock_timeout=1)
    assert unfinished(prefix) is None
    assert lines(prefix) == before


def test_readers_report_an_unfinished_run_and_write_nothing(tmp_path):
    from execute_support import broken_environment

    environ = {"TFREPAIR_STATE_DIR": str(tmp_path / "state")}
    prefix = broken_environment(tmp_path / "work" / "env")
    assert die_at("applied", prefix, environ)
    everything = list(tree_lines(tmp_path))
    said = unfinished(prefix)
    assert said.will == "dropped"
    assert "the environment was not touched" in said.sentence
    assert [run.status for run in list_runs(environ)] == ["unfinished"]
    assert list(tree_lines(tmp_path)) == everything


def test_the_next_repair_settles_what_a_crash_left(tmp_path):
    from execute_support import Outside, broken_environment
    from test_transaction import repair

    environ = {"TFREPAIR_STATE_DIR": str(tmp_path / "state")}
    prefix = broken_environment(tmp_path / "work" / "env")
    assert die_at("applied", prefix, environ)
    repair(prefix, environ, Outside(), in_place_plan(prefix))
    assert new_is_whole(prefix)
    assert {run.status for run in list_runs(environ)} == {"repaired", "rolled-back"}
    assert len([path for path in (prefix.parent / ".tfrepair-env").iterdir() if path.is_dir()]) == 1
