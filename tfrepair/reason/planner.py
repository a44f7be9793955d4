"""From a situation to a plan: compare what the lock says with what is there, and write down the difference."""

from __future__ import annotations

from functools import reduce
from pathlib import PurePath
from typing import TYPE_CHECKING

from packaging.requirements import Requirement
from packaging.utils import canonicalize_name

from tfrepair.model.dependencies import rules_out
from tfrepair.model.operations import PLAIN, RegisterKernel
from tfrepair.model.plan import Carry, CreateEnvironment, Install, Move, Plan, RemovePath, Uninstall
from tfrepair.reason.companions import unpaired
from tfrepair.reason.keep import SEEDS, breaks, kept
from tfrepair.reason.locking import lock_for, same, unmet
from tfrepair.reason.requesting import roots

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

    from tfrepair.model.distribution import Distribution
    from tfrepair.model.operations import Keywords
    from tfrepair.model.plan import Lock, Operation, Pin
    from tfrepair.model.resolution import Resolve
    from tfrepair.reason.situation import Situation

MEGABYTE = 1_000_000
NAMED = 5
"""How many distributions a sentence names."""


def make_plan(situation: Situation, resolve: Resolve) -> Plan:
    """The plan of one round. Raises NoRepairError when no set of versions fits, SurroundingsError from the index."""
    lock = lock_for(situation, resolve)
    leaving = _leaving(situation, lock)
    fresh = tuple(pin for pin in lock.pins if not _stays(pin, situation, leaving))
    return Plan(
        round=situation.round,
        strategy=situation.strategy,
        prefix=situation.prefix,
        fingerprint=situation.fingerprint,
        causes=situation.causes,
        tensorflow=situation.choice,
        operations=tuple(_operations(situation, leaving, fresh)),
        lock=lock,
        moves=tuple(_moves(situation, lock)),
        notes=tuple(_notes(situation, lock)),
    )


def _leaving(situation: Situation, lock: Lock) -> frozenset[str]:
    """Canonical names whose files must go before anything is installed."""
    wanted = {pin.name for pin in lock.pins}
    counts: dict[str, int] = {}
    for distribution in situation.distributions:
        counts[distribution.canonical_name] = counts.get(distribution.canonical_name, 0) + 1
    leaving = {*situation.goals.uninstall, *situation.goals.reinstall}
    leaving |= {name for name, count in counts.items() if count > 1}
    for distribution in situation.distributions:
        name = distribution.canonical_name
        pin = lock.get(name)
        foreign = name in situation.family and name != situation.choice.name
        changed = pin is not None and not same(pin.version, distribution.version)
        if foreign or changed or (name in wanted and not distribution.healthy):
            leaving.add(name)
    for group in situation.folders:
        present = group & counts.keys()
        if present & leaving or (present - wanted and present & wanted):
            leaving |= present
    return frozenset(leaving & counts.keys())


def _stays(pin: Pin, situation: Situation, leaving: frozenset[str]) -> bool:
    """The distribution is there, whole, at the version of the pin, and can be kept or carried as it is."""
    if pin.name in leaving or (situation.strategy == "rebuild" and not situation.same_minor):
        return False
    return any(
        d.canonical_name == pin.name and d.healthy and same(d.version, pin.version) for d in situation.distributions
    )


def _operations(situation: Situation, leaving: frozenset[str], fresh: tuple[Pin, ...]) -> Iterator[Operation]:
    match situation.strategy:
        case "in-place":
            yield from _removals(situation, leaving)
        case "create":
            yield _fresh_venv(situation)
        case "rebuild":
            yield _fresh_venv(situation)
            yield _carry(situation, leaving)
    if fresh:
        yield Install(
            names=tuple(pin.name for pin in fresh),
            summary_text=_install_text(situation, fresh),
            keywords=_keywords(situation, "install", "reinstall", "upgrade"),
        )
    for operation in situation.goals.operations:
        if not isinstance(operation, RegisterKernel) or _has_kernel(situation, leaving, fresh):
            yield operation


