"""Conditions, facts and texts of a playbook: what their shape cannot say."""

from __future__ import annotations

import re
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from tfrepair.model.facts import belongs
from tfrepair.model.nearest import nearest
from tfrepair.playbook.kinds import Kind, kind_of_fact, never
from tfrepair.playbook.patterns import pattern_problems
from tfrepair.playbook.shape import kind_of, meant_word
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

OPERATORS = {
    "equals": "a value",
    "in": "a list",
    "specifier": "a text",
    "exists": "`true` or `false`",
    "at_least": "a number",
    "contains": "a value",
    "matches": "a text",
}
"""What each operator compares a fact with."""

_FACT_PATH = re.compile(r"[a-z][a-z0-9_]*(?:\.[A-Za-z0-9_-]+)+")
_OTHERWISE_WRITTEN = re.compile(r"distribution\.(?P<name>(?![a-z0-9]+(?:-[a-z0-9]+)*\.)[^*.]+)\.\w+")
"""A fact about a distribution whose name is not canonical."""
_PIECE = re.compile(r"\{\{|\}\}|\{([^{}]{0,200})\}")
_BRACE = re.compile(r"[{}]")
_ANSIBLE = re.compile(r"(?<!\{)\{\{\s*([A-Za-z_][\w-]*(?:\.[\w-]+)*)\s*\}\}(?!\})")
_TEMPLATE = re.compile(r"\{[A-Za-z_][\w-]*(?:\.[\w-]+)+\}")
_ITEM = re.compile(r"item(?:\.[\w-]+)*")


