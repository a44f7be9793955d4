"""`message`: something the user should know or do."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from tfrepair.actions.arguments import lines

if TYPE_CHECKING:
    from collections.abc import Mapping

    from tfrepair.model.facts import Facts
    from tfrepair.model.goals import Goals

ARGS = {"text": "text"}
LATER = "{registered."
"""What is known only when the steps before it are done."""


def goals(args: Mapping[str, Any], facts: Facts) -> Goals:
    """The text is shown with the plan, or said when the steps that it tells of are done."""
    from tfrepair.model.goals import Goals
    from tfrepair.model.operations import Tell

    texts = lines(args, "text", facts)
    later = tuple(Tell(text=text) for text in texts if LATER in text)
    return Goals(messages=tuple(text for text in texts if LATER not in text), operations=later)
