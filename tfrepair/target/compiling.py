"""Bytecode of what TensorFlow imports: compiled beside other work into a folder of its own, then put in place."""

from __future__ import annotations

import json
import os
from contextlib import suppress
from typing import TYPE_CHECKING

from tfrepair.target.describe import child_environ, script
from tfrepair.target.interpreter import Helper, run_on_leash

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence
    from pathlib import Path

OLDEST = (3, 8)
"""The first Python that can keep bytecode in another folder; an older one would write into the environment."""
_ROOTS = ("tensorflow", "keras", "keras.api._v2.keras", "keras._tf_keras.keras")
"""What the smoke test imports; TensorFlow finds Keras in one of these places, by its release."""
_MOST = 3
_SETTLE_LIMIT = 120.0


def bytecode_variables(environ: Mapping[str, str], bytecode: Path) -> dict[str, str]:
    """The variables of an interpreter that reads and writes bytecode in a private folder and nowhere else."""
    kept = {name: value for name, value in environ.items() if name != "PYTHONDONTWRITEBYTECODE"}
    return kept | {"PYTHONPYCACHEPREFIX": str(bytecode)}


def start_restoring(
    python: str, *, environ: Mapping[str, str], folders: Sequence[str], kept: Path, scratch: Path
) -> Helper | None:
    """Begin to put bytecode that `settle` kept in a folder, `kept`, beside the files in these folders of packages.

    It ends with 0 when that is all that an import of TensorFlow needs. None where there is nothing to begin with.
    `scratch` is a folder on the same file system.
    """
    if not any(kept.glob("*.whole")):
        return None
    order = {"folders": list(folders), "kept": str(kept), "scratch": str(scratch)}
    argv = [python, "-I", "-B", script("restore_script.py"), json.dumps(order)]
    with suppress(OSError):
        return Helper(argv, env=child_environ(environ), cwd=scratch)
    return None


def start_compiling(python: str, *, environ: Mapping[str, str], bytecode: Path, kept: Path) -> tuple[Helper, ...]:
    """Begin to compile what an import of TensorFlow with an interpreter will need, in its order; executes none of it.

    What `settle` kept in a folder, `kept`, is taken from there. A process for each processor but the one that works on
    meanwhile; none where there is only one, fewer where the system starts no more. They run until they are done or
    stopped.
    """
    count = min(_MOST, _processors() - 1)
    variables = bytecode_variables(environ, bytecode)
    variables.pop("__PYVENV_LAUNCHER__", None)
    helpers = []
    for number in range(count):
        order = {"modules": _ROOTS, "share": [number, count], "kept": str(kept), "scratch": str(bytecode)}
        argv = [python, script("compile_script.py"), json.dumps(order)]
        with suppress(OSError):
            helpers.append(Helper(argv, env=variables, cwd=bytecode))
    return tuple(helpers)


def settle(python: str, *, environ: Mapping[str, str], bytecode: Path, folders: Sequence[str], kept: Path) -> None:
    """Put what was compiled of the files in these folders of packages beside them; keep all of it for the next repair.

    What it does not come to is compiled when it is imported.
    """
    order = {"bytecode": str(bytecode), "folders": list(folders), "kept": str(kept)}
    argv = [python, "-I", "-B", script("settle_script.py"), json.dumps(order)]
    with suppress(OSError):
        run_on_leash(argv, env=child_environ(environ), timeout=_SETTLE_LIMIT)


def _processors() -> int:
    """Those that this process may use."""
    return len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1
