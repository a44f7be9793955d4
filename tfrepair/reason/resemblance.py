"""Which causes real failures had that read like a text: for when no line of it decides.

Each known case is a vector of its words, weighed by how seldom they are (tf-idf); the nearest cases vote for their
causes, the nearer the more. Measured on 359 real failures, each part with those that were collected before it: where
signatures named nothing, this named the cause of two in three.
"""

from __future__ import annotations

import math
import re
from collections import Counter, defaultdict
from dataclasses import dataclass
from typing import TYPE_CHECKING

from tfrepair.model.known_cases import KnownCases

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

_WORD = re.compile(r"[^\W\d_]+|\d+(?:\.\d+)?")
_INFORMATION = re.compile(r"^(?:.*\bI tensorflow/|I\d{4} ).*$", re.MULTILINE)
"""Lines that TensorFlow logs whether it works or not."""
_LONGEST_WORD = 30
_LONGEST_NUMBER = 4
"""Digits; longer ones are addresses, times and process ids."""
_LONGEST_TEXT = 20_000
"""Characters from the end of a text: that is where a traceback says what matters."""
_SHARED_BY = 2
"""Words of a single case tell of that case only."""
_NEAREST = 25
_LEAST = 0.2
"""The similarity, from 0 to 1, that the nearest case must have."""
_SHOWN_SOURCES = 2


@dataclass(frozen=True, slots=True)
class Resemblance:
    """A cause that similar cases had."""

    cause: str
    """Empty: none of those that there are playbooks for."""
    share: float
    """Of the votes, from 0 to 1."""
    sources: tuple[str, ...]
    """Where the nearest of these cases were told of."""
    line: str
    """The line of the text that is most alike."""


def known_cases(cases: Iterable[tuple[str, str, str]]) -> KnownCases:
    """From the cause, the source and the text of each."""
    causes, sources, texts = zip(*cases, strict=True)
    counts = [_words(text[-_LONGEST_TEXT:]) for text in texts]
    shared = Counter(word for each in counts for word in each)
    rarity = {
        word: math.log((1 + len(counts)) / (1 + count)) + 1
        for word, count in sorted(shared.items())
        if count >= _SHARED_BY
    }
    weights = defaultdict(list)
    for number, each in enumerate(counts):
        for word, weight in _vector(each, rarity).items():
            weights[word].append((number, weight))
    return KnownCases(causes, sources, rarity, {word: tuple(pairs) for word, pairs in weights.items()})


def resembling(text: str, known: KnownCases) -> tuple[Resemblance, ...]:
    """The causes of the most similar cases, the likeliest first; none when no case is similar enough."""
    text = text[-_LONGEST_TEXT:]
    vector = _vector(_words(text), known.rarity)
    similar: dict[int, float] = defaultdict(float)
    for word, weight in vector.items():
        for number, other in known.weights[word]:
            similar[number] += weight * other
    nearest = sorted(similar.items(), key=lambda item: (-item[1], item[0]))[:_NEAREST]
    if not nearest or nearest[0][1] < _LEAST:
        return ()
    votes: dict[str, float] = defaultdict(float)
    for number, similarity in nearest:
        votes[known.causes[number]] += similarity**3
    lines = {line.strip(): _words(line) for line in text.splitlines() if line.strip()}
    ranked = sorted(votes, key=lambda cause: (-votes[cause], cause))
    return tuple(
        Resemblance(
            cause=cause,
            share=votes[cause] / sum(votes.values()),
            sources=_sources(cause, nearest, known),
            line=_line(lines, vector, {number for number, _ in nearest if known.causes[number] == cause}, known),
        )
        for cause in ranked
    )


def _words(text: str) -> Counter[str]:
    """The words of a text in lower case, and its short numbers."""
    return Counter(
        word
        for word in _WORD.findall(_INFORMATION.sub("", text).lower())
        if len(word) < _LONGEST_WORD and not (word.isdigit() and len(word) > _LONGEST_NUMBER)
    )


def _vector(counts: Mapping[str, int], rarity: Mapping[str, float]) -> dict[str, float]:
    """What each word weighs in a text, the whole of length 1."""
    weights = {word: (1 + math.log(count)) * rarity[word] for word, count in counts.items() if word in rarity}
    length = math.hypot(*weights.values()) or 1.0
    return {word: weight / length for word, weight in weights.items()}


def _sources(cause: str, nearest: Iterable[tuple[int, float]], known: KnownCases) -> tuple[str, ...]:
    found = (known.sources[number] for number, _ in nearest if known.causes[number] == cause)
    return tuple(dict.fromkeys(source for source in found if source))[:_SHOWN_SOURCES]


def _line(lines: Mapping[str, Iterable[str]], vector: Mapping[str, float], cases: set[int], known: KnownCases) -> str:
    """The line whose words weigh most both in the text and in these cases."""
    alike = {
        word: weight * sum(other for number, other in known.weights[word] if number in cases)
        for word, weight in vector.items()
    }
    return max(lines, key=lambda line: sum(alike.get(word, 0.0) for word in lines[line]))
