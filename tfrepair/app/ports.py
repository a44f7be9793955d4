"""The ports of the transaction, bound to this machine and the user's choices."""

from __future__ import annotations

import os
import re
import shlex
from pathlib import Path
from typing import TYPE_CHECKING, Any

from tfrepair.errors import CommandError, StepError, TargetError, TimeLimitError
from tfrepair.model.facts import Absent, Fact, Facts, Known
from tfrepair.reason.text import fill_registered

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping, Sequence

    from tfrepair.app.bytecode import Bytecode
    from tfrepair.app.look import Look
    from tfrepair.app.subject import Subject
    from tfrepair.app.workbench import Workbench
    from tfrepair.execute.ports import Ports
    from tfrepair.model.plan import Lock
    from tfrepair.model.target import Environment, Target


def ports_for(bench: Workbench, subject: Subject, seen: Look, bytecode: Bytecode) -> Ports:
    """The ports of one repair; what is installed is compiled into `bytecode`."""
    from tfrepair.execute.ports import Ports
    from tfrepair.target.discover import describe_environment

    # pip comes along when the old environment had it; carried over, it replaces the seed
    had_pip = subject.target is None or "pip" in seen.facts.value("inventory.names", [])

    def create_venv(base: str, destination: Path, *, prompt: str | None, system_site_packages: bool) -> None:
        from tfrepair.target.environments import create_venv as make

        try:
            found = bench.base(base)
        except TargetError as error:
            raise StepError(f"cannot build an environment from `{base}`: {error.message}", hint=error.hint) from error
        make(found, destination, prompt=prompt, system_site_packages=system_site_packages, seed=had_pip)

    def install(
        target: Target, lock: Lock, names: Sequence[str], *, reinstall: bool, past_cache: bool,
        on_line: Callable[[str], None] | None, limit: float | None,
    ) -> None:  # fmt: skip
        from tfrepair.app.resolving import make_installer_for

        make_installer_for(bench, subject, target, limit=limit).install(
            target.interpreter.executable,
            lock,
            names,
            reinstall=reinstall,
            past_cache=past_cache,
            user_base=target.environment.prefix if target.environment.kind == "user" else None,
            on_line=on_line,
        )
        bytecode.begin(target, names, bench.environ)

    def run_command(argv: Sequence[str], *, cwd: Path, timeout: float) -> str:
        environment = describe_environment(cwd, bench.environ, interpreter=subject.interpreter).environment
        argv = [in_the_copy(word, subject.prefix, cwd) for word in argv]
        return run_command_in(argv, cwd, environment, bench.environ, timeout=timeout, on_line=bench.screen.line)

    return Ports(
        create_venv=create_venv,
        install=install,
        run_command=run_command,
        describe=lambda prefix: describe_environment(prefix, bench.environ, interpreter=subject.interpreter),
        progress=bench.screen.line,
        fill=lambda text, registered: fill_registered(text, registered_facts(registered)),
    )


def in_the_copy(word: str, prefix: Path, copy: Path) -> str:
    """A word of a command, with every path in the environment, as facts name them, turned to that in its copy."""
    begin = r"(?:(?<![\w./~-])|(?<=^-[A-Za-z]))"  # not in the middle of a path, but behind `-I` and its like
    return re.sub(rf"{begin}{re.escape(str(prefix))}(?![\w.~-])", lambda _: str(copy), word)


def registered_facts(registered: Mapping[str, Any]) -> Facts:
    """What steps have registered, as facts; a step that was not needed counts as skipped."""
    facts = (
        Fact(path=path, state=Absent() if v is None else Known(v), source="steps") for path, v in registered.items()
    )
    return Facts.of(facts)


def run_command_in(
    argv: Sequence[str],
    folder: Path,
    environment: Environment,
    environ: Mapping[str, str],
    *,
    timeout: float,
    on_line: Callable[[str], None],
) -> str:
    """Run a command of a playbook in an environment as if that were active; what it printed.

    Raises CommandError, TimeLimitError.
    """
    from tfrepair.target.interpreter import run_on_leash

    scripts = environment.scripts
    inherited = environment.variables(environ)
    inherited = {name: value for name, value in inherited.items() if name not in {"PYTHONHOME", "CONDA_PREFIX"}}
    inherited["PATH"] = os.pathsep.join((scripts, environ.get("PATH", "")))
    if environment.kind != "user":
        inherited["VIRTUAL_ENV"] = str(folder)
    shown = shlex.join((Path(argv[0]).name if str(Path(argv[0]).parent) == scripts else argv[0], *argv[1:]))
    try:
        done = run_on_leash(argv, env=inherited, cwd=folder, timeout=timeout, on_line=on_line)
    except OSError as error:
        raise CommandError(f"`{argv[0]}` cannot be run: {error.strerror or error}") from error
    if done.exit_code is None:
        raise TimeLimitError(f"`{shown}` did not end within {timeout:g} s and was stopped")
    if done.exit_code != 0:
        last = (done.stderr or done.stdout).strip().splitlines()[-1:]
        said = f"`{shown}` ended with {done.exit_code}: {' '.join(last)}"
        raise CommandError(said, exit_code=done.exit_code, output=(done.stdout + done.stderr).strip())
    return done.stdout.strip()
