"""The record of past runs."""

import json
import signal
import subprocess
import sys
from pathlib import Path

import pytest
from functional_support import NEW, site
from other_user import without_rights
from test_flow_schemas import check


@pytest.fixture
def env(world):
    return world.conflict()


@pytest.fixture
def run(world, env):
    done = world.tfrepair("fix", "--yes", "--env", env, "--json")
    assert done.code == 0, done
    return done.json["run"]["id"]


def test_without_runs_the_list_says_so(world):
    assert world.tfrepair("runs", "list").out == "no run is recorded\n"
    assert world.tfrepair("runs", "list", "--json").json["runs"] == []


def test_a_run_is_listed_with_what_it_keeps(world, env, run):
    listed = world.tfrepair("runs", "list")
    assert run in listed.out
    assert "repaired" in listed.out
    assert str(env) in listed.out
    (row,) = world.tfrepair("runs", "list", "--json").json["runs"]
    assert (row["id"], row["command"], row["status"], row["prefix"]) == (run, "fix", "repaired", str(env))
    assert row["tensorflow"] == NEW
    assert 0 < row["kept_bytes"] < 10_000_000
    assert row["kept"]


def test_a_run_is_shown_with_its_journal(world, run):
    shown = world.tfrepair("runs", "show", run)
    assert shown.code == 0, shown
    for event in ("begin", "staged", "operation", "verified", "swapped", "confirmed", "end"):
        assert event in shown.out
    body = world.tfrepair("runs", "show", run[:12], "--json").json["run"]
    assert body["id"] == run
    events = [entry["event"] for entry in body["journal"]]
    assert (events[0], events[-1]) == ("begin", "end")
    assert {"plan.json", "pylock.toml", "smoke-after.txt"} <= set(body["files"])


def test_only_the_files_that_are_there_are_named(world, env, run):
    back = world.tfrepair("rollback", "--yes", "--env", env, "--json").json
    assert back["run"]["log"] == f"{back['run']['folder']}/journal.jsonl"
    assert Path(back["run"]["log"]).is_file()
    (row, _) = world.tfrepair("runs", "list", "--json").json["runs"]
    assert row["command"] == "rollback"
    body = world.tfrepair("runs", "show", row["id"], "--json").json["run"]
    assert sorted(body["files"]) == sorted(path.name for path in Path(row["folder"]).iterdir())
    assert "plan.json" not in world.tfrepair("runs", "show", row["id"]).out


def test_cleaning_frees_what_is_kept_and_the_way_back_is_gone(world, env, run):
    (row,) = world.tfrepair("runs", "list", "--json").json["runs"]
    refused = world.child("runs", "clean", stdin=-3, stdout=-1, stderr=-1, text=True)
    _, err = refused.communicate(timeout=60)
    assert refused.returncode == 2, err
    cleaned = world.tfrepair("runs", "clean", "--yes", "--json")
    assert cleaned.code == 0, cleaned
    assert cleaned.json["cleaned"] == [run]
    assert cleaned.json["freed_bytes"] >= row["kept_bytes"] > 0
    assert not list((world.folder / ".tfrepair-env").glob("*/tree"))
    before = world.tree()
    for words in (["rollback", "--yes", "--env", env], ["rollback", "--yes", run]):
        back = world.tfrepair(*words)
        assert back.code == 2, back
        assert "runs list" in back.err
    assert world.tree() == before
    (row,) = world.tfrepair("runs", "list", "--json").json["runs"]
    assert (row["kept"], row["kept_bytes"]) == (None, 0)
    assert world.imported(env) == NEW
    again = world.tfrepair("runs", "clean", "--yes")
    assert again.code == 0
    assert again.out.startswith("0 kept environments")


def test_only_the_named_run_is_cleaned(world, env, run):
    other = world.conflict(name="other")
    second = world.tfrepair("fix", "--yes", "--env", other, "--json").json["run"]["id"]
    cleaned = world.tfrepair("runs", "clean", "--yes", run).out
    assert cleaned.splitlines()[0] == f"dropped: {run}  {env}"
    assert second not in cleaned
    assert "1 kept environment dropped" in cleaned
    assert world.tfrepair("rollback", "--yes", "--env", env).code == 2
    back = world.tfrepair("rollback", "--yes", second)
    assert back.code == 0, back


