"""Floors: what a release needs of the machine beyond what its wheel tag says."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from packaging.version import Version

from tfrepair.model.bounds import base_version, within

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence


@dataclass(frozen=True, slots=True, kw_only=True)
class Floors:
    """Measured on the libraries inside the wheels."""

    glibc: Mapping[str, str]
    """The glibc that releases really need where their tag promises less, by specifier."""
    pip_by_tag: Mapping[str, str]
    """The oldest pip that knows a platform tag."""
    processor: Mapping[str, tuple[str, ...]]
    """Processor features that the x86 builds need, by specifier."""

    @classmethod
    def parse(cls, document: Mapping[str, Any]) -> Floors:
        """From the document about releases in the package's data folder."""
        return cls(
            glibc=document["glibc_measured"],
            pip_by_tag=document["pip_by_tag"],
            processor={specifier: tuple(flags) for specifier, flags in document["processor"].items()},
        )

    def glibc_floor(self, version: str) -> str | None:
        """The glibc a Linux build was measured to need beyond what its tag promises."""
        base = base_version(version) or ""
        return next((floor for specifier, floor in self.glibc.items() if within(base, specifier)), None)

    def pip_floor(self, platform_tag: str) -> str | None:
        """The oldest pip that knows a platform tag; None where every pip does."""
        names = platform_tag.split(".")
        floors = [floor for name, floor in self.pip_by_tag.items() for tag in names if tag.startswith(f"{name}_")]
        return min(floors, key=Version, default=None)

    def processor_flags(self, version: str) -> tuple[str, ...]:
        """The processor features that the x86 builds of a release need (`avx`)."""
        base = base_version(version) or ""
        flags = (flag for specifier, needed in self.processor.items() if within(base, specifier) for flag in needed)
        return tuple(dict.fromkeys(flags))

    def lacking(self, version: str, platform: str, glibc: str | None, flags: Sequence[str] | None) -> str | None:
        """What a machine lacks for a release, as half a sentence; what is not known of it (None) counts as there."""
        floor = self.glibc_floor(version)
        if floor and glibc and platform.startswith("linux") and Version(glibc) < Version(floor):
            return f"it needs glibc {floor}, whatever its tag says, and this machine has {glibc}"
        needed = self.processor_flags(version) if platform.endswith(("x86_64", "amd64")) else ()
        missing = [flag for flag in needed if flags is not None and flag not in flags]
        return f"it was built for processors with {' and '.join(missing).upper()}" if missing else None
