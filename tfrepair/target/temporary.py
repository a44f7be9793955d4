"""Private temporary folders. What a killed process left of them is removed when another one is made."""

from __future__ import annotations

import os
import shutil
import tempfile
import time
from contextlib import contextmanager, suppress
from functools import cache
from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterator

PREFIX = "tfrepair-at-work-"
_LEFT = 24 * 3600.0
"""Seconds after which what nobody holds was left: programs that a killed process started may use it for a while."""


@contextmanager
def temporary_folder() -> Iterator[Path]:
    """A fresh folder that only this user can read; it goes when the block ends."""
    _remove_left(tempfile.gettempdir())
    with tempfile.TemporaryDirectory(prefix=PREFIX, ignore_cleanup_errors=True) as folder:
        held = _held(folder)
        try:
            yield Path(folder)
        finally:
            if held is not None:
                os.close(held)


def lasting_folder(kind: str = "", *, within: str | None = None) -> Path:
    """The same, for its maker to remove; held as long as this process lives, and what goes on in its place."""
    _remove_left(within or tempfile.gettempdir())
    folder = tempfile.mkdtemp(prefix=PREFIX + kind, dir=within)
    held = _held(folder)
    if held is not None:
        os.set_inheritable(held, True)
    return Path(folder)


def _held(folder: str) -> int | None:
    """Keeps others from taking it for one that was left, until it is closed or the process ends, in whatever way."""
    if os.name == "nt":
        return None
    import fcntl

    descriptor = os.open(folder, os.O_RDONLY)
    with suppress(OSError):  # a file system without locks: nobody can take it for his own then either
        fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
    return descriptor


@cache
def _remove_left(parent: str) -> None:
    if os.name == "nt":
        return
    with suppress(OSError), os.scandir(parent) as entries:
        for path in [entry.path for entry in entries if entry.name.startswith(PREFIX)]:
            with suppress(OSError):
                _remove_if_left(path)


def _remove_if_left(path: str) -> None:
    """Remove a folder of this user that is old and that no process holds. Raises OSError."""
    import fcntl

    descriptor = os.open(path, os.O_RDONLY | os.O_DIRECTORY | os.O_NOFOLLOW)
    try:
        status = os.fstat(descriptor)
        if status.st_uid != os.geteuid() or status.st_mtime > time.time() - _LEFT:
            return
        fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
        shutil.rmtree(path, ignore_errors=True)
    finally:
        os.close(descriptor)