def test_a_run_without_a_name_is_not_the_only_one(world, run):
    before = world.tree()
    for words in (["rollback", "--yes"], ["runs", "clean", "--yes"], ["runs", "show"]):
        refused = world.tfrepair(*words, "")
        assert refused.code == 2, refused
        assert "without a name" in refused.err
    assert world.tree() == before


def test_only_as_many_are_kept_as_were_asked_for(world, env, run):
    world.install(env, "numpy==2.1.0")
    second = world.tfrepair("fix", "--yes", "--env", env, "--json").json["run"]["id"]
    rows = {row["id"]: row for row in world.tfrepair("runs", "list", "--json").json["runs"]}
    assert rows[run]["kept"] is None
    assert rows[second]["kept"]
    world.install(env, "numpy==2.1.0")
    third = world.tfrepair("fix", "--yes", "--keep", "2", "--env", env, "--json").json["run"]["id"]
    rows = {row["id"]: row for row in world.tfrepair("runs", "list", "--json").json["runs"]}
    assert rows[second]["kept"]
    assert rows[third]["kept"]


def test_the_files_of_a_run_are_there_and_readable(world, run):
    (record,) = world.records()
    names = {path.name for path in record.iterdir()}
    assert {
        "run.json",
        "plan.json",
        "pylock.toml",
        "journal.jsonl",
        "log.jsonl",
        "smoke-before.txt",
        "smoke-after.txt",
    } <= names
    for name in ("journal.jsonl", "log.jsonl"):
        for line in (record / name).read_text().splitlines():
            json.loads(line)
    assert "Unable to convert function return value" in (record / "smoke-before.txt").read_text()
    assert (record / "smoke-after.txt").read_text().startswith("ok")


def test_cleaning_one_run_leaves_what_another_run_on_the_same_environment_keeps(world, env, run):
    world.install(env, "numpy==2.1.0")
    second = world.tfrepair("fix", "--yes", "--keep", "2", "--env", env, "--json").json["run"]["id"]
    cleaned = world.tfrepair("runs", "clean", "--yes", run, "--json")
    assert cleaned.json["cleaned"] == [run]
    rows = {row["id"]: row for row in world.tfrepair("runs", "list", "--json").json["runs"]}
    assert rows[run]["kept"] is None
    assert rows[second]["kept"], "it was not named"
    assert world.tfrepair("rollback", "--yes", second).code == 0


KILLED = """
import os, signal, sys
from tfrepair.execute import runs
setattr(runs, sys.argv[1], lambda *_, **__: os.kill(os.getpid(), signal.SIGKILL))
sys.argv[:2] = ["tfrepair"]
from tfrepair.cli.app import main
main()
"""


@pytest.mark.parametrize("moment", ["carry_out", "complete"])
def test_a_rollback_that_was_killed_is_what_the_next_one_does(world, moment):
    env = world.conflict()
    before = world.tree(".tfrepair-env")
    assert world.tfrepair("fix", "--yes", "--env", env).code == 0
    words = [sys.executable, "-c", KILLED, moment, "rollback", "--yes", "--env", str(env)]
    assert subprocess.run(words, check=False).returncode == -signal.SIGKILL
    done = world.tfrepair("rollback", "--yes", "--env", env, "--json")
    assert (done.code, done.json["status"]) == (0, "restored"), done
    assert world.tree(".tfrepair-env") == before


KILLED_AFTER = """
import os, signal, sys
from tfrepair.execute.journal import Journal
append, last = Journal.append, sys.argv[1]

def die(self, event, **detail):
    append(self, event, **detail)
    if event == last:
        os.kill(os.getpid(), signal.SIGKILL)

Journal.append = die
sys.argv[:2] = ["tfrepair"]
from tfrepair.cli.app import main
main()
"""


def killed_after(event, *words):
    """Run a command that is killed when its journal holds this event."""
    argv = [sys.executable, "-c", KILLED_AFTER, event, *(str(word) for word in words)]
    assert subprocess.run(argv, check=False, stdout=-3, stderr=-3).returncode == -signal.SIGKILL


def killed_repair(world, env, event):
    """The name of a repair that was killed when its journal held this event."""
    killed_after(event, "fix", "--yes", "--env", env, "--find-links", world.index)
    (row,) = world.tfrepair("runs", "list", "--json").json["runs"]
    assert row["status"] == "unfinished"
    return row["id"]


