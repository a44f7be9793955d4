"""YAML as it is written: texts stay texts, nothing expands, and every value knows its line and column."""

from __future__ import annotations

import re
from dataclasses import dataclass, field, replace
from itertools import islice
from typing import TYPE_CHECKING, Any

import yaml

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping, Sequence

MAX_BYTES = 1_000_000
MAX_DEPTH = 40
MAX_NODES = 20_000
SHOWN_CHARACTERS = 600
"""How much of a message is shown: it may quote what somebody wrote."""

SHOWN_LINES = 5
"""In how many further lines a message says that something stands."""

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


class YamlError(ValueError):
    """A text that is not acceptable YAML, with everything that keeps it from being so."""

    def __init__(self, *problems: Problem, rest: Rest | None = None) -> None:
        super().__init__("; ".join(problem.text for problem in problems))
        self.problems = problems
        self.rest = rest
        """What was read beside what is refused; None when the reading had to stop."""


REFUSED_VALUE = object()
"""Stands where a value was refused: no text, no list, no mapping, and not nothing."""


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

    def renamed(self, words: Mapping[Path, str]) -> Positions:
        """The same places, where keys at these paths are other words."""
        moved: dict[Path, Path] = {(): ()}
        for path in self.values:  # what is around a value stands before it
            if path:
                moved[path] = (*moved[path[:-1]], words.get(path, path[-1]))
        return Positions(
            values={moved[path]: place for path, place in self.values.items()},
            keys={moved[path]: place for path, place in self.keys.items() if path in moved},
        )


@dataclass(frozen=True, slots=True, kw_only=True)
class Rest:
    """What a document says beside what is refused in it, for whoever looks for further mistakes."""

    data: Any
    positions: Positions
    unsure: frozenset[tuple[int, int]]
    """Places where a value was refused."""


@dataclass(slots=True)
class _Reader:
    """One pass over the parser's events; goes on after what is refused, and stops at the first limit."""

    next_event: Callable[[], Any]
    text: str = ""
    """What is read."""
    positions: Positions = field(default_factory=Positions)
    nodes: int = 0
    problems: list[Problem] = field(default_factory=list)
    unsure: set[tuple[int, int]] = field(default_factory=set)
    again: dict[str, tuple[int, list[int]]] = field(default_factory=dict)
    """Of each kind of magic: the index of the problem that tells of it, and the lines where it stands again."""

    def build(self, event: Any, path: Path) -> Any:
        """The value that starts with this event. Raises YamlError for a limit."""
        self.nodes += 1
        if self.nodes > MAX_NODES:
            raise self.stop(event, f"the document has more than {MAX_NODES} values")
        if len(path) > MAX_DEPTH:
            raise self.stop(event, f"the document is nested more than {MAX_DEPTH} levels deep")
        self.positions.values[path] = _place(event)
        kind = type(event)
        if kind is yaml.AliasEvent:
            self._refuse_alias(event)
            return self._refused(event)
        if event.anchor is not None or event.tag is not None:
            self._refuse_magic(event)
        if kind is yaml.ScalarEvent:
            return self._scalar(event)
        return self._sequence(path) if kind is yaml.SequenceStartEvent else self._mapping(path)

    def refuse(self, event: Any, text: str) -> None:
        """Note what is refused, and go on."""
        line, column = _place(event)
        self.problems.append(Problem(line=line, column=column, text=text))

    def refuse_magic(self, kind: str, event: Any, text: str) -> None:
        """The same for what may stand in a document a thousand times: one problem for all of a kind."""
        if kind in self.again:
            self.again[kind][1].append(_place(event)[0])
        else:
            self.again[kind] = len(self.problems), []
            self.refuse(event, text)

    def told(self) -> tuple[Problem, ...]:
        """What is refused so far."""
        told = list(self.problems)
        for index, lines in self.again.values():
            told[index] = replace(told[index], text=told[index].text + _likewise(sorted(set(lines))))
        return tuple(told)

    def stop(self, event: Any, text: str) -> YamlError:
        """The error of a document that is read no further."""
        self.refuse(event, text)
        return YamlError(*self.told())

    def _sequence(self, path: Path) -> list[Any]:
        items: list[Any] = []
        while type(event := self.next_event()) is not yaml.SequenceEndEvent:
            items.append(self.build(event, (*path, len(items))))
        return items

    def _mapping(self, path: Path) -> dict[str, Any]:
        items: dict[str, Any] = {}
        while type(event := self.next_event()) is not yaml.MappingEndEvent:
            key = event.value if _is_plain(event) else self._key(event, path)
            if key is not None and key.startswith("\u00a0"):
                self.refuse_magic("indent", event, f"here stands {NO_BREAK}")
                key = None
            if key is not None and key in items:
                line, _ = self.positions.keys[(*path, key)]
                self.refuse(event, f"the key `{key}` stands here a second time, first in line {line}")
                key = None
            if key is None:
                self.build(self.next_event(), (*path, _NOWHERE))
                continue
            below = (*path, key)
            self.positions.keys[below] = _place(event)
            items[key] = self.build(self.next_event(), below)
        return items

    def _key(self, event: Any, path: Path) -> str | None:
        """The key that starts with this event; None for what is refused."""
        if isinstance(event, yaml.AliasEvent):
            self._refuse_alias(event)
            return None
        self._refuse_magic(event)
        if not isinstance(event, yaml.ScalarEvent):
            self.refuse(event, "a key must be a text, not a list or a mapping")
            self.build(event, (*path, _NOWHERE))
            return None
        if event.value == "<<" and not event.style:
            self.refuse_magic("reference", event, "merge keys (`<<`) are not supported: write the keys out")
            return None
        return None if self._refuse_text(event) else str(event.value)

    def _scalar(self, event: Any) -> Any:
        if event.style:
            return self._refused(event) if self._refuse_text(event) else event.value
        value = event.value
        if value in _CONSTANTS:
            return _CONSTANTS[value]
        if " " in value and (lost := _LOST.match(self.text, event.end_mark.index)):
            self.refuse(event, f"`{lost[1]}` {NO_COMMENT}")
        return int(value) if _INTEGER.fullmatch(value) else value

    def _refused(self, event: Any) -> Any:
        self.unsure.add(_place(event))
        return REFUSED_VALUE

    def _refuse_text(self, event: Any) -> bool:
        # Only escapes in double quotes can write what the file itself may not hold.
        found = REFUSED.search(event.value) if event.style == '"' else None
        if found:
            self.refuse(event, _not_allowed(found))
        return found is not None

    def _refuse_alias(self, event: Any) -> None:
        text = f"aliases (`*{event.anchor}`) are not supported: write the value out"
        self.refuse_magic("reference", event, text)

    def _refuse_magic(self, event: Any) -> None:
        if event.anchor is not None:
            self.refuse_magic("reference", event, f"anchors (`&{event.anchor}`) are not supported")
        if event.tag is not None:
            self.refuse_magic("tag", event, f"tags (`{event.tag}`) are not supported")


