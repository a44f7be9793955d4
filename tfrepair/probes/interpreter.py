"""The interpreter of the target: what it is, whether it starts, and what stops it."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

from tfrepair.probes.collector import Context, Probe, known
from tfrepair.target.paths import is_there
from tfrepair.target.startup import failing_startup_file, starts_without_site

if TYPE_CHECKING:
    from collections.abc import Iterator

    from tfrepair.model.facts import Fact

_NAME = "interpreter"


def _collect(context: Context) -> Iterator[Fact]:
    interpreter = context.target.interpreter
    base = interpreter.base_executable
    without_site, stopper = True, None
    if not interpreter.starts:
        context.waiting()
        without_site = starts_without_site(interpreter.executable, context.environ)
        stopper = failing_startup_file(context.target, context.environ) if without_site else None
    return known(
        _NAME,
        {
            "interpreter.executable": interpreter.executable,
            "interpreter.version": interpreter.version_text,
            "interpreter.minor": interpreter.minor,
            "interpreter.implementation": interpreter.implementation,
            "interpreter.starts": interpreter.starts,
            "interpreter.start_error": interpreter.start_error,
            "interpreter.starts_without_site": without_site,
            "interpreter.failing_startup_file": stopper,
            "interpreter.base_executable": base,
            "interpreter.base_exists": None if base is None else is_there(Path(base)),
            "interpreter.free_threaded": interpreter.free_threaded,
            "interpreter.bits": interpreter.bits,
            "interpreter.machine": interpreter.machine,
            "interpreter.platform": interpreter.platform,
        },
    )


PROBE = Probe(
    name=_NAME,
    provides={
        "interpreter.executable": "Text: the absolute path of the target's interpreter.",
        "interpreter.version": "Text: its whole version, `3.10.13`.",
        "interpreter.minor": "Text: its version without the patch, `3.10`.",
        "interpreter.implementation": "Text: `CPython`, `PyPy`.",
        "interpreter.starts": "True or false: it starts and can describe itself.",
        "interpreter.start_error": "Text: what it printed when it did not start; absent when it does.",
        "interpreter.starts_without_site": "True or false: it starts when its startup files are not read (`-I -S`).",
        "interpreter.failing_startup_file": "Text: the path of the startup file that stops it; absent when none does.",
        "interpreter.base_executable": "Text: the interpreter that the environment was made from.",
        "interpreter.base_exists": "True or false: that interpreter is still there.",
        "interpreter.free_threaded": "True or false: it is built without the global interpreter lock.",
        "interpreter.bits": "Number: 64 or 32.",
        "interpreter.machine": "Text: the machine that it says it runs on, `x86_64`.",
        "interpreter.platform": "Text: the platform that it was built for, `linux-x86_64`.",
    },
    starts_processes=True,
    collect=_collect,
)
