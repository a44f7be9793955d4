"""Is a document shaped like a playbook? Every deviation at once, each at its place, in our own words."""

from __future__ import annotations

from functools import partial
from typing import TYPE_CHECKING, Any

from tfrepair.model.nearest import nearest, nearest_word
from tfrepair.playbook.yaml_reader import Problem

if TYPE_CHECKING:
    from collections.abc import Callable, Collection, Iterable, Mapping

    from pydantic import TypeAdapter
    from pydantic_core import ErrorDetails

    from tfrepair.playbook.yaml_reader import Path, Positions

_EXPECTED = {
    "string_type": "a text",
    "list_type": "a list",
    "dict_type": "a mapping",
    "bool_type": "`true` or `false`",
    "int_type": "a whole number",
    "int_from_float": "a whole number",
    "float_type": "a number",
}


HELPED = 1_000
"""With more mistakes than this no word is suggested."""


def shape_problems(
    data: Any, positions: Positions, validator: TypeAdapter[Any], *, extending: bool = False
) -> tuple[tuple[Problem, ...], Any, Positions]:
    """What keeps the data from being a playbook document, or, with `extending`, one that extends another.

    A misspelt key is taken for the word that is named beside it, so that what stands below it is looked at as well;
    the data that are returned, and their positions, have that word.
    """
    from tfrepair.playbook.schema import known_keys as keys_at

    known_keys: Callable[[Path], Any] = partial(keys_at, extending=extending)
    found: list[Problem] = []
    while True:
        errors = _errors(validator, data)
        if len(errors) > HELPED:  # to look for the nearest word takes longer than all the rest
            known_keys = _none_known
        words = _meant(errors, known_keys, positions)
        if not words:
            return (*found, *(_problem(path, error, positions, known_keys) for path, error in errors)), data, positions
        found += [_problem(path, error, positions, known_keys) for path, error in errors if path in words]
        data, positions = _renamed(data, words), positions.renamed(words)


def _errors(validator: TypeAdapter[Any], data: Any) -> list[tuple[Path, ErrorDetails]]:
    """Every deviation and its place."""
    from pydantic import ValidationError

    from tfrepair.playbook.schema import TAG_SUFFIX

    try:
        validator.validate_python(data)
    except ValidationError as error:
        every = error.errors(include_url=False)
        return [(tuple(part for part in one["loc"] if not str(part).endswith(TAG_SUFFIX)), one) for one in every]
    return []


def _meant(
    errors: Iterable[tuple[Path, ErrorDetails]], known_keys: Callable[[Path], Any], positions: Positions
) -> dict[Path, str]:
    """The words that misspelt keys were meant to be, where these are not there already."""
    words: dict[Path, str] = {}
    taken: set[Path] = set()
    for path, error in errors:
        known = known_keys(path[:-1]) if error["type"] == "extra_forbidden" else ()
        word = nearest_word(str(path[-1]), known) if path and path[-1] not in known else None
        place = (*path[:-1], word or "")
        if word is not None and place not in positions.keys and place not in taken:
            words[path] = word
            taken.add(place)
    return words


def _renamed(data: Any, words: Mapping[Path, str], path: Path = ()) -> Any:
    """The data with other keys at these paths."""
    match data:
        case dict():
            return {words.get((*path, key), key): _renamed(value, words, (*path, key)) for key, value in data.items()}
        case list():
            return [_renamed(value, words, (*path, index)) for index, value in enumerate(data)]
        case _:
            return data


def meant_word(word: Any, known: Collection[str]) -> str | None:
    """The word itself when it is known, else the nearest that is; None for what is not even a text."""
    if not isinstance(word, str):
        return None
    return word if word in known else nearest_word(word, known)


def kind_of(value: Any) -> str:
    """What a value is, in the words of a playbook's author."""
    match value:
        case None:
            return "nothing"
        case bool():
            return f"`{str(value).lower()}`"
        case str():
            return f"the text `{value[:60]}`"
        case int() | float():
            return f"the number {value}"
        case list():
            return "a list"
        case _:
            return "a mapping"


