"""Whether the extra `and-cuda`, which brings CUDA and cuDNN as wheels, is installed with the chosen release."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from packaging.requirements import Requirement
from packaging.utils import canonicalize_name
from packaging.version import InvalidVersion, Version

from tfrepair.model.dependencies import active, rules_out
from tfrepair.model.gpu import EXTRA, at_least

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

    from tfrepair.model.distribution import Distribution
    from tfrepair.model.facts import Facts
    from tfrepair.model.gpu import GpuData
    from tfrepair.model.plan import Choice
    from tfrepair.model.release import Release


@dataclass(frozen=True, slots=True, kw_only=True)
class Acceleration:
    """What is done about the GPU, and why."""

    extra: bool = False
    """The extra is installed."""
    bounds: tuple[str, ...] = ()
    """What it asks for."""
    note: str | None = None
    """A sentence for the plan; None when there is nothing to say."""

    @property
    def extras(self) -> tuple[str, ...]:
        """Extras of the chosen distribution."""
        return (EXTRA,) if self.extra else ()

    def given_up(self, why: str) -> str:
        """The sentence for a plan that goes without the extra after all."""
        return f"a GPU is there, and no CUDA libraries are installed for it, because they cannot be had here: {why}"


@dataclass(frozen=True, slots=True, kw_only=True)
class Obstacle:
    """Why the release cannot be given a GPU here."""

    text: str
    cause: str
    """The playbook whose manual steps help."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Installation:
    """What is installed, where, and what was asked for."""

    choice: Choice
    release: Release | None
    """What the data about releases says of it."""
    system: str
    machine: str
    python_minor: str
    anew: bool
    """No TensorFlow is there yet."""
    stays: bool
    """The chosen release is there already, alone and whole."""
    named: bool
    """The pin names the extra itself."""
    disputed: str | None = None
    """Who has CUDA wheels of other versions here and needs them, in words."""


def acceleration(mode: str, wanted: Installation, facts: Facts, data: GpuData) -> Acceleration | Obstacle:
    """What `--gpu` (`auto`, `require`, `ignore`) comes to.

    With `auto` the extra is installed where TensorFlow is installed anew, a GPU is there and nothing stands against it;
    what stands against it is a note. With `require` it is installed unless the libraries are there already, and what
    stands against it is an obstacle.
    """
    if mode == "ignore" or wanted.named:
        return Acceleration()
    found = facts.value("gpu.nvidia") is True
    if mode == "auto" and not (wanted.anew and found):
        return Acceleration()
    if mode == "require" and wanted.stays and facts.value("cuda.missing") == []:
        return Acceleration(note="the CUDA libraries that TensorFlow opens are all there: they stay as they are")
    obstacle = _obstacle(wanted, facts, data)
    if obstacle is None and _from_the_system(wanted):
        return Acceleration(note=f"{_label(wanted)} uses the CUDA of the system: {_installed_cuda(facts)}")
    if obstacle is None and wanted.disputed and mode == "auto":
        return Acceleration(note=f"no CUDA libraries are installed for the GPU that is there: {wanted.disputed}")
    if obstacle is None:
        lines = data.wheels(wanted.choice.version)
        return Acceleration(extra=True, bounds=lines, note=_chosen(wanted, facts, data))
    if mode == "require":
        return obstacle
    return Acceleration(note=f"a GPU is there, and no CUDA libraries are installed for it: {obstacle.text}")


def disputed(distributions: Iterable[Distribution], lines: Iterable[str], markers: Mapping[str, str]) -> str | None:
    """Which installed distribution needs a CUDA wheel at another version than these requirements allow, in words."""
    present = tuple(distributions)
    asked: dict[str, Requirement] = {canonicalize_name(each.name): each for each in map(Requirement, lines)}
    for wheel in present:
        requirement = asked.get(wheel.canonical_name)
        if requirement is None or not rules_out(requirement, wheel.canonical_name, wheel.version):
            continue
        for user in present:
            if any(canonicalize_name(each.name) == wheel.canonical_name for each in active(user.requires, markers)):
                return f"{user.name} {user.version} needs {wheel.name} {wheel.version}, and TensorFlow {requirement}"
    return None


def _label(wanted: Installation) -> str:
    return f"{wanted.choice.name} {wanted.choice.version}"


def _cuda(wanted: Installation) -> str | None:
    return wanted.release.cuda if wanted.release else None


