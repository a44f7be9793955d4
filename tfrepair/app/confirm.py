"""What was put in place is tried once more where it now lies."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from pathlib import Path

    from tfrepair.app.bytecode import Bytecode
    from tfrepair.app.subject import Subject
    from tfrepair.app.workbench import Workbench
    from tfrepair.model.run import Smoke
    from tfrepair.model.target import Target


@dataclass(frozen=True, slots=True, kw_only=True)
class Final:
    """What is put in place."""

    staged: Path
    """Where it was staged."""
    bytecode: Bytecode
    scripts: bool
    """A console script of it must start."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Confirmed:
    """How it went there."""

    target: Target
    """As it lies there."""
    smoke: Smoke


def confirm(subject: Subject, bench: Workbench, confirmed: list[Confirmed], final: Final, *, whole: bool) -> Smoke:
    """The smoke test at the final path, and one console script; how it went comes to what was confirmed.

    Meanwhile bytecode is put in place where the environment was exchanged as a `whole`, and goes with it if it fails.
    """
    from tfrepair.target.console_scripts import console_script_problem
    from tfrepair.target.discover import describe_environment
    from tfrepair.target.interpreter import side_by_side
    from tfrepair.target.smoke import smoke_test

    target = describe_environment(subject.prefix, bench.environ, interpreter=subject.interpreter)
    python = target.interpreter.executable
    final.bytecode.moved(final.staged)
    with side_by_side(2) as pool:
        if whole:
            pool.submit(final.bytecode.settle, target, bench.environ)
        script = pool.submit(console_script_problem, target.environment, bench.environ) if final.scripts else None
        smoke = smoke_test(
            python,
            environ=target.environment.variables(bench.environ),
            timeout=bench.look.timeout,
            gpu=bench.look.gpu,
            bytecode=final.bytecode.folder,
            on_rung=bench.screen.line,
        )
        problem = script.result() if script is not None else None
    if problem is not None:
        smoke = replace(smoke, ok=False, rung="console scripts", output=f"{smoke.output}\n{problem}")
    confirmed.append(Confirmed(target=target, smoke=smoke))
    return smoke
