"""`venv`: a fresh virtual environment, into which everything healthy is carried over."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Mapping

    from tfrepair.model.facts import Facts
    from tfrepair.model.goals import Goals

ARGS: dict[str, str] = {}


def goals(args: Mapping[str, Any], facts: Facts) -> Goals:  # noqa: ARG001  # every action has these two
    """A rebuild."""
    from tfrepair.model.goals import Goals

    return Goals(rebuild=True)