def _obstacle(wanted: Installation, facts: Facts, data: GpuData) -> Obstacle | None:
    for check in (_build, _driver, _libraries):
        obstacle = check(wanted, facts, data)
        if obstacle is not None:
            return obstacle
    return None


def _build(wanted: Installation, _: Facts, data: GpuData) -> Obstacle | None:
    choice, system = wanted.choice, wanted.system
    if data.is_cuda_build(choice.name, choice.version, system, wanted.machine):
        return None
    if system == "windows" and choice.name == "tensorflow":
        text = f"{_label(wanted)} for Windows cannot use one: 2.10 was the last release that could"
        return Obstacle(text=text, cause="windows-gpu-dropped")
    text = f"{_label(wanted)} for {system} on {wanted.machine} is built without CUDA"
    return Obstacle(text=text, cause="missing-cuda-library")


def _driver(wanted: Installation, facts: Facts, data: GpuData) -> Obstacle | None:
    if facts.value("gpu.usable") is not True:
        text = "the GPU and its driver cannot be reached from here"
        return Obstacle(text=text, cause="gpu-driver-not-loaded")
    driver, cuda = facts.value("gpu.driver"), _cuda(wanted)
    if driver is None:
        return Obstacle(text="the version of its driver could not be learned", cause="driver-too-old")
    serving = [str(text) for path in ("gpu.driver", "gpu.compat") if (text := facts.value(path))]
    needed = _needed(wanted, facts, data)
    if needed is None or any(at_least(each, needed) for each in serving):
        return None
    text = f"the driver is {driver}; {_label(wanted)} is built with CUDA {cuda}, which needs {needed} or newer"
    return Obstacle(text=text, cause="driver-too-old")


def _needed(wanted: Installation, facts: Facts, data: GpuData) -> str | None:
    cuda = _cuda(wanted)
    system = "windows" if facts.value("gpu.wsl") else wanted.system
    return data.driver_needed(cuda, system) if cuda else None


def _libraries(wanted: Installation, facts: Facts, data: GpuData) -> Obstacle | None:
    problem = data.extra_problem(wanted.choice.version, wanted.python_minor)
    if _from_the_system(wanted):
        if _fitting(wanted, facts):
            return None
        cudnn = wanted.release.cudnn if wanted.release else None
        text = f"{_label(wanted)} takes CUDA {_cuda(wanted)} and cuDNN {cudnn} from the system"
        return Obstacle(text=f"{text}; installed is {_installed_cuda(facts)}", cause="missing-cuda-library")
    if problem is None and wanted.stays and facts.value("gpu_wheels.extra") is False:  # a build of somebody else's
        why = facts.value("gpu_wheels.extra_problem", "its extra is of no use here")
        return Obstacle(text=f"{_label(wanted)}: {why}", cause="missing-cuda-library")
    if problem is None:
        return None
    instead = f"; {problem.instead} is the next that does without that" if problem.instead else ""
    return Obstacle(text=f"{_label(wanted)}: {problem.why}{instead}", cause="gpu-wheels-missing-or-mixed")


def _from_the_system(wanted: Installation) -> bool:
    """The release has no such extra, or none on this system."""
    return wanted.system == "windows" or (wanted.release is not None and not wanted.release.and_cuda)


def _fitting(wanted: Installation, facts: Facts) -> list[dict[str, Any]]:
    """The installed toolkits of the CUDA that the release is built with: the same major and minor version."""
    cuda = _minor(_cuda(wanted))
    return [row for row in facts.value("cuda.toolkits", []) if cuda and _minor(row["version"]) == cuda]


def _minor(text: str | None) -> tuple[int, ...] | None:
    try:
        return Version(text).release[:2] if text else None
    except InvalidVersion:
        return None


def _installed_cuda(facts: Facts) -> str:
    rows: Iterable[dict[str, Any]] = facts.value("cuda.toolkits", [])
    return ", ".join(f"CUDA {row['version']} in `{row['path']}`" for row in rows) or "no CUDA"


def _chosen(wanted: Installation, facts: Facts, data: GpuData) -> str:
    names = ", ".join(dict.fromkeys(row["name"] for row in facts.value("gpu.devices", []))) or "an NVIDIA GPU"
    needed = _needed(wanted, facts, data)
    enough = f" is new enough for CUDA {_cuda(wanted)} ({needed} or newer)" if needed else " is loaded"
    return (
        f"{names} is there and its driver {facts.value('gpu.driver')}{enough}: "
        f"`{wanted.choice.name}[{EXTRA}]` brings CUDA and cuDNN; `--gpu ignore` leaves them out"
    )
