"""Asking the resolver: first with everything the user has held fast, then yielding as little as possible."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

from packaging.requirements import Requirement
from packaging.utils import canonicalize_name

from tfrepair.errors import NoRepairError, SurroundingsError, UnresolvableError
from tfrepair.model.dependencies import active, rules_out
from tfrepair.model.resolution import Resolve, ResolveRequest
from tfrepair.reason.companions import paired, pairs
from tfrepair.reason.keep import kept

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping, Sequence

    from tfrepair.model.distribution import Distribution
    from tfrepair.model.plan import Lock
    from tfrepair.reason.situation import Situation


def lock_for(situation: Situation, resolve: Resolve) -> Lock:
    """Exact versions for TensorFlow's tree beside what the user has.

    Tries, in this order: where the TensorFlow that is there stays, its tree stays too, as far as it fits; every version
    the user has stays; what the user has only because something else requires it may move; every version may move but
    what the user's distributions require holds; their requirements yield too, and then they move along.
    Raises NoRepairError when nothing fits, SurroundingsError when that may be for want of the network.
    """
    first: UnresolvableError | None = None
    for request in _strictly_first(_requests(situation), _must_move(situation)):
        try:
            return resolve(request)
        except UnresolvableError as error:
            first = first or error
    assert first is not None  # noqa: S101  # there is always a request
    if isinstance(first, SurroundingsError):
        raise first
    raise NoRepairError(
        f"{situation.choice.name} {situation.choice.version} cannot be installed here: {first.reason}",
        hint="pin another release with `--tensorflow`, or see `tfrepair tensorflow list` for those that fit",
    ) from first


def _strictly_first(requests: Iterable[ResolveRequest], movers: frozenset[str]) -> Iterator[ResolveRequest]:
    """Each request twice where that differs: what must move comes from the release's own time, or else from any."""
    for request in requests:
        strict = tuple(name for name in request.exempt if name not in movers)
        if strict != request.exempt:
            yield replace(request, exempt=strict)
        yield request


def _must_move(situation: Situation) -> frozenset[str]:
    broken = (d.canonical_name for d in situation.distributions if breaks(d, situation.bounds) is not None)
    return situation.unfit.union(broken)


def constraint(requirement: Requirement) -> str | None:
    """A requirement as a constraint: name and specifier only; None when it says nothing."""
    if requirement.url is not None or not requirement.specifier:
        return None
    return f"{canonicalize_name(requirement.name)}{requirement.specifier}"


def breaks(distribution: Distribution, bounds: Iterable[str]) -> str | None:
    """The bound that a distribution's version does not meet, or None."""
    version = distribution.parsed_version
    for line in bounds:
        requirement = Requirement(line)
        if canonicalize_name(requirement.name) != distribution.canonical_name or version is None:
            continue
        if not requirement.specifier.contains(version, prereleases=True):
            return line
    return None


def fast(distribution: Distribution) -> bool:
    """Its version can be asked of an index: it came from one and its version is a version."""
    return distribution.parsed_version is not None and not distribution.editable and distribution.direct_url is None


def roots(situation: Situation) -> tuple[str, ...]:
    """What must be in the environment whatever else happens."""
    extras = f"[{','.join(situation.extras)}]" if situation.extras else ""
    choice = situation.choice
    pin = f"{choice.name}{extras}=={choice.version}"
    if situation.wheel is not None:
        pin = f"{choice.name}{extras} @ {situation.wheel}"
    asked = (line for line in situation.goals.install if canonicalize_name(line) != "tensorflow")
    return (pin, *asked, *situation.requirements)


