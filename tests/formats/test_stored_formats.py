"""Documents stored by format 1 stay readable: docs/formats.md says what is in them. The samples are never rewritten."""

import dataclasses
import json
from pathlib import Path
from typing import get_args

import pytest

from tfrepair.app.checks import failures
from tfrepair.errors import TfrepairError
from tfrepair.execute.journal import Journal, read_journal
from tfrepair.execute.paths import Beside
from tfrepair.execute.recover import last_swap, recover, unfinished
from tfrepair.execute.run_folder import RunFolder
from tfrepair.model import plan as plans
from tfrepair.model.facts import Absent, Fact, Facts, Known, Unknown
from tfrepair.model.operations import Keywords
from tfrepair.model.run import Event, RunStatus
from tfrepair.model.wire import FACTS_FORMAT, PLAN_FORMAT, facts_from_json, facts_to_json, plan_from_json, plan_to_json

SAMPLES = Path(__file__).parent / "samples"
PAGE = Path(__file__).parents[2] / "docs" / "formats.md"
BEFORE, AFTER = 1311, 2622
REPAIR = "20261123T044446-eca776a7b301"
ROLLBACK = "20261124T091502-01f4c0ffee42"
UNDONE = "20261125T120000-8000d15ea5ed"


def sample(name):
    return json.loads((SAMPLES / name).read_text())


def journal_lines(name):
    return (SAMPLES / name).read_text().split("\n")


class Site:
    """An environment and the record of a run on it, as a stored journal left them."""

    def __init__(self, root, lines, run=REPAIR, *, exchanged, **noted):
        beside = Beside.of(root / "env")
        self.place, self.run, self.tree = beside.place, run, beside.tree(run)
        self.folder = root / "runs" / run
        self.folder.mkdir(parents=True)
        self.tree.mkdir(parents=True)
        self.place.mkdir()
        old, new = (self.tree, self.place) if exchanged else (self.place, self.tree)
        (old / "old").touch()
        (new / "new").touch()
        text = "\n".join(lines).replace("/srv/train/", f"{root}/").replace("/home/ada/env", str(self.place))
        for number, folder in ((BEFORE, old), (AFTER, new)):
            text = text.replace(f": {number},", f": {folder.stat().st_ino},")
        (self.folder / "journal.jsonl").write_text(text)
        own = {"id": run, "prefix": str(self.place), "place": str(self.place), "status": "unfinished", **noted}
        (self.folder / "run.json").write_text(json.dumps({**sample("run.json"), **own}))
        pointer = {**sample("current.json"), "run": run, "folder": str(self.folder), "prefix": str(self.place)}
        beside.pointer.write_text(json.dumps(pointer))

    @property
    def names(self):
        return {path.name for path in self.place.iterdir()}


def test_every_event_status_and_key_of_a_plan_is_documented():
    fields = [
        field.name
        for kind in (
            plans.Plan,
            plans.Choice,
            plans.Lock,
            plans.Pin,
            plans.Move,
            plans.PlannedCheck,
            Keywords,
            *get_args(plans.Operation),
        )
        for field in dataclasses.fields(kind)
    ]
    both = (sample("plan.json"), sample("plan-with-steps.json"))
    actions = [operation["action"] for plan in both for operation in plan["operations"]]
    words = {*get_args(Event), *get_args(RunStatus), *get_args(plans.Strategy), *fields, *actions}
    words |= sample("run.json").keys() | sample("current.json").keys()
    page = PAGE.read_text()
    assert sorted(word for word in words if f"`{word}`" not in page) == []


def test_a_journal_with_a_torn_last_line_is_read_up_to_it():
    entries = read_journal(SAMPLES / "repair-torn.jsonl")
    assert [entry.event for entry in entries] == [
        "begin", "staged", "operation", "applied", "operation", "applied", "verified", "swapping", "swapped",
    ]  # fmt: skip
    assert [entry.seq for entry in entries] == list(range(9))
    assert {entry.run for entry in entries} == {REPAIR}
    assert entries[0].at == "2026-11-23T04:44:46.007+00:00"
    assert entries[0].detail == {
        "format": 1, "prefix": "/home/ada/env", "place": "/srv/train/env", "pid": 4711, "user": "ada", "before": BEFORE,
        "keep": "1",
    }  # fmt: skip
    assert entries[1].detail == {
        "round": 1, "strategy": "in-place", "linked": 12203, "copied": 438, "copied_bytes": 3355443,
    }  # fmt: skip
    assert entries[4].detail == {
        "round": 1, "index": 1, "action": "install", "summary": "install protobuf 6.32.1",
    }  # fmt: skip
    assert entries[6].detail == {"ok": True, "rung": "keras", "tensorflow": "2.20.0"}
    assert entries[8].detail == {"how": "exchange"}


