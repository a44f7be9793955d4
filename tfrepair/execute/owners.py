"""A repair by root leaves nothing of root's in a user's environment."""

from __future__ import annotations

import os
import stat
from pathlib import Path
from typing import TYPE_CHECKING

from tfrepair.execute.linking import replace_by_copy

if TYPE_CHECKING:
    from tfrepair.execute.paths import Beside

_ROOT = 0


def adopt(stage: Path, place: Path) -> int:
    """Give what root newly made in a stage to the owner of the environment; how many files and folders.

    What root owned before stays root's. Without root, or in an environment of root's, nothing happens. Raises OSError.
    """
    if not hasattr(os, "geteuid") or os.geteuid() != _ROOT:
        return 0
    like = place if place.exists() else place.parent
    owner = like.stat()
    if owner.st_uid == _ROOT:
        return 0
    count = 0
    for folder, folders, names in os.walk(stage):
        for name in (*folders, *names):
            count += _give(Path(folder, name), stage, place, owner)
    return count + _give(stage, stage, place, owner)


def adopt_beside(beside: Beside, run_id: str) -> None:
    """Give the folders and files beside an environment to its owner, who must be able to remove them."""
    if not hasattr(os, "geteuid") or os.geteuid() != _ROOT:
        return
    owner = (beside.place if beside.place.exists() else beside.place.parent).stat()
    for path in (beside.folder, *beside.folder.iterdir(), beside.run(run_id)):
        if path.lstat().st_uid == _ROOT != owner.st_uid:
            os.lchown(path, owner.st_uid, owner.st_gid)


def _give(path: Path, stage: Path, place: Path, owner: os.stat_result) -> bool:
    found = path.lstat()
    if found.st_uid != _ROOT or _was_roots(place / path.relative_to(stage)):
        return False
    if stat.S_ISREG(found.st_mode) and found.st_nlink > 1:
        replace_by_copy(str(path))  # the other names of this file, in root's cache, stay root's
    os.lchown(path, owner.st_uid, owner.st_gid)
    if not stat.S_ISLNK(found.st_mode):
        path.chmod(stat.S_IMODE(found.st_mode))  # giving a file away takes its set-id bits
    return True


def _was_roots(original: Path) -> bool:
    try:
        return original.lstat().st_uid == _ROOT
    except OSError:
        return False