_NOWHERE = "\0"
"""Below this key stands, in the positions, what is no part of the document."""


def read_yaml(raw: bytes) -> tuple[Any, Positions]:
    """The data of one YAML document and where each part of it stands. Raises YamlError."""
    text, problems = _decoded(raw)
    parser = _LOADER(text)
    reader = _Reader(parser.get_event, text=text, problems=problems)
    try:
        data = _document(reader)
    except yaml.MarkedYAMLError as error:
        raise YamlError(*reader.told(), _syntax_problem(error, text)) from error
    except yaml.YAMLError as error:
        raise YamlError(*reader.told(), Problem(line=1, column=1, text=f"this is not YAML: {error}")) from error
    finally:
        parser.dispose()
    if told := reader.told():
        rest = Rest(data=data, positions=reader.positions, unsure=frozenset(reader.unsure))
        raise YamlError(*told, rest=rest)
    return data, reader.positions


def _document(reader: _Reader) -> Any:
    data: Any = None
    documents = 0
    while type(event := reader.next_event()) is not yaml.StreamEndEvent:
        if type(event) is not yaml.DocumentStartEvent:
            continue
        documents += 1
        if documents > 1:
            reader.refuse(event, "a second document starts here: write one playbook in a file")
            break
        data = reader.build(reader.next_event(), ())
    return data


def _decoded(raw: bytes) -> tuple[str, list[Problem]]:
    """The text of a file, and what is wrong with it that does not keep it from being read."""
    if len(raw) > MAX_BYTES:
        raise YamlError(Problem(line=1, column=1, text=f"the file is larger than {MAX_BYTES} bytes"))
    problems = []
    try:
        text = raw.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        line = raw.count(b"\n", 0, error.start) + 1
        column = error.start - raw.rfind(b"\n", 0, error.start)
        problems = [Problem(line=line, column=column, text="the file is not UTF-8")]
        text = raw.decode("utf-8-sig", "replace")
    if found := REFUSED.search(text):
        raise YamlError(*(problems or [_control(text, found)]))
    return text, problems


