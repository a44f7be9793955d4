"""Every action by its name: the modules of this package that have ARGS and `goals`."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Protocol, cast

from tfrepair.actions import install, message, reinstall, remove, run, uninstall, venv

if TYPE_CHECKING:
    from collections.abc import Mapping

    from tfrepair.model.facts import Facts
    from tfrepair.model.goals import Goals


class Action(Protocol):
    """What a module of this package offers."""

    ARGS: Mapping[str, str]

    def goals(self, args: Mapping[str, Any], facts: Facts) -> Goals:
        """What the step asks for."""
        ...


ACTIONS: Mapping[str, Action] = {
    module.__name__.rpartition(".")[2]: cast("Action", module)
    for module in (install, message, reinstall, remove, run, uninstall, venv)
}
