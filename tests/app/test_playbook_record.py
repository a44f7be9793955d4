"""A recorded case comes out as it was recorded, and pins no more than that takes."""

from pathlib import Path

import pytest

from tfrepair.app.case_run import differences
from tfrepair.app.cases import cases_in, read_case
from tfrepair.app.playbook_record import case_text
from tfrepair.app.playbooks import known_facts
from tfrepair.playbook.loader import load_builtin

ROOT = Path(__file__).parents[1] / "cases"
PLAYBOOKS = load_builtin()
FACTS = known_facts()
NUMPY = ROOT / "numpy-abi" / "numpy-2-under-old-tensorflow.yaml"


def recorded(folder, facts):
    path = folder / "case.yaml"
    path.write_text(case_text(facts, PLAYBOOKS, about="recorded"), encoding="utf-8")
    return read_case(path, FACTS)


@pytest.mark.parametrize("path", cases_in(ROOT), ids=lambda path: f"{path.parent.name}/{path.stem}")
def test_it_comes_out_as_recorded(tmp_path, path):
    case = recorded(tmp_path, read_case(path).facts)
    assert differences(case, PLAYBOOKS) == ()
    assert [finding["id"] for finding in case.findings] == [finding["id"] for finding in read_case(path).findings]
    assert all(finding.keys() == {"id", "severity", "confidence"} for finding in case.findings)


def test_the_plan_is_recorded_with_the_index_that_it_needs(tmp_path):
    case = recorded(tmp_path, read_case(NUMPY).facts)
    assert case.operations is not None
    assert case.index