def test_the_swap_of_a_stored_journal_says_what_is_where():
    swap = last_swap(read_journal(SAMPLES / "repair-torn.jsonl"))
    tree = Path(f"/srv/train/.tfrepair-env/{REPAIR}/tree")
    assert (swap.place, swap.tree, swap.keep_as) == (Path("/srv/train/env"), tree, tree)
    assert (swap.before, swap.after, swap.disposable) == (BEFORE, AFTER, True)


def test_a_torn_last_line_is_cut_off_before_the_next_is_written(tmp_path):
    path = tmp_path / "journal.jsonl"
    path.write_bytes((SAMPLES / "repair-torn.jsonl").read_bytes())
    assert Journal(path, REPAIR).append("restored", reason="found unfinished").seq == 9
    assert [entry.event for entry in read_journal(path)][-2:] == ["swapped", "restored"]


def test_the_journal_of_a_rollback_names_the_run_that_it_undoes():
    entries = read_journal(SAMPLES / "rollback.jsonl")
    assert [entry.event for entry in entries] == ["begin", "swapping", "swapped", "confirmed", "end"]
    assert entries[0].detail["of"] == REPAIR
    swap = last_swap(entries)
    assert (swap.before, swap.after, swap.disposable) == (AFTER, BEFORE, False)
    assert (swap.tree.parent.name, swap.keep_as.parent.name) == (REPAIR, ROLLBACK)
    assert entries[-1].detail == {"status": "restored", "kept": True}


def test_the_journal_of_a_repair_that_was_undone_says_why():
    entries = read_journal(SAMPLES / "undone.jsonl")
    assert [entry.event for entry in entries][-5:] == ["swapping", "swapped", "restored", "dropped", "end"]
    assert last_swap(entries) is None
    assert entries[-2].detail == {"reason": "the repaired environment failed its smoke test"}
    assert entries[-1].detail == {"status": "rolled-back", "kept": False}


@pytest.mark.parametrize(
    ("journal", "run", "count", "exchanged", "outcome", "names"),
    [
        ("repair-torn.jsonl", REPAIR, 1, False, "dropped", {"old"}),
        ("repair-torn.jsonl", REPAIR, 2, False, "dropped", {"old"}),
        ("repair-torn.jsonl", REPAIR, 3, False, "dropped", {"old"}),
        ("repair-torn.jsonl", REPAIR, 4, False, "dropped", {"old"}),
        ("repair-torn.jsonl", REPAIR, 7, False, "dropped", {"old"}),
        ("repair-torn.jsonl", REPAIR, 8, False, "dropped", {"old"}),
        ("repair-torn.jsonl", REPAIR, 8, True, "restored", {"old"}),
        ("repair-torn.jsonl", REPAIR, 9, True, "restored", {"old"}),
        ("repair-torn.jsonl", REPAIR, None, True, "restored", {"old"}),
        ("undone.jsonl", UNDONE, 10, False, "dropped", {"old"}),
        ("undone.jsonl", UNDONE, 11, False, "dropped", {"old"}),
        ("undone.jsonl", UNDONE, 12, False, "restored", {"old"}),
    ],
)
def test_recovery_of_a_stored_journal_does_what_is_documented(tmp_path, journal, run, count, exchanged, outcome, names):
    lines = journal_lines(journal)
    site = Site(tmp_path, lines if count is None else [*lines[:count], ""], run, exchanged=exchanged)
    assert unfinished(site.place).will == outcome
    assert recover(site.place, lock_timeout=1).outcome == outcome
    assert site.names == names
    assert RunFolder.open(site.folder).record().status == "rolled-back"
    assert unfinished(site.place) is None


def confirmed_lines():
    """The stored repair with its torn line written to the end."""
    whole = {"seq": 9, "run": REPAIR, "event": "confirmed", "at": "2026-11-23T04:44:55.907+00:00"}
    detail = {"tensorflow": "2.20.0", "seconds": 9.7, "of_a_newer_version": [1]}
    return [*journal_lines("repair-torn.jsonl")[:9], json.dumps({**whole, "detail": detail}), ""]


