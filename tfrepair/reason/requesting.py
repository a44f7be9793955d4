"""What the resolver is asked in one attempt."""

from __future__ import annotations

from typing import TYPE_CHECKING

from packaging.requirements import Requirement
from packaging.utils import canonicalize_name

from tfrepair.model.dependencies import active, rules_out
from tfrepair.model.resolution import ResolveRequest
from tfrepair.reason.keep import SEEDS, breaks, kept

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence

    from tfrepair.model.distribution import Distribution
    from tfrepair.reason.situation import Situation

_WITH_PKG_RESOURCES = "setuptools<82"
"""82 took `pkg_resources` away, which much imports that says nothing of setuptools; who has it keeps it."""


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
    return (pin, *asked, *(name for name in situation.goals.upgrade if name != choice.name), *situation.requirements)


def remaining(situation: Situation) -> list[Distribution]:
    """What the user has and no playbook takes away."""
    again = {canonicalize_name(Requirement(line).name) for line in situation.goals.install}
    going = {name for name in situation.goals.uninstall if name not in again}
    user = kept(situation.distributions, situation.family, situation.markers)
    return [distribution for distribution in user if distribution.canonical_name not in going]


def ruled_out(distribution: Distribution, situation: Situation) -> bool:
    """What was asked for by name is another version of it."""
    asked = (Requirement(line) for line in roots(situation)[1:])
    return any(rules_out(each, distribution.canonical_name, distribution.version) for each in asked)


def lost(situation: Situation) -> list[Distribution]:
    """What a round before has broken."""
    return [d for d in situation.distributions if d.canonical_name in situation.lost]


def request_for(
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
    rising = situation.goals.upgrade
    seeds = _seeds(situation)
    return ResolveRequest(
        python=situation.python,
        roots=(*roots(situation), *extra),
        constraints=tuple(
            dict.fromkeys(
                (
                    *situation.bounds,
                    *situation.constraints,
                    *(f"{d.canonical_name}!={d.version}" for d in lost(situation)),
                    *(f"{d.canonical_name}=={d.version}" for d in pinned),
                    *(f"{d.canonical_name}=={major}.*" for d in near if (major := _major(d)) is not None),
                    *asked,
                    *(_pkg_resources(seeds) if asking else ()),
                )
            )
        ),
        preferences=tuple(
            (d.canonical_name, d.version) for d in (*user, *seeds) if fast(d) and d.canonical_name not in rising
        ),
        cutoff=situation.cutoff,
        exempt=tuple(sorted({*(d.canonical_name for d in user), *rising} - situation.family)),
        without=tuple(sorted(situation.family.difference({situation.choice.name, situation.partner}))),
        known_good=situation.known_good,
    )


def _seeds(situation: Situation) -> list[Distribution]:
    """What the environment came with, where it can stay: its own Python has it."""
    user = {d.canonical_name for d in remaining(situation)}
    present = [d for d in situation.distributions if d.canonical_name in SEEDS and d.canonical_name not in user]
    return present if situation.same_minor else []


def _pkg_resources(seeds: Sequence[Distribution]) -> Iterator[str]:
    for distribution in seeds:
        if distribution.canonical_name == "setuptools" and breaks(distribution, (_WITH_PKG_RESOURCES,)) is None:
            yield _WITH_PKG_RESOURCES


def holding(situation: Situation, good: Sequence[Distribution]) -> tuple[str, ...]:
    """Roots for the user's distributions that cannot simply stay as files."""
    again = set(situation.goals.reinstall)
    whole = situation.strategy == "rebuild" and not situation.same_minor
    return tuple(
        f"{d.canonical_name}=={d.version}" for d in good if whole or d.canonical_name in again or not d.healthy
    )


def whole(situation: Situation) -> list[Distribution]:
    """Everything beside TensorFlow itself whose version fits."""
    return [
        d
        for d in situation.distributions
        if fast(d)
        and d.canonical_name not in situation.family.union(situation.unfit, situation.lost, situation.goals.upgrade)
        and breaks(d, situation.limits) is None
    ]


def tops(distributions: Sequence[Distribution], markers: Mapping[str, str]) -> list[Distribution]:
    """Those that none of the others requires."""
    below = {
        canonicalize_name(requirement.name)
        for distribution in distributions
        for requirement in active(distribution.requires, markers)
    }
    return [distribution for distribution in distributions if distribution.canonical_name not in below]


def names(pins: tuple[str, ...]) -> tuple[str, ...]:
    """The names of pins."""
    return tuple(pin.partition("==")[0] for pin in pins)


def _major(distribution: Distribution) -> str | None:
    version = distribution.parsed_version
    return str(version.major) if version is not None and not version.epoch else None


def _asked(distributions: Sequence[Distribution], markers: Mapping[str, str], family: frozenset[str]) -> Iterator[str]:
    for distribution in distributions:
        for requirement in active(distribution.requires, markers):
            line = _constraint(requirement)
            if line is not None and canonicalize_name(requirement.name) not in family:
                yield line


def _constraint(requirement: Requirement) -> str | None:
    """A requirement as a constraint: name and specifier only; None when it says nothing."""
    if requirement.url is not None or not requirement.specifier:
        return None
    return f"{canonicalize_name(requirement.name)}{requirement.specifier}"
