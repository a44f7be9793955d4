"""`message`: something the user should know or do."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from tfrepair.actions.arguments import lines
from tfrepair.model.goals import Goals

if TYPE_CHECKING:
    from collections.abc import Mapping

    from tfrepair.model.facts import Facts

ARGS = {"text": "text"}


def goals(args: Mapping[str, Any], facts: Facts) -> Goals:
    """The text is shown with the plan."""
    return Goals(messages=lines(args, "text", facts))
