"""Conditions, facts and texts of a playbook: what their shape cannot say."""

from __future__ import annotations

import re
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from packaging.specifiers import InvalidSpecifier, SpecifierSet

from tfrepair.playbook.patterns import pattern_problem
from tfrepair.playbook.shape import nearest
from tfrepair.playbook.yaml_reader import Problem

if TYPE_CHECKING:
    from collections.abc import Callable, Collection, Iterator, Mapping

    from tfrepair.playbook.yaml_reader import Path, Positions

REGISTERED = {
    "ok": "True or false: it did not fail.",
    "skipped": "True or false: nothing was done, because nothing was asked for or because of `creates`.",
    "exit_code": "Number: how the command ended; absent when a time limit ended it or nothing ran.",
    "output": "Text: what the command printed.",
    "error": "Text: why it failed; empty when it did not.",
    "seconds": "Number: how long it took.",
    "attempts": "Number: how often it was tried.",
}
"""What a step that has `register: NAME` makes known, below `registered.NAME`."""

_FACT_PATH = re.compile(r"[a-z][a-z0-9_]*(?:\.[A-Za-z0-9_-]+)+")
_PIECE = re.compile(r"\{\{|\}\}|\{([^{}]{0,200})\}")
_ANSIBLE = re.compile(r"\{\{\s*([A-Za-z_][\w-]*(?:\.[\w-]+)*)\s*\}\}")
_TEMPLATE = re.compile(r"\{[A-Za-z_][\w-]*(?:\.[\w-]+)+\}")
_ITEM = re.compile(r"item(?:\.[\w-]+)*")


@dataclass(frozen=True, slots=True, kw_only=True)
class Known:
    """What a playbook may name. None: not known here, so not checked."""

    facts: Collection[str] | None = None
    """Fact paths; families have `*` (`distribution.*.version`)."""
    playbooks: Collection[str] | None = None
    arguments: Mapping[str, Mapping[str, str]]
    """The arguments of each action and what they are, in words; see `tfrepair.actions.arguments`."""
    problems: Mapping[str, Callable[[Mapping[str, Any]], Iterator[tuple[tuple[str | int, ...], str]]]] = field(
        default_factory=dict
    )
    """For the actions that check their arguments themselves: what is wrong with them."""
    undoable: Collection[str] = ()
    """Actions whose steps may have an `undo`."""
    nulls: Collection[str] = ()
    """Actions that take `null` for a value in a mapping."""