@pytest.mark.parametrize("event", ["staged", "swapping", "swapped", "confirmed"])
def test_an_unfinished_run_is_undone_by_its_name(world, env, event):
    before = world.tree(".tfrepair-env")
    name = killed_repair(world, env, event)
    done = world.tfrepair("rollback", name, "--yes", "--json")
    assert (done.code, done.json["status"]) == (0, "restored"), done
    assert done.json["target"]["prefix"] == str(env)
    assert world.tree(".tfrepair-env") == before


def test_a_report_tells_of_an_unfinished_run(world, env):
    name = killed_repair(world, env, "swapped")
    said = world.tfrepair("diagnose", "--env", env, "--json").json["messages"][0]
    assert name in said
    before = world.tree()
    document = world.tfrepair("report", "--env", env, "--json").json
    assert document["messages"] == [said]
    check("report", document)
    for form in ("markdown", "html"):
        out = world.tfrepair("report", "--env", env, "--format", form).out
        assert f"run {name} on " in out
        assert "did not end" in out
    assert world.tree() == before
    world.tfrepair("rollback", "--yes", "--env", env)
    assert "messages" not in world.tfrepair("report", "--env", env, "--json").json


@pytest.mark.parametrize(
    ("event", "where", "hint"),
    [
        ("staged", "/tree` is the copy it was at work on; the environment was not touched", "begins anew"),
        ("swapped", "the environment as it was is at `TREE`; `ENV` may be half changed", "back to `ENV`, then remove"),
        ("confirmed", "before is kept at `TREE`; `ENV` is as the run was to leave it", "remove `POINTER`: nothing"),
    ],
)
@pytest.mark.parametrize("damage", ['{"id": "2026', "", "text", None], ids=["cut short", "empty", "no JSON", "gone"])
def test_of_an_unfinished_run_whose_record_is_damaged_it_is_said_what_is_where(world, env, event, where, hint, damage):
    name = killed_repair(world, env, event)
    path = world.records()[0] / "run.json"
    path.unlink() if damage is None else path.write_text(damage)
    private = world.folder / ".tfrepair-env"
    words = {"TREE": private / name / "tree", "ENV": env, "POINTER": private / "current.json"}
    for word, value in words.items():
        where, hint = where.replace(word, str(value)), hint.replace(word, str(value))
    before = [world.tree(".tfrepair-env"), sorted(private.glob(f"{name}/**/*")), words["POINTER"].read_bytes()]
    assert "says what to do by hand" in world.tfrepair("diagnose", "--env", env, "--no-import").out
    for command in ("fix", "rollback"):
        refused = world.tfrepair(command, "--yes", "--env", env)
        assert refused.code == 6, refused
        assert where in refused.err
        assert hint in refused.err.splitlines()[-1]
        assert f"`{path}`" in refused.err
        assert "nothing was changed" in refused.err
        assert "started by" not in refused.err
    (row,) = world.tfrepair("runs", "list", "--json").json["runs"]
    assert row["kept"] == (None if event == "staged" else str(words["TREE"])), "a copy that was at work is no way back"
    assert world.tfrepair("rollback", "--yes", name).code == 6
    now = [world.tree(".tfrepair-env"), sorted(private.glob(f"{name}/**/*")), words["POINTER"].read_bytes()]
    assert now == before


def test_an_unfinished_run_without_record_and_journal_is_left_as_it_is(world, env):
    name = killed_repair(world, env, "swapped")
    for file in ("run.json", "journal.jsonl"):
        (world.records()[0] / file).write_text("{")
    before = world.tree(".tfrepair-env")
    refused = world.tfrepair("fix", "--yes", "--env", env)
    assert refused.code == 6, refused
    assert f"`{world.folder / '.tfrepair-env' / name}` holds the environment as it was before, or a copy" in refused.err
    assert world.tree(".tfrepair-env") == before


def test_an_unfinished_rollback_is_undone_by_its_name(world, env, run):
    repaired = world.tree(".tfrepair-env")
    killed_after("swapped", "rollback", "--yes", "--env", env)
    assert world.tree(".tfrepair-env") != repaired
    name = world.tfrepair("runs", "list", "--json").json["runs"][0]["id"]
    assert name != run
    done = world.tfrepair("rollback", name, "--yes")
    assert done.code == 0, done
    assert world.tree(".tfrepair-env") == repaired


