"""`run`: a command of a team's own; what it changes cannot be foretold."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from tfrepair.actions.arguments import lines
from tfrepair.model.goals import Goals

if TYPE_CHECKING:
    from collections.abc import Mapping

    from tfrepair.model.facts import Facts

ARGS = {"argv": "list of texts"}


def goals(args: Mapping[str, Any], facts: Facts) -> Goals:
    """The command runs in the stage."""
    return Goals(commands=(lines(args, "argv", facts),))
