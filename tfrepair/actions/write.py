"""`write`: a text file of the environment."""

from __future__ import annotations

import re
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
_SCAFFOLDING = (
    (re.compile(r"pyvenv\.cfg"), "what makes the folder an environment"),
    (re.compile(r"(?:bin|scripts)/(?:python|pypy)w?[\d.]*t?(?:\.exe)?"), "the environment's interpreter"),
    (re.compile(r"\.tfrepair.*"), "where repairs keep what is theirs"),
    (re.compile(r"(?:.*/)?[^/]+\.(?:dist|egg)-info(?:/.*)?"), "what installers record of a distribution"),
)
"""Paths, in lower case as some file systems have them, that steps leave alone, and what lies there."""


def goals(args: Mapping[str, Any], facts: Facts) -> Goals:  # noqa: ARG001  # every action has these two
    """The file has this content."""
    from tfrepair.model.goals import Goals
    from tfrepair.model.operations import WriteFile

    return Goals(operations=(WriteFile(path=str(args["path"]), content=str(args["content"])),))


def problems(args: Mapping[str, Any]) -> Iterator[tuple[tuple[str | int, ...], str]]:
    """What is wrong with the arguments, each with the keys that lead to it."""
    path = args.get("path")
    if text := inside_problem(path) or _scaffolding_problem(path):
        yield ("path",), text


def _scaffolding_problem(path: Any) -> str | None:
    if not isinstance(path, str):
        return None
    what = next((what for pattern, what in _SCAFFOLDING if pattern.fullmatch(path.lower())), None)
    return f"`{path}` is {what}, and cannot be written here" if what is not None else None
