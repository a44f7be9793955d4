"""The action: install what a stack of the company consists of. Pure: arguments and facts to goals."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from tfrepair.model.goals import Goals

if TYPE_CHECKING:
    from collections.abc import Mapping

    from tfrepair.model.facts import Facts

ARGS = {"stack": "text"}

STACKS = {
    "vision": ("tensorflow", "acme-vision>=3,<4"),
    "speech": ("tensorflow", "acme-speech>=1.8"),
}


def goals(args: Mapping[str, Any], facts: Facts) -> Goals:  # noqa: ARG001  # every action has these two
    """The distributions of the stack must be there; a stack that is not known asks for nothing and says so."""
    name = str(args.get("stack", ""))
    if name not in STACKS:
        return Goals(messages=(f"`{name}` is no stack of ours: it is one of {', '.join(sorted(STACKS))}",))
    return Goals(install=STACKS[name])
