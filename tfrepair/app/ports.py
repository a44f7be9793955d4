"""The ports of the transaction, bound to this machine and the user's choices."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence
    from pathlib import Path

    from tfrepair.app.bench import Bench
    from tfrepair.app.look import Look
    from tfrepair.app.subject import Subject
    from tfrepair.model.plan import Lock
    from tfrepair.model.target import Target


@dataclass(frozen=True, slots=True)
class Ports:
    """What the transaction needs done by others."""

    bench: Bench
    subject: Subject
    seeds: bool
    """Put pip into a fresh venv: the old one had it, and it is not carried over."""

    def create_venv(self, base: str, destination: Path, prompt: str | None, *, system_site_packages: bool) -> None:
        """A fresh venv. Raises StepError."""
        from tfrepair.target.environments import create_venv

        create_venv(
            base, destination, prompt=prompt, system_site_packages=system_site_packages, seed=self.seeds
        )

    def install(
        self, python: str, lock: Lock, names: Sequence[str], *, reinstall: bool = False, past_cache: bool = False,
        on_line: Callable[[str], None] | None = None,
    ) -> None:  # fmt: skip
        """Exactly these pins, nothing else. Raises StepError, SurroundingsError."""
        from tfrepair.app.planning import make_installer_for
        from tfrepair.target.discover import find_target

        target = find_target(
            python=python, env=None, environ=self.bench.environ, cwd=self.bench.cwd, interactive=False
        )
        installer = make_installer_for(self.bench, self.subject, target)
        installer.install(
            python, lock, names, reinstall=reinstall, past_cache=past_cache, on_line=on_line or self.bench.screen.line
        )

    def run_command(self, argv: Sequence[str], *, cwd: Path, timeout: float) -> Any:
        """A team's own command."""
        from tfrepair.target.interpreter import run

        return run(argv, env=self.bench.environ, cwd=cwd, timeout=timeout, on_line=self.bench.screen.line)

    def describe(self, prefix: Path) -> Target:
        """The target of an environment folder."""
        from tfrepair.target.discover import describe_environment

        return describe_environment(prefix, self.bench.environ)

    def progress(self, message: str) -> None:
        """A step of the transaction."""
        self.bench.screen.line(message)

    def python_of(self, prefix: Path) -> str:
        """The interpreter of an environment folder."""
        return self.describe(prefix).interpreter.executable


def ports_for(bench: Bench, subject: Subject, seen: Look) -> Ports:
    """The ports of one repair."""
    had_pip = subject.target is None or "pip" in seen.facts.value("inventory.names", [])
    return Ports(bench, subject, had_pip)
