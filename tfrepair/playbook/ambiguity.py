"""Loops that can go through one text in many ways, which is what makes a regular expression take for ever.

A loop is simple when each of its rounds can be told in one way only: alternatives begin with different characters, and
at most one thing in a round varies in length, which a character that it does not match brings to its end.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from tfrepair.playbook.regex_tree import CHARACTERS, LOOKS, REPEATS, children, constants

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

Part = tuple[Any, Any]
"""An operator and its argument, as `re` has them."""

MOST_ROUNDS = 4
"""Of a loop that is not simple, times those of all loops around it: so many are no more than writing it out."""
_SAMPLE = "".join(map(chr, range(0x250))) + "\u0416\u3042\u4e00\uac00\u3000\u2019"
"""Characters that tell whether two kinds have one in common: all that patterns name, and one of each script."""


def are_ambiguous(tree: Any, around: int = 1) -> bool:
    """Whether a loop that is not simple goes more than a few rounds; `around` are those of the loops around it."""
    for operator, argument in tree:
        rounds = around
        if operator in REPEATS:
            _, most, body = argument
            rounds *= min(int(most), MOST_ROUNDS + 1) or 1
            if most > 1 and rounds > MOST_ROUNDS and not _is_simple(body):
                return True
        if any(are_ambiguous(part, rounds) for part in children(operator, argument)):
            return True
    return False


def _is_simple(body: Any) -> bool:
    if not all(_begin_apart(ways) for ways in _branches(body)):
        return False
    parts = list(_flat(body))
    varying = [part for part in parts if _varies(part)]
    if not varying:
        return True
    ends = [part for part in parts if part[0] in CHARACTERS]
    return len(varying) == 1 and any(_apart([end], _characters(varying)) for end in ends)


def _branches(tree: Any) -> Iterator[Any]:
    """The ways of every choice in one round, however deep."""
    for operator, argument in tree:
        if operator is constants.BRANCH:
            yield argument[1]
        if operator not in LOOKS:
            for part in children(operator, argument):
                yield from _branches(part)


def _flat(tree: Any) -> Iterator[Part]:
    """What follows each other in one round, groups opened."""
    for operator, argument in tree:
        if operator is constants.SUBPATTERN:
            yield from _flat(argument[3])
        elif operator not in LOOKS:
            yield operator, argument


def _varies(part: Part) -> bool:
    operator, argument = part
    if operator in CHARACTERS:
        return False
    if operator in REPEATS:
        least, most, body = argument
        return bool(least != most) or any(map(_varies, _flat(body)))
    if operator is constants.BRANCH:
        return any(least != most for least, most in (way.getwidth() for way in argument[1]))
    return True


def _begin_apart(ways: Iterable[Any]) -> bool:
    """No two ways can begin with the same character."""
    firsts = [next(_flat(way), None) for way in ways]
    if any(first is None or first[0] not in CHARACTERS for first in firsts):
        return False
    return all(_apart([one], [other]) for n, one in enumerate(firsts) for other in firsts[:n])


def _characters(parts: Iterable[Part]) -> list[Part]:
    """What stands for a character in these, however deep."""
    found = []
    for operator, argument in parts:
        if operator in CHARACTERS:
            found.append((operator, argument))
        else:
            found += [one for below in children(operator, argument) for one in _characters(_flat(below))]
    return found


def _apart(some: Iterable[Any], others: Iterable[Any]) -> bool:
    return not any(
        any(_matches(one, sign) for one in some) and any(_matches(one, sign) for one in others) for sign in _SAMPLE
    )


def _matches(part: Part, sign: str) -> bool:
    """Whether it can stand for this character, in either case."""
    operator, argument = part
    if operator is constants.ANY:
        return True
    codes = {ord(each) for each in (sign, sign.lower(), sign.upper()) if len(each) == 1}
    if operator is constants.LITERAL:
        return argument in codes
    if operator is constants.NOT_LITERAL:
        return codes != {argument}
    negated = argument[0][0] is constants.NEGATE
    listed = [_lists(one, code) for one in argument[negated:] for code in codes]
    return not all(listed) if negated else any(listed)


def _lists(part: Part, code: int) -> bool:
    operator, argument = part
    if operator is constants.LITERAL:
        return bool(code == argument)
    if operator is constants.RANGE:
        return bool(argument[0] <= code <= argument[1])
    sign, (_, negative, kind) = chr(code), str(argument).removeprefix("CATEGORY_").rpartition("NOT_")
    kinds = {"DIGIT": sign.isdecimal(), "SPACE": sign.isspace(), "WORD": sign.isalnum() or sign == "_"}
    return kinds[kind] != bool(negative)
