"""A wheel that is not installed yet: whether it is whole."""

from __future__ import annotations

import csv
import hashlib
import zipfile
import zlib
from typing import TYPE_CHECKING

from tfrepair.target.records import as_recorded, record_entries

if TYPE_CHECKING:
    from pathlib import Path

    from tfrepair.target.records import RecordEntry

_CHUNK = 1 << 20


def damage_of(path: Path) -> str | None:
    """What is wrong with a wheel, as the end of a sentence; None when every file in it is as its RECORD says.

    A file that RECORD does not name is none of its business. The format is that of
    https://packaging.python.org/en/latest/specifications/binary-distribution-format/.
    """
    try:
        with zipfile.ZipFile(path) as archive:
            names = archive.namelist()
            record = next((name for name in names if name.endswith(".dist-info/RECORD")), None)
            if record is None:
                return "it has no RECORD"
            for entry in record_entries(archive.read(record).decode()):
                if (what := _damage(archive, entry)) is not None:
                    return f"`{entry.path}` in it {what}"
    except (
        OSError,
        zipfile.BadZipFile,
        zlib.error,
        EOFError,
        UnicodeDecodeError,
        csv.Error,
        NotImplementedError,
    ) as error:
        return f"it cannot be read: {error}"
    return None


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
