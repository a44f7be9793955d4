"""How an action reads its arguments: literal lists, or the items of a fact."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Mapping

    from tfrepair.model.facts import Facts


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
