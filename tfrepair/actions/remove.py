"""`remove`: files and folders that are left over."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from tfrepair.actions.arguments import lines

if TYPE_CHECKING:
    from collections.abc import Mapping

    from tfrepair.model.facts import Facts
    from tfrepair.model.goals import Goals

ARGS = {"paths": "list of absolute paths inside the environment, or a fact", "why": "text"}


def goals(args: Mapping[str, Any], facts: Facts) -> Goals:
    """The paths must go."""
    from tfrepair.model.goals import Goals

    why = str(args.get("why", "left over"))
    return Goals(remove=tuple((path, why) for path in lines(args, "paths", facts)))