@dataclass(frozen=True, slots=True, kw_only=True)
class Known:
    """What a playbook may name. None: not known here, so not checked."""

    facts: Mapping[str, str] | None = None
    """Fact paths, and what each is in a sentence; families have `*` (`distribution.*.version`)."""
    families: tuple[str, ...] = ()
    """Those of the facts that are families."""
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
    variables: Mapping[str, Any] | None = field(default_factory=dict)
    """What the document declares, by name; None when what it extends is not known, which may declare more."""
    registered: frozenset[str] | None = frozenset()
    """The names that its steps register; None as above."""

    def problem(self, path: Path, text: str) -> Problem:
        """A problem of the value at a place."""
        line, column = self.positions.value(path)
        return Problem(line=line, column=column, text=text)

    def condition(self, path: Path, condition: Any, *, later: bool = False) -> Iterator[Problem]:
        """A condition; with `later`, one that is looked at when the steps are done."""
        if isinstance(condition, dict):
            yield from self.one_operator(path, condition)
            yield from self.kinds(path, condition)
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

    def one_operator(self, path: Path, test: dict[str, Any]) -> Iterator[Problem]:
        """A test has one operator; where there is a key that is unknown, that was meant to be it."""
        operators = [key for key in OPERATORS if key in test]
        if len(operators) > 1 or (not operators and test.keys() <= {"fact"}):
            found = " and ".join(f"`{name}`" for name in operators) or "none"
            choices = ", ".join(f"`{name}`" for name in OPERATORS)
            yield self.problem(path, f"a test needs exactly one of {choices}; it has {found}")

    def kinds(self, path: Path, test: Mapping[str, Any]) -> Iterator[Problem]:
        """A fact is compared with what it can be."""
        fact = test.get("fact")
        if not isinstance(fact, str):
            return
        kind = self.kind(fact)
        for operator in OPERATORS.keys() & test.keys():
            wrong = never(kind, operator, test[operator])
            if any(_TEMPLATE.search(text) for text in texts_in(test[operator])):
                continue  # `operand` says so
            if wrong is not None:
                yield self.problem((*path, operator), f"`{fact}` {wrong}")
            elif operator == "contains" and kind.name == "list":
                yield from self.keys((*path, operator), test[operator], fact)

    def kind(self, fact: Any) -> Kind:
        """What is known of the values of a fact."""
        if not isinstance(fact, str) or self.known.facts is None:
            return Kind(name="")
        return kind_of_fact(fact, self.known.facts)

    def keys(self, path: Path, wanted: Any, fact: Any) -> Iterator[Problem]:
        """The items of a list have the keys that are asked for."""
        for key in mapping(wanted):
            if wrong := self.no_key(key, fact):
                line, column = self.positions.key((*path, key))
                yield Problem(line=line, column=column, text=wrong)

    def no_key(self, key: Any, items: Any) -> str | None:
        """That the items of a fact, or of a list, do not have a key, as a sentence; None where they may."""
        have = self.keys_of(items)
        if key is None or have is None or key in have:
            return None
        said = f"no item of `{'loop' if isinstance(items, list) else items}` has `{key}`"
        return f"{said}{nearest(str(key), have)}" if have else f"{said}: each is a single value, not a mapping"

    def keys_of(self, items: Any) -> Collection[str] | None:
        """What the items of a fact, or of a list, have: nothing where they are texts; None where it is not known."""
        if isinstance(items, list):
            known = all(item is None or isinstance(item, (str, int, list, dict)) for item in items)
            return dict.fromkeys(key for item in items for key in mapping(item)) if known else None
        if isinstance(items, str) and items.startswith("vars."):
            return self._keys_of_variable(items.removeprefix("vars."))
        kind = self.kind(items)
        if kind.name == "list":
            return kind.keys or (() if kind.of_texts else None)
        return () if kind.name else None

    def _keys_of_variable(self, name: str) -> Collection[str] | None:
        """The same of a variable: what the command line gives are texts, so only its default may have mappings."""
        if self.variables is None or name not in self.variables:
            return None
        variable = self.variables[name]
        default = variable.get("default") if isinstance(variable, dict) else variable
        return self.keys_of(default) if isinstance(default, list) else ()

    def unfilled(self, path: Path, value: Any) -> list[Problem]:
        """What is meant to be filled in where nothing is."""
        templates = (found[0] for text in texts_in(value) for found in _TEMPLATE.finditer(text))
        said = "is not filled in here: a condition compares a fact with what is written"
        return [self.problem(path, f"`{template}` {said}") for template in templates]

    def operand(self, path: Path, operator: str, value: Any) -> Iterator[Problem]:
        """What a fact is compared with."""
        if templates := self.unfilled(path, value):
            yield from templates
            return
        match operator:
            case "matches":
                yield from self.pattern(path, value)
            case "specifier" if isinstance(value, str):
                if not _is_specifier(value):
                    yield self.problem(path, f"`{value}` is not a version specifier, such as `<2,>=1.26`")
            case "contains":
                yield from self.wanted(path, value)
            case _:
                return

    def chosen(self, path: Path, where: Any, items: Any) -> Iterator[Problem]:
        """What `where` chooses by, among the items of a fact or of a list."""
        yield from self.wanted(path, where)
        yield from self.keys(path, where, items)

    def wanted(self, path: Path, wanted: Any) -> Iterator[Problem]:
        """The values that `contains` and `where` ask of an item; a mapping among them holds one operator."""
        for key, test in mapping(wanted).items():
            if not isinstance(test, dict):
                yield from self.unfilled((*path, key), test)
                continue
            yield from self.one_operator((*path, key), test)
            for word, operand in test.items():
                where = (*path, key, word)
                operator = meant_word(word, OPERATORS)
                if word not in OPERATORS:
                    line, column = self.positions.key(where)
                    text = f"there is no operator `{word}`{nearest(word, OPERATORS)}"
                    yield Problem(line=line, column=column, text=text)
                if operator is None:
                    continue
                if not _is_operand(operator, operand):
                    text = f"`{operator}` must be {OPERATORS[operator]}, not {kind_of(operand)}"
                    yield self.problem(where, text)
                yield from self.operand(where, operator, operand)

    def pattern(self, path: Path, pattern: Any) -> Iterator[Problem]:
        """A regular expression."""
        for text in pattern_problems(pattern) if isinstance(pattern, str) and pattern else ():
            yield self.problem(path, text)

    def fact(self, path: Path, fact: Any, *, later: bool = False) -> Iterator[Problem]:
        """The path of a fact; with `later`, also of what a step has registered."""
        if not isinstance(fact, str) or not fact:
            return
        head, _, rest = fact.partition(".")
        if not _FACT_PATH.fullmatch(fact):
            yield self.problem(path, f"`{fact}` is not the path of a fact, such as `distribution.numpy.version`")
        elif head == "vars":
            if self.variables is not None and rest not in self.variables:
                near = nearest(rest, self.variables)
                yield self.problem(path, f"the playbook has no variable `{rest}` in `variables`{near}")
        elif head == "registered":
            yield from self.result(path, fact, later=later)
        elif found := _OTHERWISE_WRITTEN.fullmatch(fact):
            from packaging.utils import canonicalize_name

            meant = canonicalize_name(found["name"])
            yield self.problem(path, f"no fact is about `{found['name']}`: names are canonical there, `{meant}`")
        elif self.known.facts is not None and not self._is_known(fact, self.known.facts):
            yield self.problem(path, f"no probe knows the fact `{fact}`{nearest_fact(fact, self.known.facts)}")

    def result(self, path: Path, fact: str, *, later: bool) -> Iterator[Problem]:
        """What a step has registered."""
        _, name, *rest = fact.split(".")
        what = ".".join(rest)
        if not later:
            said = "is known only when the steps are done: it can stand in `message`, `on_failure.message` and `verify`"
            yield self.problem(path, f"`{fact}` {said}")
        elif self.registered is not None and name not in self.registered:
            yield self.problem(path, f"no step has `register: {name}`{nearest(name, self.registered)}")
        elif what not in REGISTERED:
            keys = ", ".join(f"`{key}`" for key in REGISTERED)
            meant = f", not `{what}`{nearest(what, REGISTERED)}" if what else f": which of them of `{name}`?"
            yield self.problem(path, f"a step registers {keys}{meant}")

    def text(self, path: Path, text: Any, *, item: Any, later: bool = False) -> Iterator[Problem]:
        """A text with facts in braces; `{item}` means one of the items of `item`, which is a fact or a list."""
        if not isinstance(text, str):
            return
        doubled = [found for found in _ANSIBLE.finditer(text) if self._is_meant(found[1])]
        for found in doubled:
            single = f"{{vars.{found[1]}}}" if found[1] in (self.variables or ()) else f"{{{found[1]}}}"
            said = f"`{found[0]}` is written with single braces here: `{single}`; doubled ones stand for one brace"
            yield self.problem(path, said)
            text = text.replace(found[0], single)
        if alone := _BRACE.search(_PIECE.sub("", text)):
            brace, other = ("{", "closes") if alone[0] == "{" else ("}", "opens")
            said = f"nothing {other} a `{brace}` of this text: one that is meant as a brace is written doubled"
            yield self.problem(path, f"{said}, `{brace * 2}`")
        for piece in _PIECE.finditer(text):
            inside = piece[1]
            if inside is None:
                continue
            if not _ITEM.fullmatch(inside):
                yield from self.fact(path, inside or "{}", later=later)
            elif item is None:
                place = "the other texts of the step" if "loop" in path else "a step with `loop`"
                place = place if path[0] == "fix" else "evidence with `each`"
                yield self.problem(path, f"`{{{inside}}}` has a meaning only in {place}")
            elif wrong := self.no_key(inside.partition(".")[2].partition(".")[0] or None, item):
                yield self.problem(path, wrong)

    def _is_known(self, fact: str, facts: Collection[str]) -> bool:
        """Whether it is one of these facts, or a member of one of their families."""
        return fact in facts or any(belongs(fact, family) for family in self.known.families)

    def _is_meant(self, word: str) -> bool:
        """Whether a word in doubled braces is meant to be filled in: it looks like a fact, or like a variable."""
        head, dot, _ = word.partition(".")
        if head in {"item", "registered", "vars"} or word in (self.variables or ()):
            return True
        return bool(dot) and any(fact.startswith(f"{head}.") for fact in self.known.facts or ())


