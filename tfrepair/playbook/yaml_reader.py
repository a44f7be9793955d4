"""YAML as it is written: texts stay texts, nothing expands, and every value knows its line and column."""

from __future__ import annotations

import re
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

import yaml

if TYPE_CHECKING:
    from collections.abc import Iterator

MAX_BYTES = 1_000_000
MAX_DEPTH = 40
MAX_NODES = 20_000
SHOWN_CHARACTERS = 600
"""How much of a message is shown: it may quote what somebody wrote."""

Path = tuple[str | int, ...]
"""Where a value stands in a document: keys and indices from the top."""

_LOADER: type[Any] = getattr(yaml, "CSafeLoader", yaml.SafeLoader)
_CONSTANTS = {"true": True, "false": False, "null": None, "": None}
_INTEGER = re.compile(r"-?(?:0|[1-9][0-9]{0,17})")
# C0 and C1 controls, non-characters, and the marks that reorder text on a screen.
REFUSED = re.compile("[\x00-\x08\x0b\x0c\x0e-\x1f\x7f-\x84\x86-\x9f\u202a-\u202e\u2066-\u2069\ufffe\uffff]")
"""Characters that no playbook may hold."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Problem:
    """Something wrong at a place of a file; line and column count from 1."""

    line: int
    column: int
    text: str

    def at(self, file: str) -> str:
        """The line that is shown: `file:line:column: message`; one line, whatever it quotes."""
        text = " ".join(part.strip() for part in self.text.splitlines())
        shown = text if len(text) <= SHOWN_CHARACTERS else f"{text[:SHOWN_CHARACTERS]}..."
        return f"{file}:{self.line}:{self.column}: {shown}"


class YamlError(Exception):
    """A text that is not acceptable YAML; carries the one problem that stopped the reading."""

    def __init__(self, problem: Problem) -> None:
        super().__init__(problem.text)
        self.problem = problem


@dataclass(frozen=True, slots=True)
class Positions:
    """Line and column of every value, and of every key, of one document."""

    values: dict[Path, tuple[int, int]] = field(default_factory=dict)
    keys: dict[Path, tuple[int, int]] = field(default_factory=dict)

    def value(self, path: Path) -> tuple[int, int]:
        """Where the value at this path starts; of the nearest value around it when there is none."""
        while path and path not in self.values:
            path = path[:-1]
        return self.values.get(path, (1, 1))

    def key(self, path: Path) -> tuple[int, int]:
        """Where the key of this path stands; for an item of a list, where the item starts."""
        return self.keys.get(path) or self.value(path)


@dataclass(slots=True)
class _Reader:
    """One pass over the parser's events; stops at the first limit, so that nothing can grow."""

    events: Iterator[Any]
    positions: Positions = field(default_factory=Positions)
    nodes: int = 0

    def build(self, event: Any, path: Path) -> Any:
        """The value that starts with this event."""
        self.nodes += 1
        if self.nodes > MAX_NODES:
            raise _refusal(event, f"the document has more than {MAX_NODES} values")
        if len(path) > MAX_DEPTH:
            raise _refusal(event, f"the document is nested more than {MAX_DEPTH} levels deep")
        _refuse_magic(event)
        self.positions.values[path] = _place(event)
        kind = type(event)
        if kind is yaml.ScalarEvent:
            return _scalar(event)
        return self._sequence(path) if kind is yaml.SequenceStartEvent else self._mapping(path)

    def _sequence(self, path: Path) -> list[Any]:
        items: list[Any] = []
        while not isinstance(event := next(self.events), yaml.SequenceEndEvent):
            items.append(self.build(event, (*path, len(items))))
        return items

    def _mapping(self, path: Path) -> dict[str, Any]:
        items: dict[str, Any] = {}
        while not isinstance(event := next(self.events), yaml.MappingEndEvent):
            key = self._key(event)
            if key in items:
                line, _ = self.positions.keys[(*path, key)]
                raise _refusal(event, f"the key `{key}` stands here a second time, first in line {line}")
            self.positions.keys[(*path, key)] = _place(event)
            items[key] = self.build(next(self.events), (*path, key))
        return items

    def _key(self, event: Any) -> str:
        _refuse_magic(event)
        if not isinstance(event, yaml.ScalarEvent):
            raise _refusal(event, "a key must be a text, not a list or a mapping")
        if event.value == "<<" and not event.style:
            raise _refusal(event, "merge keys (`<<`) are not supported: write the keys out")
        _check_text(event)
        return str(event.value)