def _control(text: str, found: re.Match[str]) -> Problem:
    start = found.start()
    line, column = text.count("\n", 0, start) + 1, start - text.rfind("\n", 0, start)
    rest = text.split("\n")[line:]
    likewise = [number for number, other in enumerate(rest, start=line + 1) if REFUSED.search(other)]
    return Problem(line=line, column=column, text=_not_allowed(found) + _likewise(likewise))


def _not_allowed(found: re.Match[str]) -> str:
    return f"the control character U+{ord(found[0]):04X} is not allowed"


def _is_plain(event: Any) -> bool:
    """Whether an event is a text of which nothing can be refused: most keys are."""
    return (
        type(event) is yaml.ScalarEvent
        and not event.style
        and event.anchor is None
        and event.tag is None
        and event.value != "<<"
    )


def _likewise(lines: Sequence[int]) -> str:
    """Where else something stands."""
    if not lines:
        return ""
    shown = [str(line) for line in lines[:SHOWN_LINES]]
    more = f" and {len(lines) - SHOWN_LINES} more" if len(lines) > SHOWN_LINES else ""
    return f"; likewise in line{'s' if len(lines) > 1 else ''} {', '.join(shown)}{more}"


def _place(event: Any) -> tuple[int, int]:
    mark = event.start_mark
    return mark.line + 1, mark.column + 1


def _syntax_problem(error: yaml.MarkedYAMLError, text: str) -> Problem:
    mark = error.problem_mark or error.context_mark
    place = {"line": mark.line + 1, "column": mark.column + 1} if mark else {"line": 1, "column": 1}
    context = f" {error.context}" if error.context else ""
    hint = next((f"; {hint}" for words, hint in _HINTS.items() if words in str(error.problem)), "")
    begun = error.context_mark
    if "quoted scalar" in context and begun is not None and begun.line + 1 != place["line"]:
        hint = f"; its quote opens in line {begun.line + 1}"
    before = _line(text, mark.line)[: mark.column].strip() if mark else ""
    if "mapping values" in str(error.problem) and _ONE_KEY.fullmatch(before):
        hint = "; this line is indented further than the keys above it"
    if begun is not None and mark is not None:
        hint = hint or _structure_hint(str(error.problem), context, begun, first=not before)
    if odd := [text.count("\n", 0, found.start()) + 1 for found in _ODD_INDENT.finditer(text)]:
        hint += f"; line {odd[0]} is indented with {NO_BREAK}{_likewise(odd[1:])}"
    return Problem(**place, text=f"this is not YAML: {error.problem}{context}{hint}")


def _line(text: str, number: int) -> str:
    """A line by its number from 0; nothing behind the end, where the parser may put a mark."""
    return next(islice(text.split("\n"), number, None), "")


def _structure_hint(problem: str, context: str, begun: Any, *, first: bool) -> str:
    """What usually helps where lists and mappings do not fit together; `first`: it is the first word of its line."""
    line, column = begun.line + 1, begun.column + 1
    if "flow" in context:
        bracket = "[" if "sequence" in context else "{"
        return f"; the `{bracket}` that is open here is in line {line}, and a text with brackets or commas needs quotes"
    if "expected '-'" in problem:
        return f"; the list that begins in line {line} has its `-` in column {column}, this line is indented otherwise"
    if "expected key" in problem and first:
        return (
            f"; the keys of the mapping that begins in line {line} stand in column {column}, this line is indented "
            "otherwise, or a quote above it is not closed"
        )
    if "expected key" in problem:
        return "; a text that starts with a quote or a bracket needs quotes around all of it, or a quote is not closed"
    return ""


_LOST = re.compile(r"[ \t]+(#[\w-]+)")
"""A channel or the number of an issue behind the words of a text, which YAML leaves out as a comment."""
NO_COMMENT = (
    "would be a comment and no part of the text: a text with ` #` in it needs quotes, a comment a space behind its `#`"
)
_ONE_KEY = re.compile(r"(?:- +)?[\w.-]+")
_ODD_INDENT = re.compile("^[ -]*\u00a0", re.MULTILINE)
NO_BREAK = "a no-break space (U+00A0), which YAML takes for a letter: only plain spaces indent"
_HINTS = {
    "cannot start any token": "a text that starts with such a character needs quotes, and a tab cannot indent",
    "mapping values are not allowed": "a text with `: ` in it needs quotes",
    "expected <document start>": "every key of the playbook itself starts in column 1",
    "could not find expected ':'": "a key needs `: ` behind it",
}
"""What usually helps, by the words of the parser."""
