"""From findings to goals: which steps of which playbooks apply, and what they ask for together."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING, Any

from tfrepair.actions.registry import ACTIONS
from tfrepair.errors import TfrepairError, UsageError
from tfrepair.model.facts import Known
from tfrepair.model.goals import Goals
from tfrepair.model.operations import PLAIN, Keywords, RunCommand
from tfrepair.model.plan import PlannedCheck
from tfrepair.reason.arguments import filled_arguments, filled_command, filled_item, refuse_strange
from tfrepair.reason.steps import applicable
from tfrepair.reason.text import LATER, fill, placeholders
from tfrepair.reason.variables import demand_values, scope

if TYPE_CHECKING:
    from collections.abc import Collection, Iterator, Mapping, Sequence

    from tfrepair.actions.registry import Action
    from tfrepair.model.facts import Facts
    from tfrepair.model.finding import Diagnosis, Finding
    from tfrepair.model.operations import OwnOperation
    from tfrepair.model.playbook import ManualLine, Playbook, Step

SYSTEMS = {"linux": "Linux", "darwin": "macOS", "windows": "Windows"}


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
    """What the steps of these findings' playbooks ask for, merged.

    Raises UsageError for variables without a value and for an action that fails, NoRepairError for a fact that a step
    needs and nobody knows.
    """
    total = Goals()
    chosen = _repairing(findings, playbooks)
    demand_values(chosen)
    for playbook in chosen:
        seen = scope(playbook, facts)
        for step, written in applicable(playbook, seen):
            item = filled_item(step, seen, written)
            action = actions[step.action]
            asked = _asked(action, step, seen, item)
            refuse_strange(asked, step)
            total |= _with_keywords(asked, step, keywords_of(step, seen, item))
    return total


def _asked(action: Action, step: Step, facts: Facts, item: Any) -> Goals:
    """What one step asks for. Raises UsageError, NoRepairError."""
    try:
        found: Any = action.goals(filled_arguments(action, step, facts, item), facts)
    except TfrepairError:
        raise
    except (Exception, SystemExit) as error:  # whatever a stranger's code does
        raise _failed(step, f"{type(error).__name__}: {error}") from error
    if not isinstance(found, Goals):
        raise _failed(step, f"it returned {type(found).__name__}, not `Goals`")
    return found


def _failed(step: Step, why: str) -> UsageError:
    return UsageError(
        f"the action `{step.action}` of the step `{step.name}` failed: {why}; nothing was changed",
        hint="ask whoever provides the plug-in" if step.action not in ACTIONS else None,
    )


def checks_of(findings: Sequence[Finding], playbooks: Sequence[Playbook], facts: Facts) -> tuple[PlannedCheck, ...]:
    """What these findings' playbooks want to hold afterwards."""
    return tuple(
        PlannedCheck(
            name=fill(check.name, scope(playbook, facts)),
            playbook=playbook.name,
            that=dict(check.that),
            values={f"vars.{name}": value for name, value in playbook.values.items()},
            message=fill(check.message, scope(playbook, facts)),
        )
        for playbook in _repairing(findings, playbooks)
        for check in playbook.checks
    )


def keywords_of(step: Step, facts: Facts, item: Any = None) -> Keywords:
    """How a step is to be carried out."""
    retry, failure = step.retry, step.on_failure
    return Keywords(
        step=fill(step.name, facts, item),
        register=(step.register,) if step.register is not None else (),
        attempts=retry.attempts if retry is not None else 1,
        wait=retry.wait if retry is not None else 0.0,
        errors=retry.errors if retry is not None else (),
        timeout=step.timeout,
        goes_on=failure is not None and failure.then == "continue",
        message=fill(failure.message, facts, item) if failure is not None else "",
        undo=filled_command(step.undo, step, facts, item),
    )


def _with_keywords(asked: Goals, step: Step, keywords: Keywords) -> Goals:
    own = tuple(_as_the_step_says(operation, keywords) for operation in asked.operations)
    plain = replace(keywords, step="") == PLAIN
    return replace(asked, operations=own, keywords=() if plain or own else ((step.action, keywords),))


def _as_the_step_says(operation: OwnOperation, keywords: Keywords) -> OwnOperation:
    if isinstance(operation, RunCommand) and keywords.timeout is not None:
        return replace(operation, keywords=keywords, timeout=keywords.timeout)
    return replace(operation, keywords=keywords)


def _repairing(findings: Sequence[Finding], playbooks: Sequence[Playbook]) -> tuple[Playbook, ...]:
    by_name = {playbook.name: playbook for playbook in playbooks}
    return tuple(by_name[finding.playbook] for finding in findings if finding.repair == "automatic")


def untrusted(findings: Sequence[Finding], playbooks: Sequence[Playbook]) -> tuple[str, ...]:
    """Files of the playbooks among these that may show a plan and not act."""
    by_name = {playbook.name: playbook.source for playbook in playbooks}
    sources = (by_name[finding.playbook] for finding in findings if finding.repair == "automatic")
    return tuple(dict.fromkeys(source.path for source in sources if not source.trusted))


def manual_steps(findings: Sequence[Finding], playbooks: Sequence[Playbook], facts: Facts) -> tuple[str, ...]:
    """What the user can do by hand about these findings, facts filled in, the lines for other systems left out."""
    by_name = {playbook.name: playbook for playbook in playbooks}
    return tuple(line for finding in findings for line in by_hand(by_name[finding.playbook], facts))


def by_hand(playbook: Playbook, facts: Facts) -> Iterator[str]:
    """The manual steps of one playbook, facts filled in, the lines for other systems left out.

    So is what would say `absent` or `unknown`, where another line remains.
    """
    here = facts.value("host.system")
    for line in _told(playbook.manual, facts):
        if line.system is None or line.system == here:
            yield fill(line.text, scope(playbook, facts))
        elif here is None:
            yield f"on {SYSTEMS.get(line.system, line.system)}: {fill(line.text, scope(playbook, facts))}"


def _told(lines: Sequence[ManualLine], facts: Facts) -> Sequence[ManualLine]:
    """The lines in which every fact is known; all where there is none."""
    full = [line for line in lines if all(_is_told(path, facts) for path in placeholders(line.text))]
    return full or lines


def _is_told(path: str, facts: Facts) -> bool:
    """A fact is known; what is a variable's or a step's is seen to elsewhere."""
    return path.startswith(("vars.", LATER)) or isinstance(facts.get(path), Known)