def read_yaml(raw: bytes) -> tuple[Any, Positions]:
    """The data of one YAML document and where each part of it stands. Raises YamlError."""
    text = _decoded(raw)
    try:
        return _read(text)
    except yaml.MarkedYAMLError as error:
        raise YamlError(_syntax_problem(error)) from error
    except yaml.YAMLError as error:
        raise YamlError(Problem(line=1, column=1, text=f"this is not YAML: {error}")) from error


def _read(text: str) -> tuple[Any, Positions]:
    reader = _Reader(iter(yaml.parse(text, Loader=_LOADER)))
    data: Any = None
    documents = 0
    for event in reader.events:
        match event:
            case yaml.DocumentStartEvent() if documents:
                raise _refusal(event, "a second document starts here: write one playbook in a file")
            case yaml.DocumentStartEvent():
                documents += 1
                data = reader.build(next(reader.events), ())
            case _:
                continue
    return data, reader.positions


def _decoded(raw: bytes) -> str:
    if len(raw) > MAX_BYTES:
        raise YamlError(Problem(line=1, column=1, text=f"the file is larger than {MAX_BYTES} bytes"))
    try:
        text = raw.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        line = raw.count(b"\n", 0, error.start) + 1
        column = error.start - raw.rfind(b"\n", 0, error.start)
        raise YamlError(Problem(line=line, column=column, text="the file is not UTF-8")) from error
    if found := REFUSED.search(text):
        start = found.start()
        place = {"line": text.count("\n", 0, start) + 1, "column": start - text.rfind("\n", 0, start)}
        raise YamlError(Problem(**place, text=f"the control character U+{ord(found[0]):04X} is not allowed"))
    return text


def _scalar(event: Any) -> Any:
    _check_text(event)
    value = str(event.value)
    if event.style:
        return value
    if value in _CONSTANTS:
        return _CONSTANTS[value]
    return int(value) if _INTEGER.fullmatch(value) else value


def _check_text(event: Any) -> None:
    # Only escapes in double quotes can write what the file itself may not hold.
    if event.style == '"' and (found := REFUSED.search(event.value)):
        raise _refusal(event, f"the control character U+{ord(found[0]):04X} is not allowed")


def _refuse_magic(event: Any) -> None:
    if type(event) is yaml.AliasEvent:
        raise _refusal(event, f"aliases (`*{event.anchor}`) are not supported: write the value out")
    if event.anchor is not None:
        raise _refusal(event, f"anchors (`&{event.anchor}`) are not supported")
    if event.tag is not None:
        raise _refusal(event, f"tags (`{event.tag}`) are not supported")


def _place(event: Any) -> tuple[int, int]:
    mark = event.start_mark
    return mark.line + 1, mark.column + 1


def _refusal(event: Any, text: str) -> YamlError:
    line, column = _place(event)
    return YamlError(Problem(line=line, column=column, text=text))


def _syntax_problem(error: yaml.MarkedYAMLError) -> Problem:
    mark = error.problem_mark or error.context_mark
    place = {"line": mark.line + 1, "column": mark.column + 1} if mark else {"line": 1, "column": 1}
    context = f" {error.context}" if error.context else ""
    hint = next((f"; {hint}" for words, hint in _HINTS.items() if words in str(error.problem)), "")
    return Problem(**place, text=f"this is not YAML: {error.problem}{context}{hint}")


_HINTS = {
    "cannot start any token": "a text that starts with such a character needs quotes, and a tab cannot indent",
    "mapping values are not allowed": "a text with `: ` in it needs quotes",
    "could not find expected ':'": "a key needs `: ` behind it",
}
"""What usually helps, by the words of the parser."""
