"""Whether TensorFlow really works in the target: the smoke test, as facts."""

from __future__ import annotations

import re
from pathlib import Path
from typing import TYPE_CHECKING

from tfrepair.probes.collector import Context, Probe, known, unknown
from tfrepair.target.paths import is_there

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

    from tfrepair.model.facts import Fact
    from tfrepair.model.run import Smoke

_NAME = "imports"
_LONGEST_LINE = 300
_FATAL = re.compile(r": F |^F\d{4} |^terminate called|^\s*what\(\):|Check failed|Inconsistency detected|Assertion ")
"""How native code says why it ends the process."""


def _collect(context: Context) -> Iterable[Fact]:
    if not is_there(Path(context.target.environment.prefix)):  # a new environment, before there is one
        return known(_NAME, dict.fromkeys(PROBE.provides))
    if not context.options.imports:
        return _nothing(context, "not asked for")
    if not context.target.interpreter.starts:
        return _nothing(context, "the interpreter does not start")
    from tfrepair.target.smoke import smoke_test

    smoke = smoke_test(
        context.target.interpreter.executable,
        environ=context.environ,
        timeout=context.options.import_timeout,
        gpu=context.options.gpu,
        bytecode=context.options.bytecode,
        on_rung=lambda _: context.waiting(),
    )
    return smoke_facts(smoke, gpu=context.options.gpu)


def _nothing(context: Context, why: str) -> Iterator[Fact]:
    """What an import would tell is not known; of the GPU that is so only where it was asked for."""
    yield from unknown(_NAME, PROBE.provides, why)
    if not context.options.gpu:
        yield from known(_NAME, {"import.gpu": None})


def smoke_facts(smoke: Smoke, *, gpu: bool = False) -> Iterator[Fact]:
    """The facts that a smoke test tells; a staged environment's are diagnosed the same way."""
    return known(
        _NAME,
        {
            "import.ok": smoke.ok,
            "import.gpu": _gpu(smoke) if gpu else None,
            "import.rung": smoke.rung,
            "import.exit_code": smoke.exit_code,
            "import.signal": smoke.signal,
            "import.output": smoke.output,
            "import.last_words": _last_words(smoke.output),
            "import.exceptions": list(smoke.exceptions),
            "import.seconds": smoke.seconds,
            "import.tensorflow": smoke.tensorflow,
        },
    )


def _last_words(output: str) -> str | None:
    """What a program says before it is ended: the stack that Python prints after it is left out."""
    lines = [line.strip() for line in output.splitlines() if line.strip()]
    end = next((number for number, line in enumerate(lines) if line.startswith("Fatal Python error")), len(lines) - 1)
    said = next((line for line in reversed(lines[:end]) if _FATAL.search(line)), None)
    return (said or lines[end])[:_LONGEST_LINE] if lines else None


def _gpu(smoke: Smoke) -> bool | None:
    """Whether the step on the GPU held; None when it was not reached, and of TensorFlow 1, which has none."""
    if smoke.rung == "gpu":
        return False
    return True if smoke.ok and not (smoke.tensorflow or "").startswith("1.") else None


PROBE = Probe(
    name=_NAME,
    provides={
        "import.ok": "True or false: TensorFlow was imported, multiplied two matrices and ran a Keras layer.",
        "import.gpu": "True or false: it used the GPU; absent when that was not asked for or not reached.",
        "import.rung": "Text: the first rung that failed, else the last, from metadata to keras.",
        "import.exit_code": "Number: how the attempt ended; negative for a signal, absent at the time limit.",
        "import.signal": "Text: the signal that ended it, `SIGILL`; absent when none did.",
        "import.output": "Text: everything that the attempt printed.",
        "import.last_words": "Text: the line of it that tells of its end, or the last; absent when it printed nothing.",
        "import.exceptions": "List of texts: the chain of exceptions, the innermost cause first.",
        "import.seconds": "Number: seconds that the attempt took.",
        "import.tensorflow": "Text: the version that was imported; absent when none was.",
    },
    after=("interpreter",),
    starts_processes=True,
    collect=_collect,
)
