"""The contents of two trees change places file by file, where the folders themselves cannot.

At every instant each file is the old one or the new one; after a crash the list, which is on disk before the first
file moves, says what is where, and either state can be reached from any state in between. Each single move is one
rename that replaces nothing, so their order on disk does not matter; the folders they go to are on disk before.
"""

from __future__ import annotations

import os
import stat
from dataclasses import dataclass
from pathlib import Path, PurePosixPath
from typing import TYPE_CHECKING, Any

from tfrepair.execute.files import exists, read_json, remove_tree, sync_file_system, write_json
from tfrepair.execute.linking import copy_attributes
from tfrepair.execute.swap import Swap, inode, move

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

    from tfrepair.execute.scope import Scope

LISTING = "pieces.json"
"""In the record of the run."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Pieces:
    """What is exchanged between a prefix and a tree; the counterpart of `Swap`."""

    place: Path
    tree: Path
    keep_as: Path
    listing: Path
    files: tuple[tuple[str, int | None, int | None], ...]
    """Relative path, inode of what is in place before, and of what comes; None where nothing is."""
    only_before: tuple[str, ...]
    """Folders that are gone afterwards, the outermost first."""
    only_after: tuple[str, ...]
    """Folders that are there only afterwards, the outermost first."""
    disposable: bool = True

    @classmethod
    def between(
        cls, place: Path, tree: Path, keep_as: Path, listing: Path, scope: Scope, *, disposable: bool
    ) -> Pieces:
        """Compare two trees and write down what differs, durably. Raises OSError."""
        before, after = _comparable(dict(_entries(place, scope)), dict(_entries(tree, scope)))
        files = tuple(
            (name, before.get(name, _NOTHING).inode, after.get(name, _NOTHING).inode)
            for name in sorted(before.keys() | after.keys())
            if _is_piece(before.get(name), after.get(name))
        )
        pieces = cls(
            place=place,
            tree=tree,
            keep_as=keep_as,
            listing=listing,
            files=files,
            only_before=_lone_folders(before, after),
            only_after=_lone_folders(after, before),
            disposable=disposable,
        )
        document = {"files": files, "only_before": pieces.only_before, "only_after": pieces.only_after}
        write_json(listing, document, mode=0o600)
        return pieces

    @property
    def had(self) -> bool:
        """Something was in place before: a prefix whose contents are exchanged always is there."""
        return True

    @property
    def whole(self) -> bool:
        """The folder as such changes places."""
        return False

    @property
    def is_back(self) -> bool:
        """What was in place before is in place."""
        return all(inode(self.place / name) == before for name, before, _ in self.files)

    @property
    def whereabouts(self) -> str:
        """Where the environment as it was is, for a message."""
        return f"its files as they were are below `{self.tree}`, listed in `{self.listing}`"

    def to_detail(self) -> dict[str, Any]:
        """For the journal."""
        return {
            "place": str(self.place),
            "tree": str(self.tree),
            "keep_as": str(self.keep_as),
            "pieces": str(self.listing),
            "disposable": self.disposable,
        }

    @classmethod
    def from_detail(cls, detail: Mapping[str, Any]) -> Pieces:
        """From the journal. Raises KeyError for one that is not of pieces, FileNotFoundError without the list."""
        listing = Path(detail["pieces"])
        document = read_json(listing)
        if document is None:
            raise FileNotFoundError(f"`{listing}`, the list of what was exchanged, cannot be read")
        return cls(
            place=Path(detail["place"]),
            tree=Path(detail["tree"]),
            keep_as=Path(detail["keep_as"]),
            listing=listing,
            files=tuple((name, before, after) for name, before, after in document["files"]),
            only_before=tuple(document["only_before"]),
            only_after=tuple(document["only_after"]),
            disposable=detail["disposable"],
        )

    def forward(self) -> str:
        """Bring the new files into place, from any state in between. Raises OSError, SurroundingsError."""
        return self._arrange(self.only_after, self.only_before, back=False)

    def back(self) -> str:
        """Bring the old files back into place, from any state in between. Raises OSError, SurroundingsError."""
        return self._arrange(self.only_before, self.only_after, back=True)

    def _arrange(self, coming: tuple[str, ...], going: tuple[str, ...], *, back: bool) -> str:
        tree = self.tree if exists(self.tree) else self.keep_as
        if not exists(tree) and back and self.is_back:
            return "none"  # all is back and the rest was removed, but a full disk kept the journal from saying so
        for root in (self.place, tree):
            _tidy(root, (*coming, *going))
        _make(self.place, coming, tree)
        _make(tree, going, self.place)
        sync_file_system(self.place)  # a file must not arrive in a folder that a power cut takes away
        for name, before, after in self.files:
            swap = Swap(
                place=self.place / name,
                tree=tree / name,
                before=before,
                after=after,
                keep_as=tree / name,
                durable=False,
            )
            if back:
                swap.back()
            else:
                swap.forward()
        sync_file_system(self.place)
        _leave(tree, self.place, coming)
        _leave(self.place, tree, going)
        sync_file_system(self.place)
        return "pieces"


@dataclass(frozen=True, slots=True)
class _Entry:
    inode: int | None
    is_folder: bool = False
    state: tuple[Any, ...] = ()


_NOTHING = _Entry(None)
_Tree = dict[str, _Entry]


def _entries(root: Path, scope: Scope) -> Iterable[tuple[str, _Entry]]:
    todo = [""]
    while todo:
        folder = todo.pop()
        with os.scandir(root / folder) as entries:
            found = list(entries)
        for entry in found:
            relative = f"{folder}/{entry.name}" if folder else entry.name
            if relative not in scope:
                continue
            about = entry.stat(follow_symlinks=False)
            is_folder = stat.S_ISDIR(about.st_mode)
            if is_folder:
                todo.append(relative)
            link = str(Path(entry.path).readlink()) if stat.S_ISLNK(about.st_mode) else ""
            state = (about.st_mode, about.st_size, about.st_mtime_ns, about.st_uid, about.st_gid, link)
            yield relative, _Entry(about.st_ino, is_folder, state)


def _comparable(before: _Tree, after: _Tree) -> tuple[_Tree, _Tree]:
    """Without what lies below a path that is a folder on one side only and something else on the other."""
    other = {name for name in before.keys() & after.keys() if before[name].is_folder != after[name].is_folder}
    if not other:
        return before, after

    def outside(tree: _Tree) -> _Tree:
        return {
            name: entry
            for name, entry in tree.items()
            if not any(parent.as_posix() in other for parent in PurePosixPath(name).parents)
        }

    return outside(before), outside(after)


def _is_piece(before: _Entry | None, after: _Entry | None) -> bool:
    """A file that is other or on one side only; a private copy nobody changed is the same file."""
    if before is None or after is None:
        return not (before or after or _NOTHING).is_folder
    if before.is_folder and after.is_folder:
        return False
    if before.is_folder != after.is_folder:
        return True
    return before.inode != after.inode and before.state != after.state


def _lone_folders(these: Mapping[str, _Entry], those: Mapping[str, _Entry]) -> tuple[str, ...]:
    return tuple(sorted(name for name, entry in these.items() if entry.is_folder and name not in those))


def _make(root: Path, folders: Iterable[str], like: Path) -> None:
    """Make folders with the attributes that they have in `like`: one that has its name has its attributes too."""
    for folder in folders:
        if not exists(root / folder):
            new = _unnamed(root / folder)
            new.mkdir(mode=0o700)
            copy_attributes(str(like / folder), str(new), (like / folder).lstat())
            move(new, root / folder, durable=False)


def _tidy(root: Path, folders: Iterable[str]) -> None:
    """Remove folders that were being made when it was cut off."""
    for folder in folders:
        remove_tree(_unnamed(root / folder))


def _unnamed(folder: Path) -> Path:
    return folder.with_name(f"{folder.name}.tfrepair-new")


def _leave(source: Path, goal: Path, folders: Iterable[str]) -> None:
    """Remove folders that are in `goal` now; what somebody wrote into them meanwhile, bytecode mostly, goes along."""
    for folder in reversed(tuple(folders)):
        here = source / folder
        if not here.is_dir():
            continue
        for path in list(here.iterdir()):
            path.rename(goal / folder / path.name)
        here.rmdir()
