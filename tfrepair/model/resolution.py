"""What a resolver is asked."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Protocol

if TYPE_CHECKING:
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
    prereleases: bool = False


class Resolve(Protocol):
    """The one port of planning: it reads an index and changes nothing."""

    def __call__(self, request: ResolveRequest) -> Lock:
        """The lock. Raises UnresolvableError, SurroundingsError."""
        ...
