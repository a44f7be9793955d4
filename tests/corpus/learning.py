"""What `explain` compares a text with, learned from real failures: least squares over their words.

Each case says of each cause how likely it is, so that for all cases together the sums come close to what they had
(kernel ridge regression with the cosine of their tf-idf vectors as the kernel).
"""

from __future__ import annotations

import math
from collections import Counter
from typing import TYPE_CHECKING, NamedTuple

import numpy as np

from tfrepair.model.known_cases import PRECISION, KnownCases
from tfrepair.reason.resemblance import vector, words

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

    from tfrepair.model.facts import Facts

SHARED_BY = 2
"""Words of a single case tell of that case only."""
REGULARITY = 0.3
"""The more, the less a single case counts; from 0.1 to 1 the accuracy is nearly the same."""


class Case(NamedTuple):
    """One failure; no cause when it is one of another kind."""

    cause: str
    source: str
    text: str
    facts: Facts


def known_cases(cases: Iterable[Case]) -> KnownCases:
    """Learn from these cases."""
    causes, sources, texts, facts = (list(column) for column in zip(*cases, strict=True))
    counts = [words(text, told) for text, told in zip(texts, facts, strict=True)]
    shared = Counter(word for each in counts for word in each)
    rarity = {
        word: math.log((1 + len(counts)) / (1 + count)) + 1
        for word, count in sorted(shared.items())
        if count >= SHARED_BY
    }
    vectors = [vector(each, rarity) for each in counts]
    table = {word: [_whole(figure)] for word, figure in rarity.items()}
    for number, each in enumerate(vectors):
        for word, weight in each.items():
            table[word] += (number, _whole(weight))
    return KnownCases(causes, sources, table, _votes(causes, vectors, rarity))


def _whole(figure: float) -> int:
    return round(figure * PRECISION)


def _votes(causes: list[str], vectors: list[Mapping[str, float]], every: Iterable[str]) -> dict[str, list[int]]:
    columns = {word: number for number, word in enumerate(every)}
    table = np.zeros((len(vectors), len(columns)), dtype=np.float32)
    for row, each in zip(table, vectors, strict=True):
        row[[columns[word] for word in each]] = list(each.values())
    alike = (table @ table.T).astype(float)
    names = sorted(set(causes))
    had = np.array([[cause == name for name in names] for cause in causes], dtype=float)
    found = np.linalg.solve(alike + REGULARITY * np.eye(len(causes)), had)
    return {name: [_whole(figure) for figure in column] for name, column in zip(names, found.T, strict=True)}
