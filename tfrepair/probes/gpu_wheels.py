"""The nvidia-* distributions that bring CUDA into an environment, against what the TensorFlow on disk asks for."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Any

from packaging.requirements import Requirement
from packaging.utils import canonicalize_name
from packaging.version import InvalidVersion, Version

from tfrepair.model.dependencies import active, of_extra
from tfrepair.model.facts import Unknown
from tfrepair.model.gpu import EXTRA, ExtraProblem
from tfrepair.probes.collector import Context, Probe, known, unknown
from tfrepair.target.records import is_native
from tfrepair.target.release_data import load_gpu_data

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping, Sequence

    from packaging.specifiers import SpecifierSet

    from tfrepair.model.facts import Fact

_NAME = "gpu_wheels"
_WHEEL = re.compile(r"(?P<base>nvidia-[a-z0-9-]+)-cu(?P<cuda>\d\d)")
"""From CUDA 13 on the names have no number, and the files lie in a folder of their own: those are nobody's trouble."""

_Row = dict[str, Any]


def _collect(context: Context) -> Iterator[Fact]:
    rows: list[_Row] = context.facts.value("inventory.distributions", [])
    if isinstance(context.facts.get("inventory.distributions"), Unknown):
        yield from unknown(_NAME, PROBE.provides, "the inventory could not be read")
        return
    wheels = [row for row in rows if _WHEEL.fullmatch(_canonical(row))]
    installed = [{"name": _canonical(row), "version": row["version"], "cuda": _cuda(row)} for row in wheels]
    yield from known(_NAME, {**dict.fromkeys(PROBE.provides), "gpu_wheels.installed": installed})
    build = context.facts.get("cuda.build")
    if isinstance(build, Unknown):
        yield from unknown(_NAME, (path for path in PROBE.provides if path != "gpu_wheels.installed"), build.reason)
    elif context.facts.value("cuda.build"):
        yield from known(_NAME, _compared(wheels, rows, context))


def _compared(wheels: Sequence[_Row], rows: Sequence[_Row], context: Context) -> dict[str, Any]:
    version = str(context.facts.value("tensorflow.version", ""))
    wanted = _wanted(version, rows, context)
    problem = load_gpu_data().extra_problem(version, context.target.interpreter.minor)
    if problem is None and not _belongs(wanted, context):
        problem = ExtraProblem(why="this build uses another CUDA or cuDNN than the one that the extra belongs to")
    usable = problem is None and bool(wanted) and context.target.host.system == "linux"
    foreign = _foreign(wheels, wanted)
    needed_by = _needed_by(rows, context)
    removable = _removable(foreign, needed_by)
    damaged = sorted((row for row in wheels if _is_damaged(row) and _canonical(row) in wanted), key=_by_library)
    shared = {_WHEEL.fullmatch(_canonical(row))["base"] for row in foreign}  # type: ignore[index]  # all are wheels
    names = {_canonical(row) for row in wheels}
    return {
        "gpu_wheels.extra": usable,
        **_problem_facts(problem),
        "gpu_wheels.wanted": [str(requirement) for requirement in wanted.values()],
        "gpu_wheels.absent": [name for name in wanted if name not in names],
        "gpu_wheels.unfit": [
            {
                "name": name,
                "installed": row["version"],
                "wanted": str(wanted[name].specifier),
                "needed_by": needed_by.get(name, []),
            }
            for row in wheels
            if (name := _canonical(row)) in wanted and not _fits(row["version"], wanted[name].specifier)
        ],
        "gpu_wheels.foreign": [
            {
                "name": _canonical(row),
                "version": row["version"],
                "cuda": _cuda(row),
                "needed_by": needed_by.get(_canonical(row), []),
            }
            for row in foreign
        ],
        "gpu_wheels.removable": removable,
        "gpu_wheels.damaged": [
            {
                "name": _canonical(row),
                "version": row["version"],
                "missing": row["missing"],
                "altered": row["altered"],
                "example": _telling(row),
            }
            for row in damaged
        ],
        "gpu_wheels.rewrite": sorted(
            {_canonical(row) for row in damaged} | {n for n in names if n in wanted and _base(n) in shared}
        ),
    }


def _is_damaged(row: _Row) -> bool:
    """More is gone than the likes of `nvidia/__init__.py`: empty files of all these wheels, which go with any one."""
    return bool(row["altered"]) or row["missing"] > sum(map(_is_mark, row["examples"]))


def _is_mark(path: str) -> bool:
    return path.endswith("/__init__.py")


def _telling(row: _Row) -> str:
    """Of its examples, in which what is missing stands before what is altered, a library, else not the empty file."""
    return str(min(row["examples"], key=lambda path: (not is_native(path), _is_mark(path))))


def _by_library(row: _Row) -> tuple[bool, str]:
    """Those that lack a library come first."""
    return not is_native(_telling(row)), _canonical(row)


