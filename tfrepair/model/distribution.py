"""What is installed: distributions as their metadata files describe them."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

from packaging.utils import canonicalize_name
from packaging.version import InvalidVersion, Version

RecordState = Literal["present", "missing", "unreadable"]


@dataclass(frozen=True, slots=True, kw_only=True)
class Distribution:
    """One `.dist-info` or `.egg-info` of the target, and how its files compare with its RECORD."""

    name: str
    version: str
    metadata_path: str
    """Absolute path of the `.dist-info` folder, `.egg-info` folder or file."""
    installer: str | None = None
    requested: bool = False
    """Installed because somebody asked for it by name (the REQUESTED file), not only as a dependency."""
    editable: bool = False
    direct_url: str | None = None
    """The URL of direct_url.json, when it was not installed from an index."""
    requires: tuple[str, ...] = ()
    """Requires-Dist as written, markers included."""
    top_level: tuple[str, ...] = ()
    """First path components, in the site folder, of the files it records (`tensorflow`, `six.py`); no `.dist-info`."""
    record: RecordState = "present"
    metadata_readable: bool = True
    total: int = 0
    """Files in RECORD."""
    missing: int = 0
    """Files in RECORD that are not on disk."""
    missing_scripts: int = 0
    """Those of the missing that are console scripts: what is imported does not need them."""
    altered: int = 0
    """Files on disk whose size or hash is not the recorded one."""
    examples: tuple[str, ...] = ()
    """A few of the missing or altered paths, as RECORD writes them."""
    on_target: bool = True
    """False when it is seen through system site-packages and is not the target's own."""

    @property
    def canonical_name(self) -> str:
        """The name as PEP 503 normalises it."""
        return canonicalize_name(self.name)

    @property
    def healthy(self) -> bool:
        """All recorded files are there and unaltered, and the metadata can be read."""
        return self.record == "present" and self.metadata_readable and not self.missing and not self.altered

    @property
    def parsed_version(self) -> Version | None:
        """The version, or None when it is not one by PEP 440."""
        try:
            return Version(self.version)
        except InvalidVersion:
            return None
