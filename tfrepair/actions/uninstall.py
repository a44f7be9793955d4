"""`uninstall`: remove distributions with every file they record."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from packaging.utils import canonicalize_name

from tfrepair.actions.arguments import lines
from tfrepair.model.goals import Goals

if TYPE_CHECKING:
    from collections.abc import Mapping

    from tfrepair.model.facts import Facts

ARGS = {"distributions": "list of names, or a fact"}


def goals(args: Mapping[str, Any], facts: Facts) -> Goals:
    """The named distributions must go."""
    return Goals(uninstall=tuple(canonicalize_name(name) for name in lines(args, "distributions", facts)))
