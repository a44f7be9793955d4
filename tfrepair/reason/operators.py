"""What the operators of a condition mean, one function each. A value of another kind than asked for is false."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

from packaging.specifiers import InvalidSpecifier, SpecifierSet
from packaging.version import InvalidVersion, Version

from tfrepair.reason.text import compiled, normalised

if TYPE_CHECKING:
    from collections.abc import Callable

SEARCHED_CHARACTERS = 1_000_000
"""How much of a text `matches` looks at."""


def holds(operator: str, expected: Any, value: Any) -> bool:
    """Whether a known value satisfies an operator. Raises KeyError for an operator that is none."""
    return OPERATORS[operator](expected, value)


def has_values(item: Any, wanted: Any) -> bool:
    """Whether an item is the wanted one; of a mapping, whether it has the wanted values under these keys.

    A wanted value may be a list (one of these) or a mapping with one operator.
    """
    if not isinstance(wanted, Mapping):
        return _equal(wanted, item)
    if not isinstance(item, Mapping):
        return False
    return all(key in item and _wanted(expected, item[key]) for key, expected in wanted.items())


def _wanted(expected: Any, value: Any) -> bool:
    match expected:
        case Mapping() if len(expected) == 1:
            ((operator, operand),) = expected.items()
            return operator in OPERATORS and holds(operator, operand, value)
        case list() | tuple():
            return _one_of(expected, value)
        case _:
            return _equal(expected, value)


def _equal(expected: Any, value: Any) -> bool:
    if isinstance(value, float) and isinstance(expected, str):  # decimal fractions are texts in a playbook
        return _number(expected) == value
    # In Python True == 1, in a playbook it is not.
    return isinstance(expected, bool) == isinstance(value, bool) and bool(expected == value)


def _number(text: str) -> float | None:
    try:
        return float(text)
    except ValueError:
        return None


def _one_of(expected: Any, value: Any) -> bool:
    return any(_equal(candidate, value) for candidate in expected)


def _specifier(expected: Any, value: Any) -> bool:
    try:
        return SpecifierSet(str(expected)).contains(Version(str(value)), prereleases=True)
    except (InvalidSpecifier, InvalidVersion):
        return False


def _exists(expected: Any, value: Any) -> bool:  # noqa: ARG001  # a known value exists, whatever it is
    return bool(expected)


def _at_least(expected: Any, value: Any) -> bool:
    least = float(expected)  # a decimal fraction is written as a text
    match value:
        case bool() | None:
            return False
        case int() | float():
            return value >= least
        case list() | tuple() | Mapping():
            return len(value) >= least
        case _:
            return False


def _contains(expected: Any, value: Any) -> bool:
    match value:
        case str():
            return isinstance(expected, str) and expected in value
        case list() | tuple():
            return any(has_values(item, expected) for item in value)
        case Mapping():
            return expected in value if isinstance(expected, str) else has_values(value, expected)
        case _:
            return False


def _matches(expected: Any, value: Any) -> bool:
    match value:
        case str():
            return compiled(expected).search(normalised(value[:SEARCHED_CHARACTERS])) is not None
        case list() | tuple():
            return any(_matches(expected, item) for item in value if isinstance(item, str))
        case _:
            return False


OPERATORS: Mapping[str, Callable[[Any, Any], bool]] = {
    "equals": _equal,
    "in": _one_of,
    "specifier": _specifier,
    "exists": _exists,
    "at_least": _at_least,
    "contains": _contains,
    "matches": _matches,
}
