"""`kernel`: the environment as a Jupyter kernel, listed within the environment itself."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Any

from tfrepair.actions.environment import variable_problems

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from tfrepair.model.facts import Facts
    from tfrepair.model.goals import Goals

ARGS = {
    "name": "text: letters, digits, `.`, `_` and `-`",
    "display_name": "optional text: what Jupyter shows; the name when it is left out",
    "environment": "optional mapping of names to texts: environment variables of the kernel",
}
OWN = True
_NAME = re.compile(r"[A-Za-z0-9][A-Za-z0-9._-]{0,99}")


def goals(args: Mapping[str, Any], facts: Facts) -> Goals:  # noqa: ARG001  # every action has these two
    """The kernel is registered."""
    from tfrepair.model.goals import Goals
    from tfrepair.model.operations import RegisterKernel

    name = str(args["name"])
    pairs = tuple((key, str(value)) for key, value in args.get("environment", {}).items())
    shown = str(args.get("display_name", name))
    return Goals(operations=(RegisterKernel(name=name.lower(), display_name=shown, variables=pairs),))


def problems(args: Mapping[str, Any]) -> Iterator[tuple[tuple[str | int, ...], str]]:
    """What is wrong with the arguments, each with the keys that lead to it."""
    name = args.get("name")
    if isinstance(name, str) and name and "{" not in name and not _NAME.fullmatch(name):
        yield ("name",), f"`{name}` is not the name of a kernel: letters, digits, `.`, `_` and `-`"
    yield from variable_problems(args, "environment")
