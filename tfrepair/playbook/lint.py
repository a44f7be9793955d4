"""What a shape cannot say: unknown facts, actions and playbooks, bad patterns, repairs without steps."""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from packaging.specifiers import InvalidSpecifier, SpecifierSet

from tfrepair.playbook.patterns import pattern_problem
from tfrepair.playbook.shape import kind_of, nearest
from tfrepair.playbook.yaml_reader import Problem

if TYPE_CHECKING:
    from collections.abc import Collection, Iterator, Mapping

    from tfrepair.playbook.yaml_reader import Path, Positions

_FACT_PATH = re.compile(r"[a-z][a-z0-9_]*(?:\.[A-Za-z0-9_-]+)+")
_BRACES = re.compile(r"\{([^{}]{0,200})\}")
_ITEM = re.compile(r"item(?:\.[\w-]+)*")


@dataclass(frozen=True, slots=True, kw_only=True)
class Known:
    """What a playbook may name. None: not known here, so not checked."""

    facts: Collection[str] | None = None
    """Fact paths; families have `*` (`distribution.*.version`)."""
    playbooks: Collection[str] | None = None
    arguments: Mapping[str, Mapping[str, str]]
    """The arguments of each action and what they are, in words; those that start with `list` take a list or a fact."""


@dataclass(frozen=True, slots=True)
class _Lint:
    """One document under inspection. It may be misshapen: what has the wrong shape is passed over."""

    positions: Positions
    known: Known

    def problem(self, path: Path, text: str) -> Problem:
        line, column = self.positions.value(path)
        return Problem(line=line, column=column, text=text)

    def document(self, data: dict[str, Any]) -> Iterator[Problem]:
        diagnose = _mapping(data.get("diagnose"))
        if not diagnose.get("signatures") and not diagnose.get("rules"):
            yield self.problem(("diagnose",), "`diagnose` has neither signatures nor rules, so it can find nothing")
        for path, signature in _items(("diagnose", "signatures"), diagnose.get("signatures")):
            yield from self.pattern((*path, "pattern"), signature.get("pattern"))
            for key in ("when", "unless"):
                yield from self.condition((*path, key), signature.get(key))
        for path, rule in _items(("diagnose", "rules"), diagnose.get("rules")):
            yield from self.rule(path, rule)
        for path, step in _items(("fix",), data.get("fix")):
            yield from self.step(path, step)
        yield from self.repair(data)
        for index, line in enumerate(_sequence(data.get("manual"))):
            yield from self.text(("manual", index), line, item=False)
        yield from self.explains(data)

    def rule(self, path: Path, rule: dict[str, Any]) -> Iterator[Problem]:
        for key in ("when", "unless", "error_when"):
            yield from self.condition((*path, key), rule.get(key))
        for where, evidence in _items((*path, "evidence"), rule.get("evidence")):
            each = evidence.get("each")
            yield from self.text((*where, "text"), evidence.get("text"), item=each is not None)
            if each is not None:
                yield from self.fact((*where, "each"), each)
            elif "where" in evidence:
                yield self.problem((*where, "where"), "`where` chooses among the items of `each`, which is not there")
            yield from self.wanted((*where, "where"), evidence.get("where"))

    def condition(self, path: Path, condition: Any) -> Iterator[Problem]:
        for key, value in _mapping(condition).items():
            where = (*path, key)
            match key:
                case "all" | "any" | "none":
                    for index, part in enumerate(_sequence(value)):
                        yield from self.condition((*where, index), part)
                case "fact":
                    yield from self.fact(where, value)
                case _:
                    yield from self.operand(where, key, value)

    def operand(self, path: Path, operator: str, value: Any) -> Iterator[Problem]:
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
        for key, value in _mapping(wanted).items():
            for operator, operand in _mapping(value).items():
                yield from self.operand((*path, key, operator), operator, operand)

    def pattern(self, path: Path, pattern: Any) -> Iterator[Problem]:
        if isinstance(pattern, str) and pattern and (text := pattern_problem(pattern)):
            yield self.problem(path, text)

    def fact(self, path: Path, fact: Any) -> Iterator[Problem]:
        if not isinstance(fact, str) or not fact:
            return
        if not _FACT_PATH.fullmatch(fact):
            yield self.problem(path, f"`{fact}` is not the path of a fact, such as `distribution.numpy.version`")
        elif self.known.facts is not None and not any(_is_member(fact, family) for family in self.known.facts):
            yield self.problem(path, f"no probe knows the fact `{fact}`{nearest(fact, self.known.facts)}")

    def text(self, path: Path, text: Any, *, item: bool) -> Iterator[Problem]:
        for inside in _BRACES.findall(text) if isinstance(text, str) else ():
            if not _ITEM.fullmatch(inside):
                yield from self.fact(path, inside or "{}")
            elif not item:
                yield self.problem(path, f"`{{{inside}}}` has a meaning only in evidence with `each`")

    def step(self, path: Path, step: dict[str, Any]) -> Iterator[Problem]:
        for key in ("when", "unless"):
            yield from self.condition((*path, key), step.get(key))
        action = step.get("action")
        if not isinstance(action, str) or not action:
            return
        if action not in self.known.arguments:
            near = nearest(action, self.known.arguments)
            yield self.problem((*path, "action"), f"there is no action `{action}`{near}")
            return
        yield from self.arguments(path, action, _mapping(step.get("args")))

    def arguments(self, path: Path, action: str, args: dict[str, Any]) -> Iterator[Problem]:
        kinds = self.known.arguments[action]
        for name in kinds.keys() - args.keys():
            yield self.problem(path, f"the action `{action}` needs the argument `{name}`")
        for name, value in args.items():
            where = (*path, "args", name)
            if name not in kinds:
                line, column = self.positions.key(where)
                text = f"the action `{action}` has no argument `{name}`{nearest(name, kinds)}"
                yield Problem(line=line, column=column, text=text)
            elif kinds[name].startswith("list"):
                yield from self.texts(where, value)
            elif not isinstance(value, str) or not value:
                yield self.problem(where, f"`{name}` must be a text, not {kind_of(value)}")
            else:
                yield from self.text(where, value, item=False)

    def texts(self, path: Path, value: Any) -> Iterator[Problem]:
        match value:
            case {"fact": fact, **rest} if rest.keys() <= {"key"}:
                yield from self.fact((*path, "fact"), fact)
            case [*items] if items:
                for index, item in enumerate(items):
                    if isinstance(item, dict):
                        yield from self.texts((*path, index), item)
                    elif not isinstance(item, str):
                        yield self.problem((*path, index), f"an item must be a text, not {kind_of(item)}")
            case _:
                text = f"`{path[-1]}` must be a list of texts or `{{fact: path, key: name}}`, not {kind_of(value)}"
                yield self.problem(path, text)

    def repair(self, data: dict[str, Any]) -> Iterator[Problem]:
        kind = data.get("repair")
        if kind == "automatic" and not data.get("fix"):
            yield self.problem(("repair",), "`repair` is `automatic`, but there is no step in `fix`")
        if kind == "manual" and not data.get("manual"):
            yield self.problem(("repair",), "`repair` is `manual`, but `manual` has no line")
        if kind == "manual" and data.get("fix"):
            yield self.problem(("fix",), "`repair` is `manual`, so these steps would never run")

    def explains(self, data: dict[str, Any]) -> Iterator[Problem]:
        for index, name in enumerate(_sequence(data.get("explains"))):
            path = ("explains", index)
            if name == data.get("name"):
                yield self.problem(path, f"`{name}` cannot explain itself")
            elif self.known.playbooks is not None and isinstance(name, str) and name not in self.known.playbooks:
                yield self.problem(path, f"there is no playbook `{name}`{nearest(name, self.known.playbooks)}")


def lint(data: Any, positions: Positions, known: Known) -> tuple[Problem, ...]:
    """Everything wrong with the meaning of a document, whatever its shape."""
    return tuple(_Lint(positions, known).document(data)) if isinstance(data, dict) else ()


def _is_member(fact: str, family: str) -> bool:
    parts, wanted = fact.split("."), family.split(".")
    return len(parts) == len(wanted) and all(w in ("*", p) for p, w in zip(parts, wanted, strict=True))


def _mapping(value: Any) -> dict[str, Any]:
    return value if isinstance(value, dict) else {}


def _sequence(value: Any) -> list[Any]:
    return value if isinstance(value, list) else []


def _items(path: Path, value: Any) -> Iterator[tuple[Path, dict[str, Any]]]:
    for index, item in enumerate(_sequence(value)):
        if isinstance(item, dict):
            yield (*path, index), item
