"""Asking the resolver: first with everything the user has held fast, then yielding as little as possible."""

from __future__ import annotations

import re
from dataclasses import replace
from functools import cache
from typing import TYPE_CHECKING

from packaging.utils import canonicalize_name
from packaging.version import InvalidVersion, Version

from tfrepair.errors import NoRepairError, SurroundingsError, UnresolvableError
from tfrepair.model.dependencies import active
from tfrepair.reason.companions import brought
from tfrepair.reason.keep import breaks
from tfrepair.reason.requesting import fast, holding, lost, names, remaining, request_for, ruled_out, tops, whole

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator, Sequence

    from tfrepair.model.distribution import Distribution
    from tfrepair.model.plan import Lock
    from tfrepair.model.resolution import Resolve, ResolveRequest
    from tfrepair.reason.situation import Situation

_PATIENCE = 4
"""After so many refusals it is asked whether anything could help."""


def lock_for(situation: Situation, resolve: Resolve) -> Lock:
    """Exact versions for TensorFlow's tree beside what the user has.

    Tries, in this order: where the TensorFlow that is there stays, its tree stays too, as far as it fits; every version
    the user has stays; what the user has only because something else requires it may move, within its major version
    and then beyond; every version may move but what the user's distributions require holds; what cannot stay beside
    TensorFlow moves, and what else the user has stays; all requirements yield, and everything moves along.
    What a round before has broken never stays. Companions that are installed come along in a release that pairs with
    TensorFlow; where there is none to be had, TensorFlow comes without them. Nothing else is tried once it is known
    that something is not to be had which TensorFlow itself needs, or that nothing fits even with all else let go.
    Raises NoRepairError when nothing fits, SurroundingsError when that may be for want of the network.
    """
    if stuck := next((d for d in lost(situation) if not fast(d)), None):
        raise NoRepairError(
            f"{stuck.name} {stuck.version} did not come from an index, so that no other version of it can be asked for"
        )
    companions = brought(situation)

    @cache
    def alone() -> Lock | UnresolvableError:
        """TensorFlow and its companions, all else as mere preferences: every other request asks for more."""
        along = (*companions, *situation.lost)
        try:
            return resolve(request_for(situation, remaining(situation), extra=along, pinned=[], asking=[]))
        except UnresolvableError as error:
            return error

    first: UnresolvableError | None = None
    refused: list[ResolveRequest] = []
    for request in _strictly_first(_attempts(situation, companions, alone), _must_move(situation)):
        if request in refused:
            continue
        try:
            return resolve(request)
        except UnresolvableError as error:
            if not error.missing.isdisjoint(_needed(situation)):
                first, companions = error, ()
                break
            first = first or error
            refused.append(request)
        if len(refused) == _PATIENCE and isinstance(hopeless := alone(), UnresolvableError):
            first = hopeless
            break
    assert first is not None  # noqa: S101  # there is always a request
    blamed = {name for name in companions if re.search(rf"(?<![\w-]){re.escape(name)}(?![\w-])", first.reason)}
    if blamed:
        rest = situation.companions.difference(blamed)
        return lock_for(replace(situation, companions=rest), resolve)
    if isinstance(first, SurroundingsError):
        raise first
    hint = "pin another release with `--tensorflow`, or see `tfrepair tensorflow list` for those that fit"
    if situation.choice.name in first.missing:
        hint = (
            f"the index has no {situation.choice.name} at all: is it the right one? `--index-url` names another, and "
            "`pip config list` shows what is configured"
        )
    raise NoRepairError(
        f"{situation.choice.name} {situation.choice.version} cannot be installed here: {first.reason}", hint=hint
    ) from first


def _needed(situation: Situation) -> frozenset[str]:
    """What TensorFlow cannot be installed without, in the words of `UnresolvableError.missing`."""
    choice = situation.choice
    direct = (canonicalize_name(requirement.name) for requirement in active(situation.declared, situation.markers))
    return frozenset((choice.name, f"{choice.name}=={choice.version}", *direct))


