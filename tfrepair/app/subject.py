"""What a repair works on: an environment that exists, or one that is to be made."""

from __future__ import annotations

import os
import shlex
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from tfrepair.errors import NoRepairError, TargetError, UsageError
from tfrepair.target.paths import is_closed, is_folder, is_there

if TYPE_CHECKING:
    from tfrepair.app.requests import FixRequest, Screen, TargetRequest
    from tfrepair.execute.scope import Scope
    from tfrepair.model.target import Target


@dataclass(frozen=True, slots=True, kw_only=True)
class Subject:
    """The environment of a repair."""

    prefix: Path
    target: Target | None
    """None when the environment is to be made."""
    looked_at: Target | None = None
    """A target named beside `--venv`: only looked at."""

    @property
    def words(self) -> str:
        """How a command line names it: ` --env DIR` and the like."""
        if self.target is None:
            return f" --venv {shlex.quote(str(self.prefix))}"
        if self.target.environment.kind in {"venv", "conda"}:
            return f" --env {shlex.quote(str(self.prefix))}"
        return f" --python {shlex.quote(self.target.interpreter.executable)}"

    @property
    def interpreter(self) -> str | None:
        """Which interpreter is meant, where the prefix does not tell: of an installation of Python one below it.

        Of a user site the one outside, as an absolute path.
        """
        if self.target is None or self.target.environment.kind in {"venv", "conda"}:
            return None
        executable = self.target.interpreter.executable
        if self.target.environment.kind == "user":
            return executable
        return os.path.relpath(executable, self.target.environment.prefix)

    @property
    def scope(self) -> Scope:
        """What of the prefix a repair is about."""
        from tfrepair.execute.scope import EVERYTHING, scope_of

        return EVERYTHING if self.target is None else scope_of(self.target.environment)


def find_subject(request: FixRequest, where: TargetRequest, screen: Screen) -> Subject:
    """The environment to repair or make. Raises UsageError, and NoRepairError for one that is never written."""
    from tfrepair.app.locate import locate, tell

    if request.venv is None:
        target = locate(where, screen)
        _writable(target)
        return Subject(prefix=Path(target.environment.prefix), target=target)
    from tfrepair.target.discover import describe_environment

    named = where.python is not None or where.env is not None
    beside = locate(where, screen) if named else None
    prefix = Path(where.cwd, request.venv)
    prefix = prefix.parent.resolve() / prefix.name
    if is_there(prefix) and (not is_folder(prefix) or is_closed(prefix)):
        raise UsageError(f"`{request.venv}` is not a folder that may be read", hint="name a folder for the environment")
    if is_folder(prefix) and any(prefix.iterdir()):
        try:
            target = describe_environment(prefix, where.environ)
        except TargetError as error:
            raise UsageError(
                f"`{request.venv}` exists and is not a Python environment",
                hint="name a folder that does not exist, or an environment; nothing was changed",
            ) from error
        tell(target, screen)
        _writable(target)
        return Subject(prefix=prefix, target=target, looked_at=beside)
    screen.say(f"target: a new environment, `{prefix}`")
    return Subject(prefix=prefix, target=None, looked_at=beside)


def _writable(target: Target) -> None:
    """Raise NoRepairError for an environment that a repair never writes to."""
    from tfrepair.execute.scope import never_written

    reason = never_written(target.environment)
    if reason is not None:
        raise NoRepairError(
            f"{reason}, which tfrepair never changes",
            hint="`tfrepair fix --venv DIR` makes a working environment beside it; nothing was changed",
        )
