"""A copy of an environment that shares with it what nobody writes in place."""

# ruff: noqa: PTH101, PTH102, PTH105, PTH115, PTH118, PTH123, PTH211
# Seventeen thousand entries: strings and scandir, not Path objects.

from __future__ import annotations

import errno
import os
import shutil
import stat
from contextlib import suppress
from dataclasses import dataclass
from typing import TYPE_CHECKING

from tfrepair.execute.scope import EVERYTHING

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from tfrepair.execute.scope import Scope

_REFUSED = frozenset({errno.EXDEV, errno.EPERM, errno.EMLINK, errno.EOPNOTSUPP, errno.EACCES, errno.ENOSYS})
_CHUNK = 1 << 26


@dataclass(slots=True)
class Linked:
    """What a copy consists of."""

    folders: int = 0
    linked: int = 0
    """Files that are one with the original's."""
    copied: int = 0
    copied_bytes: int = 0
    links: int = 0
    """Symbolic links."""


def link_tree(
    source: Path,
    destination: Path,
    is_private: Callable[[str], bool],
    *,
    spellings: tuple[str, ...] = (),
    scope: Scope = EVERYTHING,
) -> Linked:
    """Make `destination` a copy of `source`; a file for which `is_private` (relative path, `/`) is false is linked.

    Only what is in the scope comes along. Modes, owners, times and extended attributes are kept. A symbolic link to an
    absolute path inside the source (under any of its `spellings`) leads into the copy, so that nothing done to the
    copy reaches the original. Where the file system refuses a hard link the file is copied. Raises OSError.
    """
    linked = Linked()
    origin, copy = str(source), str(destination)
    inside = (origin, *spellings)
    folders: list[tuple[str, str]] = []
    todo = [""]
    while todo:
        relative = todo.pop()
        here, there = origin + relative, copy + relative
        os.mkdir(there, 0o700)
        folders.append((here, there))
        with os.scandir(here) as entries:
            for entry in entries:
                below = f"{relative}/{entry.name}"
                if below[1:] not in scope:
                    continue
                if entry.is_symlink():
                    copy_symlink(entry.path, copy + below, inside, copy)
                    linked.links += 1
                elif entry.is_dir(follow_symlinks=False):
                    todo.append(below)
                else:
                    _bring(entry, copy + below, linked, private=is_private(below[1:]))
    for here, there in reversed(folders):
        copy_attributes(here, there, os.lstat(here))
    linked.folders = len(folders)
    return linked


def bytes_copied(source: Path, is_private: Callable[[str], bool], *, scope: Scope = EVERYTHING) -> int:
    """How much `link_tree` copies where hard links are possible. What cannot be looked at is not counted."""
    total = 0
    todo = [""]
    while todo:
        relative = todo.pop()
        with suppress(OSError), os.scandir(f"{source}{relative}") as entries:
            for entry in entries:
                below = f"{relative}/{entry.name}"
                if below[1:] not in scope or entry.is_symlink():
                    continue
                if entry.is_dir(follow_symlinks=False):
                    todo.append(below)
                elif is_private(below[1:]):
                    total += entry.stat(follow_symlinks=False).st_size
    return total


def _bring(entry: os.DirEntry[str], there: str, linked: Linked, *, private: bool) -> None:
    if private and entry.is_file(follow_symlinks=False):
        linked.copied_bytes += copy_file(entry.path, there)
        linked.copied += 1
    elif link_or_copy(entry.path, there):
        linked.linked += 1
    else:
        linked.copied_bytes += entry.stat(follow_symlinks=False).st_size
        linked.copied += 1


def link_or_copy(here: str, there: str) -> bool:
    """Give a file a second name, or copy it where that is refused; whether it was linked. Raises OSError."""
    try:
        os.link(here, there, follow_symlinks=False)
    except OSError as error:
        if error.errno not in _REFUSED:
            raise
    else:
        return True
    if stat.S_ISREG(os.lstat(here).st_mode):
        copy_file(here, there)
    return False


