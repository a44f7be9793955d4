"""`tensorflow list`: which releases fit this machine and Python, and why the others do not."""

from __future__ import annotations

from contextlib import suppress
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

from packaging.utils import canonicalize_name
from packaging.version import InvalidVersion, Version

from tfrepair.errors import UsageError

if TYPE_CHECKING:
    from tfrepair.app.requests import Screen, TargetRequest
    from tfrepair.model.releases import Releases
    from tfrepair.model.target import Target


@dataclass(frozen=True, slots=True, kw_only=True)
class ListedRelease:
    """One line of the table."""

    name: str
    version: str
    date: str
    """Upload day, ISO 8601."""
    fits: bool
    reason: str | None
    """Why it does not fit, or why it is not taken unless it is asked for."""
    note: str | None = None
    """What stands in the way of another tool: the environment's own pip is too old for its wheels."""


@dataclass(frozen=True, slots=True, kw_only=True)
class ReleaseTable:
    """What `tensorflow list` shows."""

    target: Target
    releases: tuple[ListedRelease, ...]
    """The newest first."""
    newest: str | None
    """What is taken where nothing is asked for."""
    measured: str
    """The day of the data, ISO 8601."""


def release_table(name: str, where: TargetRequest, screen: Screen) -> ReleaseTable:
    """Every known release of a distribution against a target. Raises TargetError, UsageError."""
    from tfrepair.app.locate import locate
    from tfrepair.probes import host
    from tfrepair.probes.collector import ProbeOptions, collect
    from tfrepair.target.release_data import load_releases

    releases = load_releases()
    canonical = canonicalize_name(name)
    if canonical not in releases.family or not releases.by_name.get(canonical):
        known = ", ".join(sorted(known for known in releases.family if releases.by_name.get(known)))
        raise UsageError(f"`{name}` is no TensorFlow distribution that tfrepair knows", hint=f"known are {known}")
    target = locate(where, screen)
    flags = collect(target, ProbeOptions(imports=False), where.environ, probes=[host.PROBE]).value("host.cpu_flags")
    glibc = target.host.glibc
    tags = target.interpreter.tags
    own_pip = _pip_of(target)
    rows = tuple(
        replace(
            _listed(
                releases, canonical, version, releases.why_not(canonical, version, tags, glibc=glibc, cpu_flags=flags)
            ),
            note=_too_old(own_pip, releases.pip_floor(canonical, version, tags)),
        )
        for version in sorted(releases.by_name[canonical], key=Version, reverse=True)
    )
    newest = releases.newest(canonical, tags, glibc=glibc, cpu_flags=flags)
    return ReleaseTable(target=target, releases=rows, newest=newest, measured=releases.measured)


def _pip_of(target: Target) -> Version | None:
    """The version of the pip that is installed in the target."""
    from pathlib import Path

    from tfrepair.target.metadata import read_metadata

    for site in target.environment.site_folders:
        for path in sorted(Path(site).glob("pip-*.dist-info")):
            with suppress(InvalidVersion):
                return Version(read_metadata(path).version)
    return None


def _too_old(own: Version | None, floor: str | None) -> str | None:
    if own is None or floor is None or own >= Version(floor):
        return None
    return f"pip {own} of this environment is not offered it, pip {floor} is; tfrepair installs it without that pip"


def _listed(releases: Releases, name: str, version: str, why_not: str | None) -> ListedRelease:
    release = releases.by_name[name][version]
    reason = why_not
    if reason is None and release.yanked:
        reason = "withdrawn by its authors: taken only when it is named"
    elif reason is None and Version(version).is_prerelease:
        reason = "a pre-release: taken only when it is asked for"
    said = reason.removeprefix(f"`{name}` {version} ") if reason else None
    return ListedRelease(name=name, version=version, date=release.date, fits=why_not is None, reason=said)
