"""Findings in the order of their causes: the root cause first, what follows from it after."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

from tfrepair.reason.judge import CONFIDENCES, SEVERITIES

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from tfrepair.model.finding import Finding
    from tfrepair.model.playbook import Playbook

Key = tuple[int, int, int, str]


def ordered(findings: Sequence[Finding], playbooks: Mapping[str, Playbook]) -> tuple[Finding, ...]:
    """The findings with `caused_by` set, by severity; among equals what stands for itself comes before what follows.

    A cause is at least as severe as its effect, so it always comes first; then confidence, rank and name decide.
    """
    keys = {finding.id: _key(finding, playbooks[finding.id].rank) for finding in findings}
    causes = _causes(findings, playbooks, keys)
    named = [replace(finding, caused_by=causes.get(finding.id)) for finding in findings]

    def place(finding: Finding) -> tuple[int, int, Key]:
        return keys[finding.id][0], len(_chain(finding.id, causes)), keys[finding.id]

    return tuple(sorted(named, key=place))


def _key(finding: Finding, rank: int) -> Key:
    return SEVERITIES.index(finding.severity), CONFIDENCES.index(finding.confidence), rank, finding.id


def _causes(findings: Sequence[Finding], playbooks: Mapping[str, Playbook], keys: Mapping[str, Key]) -> dict[str, str]:
    """The nearest cause of each finding that has one; never a circle, never a cause weaker than its effect."""
    causes: dict[str, str] = {}
    for effect in sorted(findings, key=lambda finding: keys[finding.id]):
        candidates = [
            cause.id
            for cause in findings
            if effect.id in playbooks[cause.id].explains
            and keys[cause.id][0] <= keys[effect.id][0]
            and effect.id not in _chain(cause.id, causes)
        ]
        nearest = [name for name in candidates if not _explains_another(name, candidates, playbooks)]
        if candidates:
            causes[effect.id] = min(nearest or candidates, key=lambda name: keys[name])
    return causes


def _explains_another(name: str, candidates: Sequence[str], playbooks: Mapping[str, Playbook]) -> bool:
    return any(other != name and other in playbooks[name].explains for other in candidates)


def _chain(name: str, causes: Mapping[str, str]) -> set[str]:
    """A finding and everything it is already known to follow from."""
    chain = {name}
    while (cause := causes.get(name)) is not None:
        chain.add(cause)
        name = cause
    return chain
