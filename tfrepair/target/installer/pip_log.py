"""What pip keeps to its log: why it passed over an index."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from packaging.utils import canonicalize_name

if TYPE_CHECKING:
    from collections.abc import Collection, Iterator
    from pathlib import Path

_NO_VERSIONS = re.compile(r"satisfies the requirement ([A-Za-z0-9][\w.-]*).*\(from versions: none\)")
_PASSED_OVER = re.compile(r"Could not fetch URL (?P<url>\S+): .* - skipping$", re.MULTILINE)
_NOT_THERE = re.compile(r"\b404 Client Error")


def passed_over(log: Path, text: str) -> str:
    """The lines of pip's log that explain an empty list of versions; pip prints nothing of them.

    Empty when an index answered that it has no such project: one that refuses may then be one of those which refuse
    whatever they do not have.
    """
    names = {canonicalize_name(name) for name in _NO_VERSIONS.findall(text)}
    lines = tuple(_lines(log, names)) if names else ()
    return "" if any(_NOT_THERE.search(line) for line in lines) else "".join(f"{line}\n" for line in lines)


def _lines(log: Path, names: Collection[str]) -> Iterator[str]:
    try:
        text = log.read_text(encoding="utf-8", errors="replace")
    except OSError:
        return
    for found in _PASSED_OVER.finditer(text):
        if canonicalize_name(found["url"].rstrip("/").rpartition("/")[2]) in names:
            yield found[0]
