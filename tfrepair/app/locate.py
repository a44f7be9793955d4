"""Which environment a command is about, and what is to be said of it before anything else."""

from __future__ import annotations

import os
import shlex
from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from tfrepair.app.requests import Screen, TargetRequest
    from tfrepair.model.target import Target


def locate(request: TargetRequest, screen: Screen) -> Target:
    """Find the target and tell which it is. Raises TargetError."""
    warned = warn_of_named(request, screen)
    target = found(request)
    tell(target, screen, warned=warned)
    return target


def tell(target: Target, screen: Screen, *, warned: bool = False) -> None:
    """Which target it is; to root also whose code runs as root now, where that was not said yet."""
    screen.target(target)
    for path in (target.environment.prefix, target.interpreter.executable):
        warned = warned or _warn(Path(path), screen)


def warn_of_named(request: TargetRequest, screen: Screen) -> bool:
    """Say whose code will run as root, before any of it does; whether there was something to say."""
    variables = (request.environ.get(name) for name in ("VIRTUAL_ENV", "CONDA_PREFIX"))
    named = next((text for text in (request.env, request.python, *variables) if text), None)
    return named is not None and _warn(Path(request.cwd, Path(named).expanduser()), screen)


def _warn(path: Path, screen: Screen) -> bool:
    """To root, whose code it runs as root."""
    if not hasattr(os, "geteuid") or os.geteuid() != 0:
        return False
    try:
        uid = path.stat().st_uid
    except OSError:
        return False
    if uid == 0:
        return False
    owner = _user(uid)
    screen.warn(
        f"warning: `{path}` is {owner}'s, and to look at it and to repair it runs code of it, as root: as {owner} "
        f"(`sudo -u {shlex.quote(owner)} tfrepair ...`) it could do no more than {owner} may"
    )
    return True


def _user(uid: int) -> str:
    import pwd

    try:
        return pwd.getpwuid(uid).pw_name
    except KeyError:
        return f"#{uid}"


def found(request: TargetRequest) -> Target:
    """The target, without a word. Raises TargetError."""
    from tfrepair.target.discover import find_target

    return find_target(
        python=request.python,
        env=request.env,
        environ=request.environ,
        cwd=request.cwd,
        interactive=request.interactive,
    )


def unfinished(target: Target) -> tuple[str, ...]:
    """A sentence about a repair of this target that did not end, when there is one."""
    from tfrepair.execute.files import exists
    from tfrepair.execute.paths import Beside

    prefix = Path(target.environment.prefix)
    if not exists(Beside.of(prefix).pointer):  # as nearly always: what reads a record need not be imported
        return ()
    from tfrepair.execute.recover import unfinished as find

    left = find(prefix)
    if left is None:
        return ()
    return (f"warning: {left.sentence}",)
