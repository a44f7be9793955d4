"""Failures whose cause is known, as words: what a text is compared with when no line of it decides."""

from __future__ import annotations

from dataclasses import asdict, dataclass
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence

    from typing_extensions import Self

PRECISION = 1000
"""Figures are kept as whole numbers of this part of one."""


@dataclass(frozen=True, slots=True, kw_only=True)
class KnownCases:
    """Each case is a vector of its words; what they weigh and say is kept by word. Figures are in thousandths."""

    causes: Sequence[str]
    """Of each case that a text may be said to read like; empty for a failure of another kind."""
    sources: Sequence[str]
    """An address for each; empty where there is none."""
    names: Sequence[str]
    """The causes, each once, and the empty one."""
    start: Sequence[int]
    """Of each of these names how likely it is before any word is read."""
    words: Mapping[str, str]
    """Of each word how seldom it is, then in turn the number of a case that has it and what it weighs there.

    Whole numbers with a space between them: only those of a few words are ever asked for.
    """
    says: Mapping[str, str]
    """Of each word in turn the number of a name, and what it adds to the likelihood that this is the cause."""

    @classmethod
    def parse(cls, document: Mapping[str, Any]) -> Self:
        """From what `document` gave."""
        return cls(**document)

    def document(self) -> dict[str, Any]:
        """As JSON."""
        return asdict(self)

    def rarity(self, words: Mapping[str, int]) -> dict[str, float]:
        """How seldom each of these words is, from 1; without those that no two cases have."""
        known = (word for word in words if word in self.words)
        return {word: int(self.words[word].partition(" ")[0]) / PRECISION for word in known}

    def weights(self, word: str) -> Iterator[tuple[int, float]]:
        """The numbers of the cases that have a word, and what it weighs in them, from 0 to 1."""
        row = numbers(self.words[word])
        return zip(row[1::2], (figure / PRECISION for figure in row[2::2]), strict=True)

    def likelihoods(self, vector: Mapping[str, float]) -> dict[str, float]:
        """Of each cause, for a text of these words: about 1 where it has it and about 0 where not, in no order."""
        found = [figure / PRECISION for figure in self.start]
        for word, weight in vector.items():
            row = numbers(self.says[word])
            for number, figure in zip(row[::2], row[1::2], strict=True):
                found[number] += weight * figure / PRECISION
        return dict(zip(self.names, found, strict=True))


def numbers(row: str) -> list[int]:
    """The whole numbers of a row."""
    return [int(figure) for figure in row.split()]
