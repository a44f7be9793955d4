"""The release, the wheel and the CUDA that a text asks for, held against the machine: what a program does not say."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Any

from packaging.specifiers import InvalidSpecifier, SpecifierSet

from tfrepair.model.facts import Absent, Fact, Facts, Known
from tfrepair.model.tags import minor_of, same_kind
from tfrepair.reason.text_facts import REFUSED
from tfrepair.reason.told_cuda import cuda_told

if TYPE_CHECKING:
    from tfrepair.model.gpu import GpuData
    from tfrepair.model.releases import Releases

SOURCE = "text"
_REFUSED_WHEEL = re.compile(
    r"tensorflow[\w.+-]{0,60}-(?P<pythons>(?:cp|py)\d[\w.]{0,20})-[\w.]{1,20}-(?P<platform>[\w.]{2,60})\.whl"
    rf" {REFUSED}"
)
_REQUIREMENT = re.compile(r"requirement tensorflow(?P<bounds>[<>=!~][<>=!~\d.,*]{1,60})")
_OFFERED = re.compile(r"requirement tensorflow(?![\w-])[^\n]{0,120}\(from versions: (\d[^\n)]{1,2000})")
"""The releases that the index has for a Python and a machine, the oldest first."""
_SYSTEMS = {"linux": "linux", "darwin": "macosx", "windows": "win"}
_MACHINES = {"aarch64": "arm64"}
"""How a processor is called on a Mac."""
_USUAL = {
    "linux": ("linux-x86_64", "linux-aarch64"),
    "darwin": ("macosx-x86_64", "macosx-arm64"),
    "windows": ("win-amd64",),
}
"""What a machine of which only the system is known may be, or not even that."""


def asked_release(text: str, facts: Facts, releases: Releases, gpu: GpuData) -> Facts:
    """Facts `release.fits`, `release.pythons` and those about CUDA, cuDNN and the driver that the text names."""
    minor, kind = facts.value("interpreter.minor"), _kind(facts)
    told = _refused(text, minor, kind) if REFUSED in text else _listed(text, facts, releases)
    told |= cuda_told(text, facts, releases, gpu)
    return Facts.of(
        Fact(path=path, state=Absent() if value is None else Known(value), source=SOURCE)
        for path, value in told.items()
    )


def _refused(text: str, minor: Any, kind: str) -> dict[str, Any]:
    """A wheel that pip refused says itself what it is for: another processor, or another Python."""
    wheel = _REFUSED_WHEEL.search(text)
    if wheel is None or not kind:
        return {}
    if not same_kind(wheel["platform"], kind) and wheel["platform"] != "any":
        return {"release.fits": False, "release.pythons": []}
    pythons = [python for tag in wheel["pythons"].split(".") if (python := minor_of(tag))]
    if not pythons or not minor:
        return {}
    return {"release.fits": minor in pythons, "release.pythons": pythons}


def _listed(text: str, facts: Facts, releases: Releases) -> dict[str, Any]:
    """What is asked of the index; where not all is known of the machine, what holds whatever it is."""
    version = facts.value("tensorflow.version")
    bounds = _REQUIREMENT.search(text)
    if bounds and not bounds["bounds"].startswith("=="):
        version = None
    answers = [
        _of_one(version, minor, kind, releases)
        if version
        else _of_some(bounds["bounds"] if bounds else "", minor, kind, releases)
        for minor, kind in _possible(text, facts, releases)
    ]
    fits = {answer.get("release.fits") for answer in answers}
    if len(fits) != 1 or fits == {None} or (len(answers) > 1 and fits == {True}):
        return {}
    pythons = dict.fromkeys(python for answer in answers for python in answer["release.pythons"])
    return {"release.fits": fits.pop(), "release.pythons": list(pythons)}


def _possible(text: str, facts: Facts, releases: Releases) -> list[tuple[str, str]]:
    """The Pythons and kinds of machine that a text may be from: those known, and those that fit what was offered."""
    minor, kind = facts.value("interpreter.minor"), _kind(facts)
    kinds = (kind,) if kind else () if facts.value("host.machine") else _usual(facts.value("host.system"))
    if minor:
        return [(minor, each) for each in kinds]
    offered = _OFFERED.search(text)
    oldest = offered[1].split(",")[0].strip() if offered else ""
    return [(python, each) for each in kinds for python in _pythons_from(oldest, each, releases)] if oldest else []


def _usual(system: Any) -> tuple[str, ...]:
    """The kinds of a system, or where it is not known all: what holds on each of them holds here."""
    return _USUAL.get(system, ()) if system else tuple(kind for kinds in _USUAL.values() for kind in kinds)


def _pythons_from(oldest: str, kind: str, releases: Releases) -> list[str]:
    """The Pythons whose releases on a kind of machine begin in the line of this one."""
    first: dict[str, str] = {}
    for version in releases.by_name["tensorflow"]:
        for python in releases.pythons("tensorflow", version, kind):
            first.setdefault(python, version)
    return [python for python, version in first.items() if _line(version) == _line(oldest)]


def _line(version: str) -> list[str]:
    """Of which line a release is: of old candidates nothing is known but that."""
    return version.split(".")[:2]


def _of_one(version: str, minor: str, kind: str, releases: Releases) -> dict[str, Any]:
    if releases.get("tensorflow", version) is None:
        return {}
    pythons = releases.pythons("tensorflow", version, kind)
    return {"release.fits": minor in pythons, "release.pythons": list(pythons)}


def _of_some(bounds: str, minor: Any, kind: str, releases: Releases) -> dict[str, Any]:
    """What is wrong with a request for one of several; that one of them fits says nothing of the day it was made."""
    try:
        pythons = list(releases.newest_elsewhere("tensorflow", kind, SpecifierSet(bounds)))
    except InvalidSpecifier:
        return {}
    return {} if minor in pythons else {"release.fits": False, "release.pythons": pythons}


def _kind(facts: Facts) -> str:
    """The kind of machine as wheels call it; empty when the system or the processor is not known."""
    system, machine, bits = (facts.value(path) for path in ("host.system", "host.machine", "interpreter.bits"))
    if system not in _SYSTEMS or not machine:
        return ""
    if system == "windows":
        return "win-32" if bits == 32 else "win-arm64" if machine in {"arm64", "aarch64"} else "win-amd64"  # noqa: PLR2004
    name = _MACHINES.get(machine, machine) if system == "darwin" else machine
    prefix = "musllinux" if facts.value("host.libc") == "musl" else _SYSTEMS[system]
    return f"{prefix}-{name}"
