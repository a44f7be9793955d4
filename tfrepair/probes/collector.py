"""Runs the probes, each after those that it builds on, and gathers what they learn."""

from __future__ import annotations

import importlib
import pkgutil
import time
from concurrent.futures import Future
from concurrent.futures import TimeoutError as TooLate
from dataclasses import dataclass, field
from pathlib import Path
from threading import Lock, Thread
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
    """Hash the native libraries of what TensorFlow needs."""
    pip_view: bool = False
    """Ask pip for its view without hashing every file."""
    import_timeout: float = 300.0
    """Seconds."""
    gpu: bool = False
    """The smoke test has a step on the GPU."""
    bytecode: Path | None = None
    """A folder where the smoke test keeps what it compiles; None: nowhere."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Context:
    """What a probe is given: the target, what is known so far, and the user's environment variables."""

    target: Target
    facts: Facts
    options: ProbeOptions
    environ: Mapping[str, str] = field(repr=False)
    root: Path = ROOT
    waiting: Callable[[], None] = lambda: None
    """For a probe to call, from any thread, when all that it does any more is to wait for what it has started."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Probe:
    """One way of learning facts about a target. It reads and never writes."""

    name: str
    provides: Mapping[str, str]
    """Each fact's path (families with `*`) and one sentence: its type and its meaning."""
    collect: Callable[[Context], Iterable[Fact]]
    after: tuple[str, ...] = ()
    """Names of probes whose facts it uses."""
    limit: float = 30.0
    """Seconds, counted from when those are done; what it has not told by then is not known."""
    starts_processes: bool = False
    """It runs where an interruption arrives, so that what it has started ends with it; its own limits hold."""


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

    `on_probe` is called with the name of each probe before it starts. Without `probes` all of them run. Those that only
    read run beside what the others start, as soon as these wait for it, each with the facts of the probes that it names
    and of theirs.
    """
    ordered = all_probes() if probes is None else in_order(probes)
    environ = target.environment.variables(environ)
    lanes = _Lanes(target=target, options=options, environ=environ, ordered=ordered, on_probe=on_probe)
    for probe in ordered:
        if not lanes.reads_only(probe):
            lanes.run(probe)
    lanes.read()
    facts = Facts()
    for probe in ordered:
        facts = facts.merged(Facts.of(lanes.facts_of(probe)))
    return facts


@dataclass(slots=True, kw_only=True)
class _Lanes:
    """The probes at work: each that only reads in a thread of its own, the others in the one that called."""

    target: Target
    options: ProbeOptions
    environ: Mapping[str, str]
    ordered: tuple[Probe, ...]
    on_probe: Callable[[str], None] | None = None
    started: float = 0.0
    """When reading began."""
    results: dict[str, Future[tuple[Fact, ...]]] = field(default_factory=dict)
    lock: Lock = field(default_factory=Lock)

    def reads_only(self, probe: Probe) -> bool:
        """Neither it nor a probe that it waits for starts a process."""
        return not any(each.starts_processes for each in (probe, *self._before(probe)))

    def read(self) -> None:
        """Begin, once, with all that only read, and go on at once.

        A thread is left behind when it is stuck, say on a file server that is gone.
        """
        with self.lock:
            if self.started:
                return
            self.started = time.monotonic()
            for probe in self.ordered:
                if self.reads_only(probe):
                    result = self._began(probe)
                    Thread(target=self._settle, args=(probe, result), name=probe.name, daemon=True).start()

    def _settle(self, probe: Probe, result: Future[tuple[Fact, ...]]) -> None:
        try:
            result.set_result(self._facts(probe))
        except BaseException as error:  # noqa: BLE001 - raised again by whoever asks
            result.set_exception(error)

    def run(self, probe: Probe) -> None:
        """Begin, and end here."""
        if any(self.reads_only(each) for each in self._before(probe)):
            self.read()
        self._began(probe).set_result(self._facts(probe))

    def _began(self, probe: Probe) -> Future[tuple[Fact, ...]]:
        if self.on_probe is not None:
            self.on_probe(probe.name)
        return self.results.setdefault(probe.name, Future())

    def facts_of(self, probe: Probe) -> tuple[Fact, ...]:
        """What it told; waits for it, but not beyond its limit."""
        left = self.started + self._allowed(probe) - time.monotonic()
        try:
            return self.results[probe.name].result(max(0.0, left))
        except TooLate:
            reason = f"the probe `{probe.name}` did not end within {probe.limit:g} seconds"
            return tuple(unknown(probe.name, probe.provides, reason))

    def _facts(self, probe: Probe) -> tuple[Fact, ...]:
        known = tuple(fact for each in self._before(probe) for fact in self.facts_of(each))
        facts = Facts.of(known)
        context = Context(
            target=self.target,
            facts=facts,
            options=self.options,
            environ=self.environ,
            root=ROOT,
            waiting=self.read,
        )
        return _run(probe, context)

    def _before(self, probe: Probe) -> tuple[Probe, ...]:
        """Every probe that it waits for, those that these wait for included, in order."""
        names: set[str] = set()
        for each in reversed(self.ordered):
            if each.name in names or each is probe:
                names.update(each.after)
        return tuple(each for each in self.ordered if each.name in names)

    def _allowed(self, probe: Probe) -> float:
        return probe.limit + max((self._allowed(each) for each in self._before(probe)), default=0.0)


def _run(probe: Probe, context: Context) -> tuple[Fact, ...]:
    try:
        found = tuple(probe.collect(context))
        told = {fact.path for fact in found}
    except (Exception, SystemExit) as error:  # noqa: BLE001 - one probe must not take the others with it
        reason = f"the probe `{probe.name}` failed: {type(error).__name__}: {error}"
        return tuple(unknown(probe.name, probe.provides, reason))
    missing = (path for path in probe.provides if path not in told)
    return (*found, *unknown(probe.name, missing, f"the probe `{probe.name}` did not say"))
