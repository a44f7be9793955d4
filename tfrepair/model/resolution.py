"""What a resolver is asked."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Protocol

from packaging.requirements import Requirement

from tfrepair.model.dependencies import rules_out

if TYPE_CHECKING:
    from collections.abc import Iterable

    from tfrepair.model.known_good import KnownLock
    from tfrepair.model.plan import Lock


@dataclass(frozen=True, slots=True, kw_only=True)
class ResolveRequest:
    """Find exact versions for these roots."""

    python: str
    """The interpreter that will import them (for a venv not built yet: its base)."""
    roots: tuple[str, ...]
    """Requirements."""
    constraints: tuple[str, ...] = ()
    """Requirements that hold for whatever of them comes along."""
    preferences: tuple[tuple[str, str], ...] = ()
    """Names and versions to keep where nothing speaks against it."""
    cutoff: str | None = None
    """Nothing uploaded after this day (`2022-10-06`)."""
    exempt: tuple[str, ...] = ()
    """Canonical names the cutoff does not hold for."""
    without: tuple[str, ...] = ()
    """Canonical names that do not come along, whoever asks for them: another distribution has the same files."""
    wheels_only: bool = False
    """Source archives are passed over: building one runs its code."""
    known_good: KnownLock | None = None
    """What to hold TensorFlow's tree to where nobody says when files were uploaded, so that the cutoff is no use."""

    def is_known(self, names: Iterable[str]) -> bool:
        """One of these canonical names is held by the known-good versions."""
        return self.known_good is not None and not {name for name, _ in self.known_good.pins}.isdisjoint(names)

    def as_known_good(self) -> ResolveRequest | None:
        """The same with known-good versions in place of the cutoff; None when there are none.

        They say nothing about what the cutoff does not hold for, nor where something else asks for another version.
        """
        if self.cutoff is None or self.known_good is None:
            return None
        asked = [Requirement(line) for line in (*self.constraints, *self.roots)]
        lines = (
            f"{name}=={version}"
            for name, version in self.known_good.pins
            if name not in self.exempt and not any(rules_out(one, name, version) for one in asked)
        )
        return replace(self, cutoff=None, known_good=None, constraints=(*self.constraints, *lines))


class Resolve(Protocol):
    """The one port of planning: it reads an index and changes nothing."""

    def __call__(self, request: ResolveRequest) -> Lock:
        """The lock. Raises UnresolvableError, SurroundingsError."""
        ...