def copy_file(here: str, there: str) -> int:
    """Copy a regular file with its attributes to a name that is free; its size in bytes. Raises OSError."""
    with open(here, "rb", buffering=0) as reader:
        found = os.fstat(reader.fileno())
        descriptor = os.open(there, os.O_WRONLY | os.O_CREAT | os.O_EXCL | getattr(os, "O_BINARY", 0), 0o600)
        with os.fdopen(descriptor, "wb", buffering=0) as writer:
            if found.st_size and not _copy_in_kernel(reader.fileno(), writer.fileno(), found.st_size):
                shutil.copyfileobj(reader, writer, 1 << 20)
    copy_attributes(here, there, found)
    return found.st_size


def _copy_in_kernel(reader: int, writer: int, size: int) -> bool:
    """Let the kernel copy, which shares the blocks on file systems that can; False when it cannot."""
    if not hasattr(os, "copy_file_range"):
        return False
    done = 0
    while done < size:
        try:
            count = os.copy_file_range(reader, writer, min(size - done, _CHUNK))
        except OSError as error:
            if done or error.errno in {errno.ENOSPC, errno.EDQUOT, errno.EIO}:
                raise
            return False
        if not count:
            return done > 0
        done += count
    return True


def copy_symlink(here: str, there: str, inside: tuple[str, ...], copy: str) -> None:
    """Recreate a symbolic link; one into a folder of `inside` leads into `copy`. Raises OSError."""
    goal = os.readlink(here)
    for spelling in inside:
        if goal == spelling or goal.startswith(spelling + os.sep):
            goal = copy + goal[len(spelling) :]
            break
    os.symlink(goal, there)
    copy_attributes(here, there, os.lstat(here))


def copy_attributes(here: str, there: str, found: os.stat_result) -> None:
    """Owner, mode, extended attributes and times, in the order in which they do not undo each other. Raises OSError."""
    is_link = stat.S_ISLNK(found.st_mode)
    if hasattr(os, "lchown"):
        made = os.lstat(there)
        if (made.st_uid, made.st_gid) != (found.st_uid, found.st_gid):
            _give(there, found)
    if not is_link:
        os.chmod(there, stat.S_IMODE(found.st_mode))
    _copy_extended(here, there)
    if os.utime in os.supports_follow_symlinks:
        os.utime(there, ns=(found.st_atime_ns, found.st_mtime_ns), follow_symlinks=False)
    elif not is_link:
        os.utime(there, ns=(found.st_atime_ns, found.st_mtime_ns))


def _give(there: str, found: os.stat_result) -> None:
    # Only root can give files away; a group of one's own anybody can set.
    with suppress(PermissionError):
        os.lchown(there, found.st_uid, found.st_gid)
        return
    with suppress(PermissionError):
        os.lchown(there, -1, found.st_gid)


def _copy_extended(here: str, there: str) -> None:
    if not hasattr(os, "listxattr"):
        return
    try:
        names = os.listxattr(here, follow_symlinks=False)
    except OSError:
        return
    for name in names:
        # Labels that only the system may set are set by the system.
        with suppress(OSError):
            os.setxattr(there, name, os.getxattr(here, name, follow_symlinks=False), follow_symlinks=False)


def unshare(tree: Path) -> int:
    """Replace every file of a tree that has other names by a copy of its own; how many those were. Raises OSError."""
    count = 0
    for folder, _, names in os.walk(tree):
        for name in names:
            path = os.path.join(folder, name)
            found = os.lstat(path)
            if stat.S_ISREG(found.st_mode) and found.st_nlink > 1:
                replace_by_copy(path)
                count += 1
    return count


def replace_by_copy(path: str) -> None:
    """Give one name of a shared file a copy of its own. Raises OSError."""
    temporary = f"{path}.tfrepair-new"
    copy_file(path, temporary)
    os.replace(temporary, path)
