"""What a transaction needs from outside: environments, an installer, commands, and somebody to tell."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Protocol

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping, Sequence
    from pathlib import Path

    from tfrepair.model.plan import Lock
    from tfrepair.model.target import Target


class CreateVenv(Protocol):
    """Builds a fresh venv."""

    def __call__(self, base: str, destination: Path, *, prompt: str | None, system_site_packages: bool) -> None:
        """Raises StepError."""
        ...


class InstallPins(Protocol):
    """Installs pins of a lock into an environment, and nothing else."""

    def __call__(
        self,
        target: Target,
        lock: Lock,
        names: Sequence[str],
        *,
        reinstall: bool,
        past_cache: bool,
        on_line: Callable[[str], None] | None,
        limit: float | None,
    ) -> None:
        """Raises StepError, SurroundingsError; TimeLimitError after `limit` seconds, when that is not None."""
        ...


class RunArguments(Protocol):
    """Runs a command of a playbook; its first argument is a path when the stage has a program of that name."""

    def __call__(self, argv: Sequence[str], *, cwd: Path, timeout: float) -> str:
        """What it printed. Raises CommandError when it fails, TimeLimitError after `timeout` seconds."""
        ...


@dataclass(frozen=True, slots=True, kw_only=True)
class Ports:
    """The outside of a transaction."""

    create_venv: CreateVenv
    install: InstallPins
    run_command: RunArguments
    describe: Callable[[Path], Target]
    """The target of an environment's folder. Raises TargetError."""
    progress: Callable[[str], None] = lambda _message: None
    """Told what is being done, and each line of the installer."""
    fill: Callable[[str, Mapping[str, Any]], str] = lambda text, _registered: text
    """A text with what the steps have registered filled in."""
