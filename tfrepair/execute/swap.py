"""Two folders change places: in one step where the system can, in two renames that a journal can mend where not."""

from __future__ import annotations

import ctypes
import errno
import os
import sys
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

from tfrepair.errors import SurroundingsError
from tfrepair.execute.files import exists, sync_folder
from tfrepair.target.records import BYTECODE

if TYPE_CHECKING:
    from collections.abc import Mapping

_AT_FDCWD = -100
_NO_REPLACE = 1
_EXCHANGE = 2
_RENAME_SWAP = 2
_CANNOT = frozenset({errno.EINVAL, errno.ENOSYS, errno.ENOTSUP, errno.EOPNOTSUPP})


def exchange(left: Path, right: Path) -> bool:
    """Exchange two names in one step; False where system or file system cannot. Raises OSError for other reasons."""
    if os.name == "nt":
        return False
    system = platform()
    if system == "linux":
        return _renameat2(left, right, _EXCHANGE)
    return system == "darwin" and _renamex_np(left, right, _RENAME_SWAP)


def platform() -> str:
    """The system this runs on: `linux`, `darwin`, `win32`."""
    return sys.platform


def move(source: Path, destination: Path, *, durable: bool = True) -> None:
    """Rename to a name that is free, and make it durable. Raises FileExistsError, OSError."""
    if not (platform() == "linux" and _renameat2(source, destination, _NO_REPLACE)):
        if exists(destination):
            raise FileExistsError(errno.EEXIST, os.strerror(errno.EEXIST), str(destination))
        source.rename(destination)
    if durable:
        _sync(source, destination)


def place(stage: Path, target: Path, *, durable: bool = True) -> None:
    """Bring a stage to a path where nothing is. Raises FileExistsError, OSError."""
    move(stage, target, durable=durable)


def _renameat2(source: Path, destination: Path, flags: int) -> bool:
    libc = ctypes.CDLL(None, use_errno=True)
    rename = getattr(libc, "renameat2", None)
    if rename is None:
        return False
    names = os.fsencode(source), os.fsencode(destination)
    return _done(rename(_AT_FDCWD, names[0], _AT_FDCWD, names[1], ctypes.c_uint(flags)), source)


def _renamex_np(left: Path, right: Path, flags: int) -> bool:
    libc = ctypes.CDLL(None, use_errno=True)
    rename = getattr(libc, "renamex_np", None)
    return rename is not None and _done(rename(os.fsencode(left), os.fsencode(right), ctypes.c_uint(flags)), left)


def _done(result: int, path: Path) -> bool:
    if result == 0:
        return True
    problem = ctypes.get_errno()
    if problem in _CANNOT:
        return False
    raise OSError(problem, os.strerror(problem), str(path))


def _sync(*paths: Path) -> None:
    for folder in {path.parent for path in paths}:
        sync_folder(folder)


def inode(path: Path) -> int | None:
    """The number that a folder keeps when it is renamed; None when nothing is there."""
    try:
        return path.lstat().st_ino
    except FileNotFoundError:
        return None


@dataclass(frozen=True, slots=True, kw_only=True)
class Swap:
    """What is exchanged, so that at any later moment it can be seen how far it got.

    Only inode numbers are compared: both folders are on one file system, and the number of the device may change
    with a restart.
    """

    place: Path
    """Where the environment is used."""
    tree: Path
    """Where the other one is."""
    before: int | None
    """Inode of what was in place; None when nothing was."""
    after: int | None
    """Inode of what comes into place; None when nothing does."""
    keep_as: Path
    """Where what was in place is kept in the end."""
    disposable: bool = True
    """What comes into place may be deleted if it does not stay there (a stage, not a kept environment)."""
    durable: bool = True
    """Each rename is synced before it counts; False for one of many that are synced together."""

    @property
    def had(self) -> bool:
        """Something was in place before."""
        return self.before is not None

    @property
    def whole(self) -> bool:
        """The folder as such changes places."""
        return True

    @property
    def is_back(self) -> bool:
        """What was in place before is in place."""
        return inode(self.place) == self.before

    @property
    def whereabouts(self) -> str:
        """Where the environment as it was is, for a message."""
        found = {inode(path): path for path in (self.place, self.tree, self.spare, self.keep_as)}
        old = found.get(self.before) if self.before is not None else None
        return f"the environment as it was is at `{old}`" if old else "there was no environment before"

    @property
    def spare(self) -> Path:
        """Where the old one waits while the other moves in, when it takes two steps."""
        return self.tree.with_name(self.tree.name + ".old")

    def to_detail(self) -> dict[str, Any]:
        """For the journal."""
        return {
            "place": str(self.place),
            "tree": str(self.tree),
            "before": self.before,
            "after": self.after,
            "keep_as": str(self.keep_as),
            "disposable": self.disposable,
        }

    @classmethod
    def from_detail(cls, detail: Mapping[str, Any]) -> Swap:
        """From the journal. Raises KeyError for one that is not a swap's."""
        return cls(
            place=Path(detail["place"]),
            tree=Path(detail["tree"]),
            before=detail["before"],
            after=detail["after"],
            keep_as=Path(detail["keep_as"]),
            disposable=detail["disposable"],
        )

    def forward(self) -> str:
        """Bring the new one into place, from any state in between.

        Says how: `exchange`, `renames`, `none`. Raises OSError, SurroundingsError.
        """
        return self._arrange(self.after)

    def back(self) -> str:
        """Bring the old one back into place, from any state in between. Raises OSError, SurroundingsError."""
        return self._arrange(self.before)

    def _arrange(self, wanted: int | None) -> str:
        if self._is_cache():
            if wanted is not None:
                self.place.unlink()
        else:
            self._check()
        how = "none"
        if inode(self.place) != wanted and not self._is_cache():
            how = self._exchange(wanted)
        if exists(self.spare) and not exists(self.tree):
            move(self.spare, self.tree)
        return how

    def _exchange(self, wanted: int | None) -> str:
        if wanted is None:
            move(self.place, self.tree, durable=self.durable)
            return "renames"
        source = next((path for path in (self.tree, self.spare) if inode(path) == wanted), None)
        if source is None:
            raise FileNotFoundError(errno.ENOENT, os.strerror(errno.ENOENT), str(self.tree))
        if not exists(self.place):
            place(source, self.place, durable=self.durable)
            return "renames"
        if exchange(self.place, source):
            if self.durable:
                _sync(self.place, source)
            return "exchange"
        other = self.spare if source == self.tree else self.tree
        move(self.place, other)
        move(source, self.place)
        return "renames"

    def _is_cache(self) -> bool:
        """Bytecode that Python, or the repair that holds, wrote meanwhile: it stands for nothing that could be lost."""
        return self.place.suffix in BYTECODE and self._is_strange()

    def _is_strange(self) -> bool:
        found = inode(self.place)
        return found is not None and found not in {self.before, self.after}

    def _check(self) -> None:
        if self._is_strange():
            raise SurroundingsError(
                f"`{self.place}` is neither the environment as it was nor the repaired one: somebody put another one "
                f"there; the environments of the run are below `{self.tree.parent}`, and nothing was moved",
                hint=f"move `{self.place}` out of the way and try again",
            )
