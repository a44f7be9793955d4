"""Regular expressions that cannot blow up: simple ones, whose cost grows with the text and not with its powers."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Any

try:
    from re import _constants as constants  # type: ignore[attr-defined]
    from re import _parser as parser  # type: ignore[attr-defined]
except ImportError:  # Python 3.10
    import sre_constants as constants
    import sre_parse as parser

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

MAX_LENGTH = 500
MAX_UNBOUNDED = 3
"""How many `*` and `+` one alternative of a pattern may have: each one more multiplies the cost of a long line."""

_REPEATS = {
    constants.MAX_REPEAT,
    constants.MIN_REPEAT,
    getattr(constants, "POSSESSIVE_REPEAT", constants.MAX_REPEAT),
}


_LEAVES = {constants.LITERAL, constants.NOT_LITERAL, constants.ANY, constants.IN, constants.AT}
"""What most of a pattern consists of, and nothing lies below."""


def pattern_problems(pattern: str) -> tuple[str, ...]:
    """Why a pattern is refused; nothing when it is good."""
    return () if is_plain(pattern) else whole_problems(pattern)


_ESCAPE = r"\\[\[\]{}()^$|.*+?\\/\"'`#:=<>dswDSWnt-]"
_CLASS = rf"\[(?!\^?\])\^?-?(?:0-[1-9]|1-[2-9]|2-[3-9]|a-[fz]|A-[FZ]|[^\\\[\]&~|-]|{_ESCAPE})*-?\]"
_SKIPPED = rf"{_ESCAPE}|{_CLASS}"
_ONE = rf"(?:[^\x01\\\[\]{{}}()^$|.*+?]|\.|{_SKIPPED})"
"""What stands for one character; a group that was found to be good is replaced by such a character."""
_PLACE = r"(?:[\x01^$]|\\b)"
"""What stands for a place; so is what looks ahead or behind."""
_TIMES = r"(?:\?|\{[0-9]{1,3}\}|\{[01],[1-9][0-9]{0,3}\}|\{[2-9],[1-9][0-9]{1,3}\}|\{[23],[4-9]\})\??"
_END = r"(?![*+?{])"


def _ways(end: str, more: str = "") -> str:
    """Alternatives, each with something in it that must be there, and before that only what has an upper limit."""
    way = rf"(?:{_ONE}{_TIMES}|{_PLACE})*{_ONE}{_END}(?:(?:{_ONE}(?:{_TIMES}{more})?|{_PLACE}){_END})*"
    return rf"(?:{way}(?:\|(?!{end})|(?={end})))+"


_GROUP, _LOOK = rf"\((?:\?i?:)?{_ways('[)]')}\)", rf"\(\?(?:[!=]{_ways('[)]')}|<[!=]{_ONE})\)"
_GROUPS = re.compile(rf"{_SKIPPED}|\\b|({_GROUP})|({_LOOK})|[\\[].*", re.DOTALL)
"""Groups without groups; after a class or an escape that is not one of the above, nothing is looked for."""
_PLAIN = re.compile(_ways(r"\Z", "|[*+][?]?"))


def is_plain(pattern: str) -> bool:
    """Whether a pattern is seen to be good without being parsed, which takes many times as long.

    What is repeated without a limit is no group, and stands in none. That this is never true of a pattern with a
    problem is what a test tries.
    """
    if len(pattern) > MAX_LENGTH or pattern.count("*") + pattern.count("+") > MAX_UNBOUNDED or "\x01" in pattern:
        return False
    rest = pattern.removeprefix("(?i)")
    while "(" in rest and (inner := _GROUPS.sub(_replaced, rest)) != rest:
        rest = inner
    return _PLAIN.fullmatch(rest) is not None


def _replaced(found: re.Match[str]) -> str:
    return "x" if found[1] else "\x01" if found[2] else found[0]


def whole_problems(pattern: str) -> tuple[str, ...]:
    """The same, for any pattern: takes it apart."""
    if len(pattern) > MAX_LENGTH:
        return (f"the pattern is longer than {MAX_LENGTH} characters",)
    try:
        tree = parser.parse(pattern, re.MULTILINE)
        nodes = tuple(_nodes(tree))
        if _looks_behind_loosely(nodes):  # a width that is not fixed is refused only when the pattern is compiled
            re.compile(pattern, re.MULTILINE)
    except (re.error, OverflowError, RecursionError) as error:
        return (f"`{pattern}` is not a regular expression: {error}",)
    return tuple(_objections(tree, nodes, pattern))


def _objections(tree: Any, nodes: Sequence[tuple[Any, Any]], pattern: str) -> Iterator[str]:
    if _has_nested(nodes):
        yield f"`{pattern}` repeats a repetition, which can take for ever on a long text: write it without nesting"
    if any(operator is constants.GROUPREF for operator, _ in nodes):
        yield f"`{pattern}` refers back to a group, which is not supported"
    if _starts_unbounded(tree):
        yield f"`{pattern}` starts with a repetition, which a search does not need: leave it out"
    if _unbounded(tree) > MAX_UNBOUNDED:
        yield f"`{pattern}` has more than {MAX_UNBOUNDED} of `*` and `+` in a row: match less of the text"
    if not tree.getwidth()[0] and re.search(pattern, "", re.MULTILINE):
        yield f"`{pattern}` matches the empty text, so it says nothing"


def _looks_behind_loosely(nodes: Sequence[tuple[Any, Any]]) -> bool:
    """Whether something of no fixed width is looked for behind a place."""
    kinds = (constants.ASSERT, constants.ASSERT_NOT)
    return any(
        operator in kinds and argument[0] < 0 and len(set(argument[1].getwidth())) > 1 for operator, argument in nodes
    )


def _children(operator: Any, argument: Any) -> list[Any]:
    match argument:
        case _ if operator in _REPEATS:
            return [argument[2]]
        case _ if operator is constants.BRANCH:
            return list(argument[1])
        case _ if operator is constants.SUBPATTERN:
            return [argument[3]]
        case _ if operator in (constants.ASSERT, constants.ASSERT_NOT):
            return [argument[1]]
        case _ if str(operator) == "ATOMIC_GROUP":
            return [argument]
        case _ if operator is constants.GROUPREF_EXISTS:
            return [part for part in argument[1:] if part is not None]
        case _:
            return []


def _nodes(tree: Any) -> Iterator[tuple[Any, Any]]:
    for operator, argument in tree:
        yield operator, argument
        if operator not in _LEAVES:
            for child in _children(operator, argument):
                yield from _nodes(child)


def _is_unbounded(operator: Any, argument: Any) -> bool:
    return operator in _REPEATS and argument[1] is constants.MAXREPEAT


def _has_nested(nodes: Sequence[tuple[Any, Any]]) -> bool:
    return any(
        operator in _REPEATS and argument[1] > 1 and any(_is_unbounded(*inner) for inner in _nodes(argument[2]))
        for operator, argument in nodes
    )


def _starts_unbounded(tree: Any) -> bool:
    if not len(tree):
        return False
    operator, argument = tree[0]
    if _is_unbounded(operator, argument):
        return True
    return operator not in _REPEATS and any(_starts_unbounded(child) for child in _children(operator, argument))


def _unbounded(tree: Any) -> int:
    """The most unbounded repetitions on one way through the pattern."""
    total = 0
    for operator, argument in tree:
        if operator in _LEAVES:
            continue
        inner = [_unbounded(child) for child in _children(operator, argument)]
        total += _is_unbounded(operator, argument) + (max(inner) if inner else 0)
    return total
