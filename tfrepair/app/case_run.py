"""Running cases: what a diagnosis and its plan say, beside what the case expects."""

from __future__ import annotations

from dataclasses import dataclass
from itertools import zip_longest
from typing import TYPE_CHECKING, Any

from tfrepair.errors import PlaybookError, TfrepairError, UsageError
from tfrepair.model.nearest import nearest
from tfrepair.playbook.builtin import builtin_files
from tfrepair.reason.diagnose import diagnose
from tfrepair.reason.variables import bound

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence
    from pathlib import Path

    from tfrepair.app.cases import Case
    from tfrepair.model.finding import Diagnosis, Finding
    from tfrepair.model.playbook import Playbook


@dataclass(frozen=True, slots=True, kw_only=True)
class Outcome:
    """How one case came out."""

    name: str
    path: str
    problems: tuple[str, ...]
    """`file:line:column: message`; none when it came out as expected."""


def outcomes(folder: Path, playbooks: Sequence[Playbook]) -> Iterator[Outcome]:
    """Every case of a folder, in order. Raises UsageError when there is none."""
    from tfrepair.app.cases import cases_in, read_case
    from tfrepair.app.playbooks import known_facts
    from tfrepair.app.sources import none_passed_over

    none_passed_over(folder, "*/*.yml")
    paths = cases_in(folder)
    if not paths:
        raise UsageError(
            f"there is no case (`<playbook>/<case>.yaml`) in the folder `{folder}`",
            hint=f"`tfrepair playbook record {folder}/PLAYBOOK/CASE.yaml` makes one from a machine",
        )
    facts = known_facts()
    for path in paths:
        try:
            case = read_case(path, facts)
        except PlaybookError as error:
            yield Outcome(name=f"{path.parent.name}/{path.stem}", path=str(path), problems=error.problems)
        else:
            yield Outcome(name=case.name, path=str(path), problems=differences(case, playbooks))


def differences(case: Case, playbooks: Sequence[Playbook]) -> tuple[str, ...]:
    """What comes out otherwise than the case expects."""
    try:
        playbooks = bound(playbooks, case.variables, {})
    except UsageError as error:
        return (case.at("vars", error.message),)
    try:
        diagnosis = diagnose(case.facts, playbooks)
        return (
            *_of_names(case, playbooks),
            *_of_findings(case, diagnosis),
            *_of_operations(case, diagnosis, playbooks),
        )
    except (LookupError, TypeError, AttributeError, ValueError) as error:  # what is written there no probe would say
        said = f"a fact has not the shape that its probe gives it ({type(error).__name__}: {error})"
        return (case.at("facts", f"{said}: `tfrepair playbook facts` says what each holds"),)


def _of_names(case: Case, playbooks: Sequence[Playbook]) -> Iterator[str]:
    """What is expected to be absent must be something that could be found."""
    names = {playbook.name for playbook in playbooks}
    if not names.issuperset(case.absent):  # one that is left out is known all the same
        names |= {path.stem for path in builtin_files()}
    for name in case.absent:
        if name not in names:
            yield case.at("absent", f"there is no playbook `{name}`{nearest(name, names)}")


def _of_findings(case: Case, diagnosis: Diagnosis) -> Iterator[str]:
    found = diagnosis.findings
    ids, expected = [finding.id for finding in found], [item["id"] for item in case.findings]
    if ids != expected:
        yield case.at("findings", f"expected the findings {_listed(expected)}, found {_listed(ids)}")
    else:
        for finding, wanted in zip(found, case.findings, strict=True):
            yield from _of_finding(case, finding, wanted)
    for name in sorted(set(ids) & set(case.absent)):
        yield case.at("absent", f"`{name}` was found, and should not be")


def _of_finding(case: Case, finding: Finding, wanted: Mapping[str, Any]) -> Iterator[str]:
    text = "\n".join(evidence.text for evidence in finding.evidence)
    if str(wanted.get("evidence", "")) not in text:
        yield case.at("findings", f"`{finding.id}`: no evidence says `{wanted['evidence']}`; it says `{text}`")
    for key in wanted.keys() - {"evidence", "id"}:
        is_, should = getattr(finding, key), wanted[key]
        if is_ != should:
            yield case.at("findings", f"`{finding.id}`: expected {key} `{should}`, found `{is_}`")


def _of_operations(case: Case, diagnosis: Diagnosis, playbooks: Sequence[Playbook]) -> Iterator[str]:
    from tfrepair.app.case_operations import operations_of

    if case.operations is None:
        return
    try:
        found = operations_of(case, diagnosis, playbooks)
    except TfrepairError as error:
        yield case.at("operations", f"there is no plan: {error.message}")
        return
    for number, (is_, should) in enumerate(zip_longest(found, case.operations), start=1):
        if is_ != should:
            yield case.at("operations", f"operation {number}: expected {_quoted(should)}, found {_quoted(is_)}")


def _quoted(item: str | None) -> str:
    return "none" if item is None else f"`{item}`"


def _listed(items: Sequence[str]) -> str:
    return ", ".join(f"`{item}`" for item in items) if items else "none"