KERNEL = "ipykernel"
"""The distribution that makes an interpreter a Jupyter kernel."""


def _has_kernel(situation: Situation, leaving: frozenset[str], fresh: tuple[Pin, ...]) -> bool:
    """The environment will have what a Jupyter kernel needs."""
    stays = {d.canonical_name for d in situation.distributions} - leaving
    if situation.strategy == "create" or (situation.strategy == "rebuild" and not situation.same_minor):
        stays = set()
    return KERNEL in stays or any(pin.name == KERNEL for pin in fresh)


def _keywords(situation: Situation, *actions: str) -> Keywords:
    """How an operation is carried out that several steps may have asked for."""
    asked = [keywords for action, keywords in situation.goals.keywords if action in actions]
    return reduce(lambda one, other: one | other, asked) if asked else PLAIN


def _removals(situation: Situation, leaving: frozenset[str]) -> Iterator[Operation]:
    for distribution in situation.distributions:
        if distribution.canonical_name in leaving:
            yield Uninstall(
                name=distribution.name,
                version=distribution.version,
                metadata=_relative(distribution.metadata_path, situation.prefix),
                keywords=_keywords(situation, "uninstall"),
            )
    keywords = _keywords(situation, "remove")
    yield from (RemovePath(path=path, why=why, keywords=keywords) for path, why in _unwanted(situation, leaving))


def _unwanted(situation: Situation, leaving: frozenset[str]) -> tuple[tuple[str, str], ...]:
    """Paths that go: what the goals name, and TensorFlow's import folders unless a whole TensorFlow stays in them."""
    stays = any(
        d.canonical_name in situation.family and d.canonical_name not in leaving for d in situation.distributions
    )
    asked = ((_relative(path, situation.prefix), why) for path, why in situation.goals.remove)
    return tuple(dict((*(() if stays else situation.leftovers), *asked)).items())


def _fresh_venv(situation: Situation) -> CreateEnvironment:
    return CreateEnvironment(
        base=str(situation.base),
        version=situation.base_version,
        system_site_packages=situation.system_site_packages,
        prompt=situation.prompt,
        keywords=_keywords(situation, "venv"),
    )


def _carry(situation: Situation, leaving: frozenset[str]) -> Carry:
    names = tuple(
        d.canonical_name
        for d in situation.distributions
        if situation.same_minor and d.canonical_name not in leaving and d.record == "present" and not d.missing
    )
    left = tuple(path for path, _ in _unwanted(situation, leaving))
    return Carry(distributions=names, leave=left)


def _relative(path: str, prefix: str) -> str:
    """Relative to the prefix, or as it is when it lies elsewhere (the executor refuses those)."""
    pure = PurePath(path)
    return pure.relative_to(prefix).as_posix() if pure.is_relative_to(prefix) else path


def _install_text(situation: Situation, fresh: tuple[Pin, ...]) -> str:
    first = sorted(fresh, key=lambda pin: (pin.name != situation.choice.name, pin.name))
    shown = ", ".join(f"{pin.name} {pin.version}" for pin in first[:NAMED])
    more = f" and {len(fresh) - NAMED} more" if len(fresh) > NAMED else ""
    size = sum(pin.size or 0 for pin in fresh)
    weight = f" (at most {max(1, round(size / MEGABYTE))} MB of wheels)" if size else ""
    return f"install {shown}{more}{weight}"


def _moves(situation: Situation, lock: Lock) -> Iterator[Move]:
    """The user's distributions that do not stay at their version."""
    for distribution in kept(situation.distributions, situation.family, situation.markers):
        pin = lock.get(distribution.canonical_name)
        if pin is None or same(pin.version, distribution.version):
            continue
        yield Move(
            name=distribution.canonical_name,
            before=distribution.version,
            after=pin.version,
            why=_why(distribution, situation, lock),
        )


