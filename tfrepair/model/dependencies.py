"""Requirements between installed distributions: what is asked for, and what does not hold."""

from __future__ import annotations

import re
from collections import defaultdict
from dataclasses import dataclass
from typing import TYPE_CHECKING

from packaging.markers import UndefinedComparison, UndefinedEnvironmentName
from packaging.requirements import InvalidRequirement, Requirement
from packaging.utils import canonicalize_name

from tfrepair.model.bounds import within

if TYPE_CHECKING:
    from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence

    from tfrepair.model.distribution import Distribution

_ONLY_EXTRA = re.compile(r"\bextra\s*==")


@dataclass(frozen=True, slots=True, kw_only=True)
class Unsatisfied:
    """A requirement of an installed distribution that does not hold."""

    distribution: str
    """Canonical name of the one that asks."""
    version: str
    requirement: str
    name: str
    """Canonical name of what it asks for."""
    installed: str | None
    """None when that is not installed."""


def rules_out(requirement: Requirement, name: str, version: str) -> bool:
    """The requirement is about this canonical name, and the version does not meet it."""
    mine = canonicalize_name(requirement.name) == name
    return mine and not requirement.specifier.contains(version, prereleases=True)


def active(requires: Iterable[str], markers: Mapping[str, str]) -> Iterator[Requirement]:
    """The requirements that count in this marker environment; extras, and lines that are no requirement, do not."""
    for text in requires:
        condition = text.partition(";")[2]
        # Most lines of most distributions are for extras; reading them all would take most of the time.
        if condition and _ONLY_EXTRA.search(condition) and " or " not in condition:
            continue
        try:
            requirement = Requirement(text)
        except InvalidRequirement:
            continue
        if requirement.marker is None or _holds(requirement, markers):
            yield requirement


def of_extra(requires: Iterable[str], extra: str, markers: Mapping[str, str]) -> Iterator[Requirement]:
    """The requirements that only this extra asks for, as far as they count in this marker environment."""
    for text in requires:
        if not _ONLY_EXTRA.search(text.partition(";")[2]):
            continue
        try:
            requirement = Requirement(text)
        except InvalidRequirement:
            continue
        marker = requirement.marker
        if marker is not None and marker.evaluate({**markers, "extra": extra}) and not _holds(requirement, markers):
            yield requirement


def _holds(requirement: Requirement, markers: Mapping[str, str]) -> bool:
    try:
        return requirement.marker is None or requirement.marker.evaluate({**markers, "extra": ""})
    except (UndefinedComparison, UndefinedEnvironmentName):
        return False


def versions(distributions: Iterable[Distribution]) -> dict[str, tuple[str, ...]]:
    """The installed versions by canonical name."""
    found: dict[str, list[str]] = defaultdict(list)
    for distribution in distributions:
        found[distribution.canonical_name].append(distribution.version)
    return {name: tuple(each) for name, each in found.items()}


def unsatisfied(
    distributions: Sequence[Distribution],
    markers: Mapping[str, str],
    alike: Collection[str] = (),
    *,
    inherited: Sequence[Distribution] = (),
) -> tuple[Unsatisfied, ...]:
    """Every requirement that does not hold; pre-releases satisfy, and of a name installed twice either copy does.

    Names that are `alike` stand for each other: they have the same files. What is `inherited` counts as installed where
    nothing of its name is, and its own requirements are not asked about.
    """
    installed = versions(inherited) | versions(distributions)
    either = tuple(version for name in alike for version in installed.get(name, ()))
    installed = {**{name: either for name in alike if either}, **installed}
    broken = []
    for distribution in distributions:
        for requirement in active(distribution.requires, markers):
            name = canonicalize_name(requirement.name)
            present = installed.get(name, ())
            specifier = str(requirement.specifier)
            if present and (not specifier or any(within(version, specifier) for version in present)):
                continue
            broken.append(
                Unsatisfied(
                    distribution=distribution.canonical_name,
                    version=distribution.version,
                    requirement=f"{requirement.name}{specifier}",
                    name=name,
                    installed=present[0] if present else None,
                )
            )
    return tuple(broken)


def tree(
    distributions: Sequence[Distribution],
    roots: Iterable[str],
    markers: Mapping[str, str],
    *,
    stop: Collection[str] = (),
) -> frozenset[str]:
    """Canonical names of the installed roots and of all installed distributions that they need, however indirectly.

    What `stop` names is not entered.
    """
    by_name = {distribution.canonical_name: distribution for distribution in distributions}
    seen: set[str] = set()
    waiting = [root for root in roots if root in by_name]
    while waiting:
        name = waiting.pop()
        if name in seen or name in stop:
            continue
        seen.add(name)
        needed = (canonicalize_name(requirement.name) for requirement in active(by_name[name].requires, markers))
        waiting.extend(each for each in needed if each in by_name)
    return frozenset(seen)
