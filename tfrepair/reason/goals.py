"""From findings to goals: which steps of which playbooks apply, and what they ask for together."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Any

from tfrepair.actions.registry import ACTIONS
from tfrepair.errors import UsageError
from tfrepair.model.facts import Known
from tfrepair.model.goals import Goals
from tfrepair.reason.steps import applicable
from tfrepair.reason.text import fill

if TYPE_CHECKING:
    from collections.abc import Collection, Mapping, Sequence

    from tfrepair.actions.registry import Action
    from tfrepair.model.facts import Facts
    from tfrepair.model.finding import Diagnosis, Finding
    from tfrepair.model.playbook import Playbook

_VARIABLE = re.compile(r"\{vars\.([a-zA-Z_]\w*)\}")


def acting(diagnosis: Diagnosis, only: Collection[str] = ()) -> tuple[Finding, ...]:
    """The findings a repair acts on: errors that do not merely follow from another, and whatever `only` names."""
    if only:
        return tuple(finding for finding in diagnosis.findings if finding.id in only)
    return tuple(finding for finding in diagnosis.errors if finding.caused_by is None)


def in_the_way(findings: Sequence[Finding]) -> tuple[Finding, ...]:
    """Those of the acting findings that only the user can do something about, and without which a repair is vain.

    A weak suspicion is no reason to refuse what can be repaired: a repair is tried on a copy, and shows.
    """
    by_hand = tuple(finding for finding in findings if finding.repair == "manual")
    if len(by_hand) == len(findings):
        return by_hand
    return tuple(finding for finding in by_hand if finding.confidence == "high")


def goals_of(
    findings: Sequence[Finding], playbooks: Sequence[Playbook], facts: Facts, actions: Mapping[str, Action] = ACTIONS
) -> Goals:
    """What the steps of these findings' playbooks ask for, merged."""
    by_name = {playbook.name: playbook for playbook in playbooks}
    total = Goals()
    for finding in findings:
        playbook = by_name[finding.playbook]
        if finding.repair == "manual":
            continue
        for step in applicable(playbook, facts):
            total |= actions[step.action].goals(_with_variables(step.args, facts), facts)
    return total


def _with_variables(value: Any, facts: Facts) -> Any:
    """Arguments with `{vars.NAME}` filled in. Raises UsageError for a variable that was not given."""
    match value:
        case str():
            for name in _VARIABLE.findall(value):
                if not isinstance(facts.get(f"vars.{name}"), Known):
                    raise UsageError(
                        f"a playbook needs the variable `{name}`", hint=f"give it with `--var {name}=VALUE`"
                    )
            return _VARIABLE.sub(lambda found: str(facts.value(f"vars.{found[1]}")), value)
        case list() | tuple():
            return [_with_variables(part, facts) for part in value]
        case dict():
            return {key: _with_variables(part, facts) for key, part in value.items()}
        case _:
            return value


def untrusted(findings: Sequence[Finding], playbooks: Sequence[Playbook]) -> tuple[str, ...]:
    """Files of the playbooks among these that may show a plan and not act."""
    by_name = {playbook.name: playbook.source for playbook in playbooks}
    sources = (by_name[finding.playbook] for finding in findings if finding.repair == "automatic")
    return tuple(dict.fromkeys(source.path for source in sources if not source.trusted))


def manual_steps(findings: Sequence[Finding], playbooks: Sequence[Playbook], facts: Facts) -> tuple[str, ...]:
    """What the user can do by hand about these findings, facts filled in."""
    by_name = {playbook.name: playbook for playbook in playbooks}
    return tuple(fill(line, facts) for finding in findings for line in by_name[finding.playbook].manual)
