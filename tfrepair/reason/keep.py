"""What the user has beside TensorFlow, and what it asks of the versions around it."""

from __future__ import annotations

from typing import TYPE_CHECKING

from packaging.requirements import Requirement
from packaging.utils import canonicalize_name

from tfrepair.model.dependencies import active, tree

if TYPE_CHECKING:
    from collections.abc import Collection, Iterable, Mapping, Sequence

    from tfrepair.model.distribution import Distribution

SEEDS = ("pip", "setuptools", "wheel")
"""What a venv brings along; having them says nothing about what the user wants."""

GENERAL = ("numpy", "packaging", "requests", "scipy", "six", "typing-extensions")
"""What TensorFlow requires and half the world does too: bounds protect it, its own day does not matter."""


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
    below = tree(distributions, roots, markers)
    direct = {
        canonicalize_name(requirement.name)
        for distribution in distributions
        if distribution.canonical_name in family
        for requirement in active(distribution.requires, markers)
    }
    own = {
        distribution.canonical_name
        for distribution in distributions
        if distribution.canonical_name not in family
        and distribution.canonical_name not in SEEDS
        and (distribution.canonical_name not in below or _asked_for(distribution, direct))
    }
    wanted = tree(distributions, own, markers, stop=family)
    return tuple(distribution for distribution in distributions if distribution.canonical_name in wanted)


def affected(
    distributions: Sequence[Distribution],
    changed: Collection[str],
    family: Collection[str],
    markers: Mapping[str, str],
) -> tuple[Distribution, ...]:
    """The distributions beside TensorFlow that may notice when the `changed` (canonical names) are other ones.

    That is whatever needs one of them and stays itself, and what the user has and is changed itself.
    """
    own = {distribution.canonical_name for distribution in kept(distributions, family, markers)}
    found = []
    for distribution in distributions:
        name = distribution.canonical_name
        if name in family or name in SEEDS or (name in changed and name not in own):
            continue
        if name in changed or not tree(distributions, [name], markers).isdisjoint(changed):
            found.append(distribution)
    return tuple(found)


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


def _asked_for(distribution: Distribution, direct: Collection[str]) -> bool:
    """The user asked for it by name, as far as one can tell.

    pip marks as REQUESTED what was named and nothing else. uv marks everything: then what TensorFlow itself requires
    counts as TensorFlow's, and what is general or stands further down its tree as the user's.
    """
    name = distribution.canonical_name
    own = distribution.installer == "pip" or name not in direct or name in GENERAL
    return distribution.editable or (distribution.requested and own)