def _why(distribution: Distribution, situation: Situation, lock: Lock) -> str:
    choice = situation.choice
    if distribution.canonical_name in situation.lost:
        return situation.lost[distribution.canonical_name]
    asked = _ruled_out(distribution, roots(situation)[1:])
    if asked is not None:
        return f"a playbook or a requirements file asks for {asked}"
    if distribution.canonical_name in situation.goals.upgrade:
        return "a playbook asks for its newest version that fits"
    bound = breaks(distribution, situation.bounds)
    if bound is not None:
        return f"{choice.name} {choice.version} works with {bound}"
    asked = _ruled_out(distribution, situation.constraints)
    if asked is not None:
        return f"a constraint asks for {asked}"
    declared = _ruled_out(distribution, situation.declared)
    if declared is not None:
        return f"{choice.name} {choice.version} requires {declared}"
    missed = unmet(distribution, situation, lock)
    if missed is not None:
        name = canonicalize_name(Requirement(missed).name)
        comes = lock.get(choice.name if name in situation.family else name)
        beside = f"{comes.name} {comes.version}" if comes is not None else choice.name
        return f"{distribution.name} {distribution.version} requires {missed}, and {beside} is what comes"
    return f"no set of versions that was tried keeps it beside {choice.name} {choice.version}"


def _ruled_out(distribution: Distribution, lines: Iterable[str]) -> str | None:
    """The requirement that rules its version out, or None."""
    name, version = distribution.canonical_name, distribution.version
    return next((line for line in lines if rules_out(Requirement(line), name, version)), None)


def _notes(situation: Situation, lock: Lock) -> Iterable[str]:
    yield from situation.goals.messages
    yield from _kernels(situation, lock)
    yield from _rewritten(situation, lock)
    yield from unpaired(situation, lock)
    for distribution in kept(situation.distributions, situation.family, situation.markers):
        missed = unmet(distribution, situation, lock)
        said = distribution.canonical_name in situation.companions
        if missed is not None and lock.get(distribution.canonical_name) is None and not said:
            yield f"{distribution.name} {distribution.version} requires {missed}, which will not hold"
    if situation.strategy == "rebuild" and not situation.same_minor:
        for distribution in situation.distributions:
            name = distribution.canonical_name
            if lock.get(name) is None and name not in situation.family and name not in SEEDS:
                yield f"{distribution.name} {distribution.version} cannot be carried to Python {situation.base_version}"


def _kernels(situation: Situation, lock: Lock) -> Iterator[str]:
    """What a playbook asks for and cannot have without `ipykernel`."""
    leaving = _leaving(situation, lock)
    fresh = tuple(pin for pin in lock.pins if not _stays(pin, situation, leaving))
    for operation in situation.goals.operations:
        if isinstance(operation, RegisterKernel) and not _has_kernel(situation, leaving, fresh):
            yield f"the kernel `{operation.name}` is not registered: `{KERNEL}` is not installed; a step can install it"


def _rewritten(situation: Situation, lock: Lock) -> Iterator[str]:
    """Which distributions come at other versions, or with other files, without anybody having asked for them."""
    user = {d.canonical_name for d in kept(situation.distributions, situation.family, situation.markers)}
    moved = [
        f"{d.canonical_name} {d.version} -> {pin.version}"
        for d in situation.distributions
        if (pin := lock.get(d.canonical_name))
        and not same(pin.version, d.version)
        and d.canonical_name not in user | situation.family
    ]
    if moved:
        why = f": the versions of its own time, as of {lock.cutoff}" if lock.cutoff else ""
        yield f"of what only TensorFlow needs, this changes: {', '.join(sorted(moved))}{why}"
    for d in situation.distributions:
        pin = lock.get(d.canonical_name)
        if pin and same(pin.version, d.version) and d.altered and d.canonical_name not in situation.family:
            shown = ", ".join(d.examples[:3])
            yield f"{d.name} {d.version} is written anew: {d.altered} of its files are not as installed ({shown})"
