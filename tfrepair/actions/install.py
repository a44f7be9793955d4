"""`install`: requirements that must hold; the bare name `tensorflow` stands for the release that was chosen."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from tfrepair.actions.arguments import lines
from tfrepair.model.goals import Goals

if TYPE_CHECKING:
    from collections.abc import Mapping

    from tfrepair.model.facts import Facts

ARGS = {"requirements": "list of requirements, or a fact"}


def goals(args: Mapping[str, Any], facts: Facts) -> Goals:
    """The requirements must hold afterwards."""
    return Goals(install=lines(args, "requirements", facts))
