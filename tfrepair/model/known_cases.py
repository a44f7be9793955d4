"""Real failures whose cause is known, as words: what a text is compared with when no line of it decides."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence

    from typing_extensions import Self

PRECISION = 1000
"""Figures are kept as whole numbers of this part of one."""


@dataclass(frozen=True, slots=True)
class KnownCases:
    """Each case is a vector of its words; what they weigh is kept by word. Figures are in thousandths."""

    causes: Sequence[str]
    """Of each case; empty for a failure of another kind."""
    sources: Sequence[str]
    """An address for each; empty where there is none."""
    words: Mapping[str, Sequence[int]]
    """Of each word how seldom it is, then in turn the number of a case that has it and what it weighs there."""
    votes: Mapping[str, Sequence[int]]
    """Of each cause: what each case, when a text is entirely like it, adds to the likelihood that this is the cause."""

    @classmethod
    def parse(cls, document: Mapping[str, Any]) -> Self:
        """From what `document` gave."""
        return cls(document["causes"], document["sources"], document["words"], document["votes"])

    def document(self) -> dict[str, Any]:
        """As JSON."""
        return {"causes": self.causes, "sources": self.sources, "words": self.words, "votes": self.votes}

    def rarity(self, words: Mapping[str, int]) -> dict[str, float]:
        """How seldom each of these words is, from 1; without those that no two cases have."""
        return {word: self.words[word][0] / PRECISION for word in words if word in self.words}

    def weights(self, word: str) -> Iterator[tuple[int, float]]:
        """The numbers of the cases that have a word, and what it weighs in them, from 0 to 1."""
        row = self.words[word]
        return zip(row[1::2], (figure / PRECISION for figure in row[2::2]), strict=True)
