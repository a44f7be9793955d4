"""What kind of value a fact has, as the sentence that declares it begins: `Text: `, `List of {name, path}: `.

Of a text, words in backticks of which the last comes after `or` are all that it can be.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from tfrepair.model.facts import belongs
from tfrepair.model.nearest import nearest

if TYPE_CHECKING:
    from collections.abc import Mapping

_KINDS = {
    "text": frozenset({"equals", "in", "specifier", "contains", "matches"}),
    "number": frozenset({"equals", "in", "at_least"}),
    "true or false": frozenset({"equals", "in"}),
    "list": frozenset({"equals", "at_least", "contains", "matches"}),
}
"""The operators that each kind can satisfy, beside `exists`."""
_CHOICES = re.compile(r"((?:`[^`]+`, )*`[^`]+`) or (`[^`]+`)(?=[;.,]|$)")
_KEYS = re.compile(r"list of `?\{([a-z_, ]+)\}")


@dataclass(frozen=True, slots=True, kw_only=True)
class Kind:
    """What is known of the values of a fact."""

    name: str
    """One of the kinds, or empty where nothing is known."""
    choices: tuple[str, ...] = ()
    """All that a text can be; empty where that is not said."""
    keys: tuple[str, ...] = ()
    """What the items of a list have; empty where they are texts, or it is not said."""
    of_texts: bool = False
    """It is a list of texts."""


def kind_of_fact(fact: str, sentences: Mapping[str, str]) -> Kind:
    """The kind of a fact, or of the family that it belongs to."""
    sentence = sentences.get(fact) or next((text for family, text in sentences.items() if belongs(fact, family)), "")
    head, _, meaning = sentence.partition(": ")
    head = head.lower()
    if head.startswith("list like "):
        return kind_of_fact(head.removeprefix("list like "), sentences)
    if head.startswith("list"):
        found = _KEYS.match(head)
        keys = tuple(found[1].split(", ")) if found else ()
        return Kind(name="list", keys=keys, of_texts=head.startswith("list of text"))
    if head not in _KINDS:
        return Kind(name="")
    choices = _CHOICES.match(meaning) if head == "text" else None
    return Kind(name=head, choices=tuple(re.findall(r"`([^`]+)`", choices[0])) if choices else ())


def never(kind: Kind, operator: str, operand: Any) -> str | None:
    """Why no fact of a kind satisfies an operator, as the end of a sentence; None where one may."""
    if not kind.name or operator == "exists":
        return None
    if operator not in _KINDS[kind.name]:
        usual = ", ".join(f"`{name}`" for name in sorted(_KINDS[kind.name]))
        return f"is {_named(kind)}, which `{operator}` never fits; {usual} may"
    values = operand if operator == "in" and isinstance(operand, list) else [operand]
    if operator not in {"equals", "in"}:
        return None
    for value in values:
        if not _is(kind, value):
            return f"is {_named(kind)} and never {_written(value)}{_quoted(kind, value)}"
        if kind.choices and value not in kind.choices:
            listed = " or ".join(f"`{choice}`" for choice in kind.choices)
            return f"is {listed}, never `{value}`{nearest(value, kind.choices)}"
    return None


def _named(kind: Kind) -> str:
    return kind.name if kind.name == "true or false" else f"a {kind.name}"


def _is(kind: Kind, value: Any) -> bool:
    match kind.name:
        case "text":
            return isinstance(value, str)
        case "number":
            return isinstance(value, int | str) and not isinstance(value, bool)  # a decimal fraction is read as a text
        case "true or false":
            return isinstance(value, bool)
        case _:
            return isinstance(value, list)


def _written(value: Any) -> str:
    return f"`{str(value).lower() if isinstance(value, bool) else value}`"


def _quoted(kind: Kind, value: Any) -> str:
    if kind.name == "text" and not isinstance(value, list | dict):
        return ": put it in quotes"
    if kind.name == "true or false" and isinstance(value, str) and value.lower() in {"yes", "on", "no", "off"}:
        return f": write `{'true' if value.lower() in {'yes', 'on'} else 'false'}`"
    if kind.name == "list":
        return ": `contains` asks for one of its items"
    return ""
