"""Runs the probes, each after those that it builds on, and gathers what they learn."""

from __future__ import annotations

import importlib
import pkgutil
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING

import tfrepair.probes
from tfrepair.model.facts import Absent, Fact, Facts, Known, Unknown

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator, Mapping

    from tfrepair.model.facts import JSONValue, State
    from tfrepair.model.target import Target


ROOT = Path("/")
"""Where the machine's own files begin."""


@dataclass(frozen=True, slots=True, kw_only=True)
class ProbeOptions:
    """How thoroughly to look."""

    imports: bool = True
    """Import TensorFlow in the target."""
    deep: bool = False
    """Hash every file, and ask pip for its view."""
    hash_native: bool = False
    """Hash the native libraries."""
    pip_view: bool = False
    """Ask pip for its view without hashing every file."""
    import_timeout: float = 300.0
    """Seconds."""
    gpu: bool = False
    """The smoke test has a step on the GPU."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Context:
    """What a probe is given: the target, what is known so far, and the user's environment variables."""

    target: Target
    facts: Facts
    options: ProbeOptions
    environ: Mapping[str, str] = field(repr=False)
    root: Path = ROOT


@dataclass(frozen=True, slots=True, kw_only=True)
class Probe:
    """One way of learning facts about a target. It reads and never writes."""

    name: str
    provides: Mapping[str, str]
    """Each fact's path (families with `*`) and one sentence: its type and its meaning."""
    collect: Callable[[Context], Iterable[Fact]]
    after: tuple[str, ...] = ()
    """Names of probes whose facts it uses."""


def known(source: str, values: Mapping[str, JSONValue]) -> Iterator[Fact]:
    """A fact for each path; a value of None means Absent."""
    for path, value in values.items():
        yield Fact(path=path, state=state_of(value), source=source)


def state_of(value: JSONValue) -> State:
    """What is known when this was found: None stands for nothing."""
    return Absent() if value is None else Known(value)


def unknown(source: str, paths: Iterable[str], reason: str) -> Iterator[Fact]:
    """Each of these paths as Unknown; families are left out, because their members are not known either."""
    for path in paths:
        if "*" not in path:
            yield Fact(path=path, state=Unknown(reason), source=source)


def all_probes() -> tuple[Probe, ...]:
    """The probe of every module in this package, each after those it builds on."""
    names = sorted(module.name for module in pkgutil.iter_modules(tfrepair.probes.__path__))
    modules = (importlib.import_module(f"tfrepair.probes.{name}") for name in names if name != "collector")
    return in_order(tuple(module.PROBE for module in modules if hasattr(module, "PROBE")))


def in_order(probes: Iterable[Probe]) -> tuple[Probe, ...]:
    """The probes, each after those that it names and that are there, else as they came.

    Raises ValueError when they wait for each other.
    """
    waiting = list(probes)
    names = {probe.name for probe in waiting}
    ordered: list[Probe] = []
    while waiting:
        done = {probe.name for probe in ordered}
        ready = next((probe for probe in waiting if done.issuperset(names.intersection(probe.after))), None)
        if ready is None:
            raise ValueError(f"these probes wait for each other: {', '.join(probe.name for probe in waiting)}")
        waiting.remove(ready)
        ordered.append(ready)
    return tuple(ordered)


def collect(
    target: Target,
    options: ProbeOptions,
    environ: Mapping[str, str],
    *,
    on_probe: Callable[[str], None] | None = None,
    probes: Iterable[Probe] | None = None,
) -> Facts:
    """Everything the probes learn about a target. What a probe that fails would have told is Unknown, with the reason.

    `on_probe` is called with the name of each probe before it starts. Without `probes` all of them run.
    """
    facts = Facts()
    environ = target.environment.variables(environ)
    for probe in all_probes() if probes is None else in_order(probes):
        if on_probe is not None:
            on_probe(probe.name)
        context = Context(target=target, facts=facts, options=options, environ=environ, root=ROOT)
        facts = facts.merged(Facts.of(_run(probe, context)))
    return facts


def _run(probe: Probe, context: Context) -> tuple[Fact, ...]:
    try:
        found = tuple(probe.collect(context))
    except Exception as error:  # noqa: BLE001 - one probe must not take the others with it
        reason = f"the probe `{probe.name}` failed: {type(error).__name__}: {error}"
        return tuple(unknown(probe.name, probe.provides, reason))
    told = {fact.path for fact in found}
    missing = (path for path in probe.provides if path not in told)
    return (*found, *unknown(probe.name, missing, f"the probe `{probe.name}` did not say"))
