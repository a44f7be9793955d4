"""`upgrade`: distributions in the newest version that everything else bears."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from tfrepair.actions.arguments import item_problems, lines, name_problem

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from tfrepair.model.facts import Facts
    from tfrepair.model.goals import Goals

ARGS = {"distributions": "list of names, or a fact"}


def goals(args: Mapping[str, Any], facts: Facts) -> Goals:
    """The named distributions do not stay at their version."""
    from packaging.utils import canonicalize_name

    from tfrepair.model.goals import Goals

    return Goals(upgrade=tuple(canonicalize_name(name) for name in lines(args, "distributions", facts)))


def problems(args: Mapping[str, Any]) -> Iterator[tuple[tuple[str | int, ...], str]]:
    """What is wrong with the arguments, each with the keys that lead to it."""
    yield from item_problems(args, "distributions", name_problem)
