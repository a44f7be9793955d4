"""Regular expressions that cannot blow up: simple ones, whose cost grows with the text and not with its powers."""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from tfrepair.playbook.ambiguity import are_ambiguous
from tfrepair.playbook.regex_tree import LEAVES, REPEATS, children, constants, nodes, parser

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

MAX_LENGTH = 500
MAX_UNBOUNDED = 3
"""How many `*` and `+` one alternative of a pattern may have: each one more multiplies the cost of a long line."""


def pattern_problems(pattern: str) -> tuple[str, ...]:
    """Why a pattern is refused; nothing when it is good."""
    return () if is_plain(pattern) else whole_problems(pattern)


_ESCAPE = r"\\[\[\]{}()^$|.*+?\\/\"'`#:=<>dswDSWnrt-]"
_CLASS = rf"\[(?!\^?\])\^?-?(?:[0-8]-9|0-[1-8]|1-[2-8]|2-[3-8]|a-[fz]|A-[FZ]|[^\\\[\]&~|-]|{_ESCAPE})*-?\]"
_LETTER = r"[^\\\[\]{}()^$|.*+?]"
_KIND = rf"(?:\.|{_ESCAPE}|{_CLASS})"
"""What stands for one character of a kind."""
_TIMES = r"(?:[?*+]|\{(?:[0-9]{1,3},)?[0-9]{1,4}\})"
_TOKENS = re.compile(
    rf"(?P<sure>(?:{_LETTER}|{_KIND}){_LETTER}*(?:{_KIND}{_LETTER}*)*(?![?*+{{]))"
    rf"|(?P<some>(?:{_LETTER}|{_KIND})({_TIMES})\??)"
    r"|(?P<place>(?:[$^]|\\b)(?![?*+{]))"
    r"|(?P<open>\((?:(?!\?)|\?i?:))"
    r"|(?P<ahead>\(\?[!=])"
    r"|(?P<behind>\(\?<[!=])"
    rf"|(?P<close>\)(?:({_TIMES})\??)?)"
    r"|(?P<way>\|)"
    r"|(?P<other>.)",
    re.DOTALL,
)
_FLAGS = re.compile(r"\(\?[ims]{1,3}\)")


@dataclass(slots=True)
class _Group:
    """A group while it is read, and the way through it that is being read."""

    at_start: bool
    """Nothing stands before it in the pattern."""
    looks: bool = False
    behind: bool = False
    """Its width must be fixed."""
    fresh: bool = True
    """Nothing stands before this place in the way."""
    sure: bool = False
    """The way has something that must be there."""
    loops: int = 0
    """How many repetitions without a limit are in the way."""
    always: bool = True
    most: int = 0
    """The same two of all ways before this one."""

    def next_way(self) -> None:
        """A way ends."""
        self.always = self.always and self.sure
        self.most = max(self.most, self.loops)
        self.fresh, self.sure, self.loops = True, False, 0

    def has(self, times: str | None, sure: bool, loops: int) -> bool:  # noqa: FBT001
        """Something stands so many times in the way; false when that may be a problem."""
        least, most = _times(times)
        endless = most is None
        if (self.behind and times) or (endless and (loops or (self.at_start and self.fresh))):
            return False
        if most is not None and (most < least or (loops and most > 1)):
            return False
        self.fresh = False
        self.sure = self.sure or (sure and least > 0)
        self.loops += loops + endless
        return self.loops <= MAX_UNBOUNDED


def _times(words: str | None) -> tuple[int, int | None]:
    """The least and the most that a repetition stands for."""
    match words:
        case None:
            return 1, 1
        case "?":
            return 0, 1
        case "*":
            return 0, None
        case "+":
            return 1, None
        case _:
            least, _, most = words.strip("{}").partition(",")
            return int(least), int(most or least)