def _belongs(wanted: Mapping[str, Requirement], context: Context) -> bool:
    """The wheels are of the CUDA and the cuDNN that this build opens."""
    cuda = str(context.facts.value("cuda.version", "")).partition(".")[0]
    cudnn = str(context.facts.value("cuda.cudnn", "")).partition(".")[0]
    asked = wanted.get(f"nvidia-cudnn-cu{cuda}")
    lowest = [clause.version for clause in asked.specifier if clause.operator in {"==", ">="}] if asked else []
    return not cuda or not wanted or (bool(lowest) and (not cudnn or lowest[0].partition(".")[0] == cudnn))


def _problem_facts(problem: ExtraProblem | None) -> dict[str, Any]:
    return {
        "gpu_wheels.extra_problem": problem.why if problem else None,
        "gpu_wheels.instead": problem.instead if problem else None,
    }


def _canonical(row: _Row) -> str:
    return canonicalize_name(str(row["name"]))


def _base(name: str) -> str | None:
    found = _WHEEL.fullmatch(name)
    return found["base"] if found else None


def _cuda(row: _Row) -> str:
    found = _WHEEL.fullmatch(_canonical(row))
    return found["cuda"] if found else ""


def _wanted(version: str, rows: Iterable[_Row], context: Context) -> dict[str, Requirement]:
    """By name, what the extra asks for: as the metadata on disk says, else as the data about releases does."""
    name = context.facts.value("tensorflow.name")
    own = next((row["requires"] for row in rows if _canonical(row) == name and row["version"] == version), ())
    found = list(of_extra(own, EXTRA, context.target.interpreter.markers))
    found = found or [Requirement(line) for line in load_gpu_data().wheels(version)]
    plain = (Requirement(f"{requirement.name}{requirement.specifier}") for requirement in found)
    return {canonicalize_name(requirement.name): requirement for requirement in plain}


def _fits(version: str, wanted: SpecifierSet) -> bool:
    """A newer one of the same major version serves too, where exactly one is asked for."""
    exact = next((clause.version for clause in wanted if clause.operator == "=="), None)
    try:
        own = Version(version)
        return wanted.contains(own, prereleases=True) or (
            exact is not None and own >= Version(exact) and own.major == Version(exact).major
        )
    except InvalidVersion:
        return True  # not for us to judge


def _foreign(wheels: Sequence[_Row], wanted: Iterable[str]) -> list[_Row]:
    """Wheels of another CUDA that write into the folders of those that are asked for."""
    names = set(wanted)
    bases = {base for name in names if (base := _base(name))}
    return [row for row in wheels if _canonical(row) not in names and _base(_canonical(row)) in bases]


def _needed_by(rows: Iterable[_Row], context: Context) -> dict[str, list[str]]:
    """By name, the installed distributions that require it."""
    found: dict[str, list[str]] = {}
    for row in rows:
        for requirement in active(row["requires"], context.target.interpreter.markers):
            found.setdefault(canonicalize_name(requirement.name), []).append(_canonical(row))
    return found


def _removable(foreign: Sequence[_Row], needed_by: dict[str, list[str]]) -> list[str]:
    """Those that nothing needs but others of them."""
    names = {_canonical(row) for row in foreign}
    while kept := {name for name in names if not set(needed_by.get(name, ())) <= names}:
        names -= kept
    return sorted(names)


PROBE = Probe(
    name=_NAME,
    provides={
        "gpu_wheels.installed": "List of `{name, version, cuda}`: the nvidia-* distributions that name a CUDA (`12`).",
        "gpu_wheels.extra": (
            "True or false: the extra `and-cuda` of the release on disk brings CUDA that it finds here; absent for a "
            "build without CUDA, as are all that follow."
        ),
        "gpu_wheels.extra_problem": "Text: why that extra does not.",
        "gpu_wheels.instead": "Text: the release whose extra does.",
        "gpu_wheels.wanted": "List of texts: the requirements of that extra.",
        "gpu_wheels.absent": "List of texts: the names among them that are not installed.",
        "gpu_wheels.unfit": (
            "List of `{name, installed, wanted, needed_by}`: those that are too old, or of another major version."
        ),
        "gpu_wheels.foreign": (
            "List of `{name, version, cuda, needed_by}`: those of another CUDA that write into the same folders."
        ),
        "gpu_wheels.removable": "List of texts: names among these that nothing else needs.",
        "gpu_wheels.damaged": (
            "List of `{name, version, missing, altered, example}`: those whose files are not as recorded, and one of "
            "these files; those that lack a library come first."
        ),
        "gpu_wheels.rewrite": "List of texts: names of what must be written anew because its files are not its own.",
    },
    after=("inventory", "tensorflow", "cuda"),
    collect=_collect,
)
