"""Which steps of a playbook apply, and hence whether its repair is automatic here."""

from __future__ import annotations

from typing import TYPE_CHECKING

from tfrepair.reason.conditions import evaluate

if TYPE_CHECKING:
    from collections.abc import Iterator

    from tfrepair.model.facts import Facts
    from tfrepair.model.finding import Repair
    from tfrepair.model.playbook import Playbook, Step


def repair_of(playbook: Playbook, facts: Facts) -> Repair:
    """Automatic when the playbook says so and one of its steps applies."""
    automatic = playbook.repair == "automatic" and any(applicable(playbook, facts))
    return "automatic" if automatic else "manual"


def applicable(playbook: Playbook, facts: Facts) -> Iterator[Step]:
    """The steps whose `when` is not false and whose `unless` is not true."""
    for step in playbook.steps:
        wanted = step.when is None or evaluate(step.when, facts).value is not False
        spared = step.unless is not None and evaluate(step.unless, facts).value is True
        if wanted and not spared:
            yield step
