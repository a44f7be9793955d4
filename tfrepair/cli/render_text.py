"""A report, a diagnosis and a plan as lines for people."""

from __future__ import annotations

import re
import textwrap
from itertools import groupby
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterator

    from tfrepair.app.report import Report
    from tfrepair.errors import TfrepairError
    from tfrepair.model.finding import Diagnosis, Finding
    from tfrepair.model.plan import Operation, Plan
    from tfrepair.model.target import Target

EVIDENCE_SHOWN = 8
WIDTH = 118
_PATH = re.compile(r"`[^`]*[/\\][^`]*`|[^\s`]*[/\\][^\s`]*")
_SHORTEST = 18
"""To how many characters a path may be shortened."""


def target_lines(target: Target) -> Iterator[str]:
    """Which interpreter, and why this one."""
    interpreter = target.interpreter
    state = "" if interpreter.starts else ", does not start"
    yield f"target: `{interpreter.executable}` (Python {interpreter.version_text}, {target.environment.kind}{state})"
    yield f"        {target.reason}"


def diagnosis_lines(diagnosis: Diagnosis) -> Iterator[str]:
    """Every finding with its evidence, what follows from another one under it."""
    for number, finding in enumerate((f for f in diagnosis.findings if f.caused_by is None), start=1):
        yield ""
        yield from finding_lines(finding, f"{number}. ")
        for follower in diagnosis.findings:
            if follower.caused_by == finding.id:
                yield f"   follows from it: {follower.title} [{follower.id}]"
                yield from (f"      {item.kind}: {first_line(item.text)}" for item in follower.evidence[:2])
    for item in diagnosis.not_checked:
        yield f"not checked: {item.what}: {item.why}"


def cause_lines(diagnosis: Diagnosis) -> Iterator[str]:
    """What is wrong, a line for each finding that does not follow from another one."""
    for number, finding in enumerate((f for f in diagnosis.findings if f.caused_by is None), start=1):
        yield _title_line(finding, f"{number}. ")


def _title_line(finding: Finding, lead: str) -> str:
    return f"{lead}{finding.severity}: {finding.title} [{finding.id}]"


def finding_lines(finding: Finding, lead: str) -> Iterator[str]:
    """One finding: severity, title, id, evidence, and whether it can be repaired."""
    yield _title_line(finding, lead)
    for item in finding.evidence[:EVIDENCE_SHOWN]:
        yield f"     {item.kind}: {first_line(item.text)}"
    if len(finding.evidence) > EVIDENCE_SHOWN:
        yield f"     and {len(finding.evidence) - EVIDENCE_SHOWN} more (all of them with --json)"
    certainty = "" if finding.confidence == "high" else f", confidence {finding.confidence}"
    yield f"     repair: {finding.repair}{certainty}"


def plan_lines(plan: Plan) -> Iterator[str]:
    """What will be done, in order, and what that means for the user's distributions."""
    choice = plan.tensorflow
    yield ""
    yield f"plan, round {plan.round}: {choice.name} {choice.version} ({choice.reason})"
    yield f"  {_where(plan)}"
    for number, summary in enumerate(summaries(plan), start=1):
        yield from wrapped(f"{number}. {summary}")
    for move in plan.moves:
        yield f"  changes: {move.name} {move.before} -> {move.after or 'removed'}: {move.why}"
    for check in plan.checks:
        yield f"  verifies: {check.name} [{check.playbook}]"
    for note in plan.notes:
        yield from wrapped(f"note: {note}")
    yield f"  lock: {len(plan.lock.pins)} distributions, resolved with {plan.lock.method}"


def summaries(plan: Plan) -> Iterator[str]:
    """A line for each operation; distributions that leave stand in one line, with what takes their place."""
    for action, group in groupby(plan.operations, key=lambda operation: operation.action):
        operations = list(group)
        if action != "uninstall":
            yield from (operation.summary for operation in operations)
            continue
        yield f"uninstall {', '.join(_leaving(operation, plan) for operation in operations)}"


def wrapped(text: str) -> list[str]:
    """A long line as several, indented; names and paths stay whole."""
    return textwrap.wrap(
        text, WIDTH, initial_indent="  ", subsequent_indent="     ", break_long_words=False, break_on_hyphens=False
    )


def fitting(text: str, width: int) -> str:
    """A text in one line of this width: paths lose their middle, the longest first, before the end is cut."""
    for path in sorted(_PATH.findall(text), key=len, reverse=True):
        keep = max(len(path) - max(0, len(text) - width), _SHORTEST)
        text = text.replace(path, _without_middle(path, keep))
    return text if len(text) <= width else f"{text[: width - 3]}..."


def _without_middle(text: str, keep: int) -> str:
    half = (keep - 3) // 2
    return text if len(text) <= keep else f"{text[:half]}...{text[half + 3 - keep :]}"


def _leaving(operation: Operation, plan: Plan) -> str:
    from packaging.utils import canonicalize_name

    from tfrepair.model.plan import Uninstall

    match operation:
        case Uninstall(name=name, version=version):
            pin = plan.lock.get(canonicalize_name(name))
            return f"{name} {version}" + (f" (-> {pin.version})" if pin and pin.version != version else "")
        case _:
            return operation.summary


def lock_lines(plan: Plan) -> Iterator[str]:
    """The exact versions; their hashes are in the document of `--json` and in that of `--plan-out`."""
    yield from wrapped(f"  {', '.join(f'{pin.name}=={pin.version}' for pin in plan.lock.pins)}")


def result_lines(report: Report) -> Iterator[str]:
    """How it ended and how to go back."""
    if report.error is not None:
        yield from error_lines(report.error)
    yield from report.messages
    if report.manual:
        yield ""
        yield "what to do by hand:"
        yield from (line for step in report.manual for line in _as_list_item(step))
    if report.smoke is not None and report.smoke.ok:
        where = f" at `{report.python}`" if report.python else ""
        yield f"TensorFlow {report.smoke.tensorflow} imports and computes{where} ({report.smoke.seconds:.1f} s)"
    if report.run is not None:
        yield f"record of this run: `{report.run.folder}`"
        if report.run.kept or report.run.made:
            yield f"to go back: tfrepair rollback {report.run.id}"


def error_lines(error: TfrepairError) -> Iterator[str]:
    """What is wrong, and what to do about it."""
    first, *more = error.lines
    yield f"error: {first}"
    yield from more
    if error.hint:
        yield f"hint: {error.hint}"


def _as_list_item(text: str) -> Iterator[str]:
    first, *more = text.rstrip("\n").split("\n")
    yield f"  - {first}"
    yield from (f"    {line}" for line in more)


def first_line(text: str) -> str:
    """The first line of a text, cut at a readable length."""
    line = text.strip().split("\n", 1)[0]
    limit = 240
    return line if len(line) <= limit else f"{line[:limit]}..."


def _where(plan: Plan) -> str:
    match plan.strategy:
        case "create":
            return f"in a new environment, `{plan.prefix}`"
        case "in-place":
            return f"strategy in-place: on a copy of `{plan.prefix}`, which takes its place when TensorFlow works in it"
        case "rebuild":
            place = f"that takes the place of `{plan.prefix}` when TensorFlow works in it"
            return f"strategy rebuild: in a fresh environment {place}"
