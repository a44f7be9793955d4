"""A wheel file: whether it is whole, and whether it is what is installed."""

from __future__ import annotations

import csv
import hashlib
import re
import zipfile
import zlib
from typing import TYPE_CHECKING

from tfrepair.target.records import as_recorded, read_record, record_entries

if TYPE_CHECKING:
    from pathlib import Path

    from tfrepair.target.records import RecordEntry

_CHUNK = 1 << 20
_UNREADABLE = (
    OSError,
    zipfile.BadZipFile,
    zlib.error,
    EOFError,
    UnicodeDecodeError,
    csv.Error,
    NotImplementedError,
)
_DATA = re.compile(r"[^/]+\.data/(?:(?:purelib|platlib)/(?P<site>.+)|.*)")
"""What a wheel brings for another folder than the site folder; two of these are that after all."""


def damage_of(path: Path) -> str | None:
    """What is wrong with a wheel, as the end of a sentence; None when every file in it is as its RECORD says.

    A file that RECORD does not name is none of its business. The format is that of
    https://packaging.python.org/en/latest/specifications/binary-distribution-format/.
    """
    try:
        with zipfile.ZipFile(path) as archive:
            entries = _record(archive)
            if entries is None:
                return "it has no RECORD"
            for entry in entries:
                if (what := _damage(archive, entry)) is not None:
                    return f"`{entry.path}` in it {what}"
    except _UNREADABLE as error:
        return f"it cannot be read: {error}"
    return None


def is_installed(path: Path, metadata: Path) -> bool:
    """Whether a wheel is the build that is installed with this `.dist-info`, as far as their RECORDs tell.

    What installers write themselves, scripts above all, is left out. False for a wheel that cannot be read.
    """
    try:
        with zipfile.ZipFile(path) as archive:
            entries = _record(archive)
    except _UNREADABLE:
        return False
    installed = {entry.path: entry.hash for entry in read_record(metadata) or ()}
    brought = [(place, entry.hash) for entry in entries or () if entry.hash and (place := _place(entry.path))]
    return bool(brought) and all(installed.get(place) == recorded for place, recorded in brought)


def _record(archive: zipfile.ZipFile) -> tuple[RecordEntry, ...] | None:
    name = next((name for name in archive.namelist() if name.endswith(".dist-info/RECORD")), None)
    return None if name is None else record_entries(archive.read(name).decode())


def _place(path: str) -> str | None:
    """Where a file of a wheel comes to lie in the site folder; None for one that does not."""
    elsewhere = _DATA.fullmatch(path)
    return path if elsewhere is None else elsewhere["site"]


def _damage(archive: zipfile.ZipFile, entry: RecordEntry) -> str | None:
    try:
        info = archive.getinfo(entry.path)
    except KeyError:
        return "is missing"
    algorithm, _, expected = (entry.hash or "").partition("=")
    digest = hashlib.new(algorithm if algorithm in hashlib.algorithms_available else "sha256", usedforsecurity=False)
    try:
        with archive.open(info) as stream:
            while chunk := stream.read(_CHUNK):
                digest.update(chunk)
    except (zipfile.BadZipFile, zlib.error, EOFError):
        return "is damaged"
    if algorithm not in hashlib.algorithms_available or as_recorded(digest.digest()) == expected.rstrip("="):
        return None
    return "is not as its RECORD says"
