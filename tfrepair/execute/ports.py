"""What a transaction needs from outside: environments, an installer, commands, and somebody to tell."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Protocol

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence
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
    ) -> None:
        """Raises StepError, SurroundingsError."""
        ...


class RunArguments(Protocol):
    """Runs a command of a playbook; its first argument is a path when the stage has a program of that name."""

    def __call__(self, argv: Sequence[str], *, cwd: Path, timeout: float) -> None:
        """Raises StepError when it fails or takes longer than `timeout` seconds."""
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
