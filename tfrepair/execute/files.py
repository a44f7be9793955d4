"""Small files that survive a power cut, folders that are gone when they are said to be, and what an OSError means."""

from __future__ import annotations

import ctypes
import errno
import json
import os
import shlex
import shutil
import stat
import sys
from contextlib import suppress
from pathlib import Path
from typing import TYPE_CHECKING, Any

from tfrepair.errors import StepError, SurroundingsError, TfrepairError
from tfrepair.target.paths import is_closed

if TYPE_CHECKING:
    from collections.abc import Callable

_WRITABLE_BY_OTHERS = stat.S_IWGRP | stat.S_IWOTH
_SURROUNDINGS = {
    errno.ENOSPC: "the file system is full",
    errno.EDQUOT: "the disk quota is used up",
    errno.EROFS: "the file system is read-only",
    errno.EACCES: "the permission is missing",
    errno.EPERM: "the operation is not permitted",
    errno.ENAMETOOLONG: "the path is too long for this file system",
    errno.EMFILE: "too many files are open",
}


def sync_folder(folder: Path) -> None:
    """Make the names in a folder durable; where folders cannot be synced (Windows) this does nothing."""
    if os.name == "nt":
        return
    descriptor = os.open(folder, os.O_RDONLY | os.O_DIRECTORY)
    try:
        with suppress(OSError):  # some network file systems refuse; they write through
            os.fsync(descriptor)
    finally:
        os.close(descriptor)


def make_folder(folder: Path, *, mode: int = 0o777) -> None:
    """Make a folder, and those above it that are missing, durably. Raises FileExistsError, OSError.

    Somebody else may make those above it at the same time.
    """
    if not folder.parent.exists():
        with suppress(FileExistsError):
            make_folder(folder.parent)
    folder.mkdir(mode=mode)
    sync_folder(folder.parent)


def sync_file_system(folder: Path) -> None:
    """Make everything written so far to the file system of this folder durable."""
    if sys.platform == "linux":
        libc = ctypes.CDLL(None, use_errno=True)
        descriptor = os.open(folder, os.O_RDONLY)
        try:
            if libc.syncfs(descriptor) == 0:
                return
            problem = ctypes.get_errno()
        finally:
            os.close(descriptor)
        if problem in {errno.EIO, errno.ENOSPC, errno.EDQUOT}:
            raise OSError(problem, os.strerror(problem), str(folder))
    if hasattr(os, "sync"):
        os.sync()


def write_durably(path: Path, data: bytes, *, mode: int = 0o644) -> None:
    """Replace a file as a whole: written beside, synced, renamed over, the folder synced."""
    replace_file(path, data, mode=mode, sync=True)
    sync_folder(path.parent)


def replace_file(path: Path, data: bytes, *, mode: int, sync: bool = False) -> None:
    """Replace a file as a whole; whoever shares the old one through a hard link keeps it."""
    temporary = path.with_name(f".{path.name}.{os.getpid()}.new")
    with suppress(FileNotFoundError):
        temporary.unlink()
    descriptor = os.open(temporary, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
    try:
        with os.fdopen(descriptor, "wb") as stream:
            stream.write(data)
            stream.flush()
            if hasattr(os, "fchmod"):  # by its name it might be another file by now
                os.fchmod(stream.fileno(), mode)
            if sync:
                os.fsync(stream.fileno())
        if not hasattr(os, "fchmod"):
            temporary.chmod(mode)
        temporary.replace(path)
    except BaseException:
        with suppress(OSError):
            temporary.unlink()
        raise


def write_json(path: Path, document: Any, *, mode: int = 0o644) -> None:
    """A JSON document, replaced as a whole."""
    write_durably(path, (json.dumps(document, indent=1, ensure_ascii=False) + "\n").encode(), mode=mode)


def read_json(path: Path) -> dict[str, Any] | None:
    """The JSON object in a file; None when there is none that can be read."""
    try:
        document = json.loads(path.read_bytes())
    except (OSError, ValueError, RecursionError):
        return None
    return document if isinstance(document, dict) else None


def exists(path: Path) -> bool:
    """Something has this name, even a symbolic link to nowhere."""
    return os.path.lexists(path)


def is_own(path: Path) -> bool:
    """It belongs to this user, nobody else may write there, and it is no link. Where there are no such owners: true."""
    if not hasattr(os, "geteuid"):
        return True
    try:
        found = path.lstat()
    except OSError:
        return False
    return found.st_uid == os.geteuid() and not stat.S_ISLNK(found.st_mode) and not found.st_mode & _WRITABLE_BY_OTHERS


def remove_tree(path: Path) -> None:
    """Remove a folder with all it holds, a file or a link; follows no link. Raises OSError."""
    if not exists(path):
        return
    if path.is_symlink() or not path.is_dir():
        path.unlink()
        return
    if sys.version_info >= (3, 12):
        shutil.rmtree(path, onexc=_open_up)
    else:
        shutil.rmtree(path, onerror=lambda function, name, info: _open_up(function, name, info[1]))


def _open_up(function: Callable[..., Any], name: str, error: BaseException) -> None:
    # A folder without write permission keeps its entries; folders are never shared by hard links.
    if isinstance(error, FileNotFoundError):
        return
    if not isinstance(error, PermissionError):
        raise error
    blocked = Path(name)
    for folder in (blocked.parent, blocked):
        if folder.is_dir() and not folder.is_symlink():
            with suppress(OSError):
                folder.chmod(stat.S_IRWXU)
    if function in {os.open, os.scandir, os.lstat}:
        remove_tree(blocked)
    else:
        function(name)


def explained(error: OSError, doing: str) -> TfrepairError:
    """What an OSError while staging means for the user: SurroundingsError for space and permission, else StepError."""
    where = f" at `{error.filename}`" if error.filename else ""
    reason = _SURROUNDINGS.get(error.errno or 0)
    if reason is None:
        return StepError(f"{doing} failed{where}: {error.strerror or error}; the target was not touched")
    hint = "free space or set the permission, then try again"
    closed = _closed(error.filename)
    if closed is not None:
        hint = f"`chmod u+rwx {shlex.quote(closed)}` lets its owner in again; then try again"
    return SurroundingsError(f"{doing} failed{where}: {reason}; nothing was changed", hint=hint)


def _closed(path: object) -> str | None:
    """The folder there, or the one that holds it, where that may not be listed or not be entered."""
    folders = (path, os.path.dirname(path)) if isinstance(path, str) else ()  # noqa: PTH120
    return next(filter(is_closed, folders), None)
