"""Asking the resolver: first with everything the user has held fast, then yielding as little as possible."""

from __future__ import annotations

import re
from dataclasses import replace
from typing import TYPE_CHECKING

from packaging.utils import canonicalize_name
from packaging.version import InvalidVersion, Version

from tfrepair.errors import NoRepairError, SurroundingsError, UnresolvableError
from tfrepair.model.dependencies import active
from tfrepair.model.resolution import Resolve, ResolveRequest
from tfrepair.reason.companions import brought
from tfrepair.reason.keep import breaks, kept

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping, Sequence

    from packaging.requirements import Requirement

    from tfrepair.model.distribution import Distribution
    from tfrepair.model.plan import Lock
    from tfrepair.reason.situation import Situation


def lock_for(situation: Situation, resolve: Resolve) -> Lock:
    """Exact versions for TensorFlow's tree beside what the user has.

    Tries, in this order: where the TensorFlow that is there stays, its tree stays too, as far as it fits; every version
    the user has stays; what the user has only because something else requires it may move, within its major version
    and then beyond; every version may move but what the user's distributions require holds; what cannot stay beside
    TensorFlow moves, and what else the user has stays; all requirements yield, and everything moves along.
    What a round before has broken never stays. Companions that are installed come along in a release that pairs with
    TensorFlow; where there is none to be had, TensorFlow comes without them.
    Raises NoRepairError when nothing fits, SurroundingsError when that may be for want of the network.
    """
    if stuck := next((d for d in _lost(situation) if not fast(d)), None):
        raise NoRepairError(
            f"{stuck.name} {stuck.version} did not come from an index, so that no other version of it can be asked for"
        )
    companions = brought(situation)
    first: UnresolvableError | None = None
    for request in _strictly_first(_requests(situation, companions, resolve), _must_move(situation)):
        try:
            return resolve(request)
        except UnresolvableError as error:
            first = first or error
    assert first is not None  # noqa: S101  # there is always a request
    blamed = {name for name in companions if re.search(rf"(?<![\w-]){re.escape(name)}(?![\w-])", first.reason)}
    if blamed:
        rest = situation.companions.difference(blamed)
        return lock_for(replace(situation, companions=rest), resolve)
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
    return situation.unfit.union(broken, situation.lost)


def constraint(requirement: Requirement) -> str | None:
    """A requirement as a constraint: name and specifier only; None when it says nothing."""
    if requirement.url is not None or not requirement.specifier:
        return None
    return f"{canonicalize_name(requirement.name)}{requirement.specifier}"


def same(left: str, right: str) -> bool:
    """Two version texts name one version."""
    try:
        return Version(left) == Version(right)
    except InvalidVersion:
        return left == right


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


def _requests(situation: Situation, companions: Sequence[str], resolve: Resolve) -> Iterator[ResolveRequest]:
    user = kept(situation.distributions, situation.family, situation.markers)
    steady = [d for d in user if d.canonical_name not in situation.lost]
    good = [d for d in steady if fast(d) and breaks(d, situation.bounds) is None]
    own = [d for d in steady if d.canonical_name in situation.own]
    others = [d for d in steady if d.canonical_name not in situation.own]
    along = (*companions, *situation.lost)
    holding = (*_holding(situation, good), *along)
    if situation.gentle:
        yield _request(situation, (whole := _whole(situation)), extra=holding, pinned=whole, asking=steady)
    yield _request(situation, user, extra=holding, pinned=good, asking=steady)
    tops = _tops(good, situation.markers)
    if len(tops) < len(good):
        firm = {f"{d.canonical_name}=={d.version}" for d in tops}
        softer = tuple(pin if pin in firm else pin.partition("==")[0] for pin in holding)
        near = [d for d in good if d not in tops]
        yield _request(situation, user, extra=softer, pinned=tops, asking=steady, near=near)
        yield _request(situation, user, extra=softer, pinned=tops, asking=steady)
    if own:
        yield _request(situation, user, extra=_names(holding), pinned=[], asking=others)
    yield _request(situation, user, extra=_names(holding), pinned=[], asking=steady)
    if (must := _in_the_way(situation, user, steady, along, resolve)) is not None:
        staying = [d for d in good if d.canonical_name not in must]
        asking = [d for d in steady if d.canonical_name not in must or not fast(d)]
        extra = (*_holding(situation, staying), *(d.canonical_name for d in steady if d not in asking), *along)
        yield _request(situation, user, extra=extra, pinned=staying, asking=asking)
    moving = [d for d in others if fast(d) and d.healthy]
    yield _request(situation, user, extra=(*(d.name for d in moving), *along), pinned=[], asking=[])


def _in_the_way(
    situation: Situation,
    user: Sequence[Distribution],
    steady: Sequence[Distribution],
    along: tuple[str, ...],
    resolve: Resolve,
) -> frozenset[str] | None:
    """Who of the user's distributions cannot stay beside TensorFlow; None when that cannot be told.

    TensorFlow is asked for alone, with the user's versions as preferences: what then is of another version, and whose
    requirements then do not hold.
    """
    try:
        lock = resolve(_request(situation, user, extra=along, pinned=[], asking=[]))
    except UnresolvableError:
        return None
    moved = (d for d in steady if (pin := lock.get(d.canonical_name)) and not same(pin.version, d.version))
    unhappy = (d for d in steady if unmet(d, situation, lock) is not None)
    return frozenset(d.canonical_name for d in (*moved, *unhappy))


def _lost(situation: Situation) -> list[Distribution]:
    return [d for d in situation.distributions if d.canonical_name in situation.lost]


def _request(
    situation: Situation,
    user: Sequence[Distribution],
    *,
    extra: tuple[str, ...],
    pinned: Sequence[Distribution],
    asking: Sequence[Distribution],
    near: Sequence[Distribution] = (),
) -> ResolveRequest:
    """One attempt. `pinned` stay at their version, `near` at their major version, `asking` have their requirements met.

    A new major version is where what was built against the old one breaks without having asked for a bound.
    """
    asked = _asked(asking, situation.markers, situation.family)
    return ResolveRequest(
        python=situation.python,
        roots=(*roots(situation), *extra),
        constraints=tuple(
            dict.fromkeys(
                (
                    *situation.bounds,
                    *situation.constraints,
                    *(f"{d.canonical_name}!={d.version}" for d in _lost(situation)),
                    *(f"{d.canonical_name}=={d.version}" for d in pinned),
                    *(f"{d.canonical_name}=={major}.*" for d in near if (major := _major(d)) is not None),
                    *asked,
                )
            )
        ),
        preferences=tuple((d.canonical_name, d.version) for d in user if fast(d)),
        cutoff=situation.cutoff,
        exempt=tuple(sorted({d.canonical_name for d in user if d.canonical_name not in situation.family})),
        prereleases=situation.prereleases,
        without=tuple(sorted(situation.family.difference({situation.choice.name, situation.partner}))),
        known_good=situation.known_good,
    )


def _major(distribution: Distribution) -> str | None:
    version = distribution.parsed_version
    return str(version.major) if version is not None and not version.epoch else None


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
        and d.canonical_name not in situation.family.union(situation.unfit, situation.lost)
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


def unmet(distribution: Distribution, situation: Situation, lock: Lock) -> str | None:
    """A requirement of this distribution that the lock does not meet, or None. Any TensorFlow is TensorFlow."""
    for requirement in active(distribution.requires, situation.markers):
        name = canonicalize_name(requirement.name)
        pin = lock.get(situation.choice.name if name in situation.family else name)
        if pin is not None and not requirement.specifier.contains(pin.version, prereleases=True):
            return str(requirement)
    return None
