"""The ports of the transaction, bound to this machine and the user's choices."""

from __future__ import annotations

import os
from typing import TYPE_CHECKING

from tfrepair.errors import StepError

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence
    from pathlib import Path

    from tfrepair.app.bench import Bench
    from tfrepair.app.look import Look
    from tfrepair.app.subject import Subject
    from tfrepair.execute.ports import Ports
    from tfrepair.model.plan import Lock
    from tfrepair.model.target import Target


def ports_for(bench: Bench, subject: Subject, seen: Look) -> Ports:
    """The ports of one repair."""
    from tfrepair.execute.ports import Ports
    from tfrepair.target.discover import describe_environment

    # pip comes along when the old environment had it; carried over, it replaces the seed
    had_pip = subject.target is None or "pip" in seen.facts.value("inventory.names", [])

    def create_venv(base: str, destination: Path, *, prompt: str | None, system_site_packages: bool) -> None:
        from tfrepair.target.environments import create_venv as make

        make(base, destination, prompt=prompt, system_site_packages=system_site_packages, seed=had_pip)

    def install(
        target: Target, lock: Lock, names: Sequence[str], *, reinstall: bool, past_cache: bool,
        on_line: Callable[[str], None] | None,
    ) -> None:  # fmt: skip
        from tfrepair.app.planning import make_installer_for

        make_installer_for(bench, subject, target).install(
            target.interpreter.executable,
            lock,
            names,
            reinstall=reinstall,
            past_cache=past_cache,
            user_base=target.environment.prefix if target.environment.kind == "user" else None,
            on_line=on_line,
        )

    def run_command(argv: Sequence[str], *, cwd: Path, timeout: float) -> None:
        from tfrepair.target.interpreter import run_on_leash

        environment = describe_environment(cwd, bench.environ, interpreter=subject.interpreter).environment
        environ = environment.variables(bench.environ)
        environ = {name: value for name, value in environ.items() if name not in {"PYTHONHOME", "CONDA_PREFIX"}}
        environ["PATH"] = os.pathsep.join((environment.scripts, bench.environ.get("PATH", "")))
        if environment.kind != "user":
            environ["VIRTUAL_ENV"] = str(cwd)
        try:
            done = run_on_leash(argv, env=environ, cwd=cwd, timeout=timeout, on_line=bench.screen.line)
        except OSError as error:
            raise StepError(f"`{argv[0]}` cannot be run: {error.strerror or error}") from error
        if done.exit_code != 0:
            last = (done.stderr or done.stdout).strip().splitlines()[-1:]
            raise StepError(f"`{' '.join(argv)}` ended with {done.exit_code}: {' '.join(last)}")

    return Ports(
        create_venv=create_venv,
        install=install,
        run_command=run_command,
        describe=lambda prefix: describe_environment(prefix, bench.environ, interpreter=subject.interpreter),
        progress=bench.screen.line,
    )
