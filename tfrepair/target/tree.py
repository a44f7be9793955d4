"""The folders below a prefix as they are on disk."""

from __future__ import annotations

import os
import stat
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterator

_EXACT = os.name != "nt"
"""Names that differ in case are different names."""


@dataclass(slots=True)
class Tree:
    """What is on disk below a prefix, each folder listed once and only if it really lies inside.

    A `..` is taken as written, before links are followed, so that a link can never lead out.
    """

    prefix: str
    site: str
    _border: str = field(init=False)
    _root: str = field(init=False)
    _bases: dict[str, str] = field(init=False)
    _inside: dict[str, bool] = field(init=False)
    _listings: dict[str, dict[str, int]] = field(default_factory=dict)
    _links: set[str] = field(default_factory=set)
    closed: set[str] = field(default_factory=set)
    """Folders that this user may not list, and files he may not read, of those that were asked for."""
    _ignores_case: bool = field(init=False)

    def __post_init__(self) -> None:
        self.prefix = os.path.abspath(self.prefix)  # noqa: PTH100
        self.site = os.path.abspath(self.site)  # noqa: PTH100
        # A user's site folder is no part of the prefix of the interpreter; then it is the border itself.
        inside = self.site == self.prefix or self.site.startswith(self.prefix.rstrip(os.sep) + os.sep)
        self._border = self.prefix if inside else self.site
        self._root = os.path.realpath(self._border)
        self._bases = {"": self.site}
        self._inside = {self._border: True}
        self._ignores_case = ignores_case(self.site)

    def folder(self, relative: str) -> str | None:
        """Absolute path of a folder that RECORD writes relative to the site folder; None if it leaves the prefix."""
        base = self._base(relative)
        return base if self._is_inside(base) else None

    def leads_nowhere(self, relative: str) -> bool:
        """A folder that leaves the prefix does so by a link, and what it leads to is not there."""
        base = self._base(relative)
        if not base.startswith(self._border.rstrip(os.sep) + os.sep):
            return False
        try:
            os.stat(base)  # noqa: PTH116
        except FileNotFoundError:
            return True
        except OSError:
            return False
        return False

    def _base(self, relative: str) -> str:
        base = self._bases.get(relative)
        if base is None:
            base = os.path.normpath(os.path.join(self.site, relative))  # noqa: PTH118
            self._bases[relative] = base
        return base

    def _is_inside(self, folder: str) -> bool:
        known = self._inside.get(folder)
        if known is None:
            known = self._judge(folder)
            self._inside[folder] = known
        return known

    def _judge(self, folder: str) -> bool:
        parent = os.path.dirname(folder)  # noqa: PTH120
        if parent != folder and self._is_inside(parent) and not self._is_link(parent, folder):
            return True
        if parent == folder:
            return False
        real = os.path.realpath(folder)
        return real == self._root or real.startswith(self._root.rstrip(os.sep) + os.sep)

    def _is_link(self, parent: str, folder: str) -> bool:
        """Below the site folder the listing of the parent says it, for a third of what it takes to ask the system."""
        below = parent == self.site or parent.startswith(self.site + os.sep)
        if _EXACT and below and os.path.basename(folder) in self.listing(parent):  # noqa: PTH119
            return folder in self._links
        return _is_link(folder)

    def listing(self, folder: str) -> dict[str, int]:
        """Names in a folder with their sizes in bytes, -1 for what is no file; empty when there is no such folder."""
        known = self._listings.get(folder)
        if known is None:
            try:
                known, links = _listing(folder)
            except OSError as error:
                known, links = {}, []
                if isinstance(error, PermissionError):
                    self.closed.add(folder)
            self._links.update(os.path.join(folder, name) for name in links)  # noqa: PTH118
            self._listings[folder] = known
        return known

    def size(self, folder: str, name: str) -> int | None:
        """Size in bytes of what a record calls `name` in a folder, -1 for what is no file; None when it is missing."""
        found = self.listing(folder).get(os.path.normcase(name))
        if found is None and self._ignores_case:  # it may have the name that another distribution gave it
            return _size(os.path.join(folder, name))  # noqa: PTH118
        return found


def names_in(folder: str) -> list[str]:
    """What lies in a folder, sorted by name; nothing where it cannot be listed."""
    try:
        return sorted(os.listdir(folder))  # noqa: PTH208
    except OSError:
        return []


def ignores_case(folder: str) -> bool:
    """The file system of a folder takes `Name` and `name` for the same: macOS's and Windows's mostly do.

    False when the folder has no letter in its name, or is not there.
    """
    head, name = os.path.split(folder.rstrip(os.sep))
    turned = name.swapcase()
    try:
        return turned != name and os.path.samefile(folder, os.path.join(head, turned))  # noqa: PTH118, PTH121
    except OSError:
        return False


def _size(path: str) -> int | None:
    try:
        status = os.stat(path)  # noqa: PTH116
    except OSError:
        return None
    return status.st_size if stat.S_ISREG(status.st_mode) else -1


def _is_link(folder: str) -> bool:
    return os.path.islink(folder) or (os.name == "nt" and os.path.realpath(folder) != os.path.normpath(folder))  # noqa: PTH114


def _listing(folder: str) -> tuple[dict[str, int], list[str]]:
    """Names with sizes, and those of them that are links. Raises OSError when it, or what is in it, is closed."""
    if os.scandir not in os.supports_fd:
        with os.scandir(folder) as entries:
            return _sizes(entries)
    # asked beside an open folder, the system need not walk the whole path again for every file
    opened = os.open(folder, os.O_RDONLY | os.O_DIRECTORY)
    try:
        with os.scandir(opened) as entries:
            return _sizes(entries)
    finally:
        os.close(opened)


def _sizes(entries: Iterator[os.DirEntry[str]]) -> tuple[dict[str, int], list[str]]:
    found: dict[str, int] = {}
    links: list[str] = []
    for entry in entries:
        name = entry.name if _EXACT else os.path.normcase(entry.name)
        try:  # the listing itself tells files, folders and links apart
            if entry.is_file(follow_symlinks=False):
                found[name] = entry.stat(follow_symlinks=False).st_size
            elif entry.is_symlink():
                status = entry.stat()
                found[name] = status.st_size if stat.S_ISREG(status.st_mode) else -1
                links.append(name)
            else:
                found[name] = -1
        except PermissionError:  # whether it is there is not known
            raise
        except OSError:  # a link to nowhere is as good as missing
            continue
    return found, links
