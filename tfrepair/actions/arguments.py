"""How an action reads its arguments: literal lists, or the items of a fact."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Mapping

    from tfrepair.model.facts import Facts

_NAME = re.compile(r"[A-Za-z0-9](?:[A-Za-z0-9._-]*[A-Za-z0-9])?")
_VERSION = re.compile(r"[0-9][0-9.]*")
"""What packaging takes for a name; no distribution that anybody means is called so."""
OPTIONAL = "optional "
"""Stands first in the words for an argument that may be left out; then comes one of the kinds below."""
KINDS = ("list", "mapping", "literal", "text")
"""A list of texts or a fact; names to texts; a text in which nothing is filled in; a text."""


def is_optional(words: str) -> bool:
    """Whether an argument may be left out, by the words in ARGS."""
    return words.startswith(OPTIONAL)


def kind(words: str) -> str:
    """Which of `KINDS` an argument is, by the words in ARGS."""
    first = words.removeprefix(OPTIONAL).split(maxsplit=1)[0].rstrip(",:")
    return first if first in KINDS else "text"


def strings(value: Any, facts: Facts) -> tuple[str, ...]:
    """The texts an argument stands for: itself, a list, `{fact: path}`, or `{fact: path, key: name}` of each item.

    A fact that is not known stands for nothing.
    """
    match value:
        case str():
            return (value,)
        case {"fact": str(path), **rest}:
            found = facts.value(path)
            items = found if isinstance(found, list | tuple) else [] if found is None else [found]
            return tuple(str(item[rest["key"]] if "key" in rest else item) for item in items)
        case list() | tuple():
            return tuple(text for part in value for text in strings(part, facts))
        case _:
            return ()


def lines(args: Mapping[str, Any], name: str, facts: Facts) -> tuple[str, ...]:
    """The texts of one argument by its name; none when it is not given."""
    return strings(args.get(name), facts)


def requirement_problem(text: str) -> str | None:
    """Why a text is no requirement; None when it is one."""
    if _VERSION.fullmatch(text):
        return f"`{text}` is a version, not a requirement, such as `numpy=={text}`"
    if _NAME.fullmatch(text):
        return None
    from packaging.requirements import InvalidRequirement, Requirement

    try:
        Requirement(text)
    except InvalidRequirement:
        return f"`{text}` is not a requirement, such as `numpy>=1.26,<2`"
    return None


def name_problem(text: str) -> str | None:
    """Why a text is no name of a distribution; None when it is one."""
    is_name = _NAME.fullmatch(text) and not _VERSION.fullmatch(text)
    return None if is_name else f"`{text}` is not the name of a distribution, such as `numpy`"


def item_problems(
    args: Mapping[str, Any], name: str, problem: Callable[[str], str | None]
) -> Iterator[tuple[tuple[str | int, ...], str]]:
    """What is wrong with the texts of a list; those in which something is still to be filled in are passed over."""
    value = args.get(name)
    for index, item in enumerate(value if isinstance(value, list) else ()):
        if isinstance(item, str) and "{" not in item and (text := problem(item)):
            yield (name, index), text


def inside_problem(path: Any) -> str | None:
    """Why a text is no path within the environment; None when it is one, or not a text at all."""
    if not isinstance(path, str):
        return None
    drive = len(path) > 1 and path[1] == ":"
    parts = path.split("/")
    if path.startswith(("/", "~")) or drive or "\\" in path:
        return f"`{path}` must be relative to the environment's folder, with `/`, such as `etc/our.conf`"
    if not path or ".." in parts or "." in parts or "" in parts:
        return f"`{path}` must lie inside the environment's folder: no `.` or `..`, no empty part"
    return None
