"""Facts and playbooks to a diagnosis."""

from __future__ import annotations

from typing import TYPE_CHECKING

from tfrepair.model.facts import Unknown
from tfrepair.model.finding import Diagnosis, NotChecked
from tfrepair.reason.conditions import needed
from tfrepair.reason.judge import judge
from tfrepair.reason.ordering import ordered
from tfrepair.reason.text import normalised

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from tfrepair.model.facts import Facts
    from tfrepair.model.finding import Finding
    from tfrepair.model.playbook import Playbook
    from tfrepair.reason.judge import Verdict


def diagnose(facts: Facts, playbooks: Sequence[Playbook]) -> Diagnosis:
    """What is wrong, the root cause first, and what could not be checked."""
    text = _failed_output(facts)
    verdicts = [judge(playbook, facts, text) for playbook in playbooks]
    findings = _findings(verdicts)
    by_name = {playbook.name: playbook for playbook in playbooks}
    return Diagnosis(
        findings=ordered(findings, by_name),
        not_checked=tuple(_not_checked(verdicts, {finding.id for finding in findings}, facts)),
    )


def needed_facts(playbook: Playbook) -> frozenset[str]:
    """Every fact that decides whether a playbook has a finding."""
    conditions = [rule.when for rule in playbook.rules] + [rule.unless for rule in playbook.rules if rule.unless]
    conditions += [part for one in playbook.signatures for part in (one.when, one.unless) if part]
    output = frozenset({"import.ok", "import.output"}) if playbook.signatures else frozenset()
    return output.union(*(needed(condition) for condition in conditions))


def _failed_output(facts: Facts) -> str | None:
    if facts.value("import.ok") is not False:
        return None
    from tfrepair.reason.translations import with_english

    return with_english(normalised(str(facts.value("import.output", ""))))


def _findings(verdicts: Sequence[Verdict]) -> tuple[Finding, ...]:
    found = tuple(finding for verdict in verdicts if (finding := verdict.finding()))
    if any(finding.severity == "error" for finding in found):
        return found
    return tuple(finding for verdict in verdicts if (finding := verdict.finding(alone=True)))


def _not_checked(verdicts: Sequence[Verdict], fired: set[str], facts: Facts) -> Iterator[NotChecked]:
    named: set[str] = set()
    for verdict in verdicts:
        if verdict.open and verdict.playbook.name not in fired:
            named.update(verdict.open)
            yield NotChecked(what=verdict.playbook.title, why=_why(verdict.open, facts))
    asked = frozenset().union(*(needed_facts(verdict.playbook) for verdict in verdicts))
    failed = {fact.path for fact in facts.unknown()}
    for reason, paths in _by_reason(sorted((asked & failed) - named), facts).items():
        yield NotChecked(what=_quoted(paths), why=reason)


def _why(paths: Sequence[str], facts: Facts) -> str:
    grouped = _by_reason(paths, facts)
    return "; ".join(f"{_quoted(group)} not known ({reason})" for reason, group in grouped.items())


def _by_reason(paths: Sequence[str], facts: Facts) -> dict[str, list[str]]:
    grouped: dict[str, list[str]] = {}
    for path in paths:
        state = facts.get(path)
        grouped.setdefault(state.reason if isinstance(state, Unknown) else "", []).append(path)
    return grouped


def _quoted(paths: Sequence[str]) -> str:
    return ", ".join(f"`{path}`" for path in paths)
