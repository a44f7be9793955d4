"""Loops that can go through one text in many ways, which is what makes a regular expression take for ever.

A loop is simple when each of its rounds can be told in one way only: alternatives begin with different characters, and
at most one thing in a round varies in length, which a character that it does not match brings to its end.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator
    from types import ModuleType

MOST_ROUNDS = 4
"""Of a loop that is not simple, times those of all loops around it: so many are no more than writing it out."""
_SAMPLE = "".join(map(chr, range(0x250))) + "\u0416\u3042\u4e00\uac00\u3000\u2019"
"""Characters that tell whether two kinds have one in common: all that patterns name, and one of each script."""


class Loops:
    """The loops of a pattern that `re` has taken apart; `constants` names what its parts are."""

    def __init__(self, constants: ModuleType) -> None:
        self._c = constants
        possessive = getattr(constants, "POSSESSIVE_REPEAT", constants.MAX_REPEAT)
        self._repeats = {constants.MAX_REPEAT, constants.MIN_REPEAT, possessive}
        self._characters = {constants.LITERAL, constants.NOT_LITERAL, constants.ANY, constants.IN}
        self._looks = {constants.ASSERT, constants.ASSERT_NOT, constants.AT}

    def are_ambiguous(self, tree: Any, around: int = 1) -> bool:
        """Whether a loop that is not simple goes more than a few rounds; `around` are those of the loops around it."""
        for operator, argument in tree:
            rounds = around
            if operator in self._repeats:
                _, most, body = argument
                rounds *= min(int(most), MOST_ROUNDS + 1) or 1
                if most > 1 and rounds > MOST_ROUNDS and not self._is_simple(body):
                    return True
            if any(self.are_ambiguous(part, rounds) for part in self._parts(operator, argument)):
                return True
        return False

    def _parts(self, operator: Any, argument: Any) -> list[Any]:
        c = self._c
        if operator is c.BRANCH:
            return list(argument[1])
        if operator is c.SUBPATTERN:
            return [argument[3]]
        if operator in {c.ASSERT, c.ASSERT_NOT}:
            return [argument[1]]
        if operator in self._repeats:
            return [argument[2]]
        return [argument] if str(operator) == "ATOMIC_GROUP" else []

    def _is_simple(self, body: Any) -> bool:
        if not all(self._begin_apart(ways) for ways in self._branches(body)):
            return False
        items = list(self._flat(body))
        varying = [item for item in items if self._varies(item)]
        if not varying:
            return True
        ends = [item for item in items if item[0] in self._characters]
        return len(varying) == 1 and any(self._apart([end], self._all([varying[0]])) for end in ends)

    def _branches(self, tree: Any) -> Iterator[Any]:
        """The ways of every choice in one round, however deep."""
        for operator, argument in tree:
            if operator is self._c.BRANCH:
                yield argument[1]
            if operator not in self._looks:
                for part in self._parts(operator, argument):
                    yield from self._branches(part)

    def _flat(self, tree: Any) -> Iterator[tuple[Any, Any]]:
        """What follows each other in one round, groups opened."""
        for operator, argument in tree:
            if operator is self._c.SUBPATTERN:
                yield from self._flat(argument[3])
            elif operator not in self._looks:
                yield operator, argument

    def _varies(self, item: tuple[Any, Any]) -> bool:
        operator, argument = item
        if operator in self._characters:
            return False
        if operator in self._repeats:
            least, most, body = argument
            return bool(least != most) or any(self._varies(inner) for inner in self._flat(body))
        if operator is self._c.BRANCH:
            return any(least != most for least, most in (way.getwidth() for way in argument[1]))
        return True

    def _begin_apart(self, ways: Iterable[Any]) -> bool:
        """No two ways can begin with the same character."""
        firsts = [next(self._flat(way), None) for way in ways]
        if any(first is None or first[0] not in self._characters for first in firsts):
            return False
        return all(self._apart([one], [other]) for n, one in enumerate(firsts) for other in firsts[:n])

    def _all(self, items: Iterable[tuple[Any, Any]]) -> list[tuple[Any, Any]]:
        """Every character that these can match."""
        found = []
        for operator, argument in items:
            if operator in self._characters:
                found.append((operator, argument))
            else:
                found += [one for part in self._parts(operator, argument) for one in self._all(self._flat(part))]
        return found

    def _apart(self, some: Iterable[Any], others: Iterable[Any]) -> bool:
        return not any(
            any(self._matches(one, sign) for one in some) and any(self._matches(one, sign) for one in others)
            for sign in _SAMPLE
        )

    def _matches(self, item: tuple[Any, Any], sign: str) -> bool:
        """Whether it can stand for this character, in either case."""
        operator, argument = item
        if operator is self._c.ANY:
            return True
        codes = {ord(each) for each in (sign, sign.lower(), sign.upper()) if len(each) == 1}
        if operator is self._c.LITERAL:
            return argument in codes
        if operator is self._c.NOT_LITERAL:
            return codes != {argument}
        negated = argument[0][0] is self._c.NEGATE
        listed = [self._lists(part, code) for part in argument[negated:] for code in codes]
        return not all(listed) if negated else any(listed)

    def _lists(self, part: tuple[Any, Any], code: int) -> bool:
        operator, argument = part
        if operator is self._c.LITERAL:
            return bool(code == argument)
        if operator is self._c.RANGE:
            return bool(argument[0] <= code <= argument[1])
        sign, (_, negative, kind) = chr(code), str(argument).removeprefix("CATEGORY_").rpartition("NOT_")
        kinds = {"DIGIT": sign.isdecimal(), "SPACE": sign.isspace(), "WORD": sign.isalnum() or sign == "_"}
        return kinds[kind] != bool(negative)
