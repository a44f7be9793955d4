"""Is a document beyond doubt shaped as its JSON Schema says? Answered without pydantic, which takes long to import.

The schema is stored with the package. A test holds it to the one that the shapes in `documents` give, and another
holds that nothing is accepted here that they refuse. What is not accepted here is no mistake yet: they decide, and
find the words.
"""

from __future__ import annotations

import json
import re
from functools import cache
from typing import TYPE_CHECKING, Any

from tfrepair.playbook.builtin import stored

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    Check = Callable[[Any], bool]

STORED = "playbook.schema.json"
_TYPES: Mapping[str, tuple[type, ...]] = {
    "string": (str,),
    "integer": (int,),
    "number": (int, float),
    "boolean": (bool,),
    "array": (list,),
    "object": (dict,),
}
_SILENT = {"title", "description", "type", "allOf"}
"""Keywords that ask for nothing more; `allOf` is about the arguments of actions, which lint looks at."""


@cache
def stored_schema() -> dict[str, Any]:
    """The JSON Schema of a playbook, as it was stored."""
    schema: dict[str, Any] = json.loads(stored(STORED))
    return schema


def is_accepted(data: Any, document: str) -> bool:
    """Whether data are what a definition of the schema says, such as `PlaybookDocument`."""
    return _checks()(document)(data)


@cache
def _checks() -> Callable[[str], Check]:
    """The check of each definition, made when it is first needed: definitions refer to each other in circles."""
    definitions = stored_schema()["$defs"]
    made: dict[str, Check] = {}

    def of(name: str) -> Check:
        def check(value: Any) -> bool:
            if name not in made:
                made[name] = _check(definitions[name], of)
            return made[name](value)

        return check

    return of


def _check(schema: Mapping[str, Any], refer: Callable[[str], Check]) -> Check:
    """A schema as a function. Raises KeyError for a keyword that is not known here."""
    if "$ref" in schema:
        return refer(schema["$ref"].rpartition("/")[2])
    checks = [_keyword(word, schema, refer) for word in schema if word not in _SILENT and word not in _OBJECTS]
    types = _TYPES.get(schema.get("type", ""))
    if types == (dict,):
        checks.append(_mapping(schema, refer))
    if not checks:
        return lambda value: types is None or type(value) in types
    first, *more = checks

    def check(value: Any) -> bool:
        if (types is not None and type(value) not in types) or not first(value):
            return False
        for one in more:  # noqa: SIM110  # `all` takes twice as long
            if not one(value):
                return False
        return True

    return check


def _keyword(word: str, schema: Mapping[str, Any], refer: Callable[[str], Check]) -> Check:
    wanted = schema[word]
    match word:
        case "const":
            return lambda value: type(value) is type(wanted) and value == wanted
        case "enum":
            return lambda value: isinstance(value, str) and value in wanted
        case "minLength" | "minItems" | "minProperties":
            return lambda value: len(value) >= wanted
        case "maxProperties":
            return lambda value: len(value) <= wanted
        case "minimum":
            return lambda value: value >= wanted
        case "maximum":
            return lambda value: value <= wanted
        case "exclusiveMinimum":
            return lambda value: value > wanted
        case "pattern":
            expression = re.compile(wanted.removesuffix("$") + r"\Z")
            return lambda value: expression.match(value) is not None
        case "items":
            item = _check(wanted, refer)
            return lambda value: all(map(item, value))
        case "not":
            refused = _check(wanted, refer)
            return lambda value: not refused(value)
        case "oneOf" | "anyOf":
            ways = [_check(part, refer) for part in wanted]

            def one_way(value: Any) -> bool:
                for way in ways:  # noqa: SIM110  # as above
                    if way(value):
                        return True
                return False

            return one_way
        case _:
            raise KeyError(word)


_OBJECTS = {"properties", "required", "additionalProperties", "propertyNames", "patternProperties"}


def _mapping(schema: Mapping[str, Any], refer: Callable[[str], Check]) -> Check:
    """The keys of a mapping and what stands under them."""
    required = frozenset(schema.get("required", ()))
    known = {name: _check(part, refer) for name, part in schema.get("properties", {}).items()}
    families = [
        (re.compile(name.removesuffix("$") + r"\Z"), _check(part, refer))
        for name, part in schema.get("patternProperties", {}).items()
    ]
    named = _check(schema["propertyNames"], refer) if "propertyNames" in schema else None
    # a family of names stands for all names there may be
    rest = schema.get("additionalProperties", not families)
    other = _check(rest, refer) if isinstance(rest, dict) else None

    def entry(name: str, value: Any) -> bool:
        for family, check in families:
            if family.match(name):
                return check(value)
        return other(value) if other is not None else rest is True

    def check(value: Any) -> bool:
        if not required <= value.keys():
            return False
        for name, below in value.items():
            if named is not None and not named(name):
                return False
            if not (known[name](below) if name in known else entry(name, below)):
                return False
        return True

    return check
