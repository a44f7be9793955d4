"""Processes that use the environment when it is to be repaired."""

from __future__ import annotations

import time
from typing import TYPE_CHECKING

from tfrepair.errors import SurroundingsError

if TYPE_CHECKING:
    from collections.abc import Sequence

    from tfrepair.app.subject import Subject
    from tfrepair.app.workbench import Workbench
    from tfrepair.target.processes import User

_AGAIN = 0.2
"""Seconds until the next look at whether another tfrepair is done."""


def refuse_while_used(subject: Subject, bench: Workbench) -> None:
    """Wait for every other tfrepair that looks at the environment, and refuse under `--yes` while programs use it.

    Raises SurroundingsError that names them.
    """
    from tfrepair.target.processes import shown

    if subject.target is None:
        return
    users = _programs(subject, bench)
    if not users:
        return
    named = shown(users)
    if bench.request.allow_running:
        bench.screen.say(f"warning: processes use this environment: {named}")
        return
    if bench.request.yes:
        raise SurroundingsError(
            f"processes use `{subject.prefix}`: {named}; nothing was changed",
            hint="end them, or go on with `--allow-running`: they keep the old files until they end",
        )
    if not bench.screen.ask(f"processes use this environment ({named}); go on?"):
        raise SurroundingsError("declined while processes use the environment; nothing was changed")


def _programs(subject: Subject, bench: Workbench) -> Sequence[User]:
    """What uses the environment beside tfrepair. Raises SurroundingsError when another one does not end in time."""
    from tfrepair.target.processes import shown, using

    limit = bench.request.lock_timeout
    deadline = time.monotonic() + limit
    told = False
    while True:
        users = using(subject.prefix, subject.scope)
        others = [user for user in users if user.tfrepair is not None]
        if not others or bench.request.allow_running:
            return [user for user in users if user.tfrepair is None]
        who = " and ".join(f"process {number}" for number in sorted({user.tfrepair or 0 for user in others}))
        if time.monotonic() >= deadline:
            raise SurroundingsError(
                f"another tfrepair ({who}) looks at `{subject.prefix}` and was not done within {limit:g} s: "
                f"{shown(others)}; nothing was changed",
                hint="wait for it, or give `--lock-timeout` more seconds",
            )
        if not told:
            bench.screen.say(f"waiting for another tfrepair ({who}), which looks at the environment")
            told = True
        time.sleep(min(_AGAIN, max(0.0, deadline - time.monotonic())))
