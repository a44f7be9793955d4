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
    from tfrepair.model.releases import Releases

SOURCE = "text"
_REFUSED_WHEEL = re.compile(
    r"tensorflow[\w.+-]{0,60}-(?P<pythons>(?:cp|py)\d[\w.]{0,20})-[\w.]{1,20}-(?P<platform>[\w.]{2,60})\.whl"
    rf" {REFUSED}"
)
_REQUIREMENT = re.compile(r"requirement tensorflow(?P<bounds>[<>=!~][<>=!~\d.,*]{1,60})")
_SYSTEMS = {"linux": "linux", "darwin": "macosx", "windows": "win"}
_MACHINES = {"aarch64": "arm64"}
"""How a processor is called on a Mac."""


def asked_release(text: str, facts: Facts, releases: Releases) -> Facts:
    """Facts `release.fits`, `release.pythons`, `cuda.version` and `cuda.fits` about what the text names."""
    minor, kind = facts.value("interpreter.minor"), _kind(facts)
    told = _refused(text, minor, kind) if REFUSED in text else _listed(text, facts, minor, kind, releases)
    told |= cuda_told(text, facts, releases)
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
    if not pythons or not minor or minor in pythons:
        return {}
    return {"release.fits": False, "release.pythons": pythons}


def _listed(text: str, facts: Facts, minor: Any, kind: str, releases: Releases) -> dict[str, Any]:
    version = facts.value("tensorflow.version")
    if not (kind and minor):
        return {}
    bounds = _REQUIREMENT.search(text)
    if bounds and not bounds["bounds"].startswith("=="):
        return _of_some(bounds["bounds"], minor, kind, releases)
    if not version:
        return _of_some("", minor, kind, releases)
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
