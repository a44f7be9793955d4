"""Where a repair keeps its things: beside the target what must be renamed, in the user's state folder what is read."""

from __future__ import annotations

import os
import re
import stat
import time
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from tfrepair.errors import SurroundingsError
from tfrepair.target.paths import is_folder

if TYPE_CHECKING:
    from collections.abc import Mapping

STASH = ".tfrepair-stash"
"""The folder within an environment that serves where none can be made beside it."""
STATE_VARIABLE = "TFREPAIR_STATE_DIR"
RUN_ID = re.compile(r"^\d{8}T\d{6}-[0-9a-f]{12}$")
"""What names a run, and its folders."""
_STEM = len("20261123T041500-")
_ROOT = 0
_OCTAL = re.compile(rb"\\([0-7]{3})")


@dataclass(frozen=True, slots=True)
class Beside:
    """The folder next to an environment, on the same file system, that holds the lock, the pointer and the trees."""

    place: Path
    """The real path of the environment, no symbolic link in it."""
    inside: bool = False
    """The folder lies within the environment: it is a mount point, or what holds it cannot be written."""

    @classmethod
    def of(cls, prefix: Path) -> Beside:
        """The folder that belongs to a prefix, however the prefix is spelled; the one that is there already counts."""
        place = Path(os.path.realpath(prefix))
        beside, within = cls(place), cls(place, inside=True)
        if os.path.lexists(beside.folder) or not is_folder(place):
            return beside
        if os.path.lexists(within.folder):
            return within
        return beside if can_be_renamed(place) else within

    @property
    def folder(self) -> Path:
        """`.tfrepair-NAME` in the folder that holds the environment, or the stash within it."""
        return self.place / STASH if self.inside else self.place.parent / f".tfrepair-{self.place.name}"

    @property
    def lock(self) -> Path:
        """The file that a writer locks."""
        return self.folder / "lock"

    @property
    def holder(self) -> Path:
        """Who has the lock, for the message to whoever waits for it."""
        return self.folder / "holder.json"

    @property
    def pointer(self) -> Path:
        """Which run is unfinished, or was the last."""
        return self.folder / "current.json"

    def run(self, run_id: str) -> Path:
        """The private folder of one run."""
        return self.folder / run_id

    def tree(self, run_id: str) -> Path:
        """The stage of a run before the swap, the environment as it was before the run afterwards."""
        return self.run(run_id) / "tree"

    def create(self) -> None:
        """Make the folder, readable by every user of the environment. Raises SurroundingsError."""
        try:
            self.folder.mkdir(mode=0o755, exist_ok=True)
            self._check()
            with suppress(FileExistsError), (self.folder / ".gitignore").open("x", encoding="utf-8") as stream:
                stream.write("*\n")
        except OSError as error:
            raise SurroundingsError(
                f"`{self.folder}` cannot be used: {error.strerror or error}; a repair is staged there, beside the "
                "environment, and nothing was changed",
                hint=f"make `{self.folder.parent}` writable, or build a new environment elsewhere with `--venv`",
            ) from error

    def _check(self) -> None:
        # A link planted here would lead the stage, and what is renamed out of it, to somewhere else.
        if self.folder.is_symlink():
            raise SurroundingsError(
                f"`{self.folder}` is a symbolic link, and a repair must not be staged through one; nothing was changed",
                hint="remove the link and try again",
            )
        found = self.folder.stat()
        if hasattr(os, "geteuid") and (found.st_uid not in self._trusted() or found.st_mode & stat.S_IWOTH):
            raise SurroundingsError(
                f"`{self.folder}` belongs to another user (uid {found.st_uid}) or can be written by everybody, and a "
                "repair must not be staged there; nothing was changed",
                hint="remove the folder, or run tfrepair as the user that it belongs to",
            )

    def _trusted(self) -> set[int]:
        """Whose folder may hold a stage: this user's, root's, and for root that of the environment's owner."""
        me = os.geteuid()
        if me != _ROOT:
            return {me, _ROOT}
        return {me, (self.place if self.place.exists() else self.place.parent).stat().st_uid}


def can_be_renamed(folder: Path) -> bool:
    """What holds a folder lets this user rename it, and nothing is mounted there."""
    return os.access(folder.parent, os.W_OK | os.X_OK) and not _is_mount_point(folder)


def _is_mount_point(folder: Path) -> bool:
    """Another file system, or another part of the same one, is mounted there."""
    if folder.lstat().st_dev != folder.parent.lstat().st_dev:
        return True
    # a bind mount within one file system is seen only in the system's list
    return str(folder) in _mount_points()


def _mount_points() -> frozenset[str]:
    """Where something is mounted. Read directly on Linux: every command asks, and the library is slow to load.

    Nothing where the system does not say it: a chroot mostly has no `/proc`.
    """
    with suppress(OSError):
        lines = Path("/proc/self/mounts").read_bytes().splitlines()
        return frozenset(_OCTAL.sub(_character, line.split()[1]).decode(errors="surrogateescape") for line in lines)
    import psutil

    with suppress(OSError):
        return frozenset(part.mountpoint for part in psutil.disk_partitions(all=True))
    return frozenset()


def _character(match: re.Match[bytes]) -> bytes:
    """Blanks and the like are written as octal numbers."""
    return bytes([int(match[1], 8)])


def state_dir(environ: Mapping[str, str]) -> Path:
    """The user's folder for the records of runs; `TFREPAIR_STATE_DIR` names another one."""
    override = environ.get(STATE_VARIABLE)
    if override:
        return Path(override).absolute()
    from platformdirs import user_state_path

    return user_state_path("tfrepair", appauthor=False)


def runs_dir(environ: Mapping[str, str]) -> Path:
    """The folder with one folder for each run."""
    return state_dir(environ) / "runs"


def bytecode_dir(environ: Mapping[str, str]) -> Path:
    """The folder of what repairs have compiled, so that later ones need not; it may be removed at any time."""
    return state_dir(environ) / "bytecode"


def new_run_id(now: float | None = None, *, after: str = "") -> str:
    """A name that sorts by time (UTC, to the 65536th of a second) and cannot be guessed.

    For example `20261123T041500-3fa9c2d17e01`. Where the clock was set back it sorts behind `after` all the same.
    """
    seconds = time.time() if now is None else now
    fraction = int(seconds % 1 * 0x10000)
    name = f"{time.strftime('%Y%m%dT%H%M%S', time.gmtime(seconds))}-{fraction:04x}{os.urandom(4).hex()}"
    if name > after:
        return name
    later = f"{after[:_STEM]}{int(after[_STEM:], 16) + 1 + int.from_bytes(os.urandom(4), 'big'):012x}"
    return later if RUN_ID.match(later) else name


def newest_run_id(*folders: Path) -> str:
    """The last of the names of runs in these folders; empty without one. Raises OSError."""
    names = (name for folder in folders if is_folder(folder) for name in os.listdir(folder))  # noqa: PTH208
    return max(filter(RUN_ID.match, names), default="")
