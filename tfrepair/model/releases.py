"""What is known about releases: upload days, wheels, stubs, declared requirements and measured bounds."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from packaging.specifiers import SpecifierSet
from packaging.utils import canonicalize_name
from packaging.version import InvalidVersion, Version

from tfrepair.model.bounds import Bound
from tfrepair.model.floors import Floors
from tfrepair.model.release import Release, specifier_text
from tfrepair.model.tags import Accepted, kind_of, minor_of, same_kind

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence


@dataclass(frozen=True, slots=True, kw_only=True)
class Releases:
    """All of it, as of the day it was measured. A newer release is not in the data, which is never an error."""

    measured: str
    """The day, ISO 8601."""
    by_name: Mapping[str, Mapping[str, Release]]
    """By canonical name and version, oldest version first."""
    folders: Mapping[str, tuple[str, ...]]
    """Canonical names of the distributions that write into one import folder."""
    requires: Mapping[str, tuple[str, ...]]
    """What releases of `tensorflow` declare."""
    measured_bounds: tuple[Bound, ...]
    """Those of companions, which hold for final releases only, last."""
    floors: Floors

    @classmethod
    def parse(
        cls,
        releases: Mapping[str, Any],
        requirements: Mapping[str, Any],
        bounds: Mapping[str, Any],
        companions: Mapping[str, Any],
    ) -> Releases:
        """From the documents of the package's data folder."""
        return cls(
            measured=releases["measured"],
            by_name={
                name: {v: Release.parse(name, v, row) for v, row in rows.items()}
                for name, rows in releases["releases"].items()
            },
            folders={folder: tuple(names) for folder, names in releases["folders"].items()},
            requires={version: tuple(lines) for version, lines in requirements["requirements"].items()},
            measured_bounds=(
                *(Bound.parse(row) for row in bounds["bounds"]),
                *(Bound.parse(row, companion=True) for row in companions["bounds"]),
            ),
            floors=Floors.parse(releases),
        )

    @property
    def family(self) -> tuple[str, ...]:
        """Canonical names of the distributions that own the folder `tensorflow`."""
        return self.folders["tensorflow"]

    def get(self, name: str, version: str) -> Release | None:
        """The release; `2.10` finds 2.10.0, `2.15.0+cu118` finds 2.15.0. None when it is not in the data."""
        rows = self.by_name.get(canonicalize_name(name), {})
        if version in rows:
            return rows[version]
        try:
            public = Version(Version(version).public)
        except InvalidVersion:
            return None
        return next((release for text, release in rows.items() if Version(text) == public), None)

    def _newest_first(self, name: str) -> Iterator[Release]:
        return reversed(tuple(self.by_name.get(canonicalize_name(name), {}).values()))

    def date(self, name: str, version: str) -> str | None:
        """The upload day."""
        release = self.get(name, version)
        return release.date if release else None

    def fits(self, name: str, version: str, tags: Sequence[str]) -> bool:
        """Whether a wheel of the release is for this interpreter, and the wheel with the code of a stub too."""
        release = self.get(name, version)
        return release is not None and self._fits(release, Accepted.of(tags))

    def _fits(self, release: Release, accepted: Accepted) -> bool:
        return any(
            accepted.takes(platform, pythons) and self._has_code(release, platform, accepted)
            for platform, pythons in release.wheels.items()
        )

    def _has_code(self, release: Release, platform: str, accepted: Accepted) -> bool:
        partner = release.stub.get(platform)
        if partner is None:
            return True
        code = self.get(partner, release.version) if partner else None
        return code is not None and self._fits(code, accepted)

    def pip_floor(self, name: str, version: str, tags: Sequence[str]) -> str | None:
        """The oldest pip that offers a release to this interpreter; None where every pip does, or none can."""
        release, accepted = self.get(name, version), Accepted.of(tags)
        taken = (tag for tag, pythons in (release.wheels if release else {}).items() if accepted.takes(tag, pythons))
        return min((floor for tag in taken if (floor := self.floors.pip_floor(tag))), key=Version, default=None)

    def partner(self, name: str, version: str, tags: Sequence[str]) -> str | None:
        """Who has the code where this release is a stub here: empty if nobody, None if it is no stub."""
        release, accepted = self.get(name, version), Accepted.of(tags)
        if release is None:
            return None
        taken = (platform for platform, pythons in release.wheels.items() if accepted.takes(platform, pythons))
        return next((release.stub[platform] for platform in taken if platform in release.stub), None)

    def newest(
        self,
        name: str,
        tags: Sequence[str],
        *,
        glibc: str | None = None,
        cpu_flags: Sequence[str] | None = None,
        prereleases: bool = False,
    ) -> str | None:
        """The newest release that fits; what is not known of the machine (None) is not held against it."""
        found = self._fitting(name, tags, "", glibc, cpu_flags, prereleases=prereleases)
        return next((release.version for release in found), None)

    def only_early(self, name: str) -> bool:
        """A distribution never has a final release: whoever names it asks for one that is none."""
        known = self.by_name.get(name, {})
        return bool(known) and all(Version(version).is_prerelease for version in known)

    def matching(
        self,
        specifier: str,
        tags: Sequence[str],
        *,
        name: str = "tensorflow",
        glibc: str | None = None,
        cpu_flags: Sequence[str] | None = None,
        prereleases: bool | None = None,
    ) -> tuple[str, ...]:
        """The releases that fit and match, newest first. `2.10` means any 2.10.x, `2.10.0` exactly that.

        Pre-releases count when asked for or when the specifier names one. Raises ValueError for what is no specifier.
        """
        wanted = specifier_text(specifier)
        allowed = SpecifierSet(wanted).prereleases if prereleases is None else prereleases
        found = self._fitting(name, tags, wanted, glibc, cpu_flags, prereleases=bool(allowed))
        return tuple(release.version for release in found)

    def _fitting(
        self,
        name: str,
        tags: Sequence[str],
        specifier: str,
        glibc: str | None,
        flags: Sequence[str] | None,
        *,
        prereleases: bool,
    ) -> Iterator[Release]:
        accepted = Accepted.of(tags)
        wanted = SpecifierSet(specifier)
        for release in self._newest_first(name):
            listed = release.final or (prereleases and not release.yanked)
            if not listed or not wanted.contains(release.version, prereleases=True):
                continue
            if self._fits(release, accepted) and not self._machine_lacks(release, accepted, glibc, flags):
                yield release

    def _machine_lacks(
        self, release: Release, accepted: Accepted, glibc: str | None, flags: Sequence[str] | None
    ) -> str | None:
        own = release.name in self.family
        return self.floors.lacking(release.version, accepted.platform, glibc, flags) if own else None

    def processor_flags(self, version: str) -> tuple[str, ...]:
        """The processor features that the x86 builds of a release need (`avx`)."""
        return self.floors.processor_flags(version)

    def bounds(self, version: str, python_minor: str, *, affects: Sequence[str] | None = None) -> tuple[str, ...]:
        """The measured bounds of a release on a Python as requirements; all, or those that matter to some uses."""
        return tuple(
            bound.text(version)
            for bound in self.measured_bounds
            if bound.applies(version, python_minor) and (affects is None or bound.affects in affects)
        )

    def companions(self, version: str, python_minor: str) -> frozenset[str]:
        """Canonical names of what is used beside a release, and of which not every release pairs with it."""
        return frozenset(b.name for b in self.measured_bounds if b.companion and b.applies(version, python_minor))

    def requirements(self, version: str) -> tuple[str, ...]:
        """What this release of `tensorflow` declares, markers included; empty when it is not in the data."""
        release = self.get("tensorflow", version)
        return self.requires.get(release.version, ()) if release else ()

    def pythons(self, name: str, version: str, platform: str) -> tuple[str, ...]:
        """The Python versions (`3.9`) with a usable wheel on a platform (`linux-x86_64`, `macosx-12.0-arm64`)."""
        release, kind = self.get(name, version), kind_of(platform) or platform
        found: dict[str, None] = {}
        for tag, tags in release.wheels.items() if release else ():
            if not same_kind(tag, kind):
                continue
            minors = [minor for python in tags.split() if (minor := minor_of(python))]
            partner = release.stub.get(tag) if release else None
            if partner is not None:
                having = self.pythons(partner, version, platform) if partner else ()
                minors = [minor for minor in minors if minor in having]
            found.update(dict.fromkeys(minors))
        return tuple(sorted(found, key=Version))

    def newest_elsewhere(self, name: str, platform: str, within: SpecifierSet | None = None) -> dict[str, str]:
        """The newest final release, within bounds, for every Python version on a platform."""
        newest: dict[str, str] = {}
        for release in self._newest_first(name):
            if release.final and (within is None or release.version in within):
                for minor in self.pythons(name, release.version, platform):
                    newest.setdefault(minor, release.version)
        return dict(sorted(newest.items(), key=lambda item: Version(item[0])))

    def why_not(
        self,
        name: str,
        version: str,
        tags: Sequence[str],
        *,
        glibc: str | None = None,
        cpu_flags: Sequence[str] | None = None,
    ) -> str | None:
        """One sentence why a release cannot be used by this interpreter on this machine; None when it can."""
        release, accepted = self.get(name, version), Accepted.of(tags)
        label = f"`{name}` {version}"
        if release is None:
            return f"{label} is not in the data of tfrepair, which is as of {self.measured}"
        if not release.wheels:
            return f"{label} has no wheel, only a source archive"
        if self._fits(release, accepted):
            lacking = self._machine_lacks(release, accepted, glibc, cpu_flags)
            return f"{label} does not run here: {lacking}" if lacking else None
        here = [tag for tag in release.wheels if same_kind(tag, accepted.platform)]
        if not here:
            kinds = dict.fromkeys(kind_of(tag) or tag for tag in release.wheels)
            return f"{label} has no wheel for {accepted.platform or 'this platform'}, only for {', '.join(kinds)}"
        pythons = self.pythons(name, version, accepted.platform)
        if accepted.minor in pythons and accepted.free_threaded:
            return f"{label} has no wheel for a free-threaded Python"
        if accepted.minor in pythons:
            return f"{label} has wheels for Python {accepted.minor}, but for a newer system: {', '.join(here)}"
        if any(accepted.minor == minor_of(python) for tag in here for python in release.wheels[tag].split()):
            partner = next((release.stub[tag] for tag in here if release.stub.get(tag)), None)
            code = (
                f"and its code, `{partner}` {version}, has no wheel for it" if partner else "and nothing has its code"
            )
            return f"{label} is an empty wheel for Python {accepted.minor} here, {code}"
        supported = ", ".join(pythons) or "none that can be used"
        return f"{label} has no wheel for Python {accepted.minor} on {accepted.platform}; it has them for {supported}"
