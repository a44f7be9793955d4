"""What a playbook's `verify` asks of a repaired environment."""

from __future__ import annotations

from typing import TYPE_CHECKING

from tfrepair.model.facts import Fact, Facts, Known
from tfrepair.playbook.builder import condition
from tfrepair.reason.conditions import evaluate
from tfrepair.reason.text import fill_registered

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from tfrepair.model.plan import PlannedCheck


def failures(checks: Sequence[PlannedCheck], facts: Facts) -> tuple[str, ...]:
    """A sentence for each check that does not hold; one that cannot be decided does not."""
    return tuple(sentence for check in checks for sentence in _failure(check, facts))


def _failure(check: PlannedCheck, facts: Facts) -> Iterator[str]:
    values = (Fact(path=path, state=Known(value), source="variables") for path, value in check.values.items())
    trace = evaluate(condition(check.that), facts.merged(Facts.of(values)))
    if trace.value:
        return
    paths = ", ".join(f"`{path}`" for path in trace.unknown)
    why = f"`{trace.decided_by}` is otherwise" if trace.value is False else f"{paths} is not known"
    said = f" ({fill_registered(check.message, facts)})" if check.message else ""
    yield f"{check.name}: {why}{said} [{check.playbook}]"