def _is_operand(operator: str, value: Any) -> bool:
    """Whether an operator can compare with a value: asked where the shape of a document says nothing."""
    match OPERATORS[operator]:
        case "a list":
            return isinstance(value, list)
        case "a text":
            return isinstance(value, str)
        case "`true` or `false`":
            return isinstance(value, bool)
        case "a number":
            return is_number(value)
        case _:
            return True


_PART = r"(?:[<>=!]=|[<>]) *[0-9]+(?:\.[0-9]+)*(?:rc[0-9]+)?"
_PLAIN_SPECIFIER = re.compile(rf"{_PART}(?: *, *{_PART})*")


def _is_specifier(text: str) -> bool:
    """Whether a text is a version specifier; a plain one is seen to be so without what takes long to import."""
    if _PLAIN_SPECIFIER.fullmatch(text):
        return True
    from packaging.specifiers import InvalidSpecifier, SpecifierSet

    try:
        SpecifierSet(text)
    except InvalidSpecifier:
        return False
    return True


def is_number(value: Any) -> bool:
    """Whether it is a whole number, or a decimal fraction, which is read as a text."""
    if isinstance(value, str):
        try:
            float(value)
        except ValueError:
            return False
        return True
    return isinstance(value, int) and not isinstance(value, bool)


def nearest_fact(fact: str, facts: Collection[str]) -> str:
    """`, did you mean ...?` when a known fact is near, else nothing; of a family, the member that was written."""
    parts = fact.split(".")

    def member(family: str) -> str:
        words = family.split(".")
        if len(words) != len(parts):
            return family
        return ".".join(part if word == "*" else word for word, part in zip(words, parts, strict=True))

    return nearest(fact, map(member, facts))


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
