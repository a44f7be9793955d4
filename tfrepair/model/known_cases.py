"""Real failures whose cause is known, as words: what a text is compared with when no line of it decides."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Mapping

    from typing_extensions import Self

_PRECISION = 10_000


@dataclass(frozen=True, slots=True)
class KnownCases:
    """Each case is a vector of its words; what they weigh is kept by word."""

    causes: tuple[str, ...]
    """Empty for a failure of another kind."""
    sources: tuple[str, ...]
    """An address for each; empty where there is none."""
    rarity: Mapping[str, float]
    """Of each word: how seldom it is, from 1."""
    weights: Mapping[str, tuple[tuple[int, float], ...]]
    """Of each word: the numbers of the cases that have it, and what it weighs in them, from 0 to 1."""

    @classmethod
    def parse(cls, document: Mapping[str, Any]) -> Self:
        """From what `document` gave."""
        rows = document["words"]
        return cls(
            tuple(document["causes"]),
            tuple(document["sources"]),
            {word: row[0] / _PRECISION for word, row in rows.items()},
            {
                word: tuple(zip(row[1::2], (figure / _PRECISION for figure in row[2::2]), strict=True))
                for word, row in rows.items()
            },
        )

    def document(self) -> dict[str, Any]:
        """As JSON: causes, sources, and for each word its rarity, then numbers of cases and weights in turn."""
        words = {}
        for word, pairs in self.weights.items():
            figures = (figure for number, weight in pairs for figure in (number, round(weight * _PRECISION)))
            words[word] = [round(self.rarity[word] * _PRECISION), *figures]
        return {"causes": list(self.causes), "sources": list(self.sources), "words": words}
