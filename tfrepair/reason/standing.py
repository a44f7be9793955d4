"""Where a pattern matches a text best, and what the line is worth for what it is: an exception, an error, a warning."""

from __future__ import annotations

import re
from dataclasses import dataclass

from tfrepair.reason.judge import QUOTED_CHARACTERS, first_visible, line_at

_WARNING = r": [WI] tensorflow/|^[WI]\d{4} |\b(?:User|Future|Deprecation)Warning\b|^\s*WARNING\b"
_RAISED = r"^\s*(?:\w+\.)*\w*(?:Error|Exception|Exit|Interrupt|NotFound)\b(?::|$)"
_LOGGED = r"^\s*(?:ERROR|error|CRITICAL|fatal|FATAL)\b|: [EF] (?:tensorflow|external)/|^[EF]\d{4} |Fatal Python error"
_STANDINGS = ((0, re.compile(_WARNING)), (8, re.compile(_RAISED)), (6, re.compile(_LOGGED)))
"""What a line is worth for what it is; the first that fits."""
_ORDINARY = 3
_MOST_MATCHES = 50


@dataclass(frozen=True, slots=True, kw_only=True)
class Place:
    """Where a pattern matches."""

    start: int
    begin: int
    """Where the line begins."""
    line: str
    standing: int
    """What the line is worth for what it is."""

    @property
    def head(self) -> str:
        """What a line begins with says what it is."""
        return _head(self.line)


def best_match(pattern: re.Pattern[str], text: str) -> Place | None:
    """Where a pattern matches best: an exception before an error before a warning, the last of equals."""
    best: Place | None = None
    for number, match in enumerate(pattern.finditer(text)):
        if number >= _MOST_MATCHES:
            break
        start = first_visible(match)
        begin, line = line_at(text, start)
        standing = _standing(_head(line))
        if best is None or standing >= best.standing:
            best = Place(start=start, begin=begin, line=line, standing=standing)
    return best


def _head(line: str) -> str:
    return line[:QUOTED_CHARACTERS]


def _standing(line: str) -> int:
    return next((worth for worth, pattern in _STANDINGS if pattern.search(line)), _ORDINARY)