def test_an_unfinished_run_of_another_environment_is_not_settled(world, env):
    name = killed_repair(world, env, "swapped")
    before = world.tree()
    refused = world.tfrepair("rollback", name, "--yes", "--env", world.folder / "other")
    assert refused.code == 2, refused
    assert f"is of `{env}`" in refused.err
    assert world.tree() == before


def test_a_rollback_that_finds_nothing_here_names_where_there_is_something(world):
    env = world.conflict()
    assert world.tfrepair("fix", "--yes", "--env", env).code == 0
    done = world.tfrepair("rollback", "--yes", "--env", world.healthy(name="other"))
    assert done.code == 2, done
    assert f"the newest that can be is on `{env}`: `--env` names it" in done.err


def test_where_nothing_is_kept_no_older_run_is_promised(world, env, run):
    assert world.tfrepair("runs", "clean", "--yes").code == 0
    refused = world.tfrepair("rollback", "--yes", "--env", env)
    assert refused.code == 2, refused
    assert "no older run on it keeps one either" in refused.err
    refused = world.tfrepair("rollback", "--yes", run)
    assert "`tfrepair runs list` shows which runs keep one" in refused.err
    assert "--env" not in refused.err, "which would undo another run"


def test_a_run_of_another_environment_is_not_undone(world, env, run):
    other = world.healthy(name="other")
    for words in (["--env", other], ["--python", other / "bin" / "python"]):
        refused = world.tfrepair("rollback", "--yes", run, *words)
        assert refused.code == 2, refused
        assert f"is of `{env}`, not of `{words[1]}`" in refused.err
    assert world.tfrepair("rollback", "--yes", run, "--python", env / "bin" / "python").code == 0


def test_no_older_run_is_undone_for_the_newest_whose_way_back_is_gone(world):
    """To undo the run that made an environment removes it, with all that was put into it since."""
    env = world.folder / "new"
    made = world.tfrepair("fix", "--yes", "--venv", env, "--base-python", sys.executable, "--tensorflow", NEW, "--json")
    assert made.code == 0, made
    assert "kept" not in made.json["run"], "there was nothing before"
    (env / "mine.txt").write_text("data")
    (site(env) / "keras" / "__init__.py").unlink()
    mended = world.tfrepair("fix", "--yes", "--env", env, "--json")
    assert mended.code == 0, mended
    assert world.tfrepair("runs", "clean", "--yes").code == 0
    before = world.tree(".tfrepair-new")
    refused = world.tfrepair("rollback", "--yes", "--env", env)
    assert refused.code == 2, refused
    assert mended.json["run"]["id"] in refused.err
    assert "tfrepair rollback RUN" in refused.err
    assert world.tree(".tfrepair-new") == before
    assert world.tfrepair("rollback", "--yes", made.json["run"]["id"]).code == 0
    assert not env.exists()


def test_a_log_ends_with_how_it_ended(world, env, tmp_path):
    log = tmp_path / "log.jsonl"
    done = world.tfrepair("fix", "--yes", "--env", env, "--log-file", log, "--json")
    wrong = world.tfrepair("fix", "--yes", "--env", env, "--tensorflow", "no such thing", "--log-file", log)
    assert (done.code, wrong.code) == (0, 2), (done, wrong)
    rows = [json.loads(line) for line in log.read_text().splitlines()]
    ends = [row for row in rows if row["event"] == "ended"]
    assert [row["exit_code"] for row in ends] == [0, 2]
    assert (ends[0]["status"], ends[0]["run"]) == ("repaired", done.json["run"]["id"])
    assert "no such thing" in ends[1]["error"]
    assert rows[-1] == ends[1]


DAMAGES = {
    "cut short": "{",
    "of another run": '{"id": "20200101T000000-000000000000"}',
    "without what every record has": '{"id": "RUN", "prefix": "/x", "place": "/x", "status": "repaired"}',
}


