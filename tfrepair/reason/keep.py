"""What the user has beside TensorFlow, and what it asks of the versions around it."""

from __future__ import annotations

from typing import TYPE_CHECKING

from packaging.requirements import InvalidRequirement, Requirement
from packaging.utils import canonicalize_name

if TYPE_CHECKING:
    from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence

    from tfrepair.model.distribution import Distribution

SEEDS = ("pip", "setuptools", "wheel")
"""What a venv brings along; having them says nothing about what the user wants."""


def requirements_of(distribution: Distribution, markers: Mapping[str, str]) -> Iterator[Requirement]:
    """What a distribution requires on this interpreter; extras and unreadable lines are left out."""
    for line in distribution.requires:
        try:
            requirement = Requirement(line)
        except InvalidRequirement:
            continue
        if requirement.marker is None or requirement.marker.evaluate({**markers, "extra": ""}):
            yield requirement


def closure(
    names: Iterable[str],
    distributions: Sequence[Distribution],
    markers: Mapping[str, str],
    stop: Collection[str] = (),
) -> frozenset[str]:
    """These canonical names and everything that they require, installed or not; what `stop` names is not entered."""
    by_name = {distribution.canonical_name: distribution for distribution in distributions}
    seen: set[str] = set()
    todo = list(names)
    while todo:
        name = todo.pop()
        if name in seen or name in stop:
            continue
        seen.add(name)
        if name in by_name:
            todo += (canonicalize_name(requirement.name) for requirement in requirements_of(by_name[name], markers))
    return frozenset(seen)


def kept(
    distributions: Sequence[Distribution],
    family: Collection[str],
    markers: Mapping[str, str],
) -> tuple[Distribution, ...]:
    """The distributions that are the user's own and not TensorFlow's.

    That is what stands outside the tree of the TensorFlow distributions, what was asked for by name, and whatever
    those require. Versions of these stay unless they cannot.
    """
    present = [distribution.canonical_name for distribution in distributions]
    roots = [name for name in present if name in family]
    tree = closure(roots, distributions, markers)
    direct = closure(roots, [d for d in distributions if d.canonical_name in family], markers)
    own = {
        distribution.canonical_name
        for distribution in distributions
        if distribution.canonical_name not in family
        and distribution.canonical_name not in SEEDS
        and (distribution.canonical_name not in tree or _asked_for(distribution, direct))
    }
    wanted = closure(own, distributions, markers, stop=family)
    return tuple(distribution for distribution in distributions if distribution.canonical_name in wanted)


def _asked_for(distribution: Distribution, direct: Collection[str]) -> bool:
    """The user asked for it by name, as far as one can tell.

    pip marks as REQUESTED what was named and nothing else. uv marks everything: then what TensorFlow itself requires
    counts as TensorFlow's, and what stands further down its tree, which the user may have named, as the user's.
    """
    if distribution.editable:
        return True
    return distribution.requested and (distribution.installer == "pip" or distribution.canonical_name not in direct)
