"""Known-good locks: the versions of TensorFlow's tree in installations that were made and passed the smoke test."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from packaging.utils import canonicalize_name
from packaging.version import InvalidVersion, Version

if TYPE_CHECKING:
    from collections.abc import Mapping

ALIKE = ("tensorflow", "tensorflow-cpu", "tensorflow-gpu")
"""Builds of one source that declare the same: what worked with one of them works with the others."""


@dataclass(frozen=True, slots=True, kw_only=True)
class KnownLock:
    """What worked with one release on one Python."""

    release: str
    """The distribution and its version, for people: `tensorflow-cpu 2.9.0`."""
    python: str
    """The minor version it worked on."""
    wanted: str
    """The minor version it was asked for."""
    pins: tuple[tuple[str, str], ...]
    """Canonical name and version of the whole tree, TensorFlow included."""

    @property
    def exact(self) -> bool:
        """It was made on the very minor version that was asked for."""
        return self.python == self.wanted

    @property
    def text(self) -> str:
        """What it is, in a few words."""
        nearest = "" if self.exact else f" (of {self.wanted} nothing is known)"
        return f"the versions that worked with {self.release} on Python {self.python}{nearest}"


@dataclass(frozen=True, slots=True, kw_only=True)
class KnownGood:
    """All of them."""

    measured: str
    """The day of the newest, ISO 8601."""
    pins: tuple[tuple[str, str], ...]
    """Every name and version that occurs in a lock."""
    locks: Mapping[str, Mapping[str, Mapping[str, tuple[int, ...]]]]
    """By canonical name, version and minor version of Python: places in `pins`."""

    @classmethod
    def parse(cls, document: Mapping[str, Any]) -> KnownGood:
        """From the document of the package's data folder."""
        pairs = (line.split("==") for line in document["pins"])
        return cls(
            measured=document["measured"],
            pins=tuple((name, version) for name, version in pairs),
            locks={
                name: {
                    version: {minor: tuple(places) for minor, places in row.items()} for version, row in rows.items()
                }
                for name, rows in document["locks"].items()
            },
        )

    def get(self, name: str, version: str, minor: str) -> KnownLock | None:
        """The lock of a release for a Python, else the one of the nearest Python, which says so."""
        canonical = canonicalize_name(name)
        names = tuple(dict.fromkeys((canonical, *ALIKE))) if canonical in ALIKE else (canonical,)
        found = [(one, key, row) for one in names for key, row in self._rows(one, version)]
        exact = next((item for item in found if minor in item[2]), None)
        chosen = exact or next((item for item in found if item[2]), None)
        if chosen is None:
            return None
        measured, key, row = chosen
        python = minor if exact else min(row, key=lambda other: (abs(_number(other) - _number(minor)), _number(other)))
        pins = dict(self.pins[place] for place in row[python])
        pins[canonical] = pins.pop(measured, key)
        return KnownLock(release=f"{measured} {key}", python=python, wanted=minor, pins=tuple(sorted(pins.items())))

    def _rows(self, name: str, version: str) -> list[tuple[str, Mapping[str, tuple[int, ...]]]]:
        try:
            public = Version(Version(version).public)
        except InvalidVersion:
            return []
        return [(key, row) for key, row in self.locks.get(name, {}).items() if Version(key) == public]


def _number(minor: str) -> int:
    return int(minor.rpartition(".")[2])
