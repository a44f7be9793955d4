"""What a tree looks like, as one number: to notice that somebody changed it, or to prove that nobody did."""

# ruff: noqa: PTH114, PTH115, PTH118, PTH123
# Seventeen thousand entries: strings and scandir, not Path objects.

from __future__ import annotations

import hashlib
import os
import stat
from operator import attrgetter
from typing import TYPE_CHECKING

from tfrepair.execute.scope import EVERYTHING

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping
    from pathlib import Path

    from tfrepair.execute.scope import Scope

_CACHE = "__pycache__"
_FOLDER = f"{stat.S_IFDIR:o}"[0]
"""How the row of a folder begins, and no other: with the type that its mode holds."""
_NAME = attrgetter("name")


def fingerprint(path: Path, scope: Scope = EVERYTHING) -> str:
    """SHA-256 over name, type, size, modification time, inode, mode and link target of everything below a folder.

    Bytecode caches are left out: interpreters write them at will, and nothing is lost with them. Raises OSError.
    """
    return digest_of(_rows(f"{path}/", scope))


def digest_of(rows: Iterable[tuple[str, str]]) -> str:
    """The fingerprint of a tree whose manifest has these items, in their order."""
    digest = hashlib.sha256()
    for relative, row in rows:
        digest.update(f"{relative}\0{row}\n".encode(errors="surrogateescape"))
    return digest.hexdigest()


def manifest(path: Path, scope: Scope = EVERYTHING) -> dict[str, str]:
    """The same for each relative path: text that changes when the file, folder or link does."""
    return dict(_rows(f"{path}/", scope))


def differences(before: Mapping[str, str], path: Path, scope: Scope = EVERYTHING) -> tuple[str, ...]:
    """Relative paths that came, went or changed since a manifest was taken of this tree."""
    rest = dict(before)
    new = [name for name, row in _rows(f"{path}/", scope) if rest.pop(name, None) != row]
    return tuple(sorted({*new, *rest}))


def changed_files(before: Mapping[str, str], path: Path, unchanged: Mapping[str, str]) -> tuple[str, ...]:
    """Relative paths of the files of this tree's manifest that went or changed; what came is not looked for.

    `unchanged` is a part of the manifest of a tree that may share files with this one under the same names, and known
    to hold: such a file has not changed here either, and is not looked at again.
    """
    root = f"{path}/"
    files = ((name, row) for name, row in before.items() if unchanged.get(name) != row and not row.startswith(_FOLDER))
    return tuple(sorted(name for name, row in files if _row_at(root, name) != row))


def _rows(root: str, scope: Scope) -> Iterator[tuple[str, str]]:
    todo = [""]
    while todo:
        folder = todo.pop()
        prefix = f"{folder}/" if folder else ""
        narrow = bool(scope.parts) or not folder
        for name, found in _entries(root + prefix):
            relative = prefix + name
            if narrow and relative not in scope:
                continue
            if stat.S_ISDIR(found.st_mode):
                if name == _CACHE:
                    continue
                todo.append(relative)
            yield relative, _row(found, root, relative)


def _entries(folder: str) -> list[tuple[str, os.stat_result]]:
    """What is in a folder, by name. Raises OSError; where it may not be listed or entered, with its path."""
    try:
        return _listed(folder)
    except PermissionError as error:
        raise PermissionError(error.errno, error.strerror, folder.rstrip("/")) from error


def _listed(folder: str) -> list[tuple[str, os.stat_result]]:
    """Through the descriptor of the folder, where the system has it, a file is found at once."""
    place = os.open(folder, os.O_RDONLY) if os.scandir in os.supports_fd else folder
    try:
        with os.scandir(place) as entries:
            return [(entry.name, entry.stat(follow_symlinks=False)) for entry in sorted(entries, key=_NAME)]
    finally:
        if isinstance(place, int):
            os.close(place)


def _row_at(root: str, relative: str) -> str:
    """Empty when nothing is there."""
    try:
        return _row(os.lstat(root + relative), root, relative)
    except FileNotFoundError:
        return ""


def _row(found: os.stat_result, root: str, relative: str) -> str:
    # A folder's size and time change with what is in it, which has rows of its own.
    if stat.S_ISDIR(found.st_mode):
        return f"{found.st_mode:o} {found.st_ino}"
    link = os.readlink(root + relative) if stat.S_ISLNK(found.st_mode) else ""
    return f"{found.st_mode:o} {found.st_size} {found.st_mtime_ns} {found.st_ino} {link}"


def tree_digest(path: Path) -> str:
    """SHA-256 over names, types, modes, owners, link targets, extended attributes and contents; all files, caches too.

    For proofs in tests; a copy of a tree has the digest of the tree. Raises OSError.
    """
    digest = hashlib.sha256()
    for line in tree_lines(path):
        digest.update(line.encode(errors="surrogateescape") + b"\n")
    return digest.hexdigest()


def tree_lines(path: Path) -> Iterator[str]:
    """What `tree_digest` sums up, one line for each path, the folder itself first."""
    root = str(path)
    yield _described(root, ".")
    for folder, folders, files in os.walk(root):
        folders.sort()
        links = [name for name in folders if os.path.islink(os.path.join(folder, name))]
        for name in sorted({*folders, *files, *links}):
            whole = os.path.join(folder, name)
            yield _described(whole, os.path.relpath(whole, root))


def _described(path: str, relative: str) -> str:
    found = os.lstat(path)
    content = ""
    if stat.S_ISLNK(found.st_mode):
        content = os.readlink(path)
    elif stat.S_ISREG(found.st_mode):
        with open(path, "rb") as stream:
            content = hashlib.sha256(stream.read()).hexdigest()
    return f"{relative} {found.st_mode:o} {found.st_uid}:{found.st_gid} {content} {_attributes(path)}"


def _attributes(path: str) -> str:
    if not hasattr(os, "listxattr"):
        return ""
    try:
        names = sorted(os.listxattr(path, follow_symlinks=False))
        return ",".join(f"{name}={os.getxattr(path, name, follow_symlinks=False).hex()}" for name in names)
    except OSError:
        return ""
