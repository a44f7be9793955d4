"""`environment`: variables that are set when the environment is activated."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from tfrepair.model.facts import Facts
    from tfrepair.model.goals import Goals

ARGS = {"variables": "mapping of names to texts; `null` unsets the variable"}
OWN = True
NULLS = True
"""A value may be `null`."""
OF_ACTIVATION = frozenset({"PATH", "VIRTUAL_ENV", "VIRTUAL_ENV_PROMPT", "PYTHONHOME", "PS1", "PROMPT"})
"""What the activation scripts set themselves."""
_NAME = re.compile(r"[A-Za-z_][A-Za-z0-9_]*")


def goals(args: Mapping[str, Any], facts: Facts) -> Goals:  # noqa: ARG001  # every action has these two
    """The activation scripts set these variables."""
    from tfrepair.model.goals import Goals
    from tfrepair.model.operations import SetEnvironment

    pairs = tuple((name, None if value is None else str(value)) for name, value in args["variables"].items())
    return Goals(operations=(SetEnvironment(variables=pairs),))


def problems(args: Mapping[str, Any]) -> Iterator[tuple[tuple[str | int, ...], str]]:
    """What is wrong with the arguments, each with the keys that lead to it."""
    yield from variable_problems(args, "variables")


def variable_problems(args: Mapping[str, Any], argument: str) -> Iterator[tuple[tuple[str | int, ...], str]]:
    """What is wrong with names and values of environment variables."""
    given = args.get(argument)
    for name, value in given.items() if isinstance(given, dict) else ():
        if not _NAME.fullmatch(name):
            yield (argument, name), f"`{name}` is not the name of an environment variable"
        elif name.upper() in OF_ACTIVATION:
            yield (argument, name), f"`{name}` is set by activation itself, and cannot be set here"
        if isinstance(value, str) and ("\n" in value or "\r" in value):
            yield (argument, name), f"the value of `{name}` must be one line"
