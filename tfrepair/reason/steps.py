"""Which steps of a playbook apply, for which items of their loops, and hence whether its repair is automatic here."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from tfrepair.reason.conditions import evaluate
from tfrepair.reason.operators import has_values

if TYPE_CHECKING:
    from collections.abc import Iterator

    from tfrepair.model.facts import Facts
    from tfrepair.model.finding import Repair
    from tfrepair.model.playbook import Playbook, Step


def repair_of(playbook: Playbook, facts: Facts) -> Repair:
    """Automatic when the playbook says so and one of its steps applies."""
    automatic = playbook.repair == "automatic" and any(True for _ in applicable(playbook, facts))
    return "automatic" if automatic else "manual"


def applicable(playbook: Playbook, facts: Facts) -> Iterator[tuple[Step, Any]]:
    """The steps whose `when` is not false and whose `unless` is not true, with each item of their loops.

    The item of a step without a loop is None; one whose loop has no item does not apply.
    """
    for step in playbook.steps:
        wanted = step.when is None or evaluate(step.when, facts).value is not False
        spared = step.unless is not None and evaluate(step.unless, facts).value is True
        if wanted and not spared:
            yield from ((step, item) for item in items(step, facts))


def items(step: Step, facts: Facts) -> tuple[Any, ...]:
    """What a step is done for."""
    if step.loop is None:
        return (None,)
    found = facts.value(step.loop) if isinstance(step.loop, str) else step.loop
    every = tuple(found) if isinstance(found, list | tuple) else () if found is None else (found,)
    return tuple(item for item in every if step.where is None or has_values(item, step.where))