def is_plain(pattern: str) -> bool:
    """Whether a pattern is seen to be good without being parsed, which takes many times as long.

    That this is never true of a pattern with a problem is what a test tries.
    """
    if len(pattern) > MAX_LENGTH:
        return False
    flags = _FLAGS.match(pattern)
    group, around = _Group(at_start=True), list[_Group]()
    for found in _TOKENS.finditer(pattern, flags.end() if flags else 0):
        match found.lastgroup:
            case "sure":
                group.fresh, group.sure = False, True
            case "some":
                if not group.has(found[3], sure=True, loops=0):
                    return False
            case "place":
                group.fresh = False
            case "open" | "ahead" | "behind" as kind:
                around.append(group)
                behind = group.behind or kind == "behind"
                group = _Group(at_start=group.at_start and group.fresh, looks=kind != "open", behind=behind)
            case "way" if not (group.behind or group.fresh):
                group.next_way()
            case "close" if around and not group.fresh:
                group.next_way()
                inner, group, times = group, around.pop(), found[9]
                if times and (inner.looks or _times(times)[1] not in {0, 1}):  # a loop: that is for the whole look
                    return False
                if not group.has(times, inner.always and not inner.looks, inner.most):
                    return False
            case _:
                return False
    group.next_way()
    return not around and group.always


def whole_problems(pattern: str) -> tuple[str, ...]:
    """The same, for any pattern: takes it apart."""
    if len(pattern) > MAX_LENGTH:
        return (f"the pattern is longer than {MAX_LENGTH} characters",)
    try:
        tree = parser.parse(pattern, re.MULTILINE)
        every = tuple(nodes(tree))
        if _looks_behind_loosely(every):  # a width that is not fixed is refused only when the pattern is compiled
            re.compile(pattern, re.MULTILINE)
    except (re.error, OverflowError, RecursionError) as error:
        return (f"`{pattern}` is not a regular expression: {error}",)
    return tuple(_objections(tree, every, pattern))


def _objections(tree: Any, every: Sequence[tuple[Any, Any]], pattern: str) -> Iterator[str]:
    if _has_nested(every):
        yield f"`{pattern}` repeats a repetition, which can take for ever on a long text: write it without nesting"
    elif are_ambiguous(tree):
        yield (
            f"`{pattern}` has a loop that can go through one text in many ways, which can take for ever: let each "
            "round of it end with a character that nothing else in it matches"
        )
    if any(operator is constants.GROUPREF for operator, _ in every):
        yield f"`{pattern}` refers back to a group, which is not supported"
    if _starts_unbounded(tree):
        yield f"`{pattern}` starts with a repetition, which a search does not need: leave it out"
    if _unbounded(tree) > MAX_UNBOUNDED:
        yield f"`{pattern}` has more than {MAX_UNBOUNDED} of `*` and `+` in a row: match less of the text"
    if not tree.getwidth()[0] and re.search(pattern, "", re.MULTILINE):
        yield f"`{pattern}` matches the empty text, so it says nothing"


def _looks_behind_loosely(every: Sequence[tuple[Any, Any]]) -> bool:
    """Whether something of no fixed width is looked for behind a place."""
    kinds = (constants.ASSERT, constants.ASSERT_NOT)
    return any(
        operator in kinds and argument[0] < 0 and len(set(argument[1].getwidth())) > 1 for operator, argument in every
    )


def _is_unbounded(operator: Any, argument: Any) -> bool:
    return operator in REPEATS and argument[1] is constants.MAXREPEAT


def _has_nested(every: Sequence[tuple[Any, Any]]) -> bool:
    return any(
        operator in REPEATS and argument[1] > 1 and any(_is_unbounded(*inner) for inner in nodes(argument[2]))
        for operator, argument in every
    )


def _starts_unbounded(tree: Any) -> bool:
    if not len(tree):
        return False
    operator, argument = tree[0]
    if _is_unbounded(operator, argument):
        return True
    return operator not in REPEATS and any(_starts_unbounded(child) for child in children(operator, argument))


def _unbounded(tree: Any) -> int:
    """The most unbounded repetitions on one way through the pattern."""
    total = 0
    for operator, argument in tree:
        if operator in LEAVES:
            continue
        inner = [_unbounded(child) for child in children(operator, argument)]
        total += _is_unbounded(operator, argument) + (max(inner) if inner else 0)
    return total
