"""Room on disk and in memory, in megabytes."""

from __future__ import annotations

import shutil
import sys
from contextlib import suppress
from pathlib import Path

from tfrepair.target.paths import is_folder

MEGABYTE = 1_000_000
_CGROUPS = (
    ("sys/fs/cgroup/memory.max", "sys/fs/cgroup/memory.current"),
    ("sys/fs/cgroup/memory/memory.limit_in_bytes", "sys/fs/cgroup/memory/memory.usage_in_bytes"),
)


def existing_folder(folder: Path) -> Path:
    """The folder, or where it does not exist yet the nearest one above it that does."""
    return next((path for path in (folder, *folder.parents) if is_folder(path)), folder)


def free_disk(folder: str) -> int:
    """What this user may still write there. Raises OSError."""
    return shutil.disk_usage(folder).free // MEGABYTE


def free_memory(root: Path = Path("/")) -> int | None:
    """What a program can still get before something is swapped out or killed, a container's limit included.

    None off Linux, where nothing is read for it.
    """
    available = _available(root / "proc/meminfo")
    if available is None:
        return None
    for limit, used in _CGROUPS:
        most, now = _number(root / limit), _number(root / used)
        if most is not None and now is not None:
            available = min(available, max(0, most - now))
    return available // MEGABYTE


def _available(file: Path) -> int | None:
    try:
        lines = file.read_text(encoding="ascii", errors="replace").splitlines()
    except OSError:
        return None
    found = next((line.split()[1] for line in lines if line.startswith("MemAvailable:")), "")
    return int(found) * 1024 if found.isdecimal() else None


def _number(file: Path) -> int | None:
    try:
        text = file.read_text(encoding="ascii", errors="replace").strip()
    except OSError:
        return None
    return int(text) if text.isdecimal() else None


def long_paths() -> bool | None:
    """Whether Windows takes paths of more than 260 characters; None elsewhere, or where the registry does not say."""
    if sys.platform == "win32":
        import winreg

        where = r"SYSTEM\CurrentControlSet\Control\FileSystem"
        with suppress(OSError), winreg.OpenKey(winreg.HKEY_LOCAL_MACHINE, where) as key:
            return bool(winreg.QueryValueEx(key, "LongPathsEnabled")[0])
    return None