def _none_known(_path: Path) -> tuple[str, ...]:
    return ()


def _problem(path: Path, error: ErrorDetails, positions: Positions, known_keys: Callable[[Path], Any]) -> Problem:
    if path and path[-1] == "[key]":
        return _key_problem(path[:-1], error, positions)
    name = place_name(path)
    match error["type"]:
        case "missing":
            place = positions.value(path[:-1])
            text = f"{place_name(path[:-1])} lacks the key `{path[-1]}`"
        case "extra_forbidden":
            place = positions.key(path)
            text = _surplus(str(path[-1]), path[:-1], known_keys(path[:-1]))
        case "literal_error":
            place = positions.value(path)
            text = f"{name} must be {_choices(error)}, not {kind_of(error['input'])}"
        case "string_pattern_mismatch":
            place = positions.value(path)
            last = next((str(part) for part in reversed(path) if isinstance(part, str)), "")
            text = f"{name} {_PATTERNS.get(last, 'has the wrong form')}, not `{error['input']}`"
        case "string_too_short" | "too_short":
            place = positions.value(path)
            text = f"{name} must not be empty"
        case "greater_than" | "greater_than_equal" | "less_than_equal":
            place = positions.value(path)
            text = f"{name} must be {_limit(error)}, not {kind_of(error['input'])}"
        case kind if kind in _EXPECTED:
            place = positions.value(path)
            text = f"{name} must be {_EXPECTED[kind]}, not {kind_of(error['input'])}"
        case _:
            place = positions.value(path)
            text = f"{name}: {error['msg']}"
    return Problem(line=place[0], column=place[1], text=text)


def _key_problem(path: Path, error: ErrorDetails, positions: Positions) -> Problem:
    """A key that is none of the words that may stand there."""
    line, column = positions.key(path)
    word, around = str(path[-1]), place_name(path[:-1])
    if error["type"] == "literal_error":
        choices = _choices(error)
        return Problem(line=line, column=column, text=f"unknown key `{word}` in {around}: it must be {choices}")
    return Problem(line=line, column=column, text=f"`{word}` in {around} {_PATTERNS['register']}")


def _limit(error: ErrorDetails) -> str:
    limits = error.get("ctx", {})
    words = {"gt": "greater than", "ge": "at least", "le": "at most"}
    return " and ".join(f"{words[key]} {limit:g}" for key, limit in limits.items() if key in words)


_PATTERNS = {
    "id": "must be lower-case words joined by hyphens",
    "register": "must be a word of letters, digits and `_`",
    "env": "must be the name of an environment variable",
    "name": "must be lower-case words joined by hyphens",
    "references": "must be an address that starts with `https://`",
}


def _surplus(key: str, around: Path, known: Iterable[str]) -> str:
    if key in known and around[0] in {"fix", "manual"} and isinstance(around[-1], int):
        return f"`{key}` cannot stand beside `platforms` in {place_name(around)}: write it at the entries of the block"
    if key in known:
        name = place_name(around)
        return f"`{key}` cannot stand beside the other keys of {name}: a condition is one test or one combinator"
    near = nearest(key, known)
    if not near and "action" in known and key in _COMMANDS:
        near = ": a command is `action: run` with `args: {argv: [program, argument]}`"
    return f"unknown key `{key}` in {place_name(around)}{near}"


_COMMANDS = frozenset({"shell", "command", "cmd", "run", "exec", "script", "argv"})
"""Keys by which other languages run a command."""


def _choices(error: ErrorDetails) -> str:
    expected = str(error.get("ctx", {}).get("expected", "")).replace("'", "`").replace("True", "`true`")
    *most, last = expected.split(" or ")
    return " or ".join([*most, last])


def place_name(path: Path) -> str:
    """A place in words: `diagnose.rules[2].when`."""
    text = ""
    for part in path:
        text += f"[{part}]" if isinstance(part, int) else f".{part}" if text else part
    return f"`{text}`" if text else "the playbook"
