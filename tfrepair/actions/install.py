"""`install`: requirements that must hold; the bare name `tensorflow` stands for the release that was chosen."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from tfrepair.actions.arguments import item_problems, lines, requirement_problem

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from tfrepair.model.facts import Facts
    from tfrepair.model.goals import Goals

ARGS = {"requirements": "list of requirements, or a fact"}


def goals(args: Mapping[str, Any], facts: Facts) -> Goals:
    """The requirements must hold afterwards."""
    from tfrepair.model.goals import Goals

    return Goals(install=lines(args, "requirements", facts))


def problems(args: Mapping[str, Any]) -> Iterator[tuple[tuple[str | int, ...], str]]:
    """What is wrong with the arguments, each with the keys that lead to it."""
    yield from item_problems(args, "requirements", requirement_problem)
