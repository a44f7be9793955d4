"""What `explain` compares a text with, learned from failures whose cause is known: least squares over their words.

Each case says of each cause how likely it is, so that for all cases together the sums come close to what they had
(kernel ridge regression with the cosine of their tf-idf vectors as the kernel). As that is linear in the words, what all
cases say is kept by word. Made-up cases teach as real ones do, but a text is never said to read like one of them.
"""

from __future__ import annotations

import math
from collections import Counter
from typing import TYPE_CHECKING, NamedTuple

import numpy as np

from tfrepair.model.known_cases import PRECISION, KnownCases
from tfrepair.reason.resemblance import vector, words

if TYPE_CHECKING:
    from collections.abc import Collection, Iterable

    from tfrepair.model.facts import Facts

SHARED_BY = 2
"""Words of a single case tell of that case only."""
REGULARITY = 0.3
"""The more, the less a single case counts; from 0.1 to 1 the accuracy is nearly the same."""
LEAST = 0.03
"""What a word says less than this of a cause is left out."""
_FREQUENT = 30
"""Words of so many cases are multiplied as a table, the others one by one."""


class Case(NamedTuple):
    """One failure; no cause when it is one of another kind."""

    cause: str
    source: str
    text: str
    facts: Facts
    made_up: bool = False


def known_cases(cases: Iterable[Case]) -> KnownCases:
    """Learn from these cases."""
    return Lesson(cases).without(())


class Lesson:
    """Cases that are learned from once: all of them, or all but some, for what was learned without these.

    Only how seldom words are is counted over all of them.
    """

    def __init__(self, cases: Iterable[Case]) -> None:
        self.cases = list(cases)
        counts = [words(case.text, case.facts) for case in self.cases]
        shared = Counter(word for each in counts for word in each)
        self.rarity = {
            word: math.log((1 + len(counts)) / (1 + count)) + 1
            for word, count in sorted(shared.items())
            if count >= SHARED_BY
        }
        place = {word: number for number, word in enumerate(self.rarity)}
        found = [
            (place[word], number, weight)
            for number, each in enumerate(counts)
            for word, weight in vector(each, self.rarity).items()
        ]
        found.sort()
        self.places, self.rows, self.weights = (np.array(column) for column in zip(*found, strict=True))
        self.names = sorted({case.cause for case in self.cases})
        self.had = np.array([[case.cause == name for name in self.names] for case in self.cases], dtype=np.float32)
        every = _alike(self.places, self.rows, self.weights, len(self.cases))
        np.fill_diagonal(every, every.diagonal() + REGULARITY)  # in place: it takes half a gigabyte
        self.inverse = np.linalg.inv(every)

    def without(self, left_out: Collection[int]) -> KnownCases:
        """What all cases but those with these numbers say (by the inverse of a matrix without some rows and columns)."""
        figures = self.inverse @ self.had
        out = np.array(sorted(left_out), dtype=int)
        if len(out):
            figures -= self.inverse[:, out] @ np.linalg.solve(self.inverse[np.ix_(out, out)], figures[out])
            figures[out] = 0
        said = np.zeros((len(self.rarity), len(self.names)))
        starts = np.flatnonzero(np.diff(self.places, prepend=-1))
        said[self.places[starts]] = np.add.reduceat(figures[self.rows] * self.weights[:, None], starts)
        shown = [n for n, case in enumerate(self.cases) if not case.made_up and n not in set(left_out)]
        return KnownCases(
            causes=[self.cases[number].cause for number in shown],
            sources=[self.cases[number].source for number in shown],
            names=self.names,
            words=_rows(self._words({number: place for place, number in enumerate(shown)})),
            says=_rows({word: _told(row) for word, row in zip(self.rarity, said, strict=True)}),
        )

    def _words(self, shown: dict[int, int]) -> dict[str, list[int]]:
        rows = [[_whole(figure)] for figure in self.rarity.values()]
        for place, number, weight in zip(self.places, self.rows, self.weights, strict=True):
            if number in shown:
                rows[place] += (shown[number], _whole(weight))
        return dict(zip(self.rarity, rows, strict=True))


def _alike(places: np.ndarray, rows: np.ndarray, weights: np.ndarray, size: int) -> np.ndarray:
    """The cosine of each two cases, from the weights of their words, in the order of the words."""
    counts = np.bincount(places)
    frequent = counts[places] >= _FREQUENT
    columns = np.cumsum(counts >= _FREQUENT) - 1
    table = np.zeros((size, max(1, columns[-1] + 1)), dtype=np.float32)
    table[rows[frequent], columns[places[frequent]]] = weights[frequent]
    alike = table @ table.T
    places, rows, weights = places[~frequent], rows[~frequent], weights[~frequent]
    np.add.at(alike, (rows, rows), weights**2)
    for distance in range(1, _FREQUENT):
        same = np.flatnonzero(places[distance:] == places[:-distance])
        one, other, product = rows[same], rows[same + distance], weights[same] * weights[same + distance]
        np.add.at(alike, (one, other), product)
        np.add.at(alike, (other, one), product)
    return alike


def _told(row: np.ndarray) -> list[int]:
    """The number of a cause and what a word says of it, in turn."""
    return [figure for n in np.flatnonzero(np.abs(row) >= LEAST).tolist() for figure in (n, _whole(row[n]))]


def _rows(rows: dict[str, list[int]]) -> dict[str, str]:
    return {word: " ".join(map(str, row)) for word, row in rows.items()}


def _whole(figure: float) -> int:
    return round(float(figure) * PRECISION)
