"""Conditions over facts, in three-valued logic: true, false, or not known."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from tfrepair.model.facts import Absent, Known, Unknown
from tfrepair.model.playbook import AllOf, AnyOf, Match, NoneOf
from tfrepair.reason.operators import has_values, holds
from tfrepair.reason.text import fill

if TYPE_CHECKING:
    from tfrepair.model.facts import Facts
    from tfrepair.model.playbook import Condition

__all__ = ["Trace", "evaluate", "fill", "has_values", "needed"]


@dataclass(frozen=True, slots=True, kw_only=True)
class Trace:
    """How a condition came out, and why."""

    value: bool | None
    """None: not known."""
    decided_by: str
    """The fact that decided; of an open condition, the first that kept it open."""
    unknown: tuple[str, ...] = ()
    """The facts that kept it open; none when it is decided."""


def evaluate(condition: Condition, facts: Facts) -> Trace:
    """The value of a condition. What is not known stays open unless the rest decides."""
    match condition:
        case Match():
            return _test(condition, facts)
        case AllOf(parts=parts):
            return _first(False, tuple(evaluate(part, facts) for part in parts))
        case AnyOf(parts=parts):
            return _first(True, tuple(evaluate(part, facts) for part in parts))
        case NoneOf(parts=parts):
            return _inverted(_first(True, tuple(evaluate(part, facts) for part in parts)))


def needed(condition: Condition | None) -> frozenset[str]:
    """Every fact path that a condition asks about."""
    match condition:
        case None:
            return frozenset()
        case Match(fact=path):
            return frozenset({path})
        case AllOf(parts=parts) | AnyOf(parts=parts) | NoneOf(parts=parts):
            return frozenset().union(*(needed(part) for part in parts))


def operand(test: Match) -> Any:
    """What the fact is compared with."""
    return getattr(test, "is_in" if test.operator == "in" else test.operator)


def _test(test: Match, facts: Facts) -> Trace:
    match facts.get(test.fact):
        case Known(value):
            return Trace(value=holds(test.operator, operand(test), value), decided_by=test.fact)
        case Absent():
            return Trace(value=test.operator == "exists" and not test.exists, decided_by=test.fact)
        case Unknown():
            return Trace(value=None, decided_by=test.fact, unknown=(test.fact,))


def _first(decisive: bool, parts: tuple[Trace, ...]) -> Trace:  # noqa: FBT001  # the value that decides alone
    """The first part with the decisive value; else open if one is; else the opposite."""
    for part in parts:
        if part.value is decisive:
            return part
    unknown = tuple(dict.fromkeys(path for part in parts for path in part.unknown))
    if unknown:
        return Trace(value=None, decided_by=unknown[0], unknown=unknown)
    return Trace(value=not decisive, decided_by=parts[0].decided_by if parts else "")


def _inverted(trace: Trace) -> Trace:
    value = None if trace.value is None else not trace.value
    return Trace(value=value, decided_by=trace.decided_by, unknown=trace.unknown)
