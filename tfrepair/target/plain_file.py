"""Files that somebody else wrote, read without waiting: what has the name of a file may be a pipe, or have no end."""

from __future__ import annotations

import errno
import os
import stat
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from pathlib import Path

MOST = 64 * 1024 * 1024
"""Bytes; the longest RECORD that was seen has two million."""


def read_plain(path: Path) -> bytes:
    """What is in a regular file. Raises OSError for anything else, and for one longer than MOST."""
    with open(path, "rb", opener=without_waiting) as stream:
        stats = os.fstat(stream.fileno())
        if not stat.S_ISREG(stats.st_mode):
            raise OSError(errno.EINVAL, "is not a file")
        if stats.st_size > MOST:
            raise OSError(errno.EFBIG, os.strerror(errno.EFBIG))
        return stream.read()


def without_waiting(path: str, flags: int) -> int:
    """The `opener` of `open` that does not wait for somebody who writes into a pipe."""
    return os.open(path, flags | getattr(os, "O_NONBLOCK", 0))