def test_a_confirmed_repair_is_finished_and_unknown_details_are_tolerated(tmp_path):
    lines = [line.replace('"detail": {', '"detail": {"of_a_newer_version": {"a": 1}, ') for line in confirmed_lines()]
    site = Site(tmp_path, [line.replace(", }", "}") for line in lines], exchanged=True, of_a_newer_version=[1])
    assert read_journal(site.folder / "journal.jsonl")[0].detail["of_a_newer_version"] == {"a": 1}
    assert unfinished(site.place).will == "finished"
    assert recover(site.place, lock_timeout=1).outcome == "finished"
    assert site.names == {"new"}
    run = RunFolder.open(site.folder)
    assert run.record().status == "repaired"
    assert run.record().kept == str(site.tree)
    assert run.data["of_a_newer_version"] == [1]


def test_a_stored_run_is_read_and_unknown_keys_of_it_survive_a_change(tmp_path):
    folder = tmp_path / REPAIR
    folder.mkdir(mode=0o700)
    (folder / "run.json").write_text(json.dumps({**sample("run.json"), "of_a_newer_version": {"a": 1}}))
    run = RunFolder.open(folder)
    assert (run.id, run.prefix, run.place) == (REPAIR, Path("/home/ada/env"), Path("/srv/train/env"))
    assert run.tree == Path(f"/srv/train/.tfrepair-env/{REPAIR}/tree")
    record = run.record()
    assert (record.status, record.command, record.tensorflow) == ("repaired", "fix", "2.20.0")
    assert (record.started, record.kept) == ("2026-11-23T04:44:46.007+00:00", None)
    run.update(kept=False, status="cleaned")
    assert run.data == {**sample("run.json"), "of_a_newer_version": {"a": 1}, "kept": False, "status": "cleaned"}


def test_a_stored_plan_is_read_with_every_kind_of_operation():
    plan = plan_from_json(sample("plan.json"))
    steps = plan_from_json(sample("plan-with-steps.json"))
    kinds = [type(operation) for operation in (*plan.operations, *steps.operations)]
    assert list(dict.fromkeys(kinds)) == list(get_args(plans.Operation))
    assert [operation.action for operation in plan.operations] == [
        "venv", "carry", "uninstall", "remove", "install", "run",
    ]  # fmt: skip
    venv, carry, uninstall, remove, install, run = plan.operations
    assert (venv.base, venv.version, venv.system_site_packages, venv.prompt) == (
        "/usr/bin/python3.11", "3.11.7", True, "train",
    )  # fmt: skip
    assert (carry.distributions, carry.leave) == (("attrs", "pip"), ("lib/python3.11/site-packages/tensorflow",))
    assert uninstall.metadata == "lib/python3.11/site-packages/protobuf-4.25.8.dist-info"
    assert (remove.path, remove.why) == (
        "lib/python3.11/site-packages/tensorflow", "whatever is left of TensorFlow's files",
    )  # fmt: skip
    assert install.names == ("protobuf", "tensorflow-cpu")
    assert (run.argv, run.timeout) == (("python", "-m", "ours.settle", "--strict"), 30.0)
    assert (plan.schema_version, plan.round, plan.strategy, plan.prefix) == (1, 2, "rebuild", "/home/ada/env")
    assert plan.fingerprint == "9f" * 32
    assert plan.causes == ("protobuf-mismatch", "corrupt-install")
    assert plan.tensorflow == plans.Choice(name="tensorflow-cpu", version="2.20.0", reason="its files are on disk")
    assert plan.lock.get("protobuf").hashes == ("sha256:" + "ab" * 32,)
    assert [(pin.size, pin.is_wheel) for pin in plan.lock.pins] == [(322000, True), (None, False)]
    assert (plan.lock.cutoff, plan.lock.method) == ("2025-09-12", "uv")
    assert plan.lock.local == ("wheels/ours-1.0-py3-none-any.whl",)
    assert [(move.name, move.before, move.after) for move in plan.moves] == [
        ("protobuf", "4.25.8", "6.32.1"), ("tf-nightly", "2.21.0", None),
    ]  # fmt: skip
    assert plan.untrusted == (".tfrepair/ours.yaml",)


@pytest.mark.parametrize("name", ["plan.json", "plan-with-steps.json"])
def test_a_stored_plan_is_written_again_as_it_was(name):
    assert json.loads(json.dumps(plan_to_json(plan_from_json(sample(name))))) == sample(name)


