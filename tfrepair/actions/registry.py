"""Every action by its name: the modules of this package that have ARGS and `goals`."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Protocol, cast

from tfrepair.actions import (
    environment,
    install,
    kernel,
    message,
    reinstall,
    remove,
    run,
    uninstall,
    upgrade,
    venv,
    write,
)

if TYPE_CHECKING:
    from collections.abc import Mapping

    from tfrepair.model.facts import Facts
    from tfrepair.model.goals import Goals


class Action(Protocol):
    """What a module of this package offers.

    It may also have `problems(args)`, which checks arguments when a playbook is loaded, and these, false when missing:
    `OWN` (its steps do something by themselves, in their order), `UNDOABLE` (a step may have an `undo`), `NULLS`
    (values of a mapping may be `null`).
    """

    ARGS: Mapping[str, str]
    """What each argument is, in words; see `arguments.kind`."""

    def goals(self, args: Mapping[str, Any], facts: Facts) -> Goals:
        """What the step asks for."""
        ...


ACTIONS: Mapping[str, Action] = {
    module.__name__.rpartition(".")[2]: cast("Action", module)
    for module in (environment, install, kernel, message, reinstall, remove, run, uninstall, upgrade, venv, write)
}
