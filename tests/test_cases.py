"""Every file under `tests/cases/<playbook>/`: facts in, findings out. A new file is a new test."""

from __future__ import annotations

from collections import Counter
from pathlib import Path
from typing import Any

import pytest

from tfrepair.model.facts import Absent, Fact, Facts, Known, Unknown
from tfrepair.model.finding import Diagnosis
from tfrepair.playbook.loader import load_builtin
from tfrepair.playbook.yaml_reader import read_yaml
from tfrepair.reason.diagnose import diagnose

ROOT = Path(__file__).parent / "cases"
CASES = sorted(path for path in ROOT.glob("*/*.yaml") if not path.parent.name.startswith("_"))
CASE_KEYS = {"about", "like", "facts", "missing", "unknown", "findings", "absent"}
FINDING_KEYS = {"id", "severity", "confidence", "caused_by", "repair", "evidence"}
PLAYBOOKS = load_builtin()


def read(path: Path) -> dict[str, Any]:
    data, _ = read_yaml(path.read_bytes())
    assert data.keys() <= CASE_KEYS, f"{path}: unknown keys {data.keys() - CASE_KEYS}"
    return data


def facts_of(case: dict[str, Any]) -> Facts:
    """The facts of the machine a case is like, with its own laid over them."""
    below = facts_of(read(ROOT / "_machines" / f"{case['like']}.yaml")) if "like" in case else Facts()
    states = {path: Known(value) for path, value in case.get("facts", {}).items()}
    states |= {path: Absent() for path in case.get("missing", ())}
    states |= {path: Unknown(reason) for path, reason in case.get("unknown", {}).items()}
    return below.merged(Facts.of(Fact(path=path, state=state, source="case") for path, state in states.items()))


def diagnosis_of(path: Path) -> Diagnosis:
    return diagnose(facts_of(read(path)), PLAYBOOKS)


@pytest.mark.parametrize("path", CASES, ids=lambda path: f"{path.parent.name}/{path.stem}")
def test_case(path):
    case = read(path)
    found = diagnosis_of(path).findings

    assert [finding.id for finding in found] == [expected["id"] for expected in case["findings"]], found
    for finding, expected in zip(found, case["findings"], strict=True):
        assert expected.keys() <= FINDING_KEYS
        text = "\n".join(evidence.text for evidence in finding.evidence)
        assert expected.get("evidence", "") in text
        wanted = {key: value for key, value in expected.items() if key != "evidence"}
        assert {key: getattr(finding, key) for key in wanted} == wanted
    assert not {finding.id for finding in found} & set(case.get("absent", ()))


@pytest.mark.parametrize("path", CASES, ids=lambda path: f"{path.parent.name}/{path.stem}")
def test_every_finding_has_evidence_without_gaps(path):
    for finding in diagnosis_of(path).findings:
        assert finding.evidence
        assert all(evidence.text and "{" not in evidence.text for evidence in finding.evidence), finding.evidence


@pytest.mark.parametrize("path", CASES, ids=lambda path: f"{path.parent.name}/{path.stem}")
def test_a_failed_import_is_always_an_error(path):
    if facts_of(read(path)).value("import.ok") is False:
        assert diagnosis_of(path).errors


@pytest.mark.parametrize("name", [playbook.name for playbook in PLAYBOOKS])
def test_every_playbook_has_cases_that_fire_and_near_misses(name):
    outcomes = Counter(
        name in [expected["id"] for expected in read(path)["findings"]] for path in CASES if path.parent.name == name
    )
    assert outcomes[True] >= 2
    assert outcomes[False] >= 2


def test_every_folder_of_cases_belongs_to_a_playbook():
    assert {path.parent.name for path in CASES} == {playbook.name for playbook in PLAYBOOKS}
