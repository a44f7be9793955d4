"""What is known about GPU builds: the drivers, the CUDA libraries and the wheels that each of them needs."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from packaging.utils import canonicalize_name
from packaging.version import InvalidVersion, Version

from tfrepair.model.bounds import within

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping, Sequence

EXTRA = "and-cuda"
"""The extra that brings CUDA and cuDNN as wheels."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Capabilities:
    """Which GPUs a build has code for, by compute capability (`8.6`)."""

    code: tuple[str, ...]
    """Machine code; it runs on GPUs of the same major number and the same or a higher minor number."""
    ptx: str | None = None
    """Intermediate code, which the driver compiles for this capability and all later ones."""

    def lacks(self, capability: str) -> bool:
        """There is no code of either kind for a GPU of this capability; False for what is no version."""
        gpu = _version(capability)
        if gpu is None or self.has_code(capability):
            return False
        ptx = _version(self.ptx)
        return ptx is None or gpu < ptx

    def has_code(self, capability: str) -> bool:
        """Nothing has to be compiled on a GPU of this capability."""
        gpu = _version(capability)
        parsed = (version for text in self.code if (version := _version(text)) is not None)
        return gpu is not None and any(own.major == gpu.major and own <= gpu for own in parsed)


@dataclass(frozen=True, slots=True, kw_only=True)
class ExtraProblem:
    """Why the extra `and-cuda` brings no GPU that works."""

    why: str
    instead: str | None = None
    """The release to take."""


@dataclass(frozen=True, slots=True, kw_only=True)
class GpuData:
    """All of it, as of the day it was measured."""

    families: Mapping[str, Mapping[str, str]]
    """By CUDA major version and system, the oldest driver."""
    toolkits: Mapping[str, Mapping[str, str]]
    """By CUDA version and system, the driver that came with it; the oldest CUDA first."""
    builds: tuple[Mapping[str, Any], ...] = field(repr=False)
    known_capabilities: tuple[Mapping[str, Any], ...] = field(repr=False)
    reported_too_new: tuple[Mapping[str, str], ...] = field(repr=False)
    file_names: tuple[Mapping[str, Any], ...] = field(repr=False)
    and_cuda: Mapping[str, tuple[str, ...]] = field(repr=False)
    """By release of `tensorflow`, what the extra asks for."""
    extra_fails: tuple[Mapping[str, Any], ...] = field(repr=False)

    @classmethod
    def parse(cls, drivers: Mapping[str, Any], builds: Mapping[str, Any]) -> GpuData:
        """From the two documents of the package's data folder."""
        return cls(
            families=drivers["families"],
            toolkits=drivers["toolkits"],
            builds=tuple(builds["builds"]),
            known_capabilities=tuple(builds["capabilities"]),
            reported_too_new=tuple(builds["too_new"]),
            file_names=tuple(builds["libraries"]),
            and_cuda={version: tuple(lines) for version, lines in builds["and_cuda"].items()},
            extra_fails=tuple(builds["extra_fails"]),
        )

    def is_cuda_build(self, name: str, version: str, system: str, machine: str) -> bool:
        """The release of this distribution is built with CUDA for this system; only x86_64 builds are."""
        if machine.lower() not in {"x86_64", "amd64"}:
            return False
        return any(
            row["name"] == canonicalize_name(name) and system in row["systems"] and within(version, row["tensorflow"])
            for row in self.builds
        )

    def driver_needed(self, cuda: str, system: str, *, compiles: bool = False) -> str | None:
        """The oldest driver for a CUDA (`12.5`); with `compiles`, that of its toolkit. None when it is not known."""
        parsed = _version(cuda)
        if parsed is None:
            return None
        own = self.toolkits.get(f"{parsed.major}.{parsed.minor}", {}).get(system)
        family = self.families.get(str(parsed.major), {}).get(system)
        if compiles or family is None:
            return own or family
        return min((family, own), key=Version) if own else family

    def cuda_supported(self, driver: str, system: str) -> str | None:
        """The newest CUDA whose toolkit came with this driver or an older one; None for one older than the data."""
        have = _version(driver)
        known = ((cuda, by_system[system]) for cuda, by_system in self.toolkits.items() if system in by_system)
        served = [cuda for cuda, oldest in known if have is not None and Version(oldest) <= have]
        return served[-1] if served else None

    def capabilities(self, version: str) -> Capabilities | None:
        """Which GPUs a release has code for; None when that is not known."""
        row = next((row for row in self.known_capabilities if within(version, row["tensorflow"])), None)
        return None if row is None else Capabilities(code=tuple(row["code"]), ptx=row["ptx"])

    def too_new(self, version: str, capability: str) -> str | None:
        """Why a GPU that is newer than the build does not work with it, where that was reported."""
        gpu = _version(capability)
        return next(
            (
                row["why"]
                for row in self.reported_too_new
                if gpu is not None and gpu >= Version(row["capability"]) and within(version, row["tensorflow"])
            ),
            None,
        )

    def libraries(self, cuda: str, cudnn: str | None, system: str) -> tuple[str, ...]:
        """The names of the files that a build with this CUDA and cuDNN opens; none when that is not known."""
        row = next((row for row in self.file_names if within(cuda, row["cuda"])), None)
        if row is None or not row.get(system):
            return ()
        major = (cudnn or "").partition(".")[0]
        pattern = "cudnn64_{}.dll" if system == "windows" else "libcudnn.so.{}"
        return (*row[system], *([pattern.format(major)] if major else []))

    def wheels(self, version: str) -> tuple[str, ...]:
        """What the extra `and-cuda` of a release of `tensorflow` asks for, as requirements."""
        return self.and_cuda.get(version, ())

    def extra_problem(self, version: str, python_minor: str) -> ExtraProblem | None:
        """Why the extra `and-cuda` of a release is no use on this Python; None when it is."""
        for row in self.extra_fails:
            if within(version, row["tensorflow"]) and within(python_minor, row.get("python", "")):
                return ExtraProblem(why=row["why"], instead=row.get("instead"))
        return None

    def finds_wheels(self, version: str) -> bool:
        """The release looks for CUDA in the nvidia-* wheels of its environment."""
        rows = (row for row in self.extra_fails if within(version, row["tensorflow"]))
        return all(row.get("finds_wheels", True) for row in rows)


def at_least(version: str, oldest: str) -> bool | None:
    """Whether a driver or library version is this one or newer; None when one of the two is no version."""
    have, need = _version(version), _version(oldest)
    return None if have is None or need is None else have >= need


def serves(asked: str, installed: str) -> bool | None:
    """A build for one CUDA finds its libraries in an installed one: the same major version, before 11 the minor too.

    None when one of the two is no version.
    """
    wanted, there = _version(asked), _version(installed)
    if wanted is None or there is None:
        return None
    if wanted.major >= _ONE_FAMILY or 1 in {len(wanted.release), len(there.release)}:
        return wanted.major == there.major
    return wanted.release[:2] == there.release[:2]


def one_serves(asked: str, installed: Iterable[str]) -> bool | None:
    """One of several does; None when there is none whose version is known."""
    answers = {serves(asked, version) for version in installed} - {None}
    return True in answers if answers else None


_ONE_FAMILY = 11
"""From this CUDA on the libraries of a major version have the same names."""


def lowest(versions: Iterable[str]) -> str | None:
    """The lowest of these versions; texts that are none do not count."""
    known: Sequence[str] = [text for text in versions if _version(text) is not None]
    return min(known, key=Version) if known else None


def _version(text: str | None) -> Version | None:
    try:
        return Version(text) if text else None
    except InvalidVersion:
        return None
