"""From findings to goals: which steps of which playbooks apply, and what they ask for together."""

from __future__ import annotations

from typing import TYPE_CHECKING

from tfrepair.actions.registry import ACTIONS
from tfrepair.model.goals import Goals
from tfrepair.reason.steps import applicable
from tfrepair.reason.text import fill

if TYPE_CHECKING:
    from collections.abc import Collection, Sequence

    from tfrepair.model.facts import Facts
    from tfrepair.model.finding import Diagnosis, Finding
    from tfrepair.model.playbook import Playbook


def acting(diagnosis: Diagnosis, only: Collection[str] = ()) -> tuple[Finding, ...]:
    """The findings a repair acts on: errors that do not merely follow from another, and whatever `only` names."""
    if only:
        return tuple(finding for finding in diagnosis.findings if finding.id in only)
    return tuple(finding for finding in diagnosis.errors if finding.caused_by is None)


def goals_of(findings: Sequence[Finding], playbooks: Sequence[Playbook], facts: Facts) -> Goals:
    """What the steps of these findings' playbooks ask for, merged."""
    by_name = {playbook.name: playbook for playbook in playbooks}
    total = Goals()
    for finding in findings:
        playbook = by_name[finding.playbook]
        if finding.repair == "manual":
            continue
        for step in applicable(playbook, facts):
            total |= ACTIONS[step.action].goals(step.args, facts)
    return total


def untrusted(findings: Sequence[Finding], playbooks: Sequence[Playbook]) -> tuple[str, ...]:
    """Files of the playbooks among these that may show a plan and not act."""
    by_name = {playbook.name: playbook.source for playbook in playbooks}
    sources = (by_name[finding.playbook] for finding in findings if finding.repair == "automatic")
    return tuple(dict.fromkeys(source.path for source in sources if not source.trusted))


def manual_steps(findings: Sequence[Finding], playbooks: Sequence[Playbook], facts: Facts) -> tuple[str, ...]:
    """What the user can do by hand about these findings, facts filled in."""
    by_name = {playbook.name: playbook for playbook in playbooks}
    return tuple(fill(line, facts) for finding in findings for line in by_name[finding.playbook].manual)
