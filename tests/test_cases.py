"""Every file under `tests/cases/<playbook>/`: facts in, findings and operations out. A new file is a new test."""

from collections import Counter
from pathlib import Path

import pytest

from tfrepair.app.case_run import differences
from tfrepair.app.cases import cases_in, read_case
from tfrepair.app.playbooks import known_facts
from tfrepair.playbook.loader import load_builtin
from tfrepair.reason.diagnose import diagnose

ROOT = Path(__file__).parent / "cases"
CASES = cases_in(ROOT)
PLAYBOOKS = load_builtin()
FACTS = known_facts()
NAMES = [f"{path.parent.name}/{path.stem}" for path in CASES]


@pytest.mark.parametrize("path", CASES, ids=NAMES)
def test_case(path):
    assert differences(read_case(path, FACTS), PLAYBOOKS) == ()


@pytest.mark.parametrize("path", CASES, ids=NAMES)
def test_every_finding_has_evidence_without_gaps(path):
    for finding in diagnose(read_case(path).facts, PLAYBOOKS).findings:
        assert finding.evidence
        assert all(evidence.text and "{" not in evidence.text for evidence in finding.evidence), finding.evidence


@pytest.mark.parametrize("path", CASES, ids=NAMES)
def test_a_failed_import_is_always_an_error(path):
    facts = read_case(path).facts
    if facts.value("import.ok") is False:
        assert diagnose(facts, PLAYBOOKS).errors


@pytest.mark.parametrize("name", [playbook.name for playbook in PLAYBOOKS])
def test_every_playbook_has_cases_that_fire_and_near_misses(name):
    outcomes = Counter(
        name in [expected["id"] for expected in read_case(path).findings] for path in CASES if path.parent.name == name
    )
    assert outcomes[True] >= 2
    assert outcomes[False] >= 2


def test_every_folder_of_cases_belongs_to_a_playbook():
    assert {path.parent.name for path in CASES} == {playbook.name for playbook in PLAYBOOKS}
