"""What an interrupted pip left behind: it renames what it is about to remove, and so says what was there."""

from __future__ import annotations

import re
from pathlib import Path
from typing import TYPE_CHECKING

from packaging.utils import canonicalize_name
from packaging.version import InvalidVersion, Version

from tfrepair.target.metadata import read_metadata

if TYPE_CHECKING:
    from collections.abc import Collection, Iterable

_REPLACED = re.compile(r"[~\-\d]*")
"""As many characters as pip has replaced at the start of a name: `~ensorflow`, `~~nsorflow`."""


def is_leftover(name: str) -> bool:
    """Pip renames what it is about to delete: `~ensorflow` today, `-ensorflow` before pip 19."""
    return name.startswith("~") or (name.startswith("-") and name[1:2].isalnum())


def left_release(leftovers: Iterable[str], family: Collection[str]) -> tuple[str, str] | None:
    """Canonical name and version of the distribution whose metadata are among the paths; of several the newest.

    Only distributions of the `family` count. None where there is none; metadata without a usable version are passed
    over.
    """
    found = []
    for path in map(Path, leftovers):
        if not path.name.endswith((".dist-info", ".egg-info")):
            continue
        metadata = read_metadata(path)
        name = _restored(canonicalize_name(metadata.name), family)
        try:
            found += [(Version(metadata.version), name, metadata.version)] if name else []
        except InvalidVersion:
            continue
    return max(found)[1:] if found else None


def _restored(name: str, family: Collection[str]) -> str | None:
    """The name as it was, if it is one of the family: with a METADATA that cannot be read it is that of the folder."""
    if name in family:
        return name
    replaced = len(_REPLACED.match(name)[0])  # type: ignore[index]  # it matches everywhere
    alike = (each for each in sorted(family) if len(each) == len(name) and each[replaced:] == name[replaced:])
    return next(alike, None) if replaced else None
