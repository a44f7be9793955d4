"""Whether the disk has room for a plan and may be written, before anything is staged."""

from __future__ import annotations

import os
import shutil
from typing import TYPE_CHECKING

from tfrepair.errors import SurroundingsError
from tfrepair.model.plan import Install
from tfrepair.target.resources import existing_folder

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from tfrepair.app.subject import Subject
    from tfrepair.model.plan import Plan

UNPACKED = 3
"""A TensorFlow wheel takes up to this many times its size when it is installed (measured: 2.4 to 2.8)."""
UNPACKED_NVIDIA = 2
"""The same of NVIDIA's wheels together, which are libraries for the most part (1.55 for CUDA 12.9, 1.7 for 11.8)."""
RESERVE = 128_000_000
"""Bytes for the bytecode of what TensorFlow imports (measured: 60 million), journals and logs."""


def needed(plan: Plan, copied: int = 0) -> int:
    """Bytes that a plan takes beside the environment, at most, with what is copied of it.

    What has no known size is not counted.
    """
    names = {name for operation in plan.operations if isinstance(operation, Install) for name in operation.names}
    return RESERVE + copied + sum(_unpacked(pin.name) * (pin.size or 0) for pin in plan.lock.pins if pin.name in names)


def _unpacked(name: str) -> int:
    return UNPACKED_NVIDIA if name.startswith("nvidia-") else UNPACKED


def copied_of(subject: Subject, *, everything: bool) -> int:
    """Bytes of an environment that its stage has copies of: what no distribution owns, or all of it.

    All of it is copied with `--keep copy`, and before a command of a playbook runs, which may write files in place.
    """
    from tfrepair.execute.linking import bytes_copied
    from tfrepair.execute.ownership import private_rule

    if subject.target is None:
        return 0
    rule = private_rule(subject.target.environment, everything=everything)
    return bytes_copied(subject.prefix, rule, scope=subject.scope)


def not_writable(prefix: Path) -> str | None:
    """Why a repair of this environment could not be staged now, as a sentence; None where it could."""
    from tfrepair.execute.paths import Beside

    folder = Beside.of(prefix).folder
    there = existing_folder(folder)
    if os.access(there, os.W_OK | os.X_OK):
        return None
    read_only = hasattr(os, "statvfs") and os.statvfs(there).f_flag & os.ST_RDONLY
    why = "its file system is read-only" if read_only else "this user lacks the permission"
    return f"`{there}`, where a repair is staged, cannot be written: {why}"


def check_space(plan: Plan, prefix: Path, *, copied: int = 0, free: Callable[[Path], int] | None = None) -> str:
    """A sentence with what is needed and what is free. Raises SurroundingsError when it does not fit."""
    from tfrepair.execute.paths import Beside

    folder = existing_folder(Beside.of(prefix).folder.parent)
    room = (free or _free)(folder)
    wanted = needed(plan, copied)
    said = f"needs up to {wanted / 1e6:.0f} MB in `{folder}`, where {room / 1e6:.0f} MB are free"
    if wanted > room:
        raise SurroundingsError(
            f"the disk is too full: the repair {said}; nothing was changed",
            hint="free some space (`tfrepair runs clean` drops kept environments), or use another disk with `--venv`",
        )
    return said


def _free(folder: Path) -> int:
    return shutil.disk_usage(folder).free
