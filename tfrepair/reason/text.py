"""Texts: what a program printed made searchable, and sentences filled in with facts."""

from __future__ import annotations

import re
from functools import cache
from typing import TYPE_CHECKING, Any

from tfrepair.model.facts import Absent, Known, Unknown

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable

    from tfrepair.model.facts import Facts, State

SHOWN_ITEMS = 5
"""How many items of a list a sentence names before it says how many more there are."""
SHOWN_CHARACTERS = 400
"""How much of one text a sentence shows."""

_PLACEHOLDER = re.compile(r"\{([A-Za-z_][\w-]*(?:\.[\w-]+)*)\}")
_PIECE = re.compile(rf"\{{\{{|\}}\}}|{_PLACEHOLDER.pattern}")
"""A placeholder, or a doubled brace, which stands for one."""
LATER = "registered."
"""How the paths start that are known only when steps have been carried out."""
# Bounded, so that an escape that never ends costs no more than its own length.
_ANSI = re.compile(r"\x1b(?:\[[0-?]{0,64}[ -/]{0,8}[@-~]|\][^\x07\x1b]{0,512}(?:\x07|\x1b\\)|[@-Z\\^_])")
_LOADED = re.compile(r"^[^\n]{0,60}?\bExtension modules: [^\n]*\n?", re.MULTILINE)
"""What Python prints of a crash beside where it happened: every extension module that had been loaded."""


@cache
def compiled(pattern: str, flags: int = re.MULTILINE) -> re.Pattern[str]:
    """A playbook's pattern, compiled once: there are more of them than the 512 that `re` keeps."""
    return re.compile(pattern, flags)


def normalised(text: str) -> str:
    """The text without ANSI escapes, with line feeds as its only line ends.

    The list of modules that a crash prints is left out: whatever it names had been loaded, and is no cause.
    """
    return _LOADED.sub("", _ANSI.sub("", text).replace("\r\n", "\n").replace("\r", "\n"))


def placeholders(text: str) -> tuple[str, ...]:
    """What stands between braces in a sentence: fact paths, `item` and `item.key`."""
    return tuple(_PLACEHOLDER.findall(text))


def fill(text: str, facts: Facts, item: Any = None) -> str:
    """The sentence with `{fact.path}`, `{item}` and `{item.key}` replaced by what is known, `{{` by a brace.

    What steps will register (`{registered.NAME.output}`) stays as it is.
    """

    def shown(path: str) -> str:
        head, _, rest = path.partition(".")
        if head == "item":
            return _shown(part_of(item, rest))
        state = facts.get(path)
        if head == "vars" and isinstance(state, Absent):  # `absent` would read as its value, in a command above all
            return f"<{rest}: give --var {rest}=VALUE>"
        return _shown_state(state)

    return substituted(text, shown)


def substituted(text: str, value: Callable[[str], str]) -> str:
    """The text with what `value` says of each placeholder, but for those that only steps make known."""

    def replacement(match: re.Match[str]) -> str:
        if match[1] is None:
            return match[0][0]
        return match[0] if match[1].startswith(LATER) else value(match[1])

    return _PIECE.sub(replacement, text)


def fill_registered(text: str, facts: Facts) -> str:
    """The text with what the steps have registered."""
    return _PLACEHOLDER.sub(
        lambda match: _shown_state(facts.get(match[1])) if match[1].startswith(LATER) else match[0], text
    )


def listed(texts: Iterable[str]) -> str:
    """The texts with commas, the first five and how many more there are."""
    items = list(texts)
    more = len(items) - SHOWN_ITEMS
    return ", ".join(items[:SHOWN_ITEMS]) + (f" and {more} more" if more > 0 else "")


def part_of(item: Any, path: str) -> Any:
    """What lies at a dotted path of an item; None when nothing does."""
    for key in path.split(".") if path else ():
        item = item.get(key) if isinstance(item, dict) else None
    return item


def _last_line(text: str) -> str:
    """The text on one line: of several, the last one, where Python puts the error itself."""
    lines = [line.strip() for line in normalised(text).splitlines() if line.strip()]
    line = lines[-1] if lines else ""
    return line if len(line) <= SHOWN_CHARACTERS else f"{line[:SHOWN_CHARACTERS]}..."


def _shown_state(state: State) -> str:
    match state:
        case Known(value):
            return _shown(value)
        case Absent():
            return "absent"
        case Unknown():
            return "unknown"


def _shown(value: Any) -> str:
    match value:
        case None:
            return "absent"
        case bool():
            return "true" if value else "false"
        case list() | tuple():
            return listed(_shown(part) for part in value)
        case dict():
            return listed(f"{key}: {_shown(part)}" for key, part in value.items())
        case _:
            return _last_line(str(value))