@dataclass(frozen=True, slots=True)
class Conditions:
    """One document under inspection. It may be misshapen: what has the wrong shape is passed over."""

    positions: Positions
    known: Known
    variables: frozenset[str] = frozenset()
    """The names that the document declares."""
    registered: frozenset[str] = frozenset()
    """The names that its steps register."""

    def problem(self, path: Path, text: str) -> Problem:
        """A problem of the value at a place."""
        line, column = self.positions.value(path)
        return Problem(line=line, column=column, text=text)

    def condition(self, path: Path, condition: Any, *, later: bool = False) -> Iterator[Problem]:
        """A condition; with `later`, one that is looked at when the steps are done."""
        for key, value in mapping(condition).items():
            where = (*path, key)
            match key:
                case "all" | "any" | "none":
                    for index, part in enumerate(sequence(value)):
                        yield from self.condition((*where, index), part, later=later)
                case "fact":
                    yield from self.fact(where, value, later=later)
                case _:
                    yield from self.operand(where, key, value)

    def operand(self, path: Path, operator: str, value: Any) -> Iterator[Problem]:
        """What a fact is compared with."""
        for text in texts_in(value):
            if found := _TEMPLATE.search(text):
                said = f"`{found[0]}` is not filled in here: a condition compares a fact with what is written"
                yield self.problem(path, said)
                return
        match operator:
            case "matches":
                yield from self.pattern(path, value)
            case "specifier" if isinstance(value, str):
                try:
                    SpecifierSet(value)
                except InvalidSpecifier:
                    yield self.problem(path, f"`{value}` is not a version specifier, such as `<2,>=1.26`")
            case "contains":
                yield from self.wanted(path, value)
            case _:
                return

    def wanted(self, path: Path, wanted: Any) -> Iterator[Problem]:
        """The values that `contains` and `where` ask of an item; a mapping among them holds one operator."""
        for key, value in mapping(wanted).items():
            for operator, operand in mapping(value).items():
                yield from self.operand((*path, key, operator), operator, operand)

    def pattern(self, path: Path, pattern: Any) -> Iterator[Problem]:
        """A regular expression."""
        if isinstance(pattern, str) and pattern and (text := pattern_problem(pattern)):
            yield self.problem(path, text)

    def fact(self, path: Path, fact: Any, *, later: bool = False) -> Iterator[Problem]:
        """The path of a fact; with `later`, also of what a step has registered."""
        if not isinstance(fact, str) or not fact:
            return
        head, _, rest = fact.partition(".")
        if not _FACT_PATH.fullmatch(fact):
            yield self.problem(path, f"`{fact}` is not the path of a fact, such as `distribution.numpy.version`")
        elif head == "vars":
            if rest not in self.variables:
                near = nearest(rest, self.variables)
                yield self.problem(path, f"the playbook has no variable `{rest}` in `variables`{near}")
        elif head == "registered":
            yield from self.result(path, fact, later=later)
        elif self.known.facts is not None and not _is_known(fact, self.known.facts):
            yield self.problem(path, f"no probe knows the fact `{fact}`{nearest(fact, self.known.facts)}")

    def result(self, path: Path, fact: str, *, later: bool) -> Iterator[Problem]:
        """What a step has registered."""
        _, name, *rest = fact.split(".")
        what = ".".join(rest)
        if not later:
            said = "is known only when the steps are done: it can stand in `message`, `on_failure.message` and `verify`"
            yield self.problem(path, f"`{fact}` {said}")
        elif name not in self.registered:
            yield self.problem(path, f"no step has `register: {name}`{nearest(name, self.registered)}")
        elif what not in REGISTERED:
            keys = ", ".join(f"`{key}`" for key in REGISTERED)
            meant = f", not `{what}`{nearest(what, REGISTERED)}" if what else f": which of them of `{name}`?"
            yield self.problem(path, f"a step registers {keys}{meant}")

    def text(self, path: Path, text: Any, *, item: bool, later: bool = False) -> Iterator[Problem]:
        """A text with facts in braces; with `item`, `{item}` means something in it."""
        if not isinstance(text, str):
            return
        if (found := _ANSIBLE.search(text)) and self._known_word(found[1]):
            said = (
                f"`{found[0]}` is written with single braces here: `{{{found[1]}}}`; doubled ones stand for one brace"
            )
            yield self.problem(path, said)
            return
        for piece in _PIECE.finditer(text):
            inside = piece[1]
            if inside is None:
                continue
            if not _ITEM.fullmatch(inside):
                yield from self.fact(path, inside or "{}", later=later)
            elif not item:
                place = "a step with `loop`" if path[0] == "fix" else "evidence with `each`"
                yield self.problem(path, f"`{{{inside}}}` has a meaning only in {place}")

    def _known_word(self, word: str) -> bool:
        head, _, rest = word.partition(".")
        if head in {"item", "registered"} or (head == "vars" and rest in self.variables):
            return True
        return word in self.variables or _is_known(word, self.known.facts or ())


def _is_known(fact: str, facts: Collection[str]) -> bool:
    """Whether it is one of these facts, or a member of one of their families."""
    return fact in facts or any("*" in family and is_member(fact, family) for family in facts)


def is_member(fact: str, family: str) -> bool:
    """Whether a fact is this one, or one of this family."""
    parts, wanted = fact.split("."), family.split(".")
    return len(parts) == len(wanted) and all(w in ("*", p) for p, w in zip(parts, wanted, strict=True))


def mapping(value: Any) -> dict[str, Any]:
    """The mapping, or an empty one where there is none."""
    return value if isinstance(value, dict) else {}


def sequence(value: Any) -> list[Any]:
    """The list, or an empty one where there is none."""
    return value if isinstance(value, list) else []


def entries(path: Path, value: Any) -> Iterator[tuple[Path, dict[str, Any]]]:
    """The mappings of a list, each with its place."""
    for index, item in enumerate(sequence(value)):
        if isinstance(item, dict):
            yield (*path, index), item


def texts_in(value: Any) -> Iterator[str]:
    """Every text in a value."""
    match value:
        case str():
            yield value
        case list():
            for part in value:
                yield from texts_in(part)
        case dict():
            for part in value.values():
                yield from texts_in(part)
        case _:
            return