def _requests(situation: Situation) -> Iterator[ResolveRequest]:
    user = _remaining(situation)
    asked = [Requirement(line) for line in roots(situation)[1:]]
    good = [d for d in user if fast(d) and breaks(d, situation.bounds) is None and not _ruled_out(d, asked)]
    own = [d for d in user if d.canonical_name in situation.own]
    others = [d for d in user if d.canonical_name not in situation.own]
    present = {d.canonical_name for d in situation.distributions}
    holding = (*_holding(situation, good), *paired(pairs(situation.choice.version), present))
    if situation.gentle:
        yield _request(situation, (whole := _whole(situation)), extra=holding, pinned=whole, asking=user)
    yield _request(situation, user, extra=holding, pinned=good, asking=user)
    tops = _tops(good, situation.markers)
    if len(tops) < len(good):
        firm = {f"{d.canonical_name}=={d.version}" for d in tops}
        softer = tuple(pin if pin in firm else pin.partition("==")[0] for pin in holding)
        yield _request(situation, user, extra=softer, pinned=tops, asking=user)
    if own:
        yield _request(situation, user, extra=_names(holding), pinned=[], asking=others)
    yield _request(situation, user, extra=_names(holding), pinned=[], asking=user)
    moving = [d for d in others if fast(d) and d.healthy]
    yield _request(situation, user, extra=tuple(d.name for d in moving), pinned=[], asking=[])


def _remaining(situation: Situation) -> list[Distribution]:
    """What the user has and no playbook takes away."""
    again = {canonicalize_name(Requirement(line).name) for line in situation.goals.install}
    going = {name for name in situation.goals.uninstall if name not in again}
    user = kept(situation.distributions, situation.family, situation.markers)
    return [distribution for distribution in user if distribution.canonical_name not in going]


def _ruled_out(distribution: Distribution, asked: Iterable[Requirement]) -> bool:
    """What was asked for by name is another version of it."""
    return any(rules_out(each, distribution.canonical_name, distribution.version) for each in asked)


def _request(
    situation: Situation,
    user: Sequence[Distribution],
    *,
    extra: tuple[str, ...],
    pinned: Sequence[Distribution],
    asking: Sequence[Distribution],
) -> ResolveRequest:
    """One attempt. `pinned` stay at their version, `asking` have their requirements met."""
    asked = _asked(asking, situation.markers, situation.family)
    return ResolveRequest(
        python=situation.python,
        roots=(*roots(situation), *extra),
        constraints=tuple(
            dict.fromkeys(
                (
                    *situation.bounds,
                    *situation.constraints,
                    *(f"{d.canonical_name}=={d.version}" for d in pinned),
                    *asked,
                )
            )
        ),
        preferences=tuple((d.canonical_name, d.version) for d in user if fast(d)),
        cutoff=situation.cutoff,
        exempt=tuple(sorted({d.canonical_name for d in user if d.canonical_name not in situation.family})),
        prereleases=situation.prereleases,
        known_good=situation.known_good,
    )


def _asked(distributions: Sequence[Distribution], markers: Mapping[str, str], family: frozenset[str]) -> Iterator[str]:
    for distribution in distributions:
        for requirement in active(distribution.requires, markers):
            line = constraint(requirement)
            if line is not None and canonicalize_name(requirement.name) not in family:
                yield line


def _holding(situation: Situation, good: Sequence[Distribution]) -> tuple[str, ...]:
    """Roots for the user's distributions that cannot simply stay as files."""
    again = set(situation.goals.reinstall)
    whole = situation.strategy == "rebuild" and not situation.same_minor
    return tuple(
        f"{d.canonical_name}=={d.version}" for d in good if whole or d.canonical_name in again or not d.healthy
    )


def _whole(situation: Situation) -> list[Distribution]:
    """Everything beside TensorFlow itself whose version fits."""
    return [
        d
        for d in situation.distributions
        if fast(d)
        and d.canonical_name not in situation.family | situation.unfit
        and breaks(d, situation.bounds) is None
    ]


def _tops(distributions: Sequence[Distribution], markers: Mapping[str, str]) -> list[Distribution]:
    """Those that none of the others requires."""
    below = {
        canonicalize_name(requirement.name)
        for distribution in distributions
        for requirement in active(distribution.requires, markers)
    }
    return [distribution for distribution in distributions if distribution.canonical_name not in below]


def _names(pins: tuple[str, ...]) -> tuple[str, ...]:
    return tuple(pin.partition("==")[0] for pin in pins)


def unmet(distribution: Distribution, lock: Lock, markers: Mapping[str, str]) -> str | None:
    """A requirement of this distribution that the lock does not meet, or None."""
    for requirement in active(distribution.requires, markers):
        pin = lock.get(canonicalize_name(requirement.name))
        if pin is not None and not requirement.specifier.contains(pin.version, prereleases=True):
            return str(requirement)
    return None
