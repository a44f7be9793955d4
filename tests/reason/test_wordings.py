"""Other wordings of the causes: loaders of every system, installers, several languages, old and new releases."""

import json
from pathlib import Path

import pytest

from tfrepair.playbook.loader import load_builtin
from tfrepair.reason.asked_release import asked_release
from tfrepair.reason.explain import explain
from tfrepair.reason.pasted import cleaned
from tfrepair.reason.text_facts import facts_in, stated_machine
from tfrepair.target.release_data import load_gpu_data, load_releases

LINES = (Path(__file__).parent.parent / "corpus" / "wordings.jsonl").read_text(encoding="utf-8").splitlines()
PLAYBOOKS = load_builtin()


@pytest.mark.parametrize("line", LINES, ids=range(len(LINES)))
def test_a_wording(line):
    case = json.loads(line)
    text = cleaned(case["text"])
    told = stated_machine(
        system=case.get("os"),
        machine=case.get("arch"),
        python=case.get("python"),
        tensorflow=case.get("tensorflow"),
        cpu=None,
    )
    facts = facts_in(text).merged(told)
    found = explain(
        text, asked_release(text, facts, load_releases(), load_gpu_data()).merged(facts), PLAYBOOKS
    ).findings
    assert [finding.id for finding in found][:1] == [case["cause"]], [(f.id, f.confidence, f.decided_by) for f in found]


def test_every_cause_has_one():
    silent = {"plugin-failed"}  # tfrepair's own finding, which no program prints
    assert {json.loads(line)["cause"] for line in LINES} == {playbook.name for playbook in PLAYBOOKS} - silent
