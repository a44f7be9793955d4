"""`run`: a command of a team's own; what it changes cannot be foretold."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from tfrepair.actions.arguments import inside_problem, lines

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from tfrepair.model.facts import Facts
    from tfrepair.model.goals import Goals

ARGS = {
    "argv": "list of texts: the program and its arguments, no shell",
    "creates": "optional text: a path in the environment; when it exists the command is not run",
}
OWN = True
UNDOABLE = True
"""A step may have an `undo`."""


def goals(args: Mapping[str, Any], facts: Facts) -> Goals:
    """The command runs in the stage."""
    from tfrepair.model.goals import Goals
    from tfrepair.model.operations import RunCommand

    return Goals(operations=(RunCommand(argv=lines(args, "argv", facts), creates=args.get("creates")),))


def problems(args: Mapping[str, Any]) -> Iterator[tuple[tuple[str | int, ...], str]]:
    """What is wrong with the arguments, each with the keys that lead to it."""
    if text := inside_problem(args.get("creates")):
        yield ("creates",), text
