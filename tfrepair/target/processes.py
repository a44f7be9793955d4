"""Processes that use an environment."""

from __future__ import annotations

import os
from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterator

    import psutil


def using(prefix: Path) -> tuple[str, ...]:
    """Every other process that runs from this environment: `python train.py (pid 4711)`.

    What the operating system does not let us see is not reported.
    """
    import psutil

    ours = {os.getpid(), *(parent.pid for parent in psutil.Process().parents())}
    home = f"{prefix}{os.sep}"
    real = f"{prefix.resolve()}{os.sep}"
    return tuple(
        f"{_shown(process)} (pid {process.pid})"
        for process in psutil.process_iter()
        if process.pid not in ours and any(path.startswith((home, real)) for path in _paths(process))
    )


def _paths(process: psutil.Process) -> Iterator[str]:
    import psutil

    try:
        yield process.exe()
        yield from process.cmdline()[:2]
        yield from (region.path for region in process.memory_maps())
    except (psutil.Error, OSError, AttributeError):
        return


def _shown(process: psutil.Process) -> str:
    import psutil

    try:
        words = [Path(word).name for word in process.cmdline()[:3]]
    except (psutil.Error, OSError):
        return "a process"
    return " ".join(words) or process.name()