def test_a_stored_plan_has_what_its_steps_say():
    plan = plan_from_json(sample("plan-with-steps.json"))
    run, write, environment, kernel, tell = plan.operations
    assert run.keywords == Keywords(
        step="Ask", register=("seat",), attempts=3, wait=2.0, errors=("timeout",), timeout=5.0, goes_on=True,
        message="no seat", undo=("seats", "release"),
    )  # fmt: skip
    assert (run.creates, write.content) == ("etc/seat", "[ours]\n")
    assert environment.variables == (("OUR_DATA", "/srv/data"), ("UNWANTED", None))
    assert (kernel.path, tell.text) == ("share/jupyter/kernels/ours", "seat: {registered.seat.ok}")
    (check,) = plan.checks
    registered = {"registered.seat.ok": True}
    assert failures((check,), Facts.of(Fact(path=p, state=Known(v), source="x") for p, v in registered.items())) == ()
    assert failures((check,), Facts()) == ("A seat: `registered.seat.ok` is otherwise (no seat) [ours]",)


def test_the_plan_in_the_record_of_a_run_is_the_document_without_its_format():
    assert {"format": PLAN_FORMAT, **sample("plan-of-a-run.json")} == sample("plan.json")


def test_a_stored_facts_document_is_read_and_written_again_as_it_was():
    facts = facts_from_json(sample("facts.json"))
    assert facts.get("distribution.protobuf.version") == Known("4.25.8")
    assert facts.get("import.ok") == Known(False)
    assert facts.get("inventory.names") == Known(["pip", "protobuf", "tensorflow-cpu"])
    assert facts.get("tensorflow.origin") == Absent()
    assert facts.get("host.avx") == Unknown("the processor is not known")
    assert facts.by_path["host.avx"].source == "host"
    assert facts_to_json(facts) == sample("facts.json")


@pytest.mark.parametrize("given", ["tfrepair.plan/2", 1, None])
def test_a_plan_of_another_format_is_refused_by_name(given):
    with pytest.raises(ValueError, match=f"`format` is not `{PLAN_FORMAT}`"):
        plan_from_json({**sample("plan.json"), "format": given})


def test_a_plan_with_an_operation_that_is_not_known_is_refused():
    body = sample("plan.json")
    body["operations"][0]["action"] = "format-disk"
    with pytest.raises(ValueError, match=r"`operations\.0`: it is nothing"):
        plan_from_json(body)


@pytest.mark.parametrize("given", ["tfrepair.facts/2", 1, None])
def test_facts_of_another_format_are_refused_by_name(given):
    with pytest.raises(ValueError, match=f"`format` is not `{FACTS_FORMAT}`"):
        facts_from_json({**sample("facts.json"), "format": given})


def test_a_plan_of_another_schema_version_is_refused():
    with pytest.raises(ValueError, match="schema_version"):
        plan_from_json({**sample("plan.json"), "schema_version": 2})


def test_an_unfinished_run_whose_journal_has_another_format_is_left_alone_and_it_is_said(tmp_path):
    lines = [line.replace('"format": 1', '"format": 2') for line in journal_lines("repair-torn.jsonl")]
    site = Site(tmp_path, lines, exchanged=True)
    with pytest.raises(TfrepairError, match=r"format\D*2"):
        recover(site.place, lock_timeout=1)
    assert site.names == {"new"}


def test_an_unfinished_run_whose_record_has_another_format_is_left_alone_and_it_is_said(tmp_path):
    site = Site(tmp_path, journal_lines("repair-torn.jsonl"), exchanged=True, schema_version=2)
    with pytest.raises(TfrepairError, match=r"format\D*2"):
        recover(site.place, lock_timeout=1)
    assert site.names == {"new"}


def test_after_a_run_that_was_killed_what_its_steps_did_elsewhere_is_named_and_not_undone(tmp_path):
    mark = tmp_path / "undone"
    lines = journal_lines("repair-torn.jsonl")
    at = next(index for index, line in enumerate(lines) if '"event": "operation"' in line)
    entry = json.loads(lines[at])
    entry["detail"]["undo"] = ["touch", str(mark)]
    site = Site(tmp_path, [*lines[:at], json.dumps(entry), *lines[at + 1 :]], exchanged=True)
    done = recover(site.place, lock_timeout=1)
    assert done.undo == (("touch", str(mark)),)
    assert f"taken back by hand: `touch {mark}`" in done.sentence
    assert not mark.exists()
