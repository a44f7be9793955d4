"""Everything that planning looks at, gathered before it starts."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Mapping

    from tfrepair.model.distribution import Distribution
    from tfrepair.model.goals import Goals
    from tfrepair.model.known_good import KnownLock
    from tfrepair.model.plan import Choice, Strategy


@dataclass(frozen=True, slots=True, kw_only=True)
class Situation:
    """The environment, what is wanted of it, and what is known about the release that was chosen."""

    round: int
    prefix: str
    fingerprint: str | None
    strategy: Strategy
    python: str
    """The interpreter to resolve for."""
    base: str | None
    """The base interpreter of a fresh venv; None in place."""
    base_version: str
    same_minor: bool
    """The fresh venv has the minor version of the old one, so that files can be carried over."""
    markers: Mapping[str, str]
    distributions: tuple[Distribution, ...]
    goals: Goals
    causes: tuple[str, ...]
    choice: Choice
    wheel: str | None = None
    """A wheel file or URL that is the pin."""
    extras: tuple[str, ...] = ()
    """Extras of the chosen distribution."""
    family: frozenset[str]
    """Distributions that own `tensorflow/`."""
    folders: tuple[frozenset[str], ...]
    """Groups of distributions that write into one folder, the family included."""
    bounds: tuple[str, ...]
    """Measured bounds of the chosen release and its companions, as requirements."""
    cutoff: str | None
    known_good: KnownLock | None = None
    """Versions that worked with the chosen release, for where the cutoff is no use."""
    declared: tuple[str, ...] = ()
    """What the chosen release is known to require, markers and all."""
    constraints: tuple[str, ...] = ()
    """Of the user."""
    requirements: tuple[str, ...] = ()
    """Of the user: must hold as well."""
    companions: frozenset[str] = frozenset()
    """Canonical names of what is used beside TensorFlow and bounded by it: it comes along where it is installed."""
    partner: str | None = None
    """The distribution that has the code, where the chosen one is a stub here."""
    own: frozenset[str] = frozenset()
    """Distributions of tfrepair itself, when it lives in the target; they yield to the pin."""
    leftovers: tuple[tuple[str, str], ...] = ()
    """Folders of the family's import packages, relative to the prefix, with the reason why they go."""
    system_site_packages: bool = False
    prompt: str | None = None
    gentle: bool = False
    """The TensorFlow that is there stays: leave its tree at the versions it has, where they fit."""
    unfit: frozenset[str] = frozenset()
    """Canonical names of what is installed outside the bounds of the chosen release, measured or declared."""
    lost: Mapping[str, str] = field(default_factory=dict)
    """Canonical names of what no longer can be imported at its version, with a sentence how."""

    @property
    def limits(self) -> tuple[str, ...]:
        """What no version may break that stays: the bounds, and the user's constraints."""
        return (*self.bounds, *self.constraints)