@pytest.mark.parametrize("damage", [*DAMAGES, "gone"])
def test_a_run_whose_record_is_damaged_is_shown_with_what_it_keeps(world, env, run, damage):
    (folder,) = world.records()
    if damage == "gone":
        (folder / "run.json").unlink()
    else:
        (folder / "run.json").write_text(DAMAGES[damage].replace("RUN", run))
    tree = world.folder / ".tfrepair-env" / run / "tree"
    before = world.tree()
    listed = world.tfrepair("runs", "list")
    assert listed.code == 0, listed
    for text in (run, "unreadable", f"  {env}  ", f"`{folder}`", f"`{folder / 'run.json'}`", "(kept, "):
        assert text in listed.out, listed
    (row,) = world.tfrepair("runs", "list", "--json").json["runs"]
    assert (row["id"], row["status"], row["prefix"], row["kept"]) == (run, "unreadable", str(env), str(tree))
    assert row["folder"] == str(folder)
    assert row["kept_bytes"] > 0
    assert "run.json" in row["problem"]
    assert row["started"][:19].replace("-", "").replace(":", "") == run[:15]
    shown = world.tfrepair("runs", "show", run)
    assert shown.code == 0, shown
    assert row["problem"] in shown.out
    assert f"`{tree}`" in shown.out
    assert "confirmed" in shown.out
    body = world.tfrepair("runs", "show", run, "--json").json["run"]
    assert (body["status"], body["problem"]) == ("unreadable", row["problem"])
    cleaned = world.tfrepair("runs", "clean", "--yes")
    assert cleaned.code == 0, cleaned
    assert f"not dropped: the record of run {run} cannot be read" in cleaned.err
    assert str(tree) in cleaned.err
    assert run in world.tfrepair("runs", "clean", "--yes", "--json").json["messages"][0]
    for words in (["rollback", "--yes", run], ["runs", "clean", "--yes", run]):
        refused = world.tfrepair(*words)
        assert refused.code == 6, refused
        assert row["problem"] in refused.err
        assert "nothing was changed" in refused.err
    assert world.tree() == before


def test_no_older_run_is_undone_for_one_whose_record_is_damaged(world, env, run):
    world.install(env, "numpy==2.1.0")
    second = world.tfrepair("fix", "--yes", "--keep", "2", "--env", env, "--json").json["run"]["id"]
    (world.records()[1] / "run.json").write_text("{")
    before = world.tree()
    refused = world.tfrepair("rollback", "--yes", "--env", env)
    assert refused.code == 6, refused
    assert f"the record of run {second} cannot be read" in refused.err
    assert "no older run is undone in its place" in refused.err
    (world.records()[1] / "journal.jsonl").write_text("{")
    assert world.tfrepair("rollback", "--yes", "--env", env).code == 6, "what it keeps is beside the environment"
    assert world.tree() == before
    assert world.tfrepair("rollback", "--yes", run).code == 0


def test_a_record_that_does_not_say_of_which_environment_it_is_is_named(world, env, run):
    other = world.conflict(name="other")
    second = world.tfrepair("fix", "--yes", "--env", other, "--json").json["run"]["id"]
    for name in ("run.json", "journal.jsonl"):
        (world.records()[1] / name).write_text("{")
    (line,) = [line for line in world.tfrepair("runs", "list").out.splitlines() if second in line]
    assert "unreadable   ?  (what it keeps is not known; " in line
    assert world.tfrepair("runs", "show", second).code == 0
    done = world.tfrepair("rollback", "--yes", "--env", env)
    assert done.code == 0, done
    assert f"note: the record of run {second} cannot be read" in done.out


def test_a_folder_in_which_no_run_began_is_no_run(world):
    (world.state / "runs" / "20260101T000000-000000000000").mkdir(parents=True)
    assert world.tfrepair("runs", "list").out == "no run is recorded\n"


COMMANDS = [["runs", "list"], ["runs", "show", "2026"], ["runs", "clean", "--yes"], ["rollback", "--yes", "2026"]]


@pytest.mark.parametrize("words", [*COMMANDS, ["rollback", "--yes", "--env", "env"]], ids=" ".join)
def test_a_state_folder_that_is_a_file_is_said(world, words):
    world.state.write_text("mine")
    refused = world.tfrepair(*words)
    assert refused.code == 6, refused
    assert f"`{world.state / 'runs'}`: Not a directory" in refused.err
    assert "TFREPAIR_STATE_DIR" in refused.err
    if "list" in words:
        assert world.tfrepair(*words, "--json").json["error"]["code"] == "surroundings"


@pytest.mark.parametrize("closed", ["", "runs"])
def test_a_state_folder_that_may_not_be_read_is_said(world, run, closed):
    (world.state / closed).chmod(0)
    with without_rights(world.folder):
        for words in COMMANDS:
            refused = world.tfrepair(*words)
            assert refused.code == 6, refused
            assert "Permission denied" in refused.err
            assert "Traceback" not in refused.err
    (world.state / closed).chmod(0o755)