def _strictly_first(requests: Iterable[ResolveRequest], movers: frozenset[str]) -> Iterator[ResolveRequest]:
    """Each request twice where that differs: what must move comes from the release's own time, or else from any."""
    for request in requests:
        strict = tuple(name for name in request.exempt if name not in movers)
        if strict != request.exempt:
            yield replace(request, exempt=strict)
        yield request


def _must_move(situation: Situation) -> frozenset[str]:
    broken = (d.canonical_name for d in situation.distributions if breaks(d, situation.limits) is not None)
    return situation.unfit.union(broken, situation.lost)


def same(left: str, right: str) -> bool:
    """Two version texts name one version."""
    try:
        return Version(left) == Version(right)
    except InvalidVersion:
        return left == right


def _attempts(
    situation: Situation, companions: Sequence[str], alone: Callable[[], Lock | UnresolvableError]
) -> Iterator[ResolveRequest]:
    user = remaining(situation)
    steady = [d for d in user if d.canonical_name not in situation.lost]
    fitting = [d for d in steady if fast(d) and breaks(d, situation.limits) is None and not ruled_out(d, situation)]
    good = [d for d in fitting if d.canonical_name not in situation.goals.upgrade]
    own = [d for d in steady if d.canonical_name in situation.own]
    others = [d for d in steady if d.canonical_name not in situation.own]
    along = (*companions, *situation.lost)
    held = (*holding(situation, good), *along)
    if situation.gentle:
        everything = whole(situation)
        moving = [d for d in user if d not in everything]
        yield request_for(situation, [*everything, *moving], extra=held, pinned=everything, asking=steady)
    yield request_for(situation, user, extra=held, pinned=good, asking=steady)
    firm = tops(good, situation.markers)
    if len(firm) < len(good):
        pins = {f"{d.canonical_name}=={d.version}" for d in firm}
        softer = tuple(pin if pin in pins else pin.partition("==")[0] for pin in held)
        near = [d for d in good if d not in firm]
        yield request_for(situation, user, extra=softer, pinned=firm, asking=steady, near=near)
        yield request_for(situation, user, extra=softer, pinned=firm, asking=steady)
    if own:
        yield request_for(situation, user, extra=names(held), pinned=[], asking=others)
    yield request_for(situation, user, extra=names(held), pinned=[], asking=steady)
    if (must := _in_the_way(situation, steady, alone())) is not None:
        staying = [d for d in good if d.canonical_name not in must]
        asking = [d for d in steady if d.canonical_name not in must or not fast(d)]
        extra = (*holding(situation, staying), *(d.canonical_name for d in steady if d not in asking), *along)
        yield request_for(situation, user, extra=extra, pinned=staying, asking=asking)
    moving = [d for d in others if fast(d) and d.healthy]
    yield request_for(situation, user, extra=(*(d.name for d in moving), *along), pinned=[], asking=[])


def _in_the_way(
    situation: Situation, steady: Sequence[Distribution], alone: Lock | UnresolvableError
) -> frozenset[str] | None:
    """Who of the user's distributions cannot stay beside TensorFlow; None when that cannot be told.

    With the lock of TensorFlow alone: what then is of another version, and whose requirements then do not hold.
    """
    if isinstance(alone, UnresolvableError):
        return None
    moved = (d for d in steady if (pin := alone.get(d.canonical_name)) and not same(pin.version, d.version))
    unhappy = (d for d in steady if unmet(d, situation, alone) is not None)
    return frozenset(d.canonical_name for d in (*moved, *unhappy))


def unmet(distribution: Distribution, situation: Situation, lock: Lock) -> str | None:
    """A requirement of this distribution that the lock does not meet, or None. Any TensorFlow is TensorFlow."""
    for requirement in active(distribution.requires, situation.markers):
        name = canonicalize_name(requirement.name)
        pin = lock.get(situation.choice.name if name in situation.family else name)
        if pin is not None and not requirement.specifier.contains(pin.version, prereleases=True):
            return str(requirement)
    return None
