"""Which causes failures had that read like a text: for when no line of it decides.

Each known case is a vector of its words, of neighbouring words, of the words in lines that tell of trouble and of what
is known of the machine and of versions, weighed by how seldom they are (tf-idf). What the words say of each cause was
learned from all cases together, real ones and made-up ones, by support vectors (`tests/corpus/learning.py`). Measured
on 1,352 real failures, each part with what was learned without it: the likeliest cause was right in 82 of 100. Only
real ones are named as similar.
"""

from __future__ import annotations

import math
import re
from collections import Counter, defaultdict
from dataclasses import dataclass
from itertools import pairwise
from typing import TYPE_CHECKING

from tfrepair.model.facts import Known
from tfrepair.reason.bystanders import without_bystanders
from tfrepair.reason.routine import without_routine

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from tfrepair.model.facts import Facts
    from tfrepair.model.known_cases import KnownCases

_WORD = re.compile(r"[^\W\d_]+|\d+(?:\.\d+)?")
_TROUBLE = re.compile(
    r"error|exception|warning|not found|cannot|could not|failed|no module|no matching|undefined|incompat", re.IGNORECASE
)
_TROUBLES = 4
"""How many lines that tell of trouble count twice: the last ones."""
_FACTS = (
    "host.system",
    "host.machine",
    "host.libc",
    "host.has_avx",
    "interpreter.version",
    "tensorflow.version",
    "release.fits",
    "cuda.version",
    "cuda.fits",
    "cuda.cudnn_fits",
    "cuda.driver_enough",
    "distribution.numpy.version",
    "distribution.protobuf.version",
    "distribution.keras.version",
    "distribution.tensorboard.version",
    "distribution.h5py.version",
    "distribution.setuptools.version",
    "distribution.typing-extensions.version",
    "distribution.ml-dtypes.version",
)
"""The facts that count like words of a text."""
_LONGEST_WORD = 30
_LONGEST_NUMBER = 4
"""Digits; longer ones are addresses, times and process ids."""
_LONGEST_TEXT = 20_000
"""Characters from the end of a text: that is where a traceback says what matters."""
_NEAREST = 25
"""How many cases tell which line is most alike, and are shown."""
_LEAST = 0.1
"""The similarity, from 0 to 1, that the nearest case must have."""
_SHOWN_SOURCES = 2


@dataclass(frozen=True, slots=True, kw_only=True)
class Resemblance:
    """What a text has in common with the known cases."""

    likelihoods: Mapping[str, float]
    """Of each cause, the likeliest first: about 1 where the text has it and 0 where not, sometimes more or less.

    The cause is empty for failures of other kinds. Nothing where no case is similar enough.
    """
    text: str
    vector: Mapping[str, float]
    nearest: tuple[int, ...]
    """The numbers of the most similar cases, the most similar first."""
    known: KnownCases

    @property
    def likeliest(self) -> str | None:
        """The likeliest cause; None where no case is similar enough."""
        return next(iter(self.likelihoods), None)

    def sources(self, cause: str) -> tuple[str, ...]:
        """Where the nearest cases of this cause were told of."""
        found = (self.known.sources[number] for number in self._cases(cause))
        return tuple(dict.fromkeys(source for source in found if source))[:_SHOWN_SOURCES]

    def line(self, cause: str) -> str:
        """The line of the text whose words weigh most both in the text and in the nearest cases of this cause."""
        cases = set(self._cases(cause))
        alike = {
            word: weight * sum(other for number, other in self.known.weights(word) if number in cases)
            for word, weight in self.vector.items()
        }
        lines = {line.strip(): _words(line.lower()) for line in self.text.splitlines()}
        return max(lines, key=lambda line: sum(alike.get(word, 0.0) for word in set(lines[line])))

    def _cases(self, cause: str) -> Iterator[int]:
        return (number for number in self.nearest if self.known.causes[number] == cause)


def words(text: str, facts: Facts) -> Counter[str]:
    """What a text is known by, and what is known of the machine; how often each."""
    text = without_routine(without_bystanders(text))[-_LONGEST_TEXT:].lower()
    every = _words(text)
    troubles = [line for line in text.splitlines() if _TROUBLE.search(line)][-_TROUBLES:]
    counts = Counter(every)
    counts.update(f"{one} {other}" for one, other in pairwise(every))
    counts.update(f"!{word}" for line in troubles for word in _words(line))
    counts.update(_of_facts(facts))
    return counts


def vector(counts: Mapping[str, int], rarity: Mapping[str, float]) -> dict[str, float]:
    """What each word weighs in a text, the whole of length 1; words without a rarity weigh nothing."""
    weights = {word: (1 + math.log(count)) * rarity[word] for word, count in counts.items() if word in rarity}
    length = math.hypot(*weights.values()) or 1.0
    return {word: weight / length for word, weight in weights.items()}


def resembling(text: str, facts: Facts, known: KnownCases) -> Resemblance:
    """Compare a text, and what is known of the machine, with the known cases."""
    found = words(text, facts)
    weighed = vector(found, known.rarity(found))
    similar: dict[int, float] = defaultdict(float)
    for word, weight in weighed.items():
        for number, other in known.weights(word):
            similar[number] += weight * other
    nearest = sorted(similar, key=lambda number: (-similar[number], number))[:_NEAREST]
    if not nearest or similar[nearest[0]] < _LEAST:
        return Resemblance(likelihoods={}, text="", vector={}, nearest=(), known=known)
    likelihoods = known.likelihoods(weighed)
    return Resemblance(
        likelihoods=dict(sorted(likelihoods.items(), key=lambda item: (-item[1], item[0]))),
        text=text[-_LONGEST_TEXT:],
        vector=weighed,
        nearest=tuple(nearest),
        known=known,
    )


def _words(text: str) -> list[str]:
    """The words of a text, which is in lower case, and its short numbers."""
    return [
        word
        for word in _WORD.findall(text)
        if len(word) < _LONGEST_WORD and not (word.isdigit() and len(word) > _LONGEST_NUMBER)
    ]


def _of_facts(facts: Facts) -> Iterator[str]:
    """What is known of the machine and of what a text tells: of versions the first number, and the first two."""
    for path in _FACTS:
        state = facts.get(path)
        if isinstance(state, Known):
            parts = str(state.value).lower().split(".")
            yield from dict.fromkeys((f"{path}={parts[0]}", f"{path}={'.'.join(parts[:2])}"))
