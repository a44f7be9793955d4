"""The plan that a case's facts lead to, with an index that answers what the case says."""

from __future__ import annotations

from contextlib import suppress
from dataclasses import dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

from packaging.specifiers import SpecifierSet
from packaging.utils import canonicalize_name

from tfrepair.app.plugins import plugins
from tfrepair.errors import NoRepairError, UnresolvableError
from tfrepair.model.facts import Fact, Facts, Known
from tfrepair.model.goals import Goals
from tfrepair.model.plan import Choice, Lock, Pin
from tfrepair.model.wire import installed_in
from tfrepair.reason.goals import acting, goals_of, in_the_way
from tfrepair.reason.planner import make_plan
from tfrepair.reason.situation import Situation

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from tfrepair.app.cases import Case
    from tfrepair.model.finding import Diagnosis
    from tfrepair.model.playbook import Playbook
    from tfrepair.model.releases import Releases
    from tfrepair.model.resolution import Resolve, ResolveRequest

SITE = "lib/python{minor}/site-packages"


@dataclass(frozen=True, slots=True)
class _Index:
    """A resolver that answers from the case. Raises UnresolvableError for a root that it does not have."""

    versions: Mapping[str, str]

    def __call__(self, request: ResolveRequest) -> Lock:
        from packaging.requirements import Requirement

        for line in (*request.roots, *request.constraints):
            requirement = Requirement(line)
            name = canonicalize_name(requirement.name)
            version = self.versions.get(name)
            wanted = name if line in request.roots else None
            if version is None and wanted is not None:
                raise _unmet(f"no `{name}`", line)
            if version is not None and not requirement.specifier.contains(version, prereleases=True):
                raise _unmet(f"`{name}` {version}", line)
        pins = tuple(Pin(name=name, version=version, hashes=()) for name, version in self.versions.items())
        return Lock(pins=pins, pylock="", method="case")


def _unmet(found: str, line: str) -> UnresolvableError:
    said = f"{line} is asked for, and `index` of the case has {found}"
    return UnresolvableError(said, reason=said)


@dataclass(slots=True)
class _Guess:
    """A resolver without an index: what is there where it fits, else what worked with the release."""

    there: Mapping[str, str]
    worked: Mapping[str, str]
    versions: dict[str, str]
    """What it has answered last."""

    def __call__(self, request: ResolveRequest) -> Lock:
        from packaging.requirements import Requirement

        asked: dict[str, SpecifierSet] = {}
        for line in (*request.constraints, *request.roots):
            requirement = Requirement(line)
            name = canonicalize_name(requirement.name)
            asked[name] = asked.get(name, SpecifierSet()) & requirement.specifier
        names = {*self.worked, *(canonicalize_name(Requirement(line).name) for line in request.roots)}
        found = {name: self._version(name, asked.get(name, SpecifierSet())) for name in sorted(names)}
        self.versions = found
        return _Index(found)(request)

    def _version(self, name: str, asked: SpecifierSet) -> str:
        for versions in (self.there, self.worked):
            version = versions.get(name)
            if version is not None and asked.contains(version, prereleases=True):
                return version
        said = f"only an index knows which `{name}` fits"
        raise UnresolvableError(said, reason=said)


def planned(
    case: Case, diagnosis: Diagnosis, playbooks: Sequence[Playbook]
) -> tuple[Mapping[str, str], tuple[str, ...]]:
    """The lines of a plan that the facts alone lead to, and what the case's index must have for it.

    Raises NoRepairError, UsageError, UnresolvableError.
    """
    from tfrepair.target.release_data import load_known_good

    rows = case.facts.value("inventory.distributions", [])
    there: dict[str, str] = {canonicalize_name(row["name"]): str(row["version"]) for row in rows}
    name, version = case.facts.value("tensorflow.name"), case.facts.value("tensorflow.version")
    lock = load_known_good().get(str(name), str(version), str(case.facts.value("interpreter.minor")))
    guess = _Guess(there, dict(lock.pins) if lock is not None else {}, {})
    lines = _lines(case, diagnosis, playbooks, guess)
    changed = {name: version for name, version in guess.versions.items() if there.get(name) != version}
    for index in (changed, guess.versions):
        with suppress(NoRepairError):  # what stays may be asked for by name
            if operations_of(replace(case, index=index), diagnosis, playbooks) == lines:
                return index, lines
    raise UnresolvableError("no index of fixed versions leads to its plan", reason="index")


