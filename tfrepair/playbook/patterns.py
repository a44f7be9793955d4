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


def pattern_problem(pattern: str) -> str | None:
    """Why a pattern is refused, or None."""
    if len(pattern) > MAX_LENGTH:
        return f"the pattern is longer than {MAX_LENGTH} characters"
    try:
        tree = parser.parse(pattern, re.MULTILINE)
        nodes = tuple(_nodes(tree))
        if _looks_behind(nodes):  # whether its width is fixed is seen only when it is compiled, which takes long
            re.compile(pattern, re.MULTILINE)
    except (re.error, OverflowError, RecursionError) as error:
        return f"`{pattern}` is not a regular expression: {error}"
    return next(_objections(tree, nodes, pattern), None)


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


def _looks_behind(nodes: Sequence[tuple[Any, Any]]) -> bool:
    kinds = (constants.ASSERT, constants.ASSERT_NOT)
    return any(operator in kinds and argument[0] < 0 for operator, argument in nodes)


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
