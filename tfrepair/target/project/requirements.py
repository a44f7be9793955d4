"""Requirements files of pip, and lists of lines that are written like theirs."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from tfrepair.target.project.pin import Included, ProjectPin, pin_of

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

_INCLUDE = re.compile(r"^(?:-[rc]|--requirement|--constraint)(?:\s+|=|(?<=-[rc]))(.+)$")
_COMMENT = re.compile(r"(?:^|\s)#.*$")
_OPTIONS = re.compile(r"\s--?[a-z]")
_EDITABLE = re.compile(r"-e\b|--editable\b")


def requirement_lines(text: str, name: str) -> Iterator[ProjectPin | Included]:
    """What the lines of a file ask of TensorFlow, and the files that it includes."""
    for number, line in _lines(text):
        if (found := _of_line(line, f"{name}:{number}")) is not None:
            yield found


def requirement_list(
    lines: Iterable[object], source: str, *, optional: bool = False
) -> Iterator[ProjectPin | Included]:
    """The same of a list; what is no text in it is another way to name what is named elsewhere."""
    for line in lines:
        if isinstance(line, str) and (found := _of_line(line.strip(), source, optional=optional)) is not None:
            yield found


def asks_for_others(text: str) -> bool:
    """A requirements file has lines that are about something else than TensorFlow."""
    for _, line in _lines(text):
        if line and (not line.startswith("-") or _EDITABLE.match(line)) and _of_line(line, "") is None:
            return True
    return False


def _lines(text: str) -> Iterator[tuple[int, str]]:
    """Without comments, continued ones joined, each with its number."""
    whole, first = "", 0
    for number, line in enumerate([*text.splitlines(), ""], start=1):
        first = first if whole else number
        whole += line.removesuffix("\\")
        if not line.endswith("\\"):
            yield first, _COMMENT.sub("", whole).strip()
            whole = ""


def _of_line(line: str, source: str, *, optional: bool = False) -> ProjectPin | Included | None:
    if included := _INCLUDE.match(line):
        return Included(path=included[1].strip(), source=source, optional=optional)
    if line.startswith("-") and not _EDITABLE.match(line):
        return None
    return pin_of(_OPTIONS.split(line, maxsplit=1)[0], source, optional=optional)
