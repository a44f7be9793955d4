"""What a path leads to, without an error where a folder on the way belongs to somebody else and lets nobody in.

`pathlib` raises PermissionError there before Python 3.14.
"""

from __future__ import annotations

import os
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from pathlib import Path


_EFFECTIVE = {"effective_ids": True} if os.access in os.supports_effective_ids else {}


def is_file(path: Path) -> bool:
    """It leads to a file that may be looked at."""
    return os.path.isfile(path)  # noqa: PTH113


def is_folder(path: Path) -> bool:
    """It leads to a folder that may be looked at."""
    return os.path.isdir(path)  # noqa: PTH112


def is_closed(path: Path | str) -> bool:
    """It is a folder that this user may not list, or not enter."""
    return os.path.isdir(path) and not os.access(path, os.R_OK | os.X_OK, **_EFFECTIVE)  # noqa: PTH112


def is_there(path: Path) -> bool:
    """It leads to something. What may not be looked at counts as there: nobody can say that it is gone."""
    try:
        path.stat()
    except PermissionError:
        return True
    except (OSError, ValueError):
        return False
    return True
