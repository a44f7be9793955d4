"""Facts: what was learned about a target, what was looked for and is not there, and what could not be learned."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping

JSONValue = Any
"""None, bool, int, float, str, or lists and string-keyed mappings of these."""


@dataclass(frozen=True, slots=True)
class Known:
    """The fact has this value."""

    value: JSONValue


@dataclass(frozen=True, slots=True)
class Absent:
    """It was looked for and is not there."""


@dataclass(frozen=True, slots=True)
class Unknown:
    """It could not be learned, and why."""

    reason: str


State = Known | Absent | Unknown
"""What is known of a fact."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Fact:
    """One fact: a dotted path (`distribution.numpy.version`), its state, and the probe that says so."""

    path: str
    state: State
    source: str


def belongs(path: str, family: str) -> bool:
    """Whether a path is a family's, or a member of it: `distribution.numpy.version` of `distribution.*.version`."""
    parts, wanted = path.split("."), family.split(".")
    return len(parts) == len(wanted) and all(w in ("*", p) for p, w in zip(parts, wanted, strict=True))


_INDEX_OF_FAMILY = {"distribution": "inventory.names", "bounds": "bounds.broken"}


@dataclass(frozen=True, slots=True)
class Facts:
    """All facts about a target. Looking up a path never fails: an unseen one is Unknown."""

    by_path: Mapping[str, Fact] = field(default_factory=dict)

    @classmethod
    def of(cls, facts: Iterable[Fact]) -> Facts:
        """Facts from a sequence; a later fact replaces an earlier one with the same path."""
        return cls({fact.path: fact for fact in facts})

    def get(self, path: str) -> State:
        """The state of a path.

        `distribution.NAME.*` of a distribution that is not installed is Absent once the inventory is known, and so is
        `bounds.NAME.*` of a distribution without a bound. An option or variable that was not given
        is Absent, and so are plug-ins that did not load where nothing was said of them, and what a step that was not
        carried out would have registered.
        """
        fact = self.by_path.get(path)
        if fact is not None:
            return fact.state
        if path.startswith(("options.", "vars.", "plugins.", "registered.")):
            return Absent()
        index = _INDEX_OF_FAMILY.get(path.partition(".")[0])
        if index is None or path == index or isinstance(self.get(index), Unknown):
            return Unknown("not probed")
        return Absent()

    def value(self, path: str, default: JSONValue = None) -> JSONValue:
        """The value when it is known, else the default."""
        state = self.get(path)
        return state.value if isinstance(state, Known) else default

    def merged(self, newer: Facts) -> Facts:
        """These facts with newer ones laid over them."""
        return Facts({**self.by_path, **newer.by_path})

    def unknown(self) -> Iterator[Fact]:
        """Every fact that a probe tried and failed to learn."""
        return (fact for fact in self.by_path.values() if isinstance(fact.state, Unknown))
