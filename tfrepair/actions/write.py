"""`write`: a text file of the environment."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from tfrepair.actions.arguments import inside_problem

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from tfrepair.model.facts import Facts
    from tfrepair.model.goals import Goals

ARGS = {
    "path": "text: where, relative to the environment's folder",
    "content": "literal text, written as it stands",
}
OWN = True


def goals(args: Mapping[str, Any], facts: Facts) -> Goals:  # noqa: ARG001  # every action has these two
    """The file has this content."""
    from tfrepair.model.goals import Goals
    from tfrepair.model.operations import WriteFile

    return Goals(operations=(WriteFile(path=str(args["path"]), content=str(args["content"])),))


def problems(args: Mapping[str, Any]) -> Iterator[tuple[tuple[str | int, ...], str]]:
    """What is wrong with the arguments, each with the keys that lead to it."""
    if text := inside_problem(args.get("path")):
        yield ("path",), text
