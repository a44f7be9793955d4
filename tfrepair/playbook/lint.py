"""What a shape cannot say: unknown facts, actions and playbooks, bad patterns, repairs without steps."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from tfrepair.model.nearest import nearest
from tfrepair.playbook.lint_conditions import Known, entries, is_number, mapping, sequence
from tfrepair.playbook.lint_steps import Steps, all_steps
from tfrepair.playbook.shape import kind_of, meant_word

if TYPE_CHECKING:
    from collections.abc import Iterator

    from tfrepair.playbook.yaml_reader import Path, Positions, Problem

__all__ = ["Known", "duplicates", "lint"]

_TYPES: dict[str, tuple[type, ...]] = {
    "str": (str,),
    "int": (int,),
    "float": (int,),
    "bool": (bool,),
    "list": (list,),
}
_TYPE_WORDS = {
    "str": "a text",
    "int": "a whole number",
    "float": "a number",
    "bool": "`true` or `false`",
    "list": "a list",
}


class _Document(Steps):
    """The checks of a whole document."""

    __slots__ = ()

    @property
    def is_whole(self) -> bool:
        """Whether everything is there that the playbook consists of."""
        return self.variables is not None

    def document(self, data: dict[str, Any]) -> Iterator[Problem]:
        diagnose = mapping(data.get("diagnose"))
        given = isinstance(data.get("diagnose"), dict)
        if self.is_whole and given and not diagnose.get("signatures") and not diagnose.get("rules"):
            yield self.problem(("diagnose",), "`diagnose` has neither signatures nor rules, so it can find nothing")
        for path, signature in entries(("diagnose", "signatures"), diagnose.get("signatures")):
            yield from self.pattern((*path, "pattern"), signature.get("pattern"))
            for key in ("when", "unless"):
                yield from self.condition((*path, key), signature.get(key))
        for path, rule in entries(("diagnose", "rules"), diagnose.get("rules")):
            yield from self.rule(path, rule)
        for name, variable in mapping(data.get("variables")).items():
            yield from self.variable(("variables", name), variable)
        yield from self.steps(data.get("fix"))
        yield from self.unique(data)
        for path, check in entries(("verify",), data.get("verify")):
            yield from self.condition((*path, "that"), check.get("that"), later=True)
            for key in ("name", "message"):
                yield from self.text((*path, key), check.get(key), item=None, later=key == "message")
        yield from self.repair(data)
        yield from self.manual(("manual",), data.get("manual"))
        yield from self.explains(data)

    def rule(self, path: Path, rule: dict[str, Any]) -> Iterator[Problem]:
        for key in ("when", "unless", "error_when"):
            yield from self.condition((*path, key), rule.get(key))
        for where, evidence in entries((*path, "evidence"), rule.get("evidence")):
            each = evidence.get("each")
            item = None if each is None else str(each)
            yield from self.text((*where, "text"), evidence.get("text"), item=item)
            if each is not None:
                yield from self.fact((*where, "each"), each)
            elif "where" in evidence:
                yield self.problem((*where, "where"), "`where` chooses among the items of `each`, which is not there")
            yield from self.chosen((*where, "where"), evidence.get("where"), item)

    def variable(self, path: Path, variable: Any) -> Iterator[Problem]:
        """A default, and each choice, is of the variable's type; the default is one of the choices."""
        if not isinstance(variable, dict):
            if variable is None:
                said = f"`{path[-1]}` has no default: write one, or `{{type: str}}` when it must be given"
                yield self.problem(path, said)
            return
        kind = meant_word(variable.get("type"), _TYPES)
        choices = sequence(variable.get("choices"))
        values = [((*path, "choices", index), choice) for index, choice in enumerate(choices)]
        if "default" in variable:
            values.append(((*path, "default"), variable["default"]))
        for where, value in values:
            if kind is not None and not _is(value, kind):
                name = "the default" if where[-1] == "default" else "a choice"
                yield self.problem(where, f"{name} of `{path[-1]}` must be {_TYPE_WORDS[kind]}, not {kind_of(value)}")
        if choices and "default" in variable and variable["default"] not in choices:
            yield self.problem((*path, "default"), f"the default of `{path[-1]}` is none of its `choices`")

    def unique(self, data: dict[str, Any]) -> Iterator[Problem]:
        """No two entries of a list have one id, and no two steps register one name."""
        diagnose = mapping(data.get("diagnose"))
        lists = [entries(("diagnose", key), diagnose.get(key)) for key in ("signatures", "rules")]
        for every, key in ((lists[0], "id"), (lists[1], "id"), (all_steps(data.get("fix")), "id")):
            yield from self.once(every, key)
        yield from self.once(all_steps(data.get("fix")), "register")

    def once(self, every: Iterator[tuple[Path, dict[str, Any]]], key: str) -> Iterator[Problem]:
        first: dict[str, int] = {}
        for path, entry in every:
            word = entry.get(key)
            if not isinstance(word, str):
                continue
            line, _ = self.positions.value((*path, key))
            if word in first:
                said = f"`{key}: {word}` stands here a second time, first in line {first[word]}"
                yield self.problem((*path, key), said)
            first.setdefault(word, line)

    def manual(self, path: Path, lines: Any) -> Iterator[Problem]:
        for index, line in enumerate(sequence(lines)):
            yield from self.text((*path, index), line, item=None)
            for word, block in mapping(mapping(line).get("platforms")).items():
                yield from self.manual((*path, index, "platforms", word), block)

    def repair(self, data: dict[str, Any]) -> Iterator[Problem]:
        if not self.is_whole:
            return
        kind = meant_word(data.get("repair"), ("automatic", "manual"))
        if kind == "automatic" and not data.get("fix"):
            yield self.problem(("repair",), "`repair` is `automatic`, but there is no step in `fix`")
        if kind == "manual" and not data.get("manual"):
            yield self.problem(("repair",), "`repair` is `manual`, but `manual` has no line")
        if kind == "manual" and data.get("fix"):
            yield self.problem(("fix",), "`repair` is `manual`, so these steps would never run")
        if kind == "manual" and data.get("verify"):
            yield self.problem(("verify",), "`repair` is `manual`, so there is nothing to verify")

    def explains(self, data: dict[str, Any]) -> Iterator[Problem]:
        for index, name in enumerate(sequence(data.get("explains"))):
            path = ("explains", index)
            if name == data.get("name"):
                yield self.problem(path, f"`{name}` cannot explain itself")
            elif self.known.playbooks is not None and isinstance(name, str) and name not in self.known.playbooks:
                yield self.problem(path, f"there is no playbook `{name}`{nearest(name, self.known.playbooks)}")


def lint(data: Any, positions: Positions, known: Known, *, whole: bool = True) -> tuple[Problem, ...]:
    """Everything wrong with the meaning of a document, whatever its shape.

    One that is not `whole` extends another that is not known: what may be in that one is not missed.
    """
    if not isinstance(data, dict):
        return ()
    if not whole:
        return tuple(_Document(positions, known, None, None).document(data))
    variables = mapping(data.get("variables"))
    registered = frozenset(
        word for _, step in all_steps(data.get("fix")) if isinstance(word := step.get("register"), str)
    )
    return tuple(_Document(positions, known, variables, registered).document(data))


def duplicates(data: Any, positions: Positions, known: Known) -> tuple[Problem, ...]:
    """Ids and registered names that a document has twice."""
    return tuple(_Document(positions, known).unique(mapping(data)))


def _is(value: Any, kind: str) -> bool:
    if isinstance(value, bool):
        return kind == "bool"
    return is_number(value) if kind == "float" else isinstance(value, _TYPES[kind])
