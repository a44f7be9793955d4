"""Whether what stands beside TensorFlow is in the range that this release works with."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from packaging.requirements import Requirement
from packaging.specifiers import SpecifierSet
from packaging.utils import canonicalize_name

from tfrepair.model.bounds import within
from tfrepair.model.dependencies import active
from tfrepair.model.facts import Absent, Fact, Known, State, Unknown
from tfrepair.probes.collector import Context, Probe, unknown
from tfrepair.target.release_data import load_releases

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from tfrepair.model.bounds import Bound


def collect(context: Context) -> Iterator[Fact]:
    """All facts about bounds; only what is installed has any, and without TensorFlow nothing has."""
    state = context.facts.get("tensorflow.version")
    if isinstance(state, Unknown):
        yield from unknown("bounds", PROBE.provides, state.reason)
        return
    version = state.value if isinstance(state, Known) else None
    if not version:
        for path in ("bounds.broken", "bounds.proven", "bounds.companions"):
            yield _fact(path, Absent())
        return
    installed = _installed(context)
    checks = list(_checks(context, version, installed))
    for check in checks:
        for key in ("holds", "specifier", "installed"):
            yield _fact(f"bounds.{check['name']}.{key}", Known(check[key]))
    broken = [{key: value for key, value in check.items() if key != "holds"} for check in checks if not check["holds"]]
    own = [each for each in broken if each["affects"] == "import"]
    yield _fact("bounds.broken", Known(own))
    yield _fact("bounds.proven", Known([each for each in own if each["source"] == "measured"]))
    yield _fact(
        "bounds.companions", Known([each for each in broken if each["affects"] != "import" and each["matters"]])
    )


def _fact(path: str, state: State) -> Fact:
    return Fact(path=path, state=state, source="bounds")


def _installed(context: Context) -> dict[str, str]:
    names: list[str] = context.facts.value("inventory.names", [])
    return {name: context.facts.value(f"distribution.{name}.version", "") for name in names}


def _checks(context: Context, version: str, installed: dict[str, str]) -> Iterator[dict[str, Any]]:
    declared = _declared(context, version)
    measured: dict[str, list[Bound]] = {}
    for bound in load_releases().measured_bounds:
        if bound.applies(version, context.target.interpreter.minor):
            measured.setdefault(bound.name, []).append(bound)
    for name in sorted({*declared, *measured} & installed.keys()):
        yield _check(name, version, installed, declared.get(name, SpecifierSet()), measured.get(name, ()))


def _check(
    name: str, version: str, installed: dict[str, str], declared: SpecifierSet, bounds: Sequence[Bound]
) -> dict[str, Any]:
    if str(declared) and within(installed[name], str(declared)):  # TensorFlow 2.3 to 2.7 allow any later TensorBoard
        bounds = [bound for bound in bounds if bound.affects != name]
    violated = [
        bound for bound in bounds if not within(installed[name], str(Requirement(bound.text(version)).specifier))
    ]
    combined = declared
    for bound in bounds:
        combined &= Requirement(bound.text(version)).specifier
    reason = violated[0] if violated else None
    return {
        "name": name,
        "installed": installed[name],
        "specifier": str(combined),
        "holds": within(installed[name], str(combined)),
        "source": "measured" if reason else "declared",
        "affects": reason.affects if reason else (name if name == "tensorboard" else "import"),
        "matters": reason.needed_beside(installed) if reason else True,
        "why": reason.why if reason else "the release declares it",
    }


def _declared(context: Context, version: str) -> dict[str, SpecifierSet]:
    """What the distribution on disk asks for; where its metadata is another release's, what the data says of it."""
    name = context.facts.value("tensorflow.name")
    rows: list[dict[str, Any]] = context.facts.value("inventory.distributions", [])
    own = next((r["requires"] for r in rows if canonicalize_name(r["name"]) == name and r["version"] == version), None)
    requires = own if own is not None else load_releases().requirements(version)
    found: dict[str, SpecifierSet] = {}
    for requirement in active(requires, context.target.interpreter.markers):
        if str(requirement.specifier):
            key = canonicalize_name(requirement.name)
            found[key] = found.get(key, SpecifierSet()) & requirement.specifier
    return found


PROBE = Probe(
    name="bounds",
    provides={
        "bounds.*.holds": (
            "true or false: the installed version is one that the TensorFlow on disk works with; absent without a bound"
        ),
        "bounds.*.specifier": "text: the versions that are",
        "bounds.*.installed": "text: the version that is installed",
        "bounds.broken": (
            "list of {name, installed, specifier, source, affects, matters, why}: bounds of TensorFlow itself "
            "that do not hold; source is `measured` or `declared`"
        ),
        "bounds.proven": "list like bounds.broken: those of them that fresh installs showed to break the import",
        "bounds.companions": (
            "list like bounds.broken: those that only break what is used beside it, such as TensorBoard"
        ),
    },
    after=("inventory", "tensorflow"),
    collect=collect,
)
