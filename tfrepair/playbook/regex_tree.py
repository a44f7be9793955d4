"""A regular expression as `re` takes it apart: what its parts are, and what lies below each."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

try:
    from re import _constants as constants  # type: ignore[attr-defined]
    from re import _parser as parser  # type: ignore[attr-defined]
except ImportError:  # Python 3.10
    import sre_constants as constants
    import sre_parse as parser

if TYPE_CHECKING:
    from collections.abc import Iterator

__all__ = ["CHARACTERS", "LEAVES", "LOOKS", "REPEATS", "children", "constants", "nodes", "parser"]

REPEATS = {
    constants.MAX_REPEAT,
    constants.MIN_REPEAT,
    getattr(constants, "POSSESSIVE_REPEAT", constants.MAX_REPEAT),
}
CHARACTERS = {constants.LITERAL, constants.NOT_LITERAL, constants.ANY, constants.IN}
"""What stands for one character."""
LEAVES = CHARACTERS | {constants.AT}
"""What most of a pattern consists of, and nothing lies below."""
LOOKS = {constants.ASSERT, constants.ASSERT_NOT, constants.AT}
"""What matches a place, and no character."""


def children(operator: Any, argument: Any) -> list[Any]:
    """The trees below a part."""
    match argument:
        case _ if operator in REPEATS:
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


def nodes(tree: Any) -> Iterator[tuple[Any, Any]]:
    """Every part of a tree, however deep."""
    for operator, argument in tree:
        yield operator, argument
        if operator not in LEAVES:
            for child in children(operator, argument):
                yield from nodes(child)
