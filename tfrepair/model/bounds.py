"""Bounds: versions that a TensorFlow release needs beside it, whatever its own metadata says."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from packaging.requirements import Requirement
from packaging.specifiers import SpecifierSet
from packaging.utils import canonicalize_name
from packaging.version import InvalidVersion, Version

if TYPE_CHECKING:
    from collections.abc import Mapping


@dataclass(frozen=True, slots=True, kw_only=True)
class Bound:
    """One bound that was measured on fresh installs."""

    requirement: str
    """A PEP 508 requirement; `{minor}` in it stands for the minor version of TensorFlow."""
    tensorflow: str
    """For which releases, as a specifier."""
    python: str = ""
    """For which Python versions, as a specifier; empty for all."""
    affects: str = "import"
    """What breaks without it: `import` is TensorFlow itself, else the name of what is used beside it."""
    why: str = ""
    beside: str = ""
    """It matters only where this requirement is installed too."""
    companion: bool = False
    """It says which release of something used beside TensorFlow pairs with it; known of final releases only."""

    @classmethod
    def parse(cls, row: Mapping[str, str], *, companion: bool = False) -> Bound:
        """From one line of the data file."""
        return cls(
            requirement=row["requirement"],
            tensorflow=row["tensorflow"],
            python=row.get("python", ""),
            affects=row["affects"],
            why=row["why"],
            beside=row.get("with", ""),
            companion=companion,
        )

    @property
    def name(self) -> str:
        """Canonical name of the distribution that is bounded."""
        return canonicalize_name(Requirement(self.requirement.format(minor="0.0")).name)

    def applies(self, version: str, python_minor: str) -> bool:
        """Whether it is about this release on this Python. False for a version that is none."""
        base = base_version(version)
        if self.companion and base is not None and Version(version).is_prerelease:
            return False
        return base is not None and within(base, self.tensorflow) and within(python_minor, self.python)

    def needed_beside(self, installed: Mapping[str, str]) -> bool:
        """Whether what it is about is among the installed (canonical name to version)."""
        if not self.beside:
            return True
        requirement = Requirement(self.beside)
        version = installed.get(canonicalize_name(requirement.name))
        return version is not None and within(version, str(requirement.specifier))

    def text(self, version: str) -> str:
        """The requirement, filled in for this release."""
        release = Version(version).release
        return self.requirement.format(minor=f"{release[0]}.{release[1] if len(release) > 1 else 0}")


def base_version(version: str) -> str | None:
    """The release without pre, post and local parts, so that `2.18.0rc1` counts as 2.18.0; None if it is no version."""
    try:
        return Version(version).base_version
    except InvalidVersion:
        return None


def within(version: str, specifier: str) -> bool:
    """Whether a version satisfies a specifier, pre-releases included; false for what is no version."""
    try:
        return SpecifierSet(specifier).contains(Version(version), prereleases=True)
    except InvalidVersion:
        return False
