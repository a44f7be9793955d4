"""What `explain` compares a text with, learned from failures whose cause is known: support vectors over their words.

For each cause a plane is laid between its cases and all others, in the space of their tf-idf vectors, so that most lie
clearly on the right side of it (a linear support vector machine, by scikit-learn). As a plane is linear in the words,
what it says is kept by word. Made-up cases teach as real ones do, but a text is never said to read like one of them.
"""

from __future__ import annotations

import math
from collections import Counter
from typing import TYPE_CHECKING, NamedTuple

import numpy as np
from sklearn.feature_extraction import DictVectorizer
from sklearn.svm import LinearSVC

from tfrepair.model.known_cases import PRECISION, KnownCases
from tfrepair.reason.resemblance import vector, words

if TYPE_CHECKING:
    from collections.abc import Collection, Iterable

    from scipy.sparse import csr_matrix

    from tfrepair.model.facts import Facts

SHARED_BY = 2
"""Words of a single case tell of that case only."""
COST = 1.0
"""What a case on the wrong side costs; from 0.7 to 1.5 the accuracy is nearly the same."""
LEAST = 0.02
"""What a word says less than this of a cause is left out."""


class Case(NamedTuple):
    """One failure; no cause when it is one of another kind."""

    cause: str
    source: str
    text: str
    facts: Facts
    made_up: bool = False
    weight: float = 1.0
    """What it counts for; a real one is 1."""


def known_cases(cases: Iterable[Case]) -> KnownCases:
    """Learn from these cases."""
    return Lesson(cases).without(())


class Lesson:
    """Cases that are learned from: all of them, or all but some, for what is known without these.

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
        self.vectors = [vector(each, self.rarity) for each in counts]
        # the last row is a text without words, which has none of the causes; a column for each word, in their order
        self.table = DictVectorizer().fit_transform([*self.vectors, {}])
        self.had = np.array([*(case.cause for case in self.cases), ""])
        self.weights = np.array([*(case.weight for case in self.cases), 1.0])

    def without(self, left_out: Collection[int]) -> KnownCases:
        """What all cases but those with these numbers say."""
        kept = np.ones(len(self.had), dtype=bool)
        kept[sorted(left_out)] = False
        names = sorted(set(self.had[kept].tolist()))
        planes = [_plane(self.table[kept], self.had[kept] == name, self.weights[kept]) for name in names]
        shown = [number for number, case in enumerate(self.cases) if kept[number] and not case.made_up]
        said = np.array([plane for plane, _ in planes]).T
        return KnownCases(
            causes=[self.cases[number].cause for number in shown],
            sources=[self.cases[number].source for number in shown],
            names=names,
            start=[_whole(start) for _, start in planes],
            words=_rows(self._words(shown)),
            says=_rows({word: _told(row) for word, row in zip(self.rarity, said, strict=True)}),
        )

    def _words(self, shown: list[int]) -> dict[str, list[int]]:
        rows = {word: [_whole(figure)] for word, figure in self.rarity.items()}
        for place, number in enumerate(shown):
            for word, weight in self.vectors[number].items():
                rows[word] += (place, _whole(weight))
        return rows


def _plane(table: csr_matrix, had: np.ndarray, weights: np.ndarray) -> tuple[np.ndarray, float]:
    """What each word adds, and where it starts, so that most of those that had a cause come to 1 and others to 0."""
    learned = LinearSVC(C=COST, random_state=0).fit(table, had, sample_weight=weights)
    return learned.coef_[0] / 2, (learned.intercept_[0] + 1) / 2


def _told(row: np.ndarray) -> list[int]:
    """The number of a cause and what a word says of it, in turn."""
    return [figure for n in np.flatnonzero(np.abs(row) >= LEAST).tolist() for figure in (n, _whole(row[n]))]


def _rows(rows: dict[str, list[int]]) -> dict[str, str]:
    return {word: " ".join(map(str, row)) for word, row in rows.items()}


def _whole(figure: float) -> int:
    return round(float(figure) * PRECISION)