def operations_of(case: Case, diagnosis: Diagnosis, playbooks: Sequence[Playbook]) -> tuple[str, ...]:
    """The lines of the plan; none when nothing acts here. Raises NoRepairError, UsageError."""
    return _lines(case, diagnosis, playbooks, None)


def _lines(case: Case, diagnosis: Diagnosis, playbooks: Sequence[Playbook], resolve: Resolve | None) -> tuple[str, ...]:
    """The lines of the plan; with a resolver other than the case's index, what that one leads to."""
    from tfrepair.target.release_data import load_releases

    facts, releases = case.facts, load_releases()
    findings = acting(diagnosis)
    if not findings or in_the_way(findings):
        return ()
    goals = goals_of(findings, playbooks, facts, plugins().all_actions) | Goals(install=("tensorflow",))
    choice = _choice(case, releases)
    versions: dict[str, str] = {choice.name: choice.version}
    versions |= {canonicalize_name(name): version for name, version in case.index.items()}
    situation = _situation(facts, goals, choice, releases, tuple(finding.id for finding in findings))
    return tuple(operation.summary for operation in make_plan(situation, resolve or _Index(versions)).operations)


def _choice(case: Case, releases: Releases) -> Choice:
    """The release that the case's index has, else the one that is there."""
    given = ((name, version) for name, version in case.index.items() if canonicalize_name(name) in releases.family)
    found = next(given, None)
    if found is not None:
        return Choice(name=canonicalize_name(found[0]), version=found[1], reason="the case's index has it")
    name, version = case.facts.value("tensorflow.name"), case.facts.value("tensorflow.version")
    if name is None or version is None:
        raise UnresolvableError("no TensorFlow is there, and the case's `index` has none", reason="index")
    return Choice(name=str(name), version=str(version), reason="it is there")


def _situation(facts: Facts, goals: Goals, choice: Choice, releases: Releases, causes: tuple[str, ...]) -> Situation:
    prefix = str(facts.value("environment.prefix", "/env"))
    minor = str(facts.value("interpreter.minor", "3.10"))
    rebuild = goals.rebuild or facts.value("interpreter.starts") is False
    return Situation(
        round=1,
        prefix=prefix,
        fingerprint=None,
        strategy="rebuild" if rebuild else "in-place",
        python=str(facts.value("interpreter.executable", f"{prefix}/bin/python")),
        base=str(facts.value("interpreter.base_executable", "python")) if rebuild else None,
        base_version=str(facts.value("interpreter.version", f"{minor}.0")),
        same_minor=True,
        markers=_markers(facts, minor),
        distributions=installed_in(_with_metadata(facts, prefix, minor)),
        goals=goals,
        causes=causes,
        choice=choice,
        family=frozenset(releases.family),
        folders=tuple(frozenset(names) for names in releases.folders.values()),
        bounds=releases.bounds(choice.version, minor),
        cutoff=None,
        leftovers=_leftovers(facts, prefix),
        unfit=frozenset(item["name"] for item in facts.value("bounds.broken", [])),
    )


def _markers(facts: Facts, minor: str) -> dict[str, str]:
    system = str(facts.value("host.system", "linux"))
    return {
        "python_version": minor,
        "python_full_version": str(facts.value("interpreter.version", f"{minor}.0")),
        "sys_platform": "win32" if system == "windows" else system,
        "platform_system": system.capitalize(),
        "platform_machine": str(facts.value("host.machine", "x86_64")),
        "platform_python_implementation": "CPython",
        "implementation_name": "cpython",
        "os_name": "nt" if system == "windows" else "posix",
        "extra": "",
    }


def _with_metadata(facts: Facts, prefix: str, minor: str) -> Facts:
    """The facts with a metadata folder for each distribution that the case names without one."""
    rows: list[dict[str, Any]] = facts.value("inventory.distributions", [])
    site = f"{prefix}/{SITE.format(minor=minor)}"
    whole = [{"metadata_path": f"{site}/{_metadata_name(row)}", **row} for row in rows]
    return facts.merged(Facts.of([Fact(path="inventory.distributions", state=Known(whole), source="case")]))


def _metadata_name(row: Mapping[str, Any]) -> str:
    return f"{str(row['name']).replace('-', '_')}-{row['version']}.dist-info"


def _leftovers(facts: Facts, prefix: str) -> tuple[tuple[str, str], ...]:
    folder = facts.value("tensorflow.folder")
    if folder is None or not Path(folder).is_relative_to(prefix):
        return ()
    return ((Path(folder).relative_to(prefix).as_posix(), "whatever is left of TensorFlow's files"),)
