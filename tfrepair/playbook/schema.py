"""The shape of a playbook document, for validation and for editors. The only module that imports pydantic here."""

from __future__ import annotations

import difflib
from typing import Annotated, Any, Literal

from pydantic import (
    AfterValidator,
    BeforeValidator,
    ConfigDict,
    Discriminator,
    Field,
    Tag,
    TypeAdapter,
    with_config,
)
from pydantic_core import PydanticCustomError
from typing_extensions import NotRequired, TypedDict

STRICT = ConfigDict(extra="forbid", strict=True)
TEST_OPERATORS = ("equals", "in", "specifier", "exists", "at_least", "contains", "matches")
COMBINATORS = ("all", "any", "none")
TAG_SUFFIX = "-condition"
"""Marks, in pydantic's path of an error, what is no part of the document."""


def _number(value: Any) -> Any:
    """Decimal fractions arrive as texts, because only whole numbers are numbers in a playbook."""
    try:
        return float(value) if isinstance(value, str) else value
    except ValueError:
        return value


def _one_operator(test: dict[str, Any]) -> dict[str, Any]:
    operators = [name for name in TEST_OPERATORS if name in test]
    if len(operators) == 1:
        return test
    found = " and ".join(f"`{name}`" for name in operators) or "none"
    choices = ", ".join(f"`{name}`" for name in TEST_OPERATORS)
    raise PydanticCustomError("operators", f"a test needs exactly one of {choices}; it has {found}")


def condition_kind(value: Any) -> str:
    """Which kind of condition a mapping is meant to be: by its keys, or by the word nearest to one of them."""
    keys = [key for key in value if isinstance(key, str)] if isinstance(value, dict) else []
    for name in COMBINATORS:
        if name in keys:
            return name + TAG_SUFFIX
    near = (difflib.get_close_matches(key, (*COMBINATORS, *TEST_OPERATORS, "fact"), 1) for key in keys)
    words = [words[0] for words in near if words]
    kind = words[0] if words and words[0] in COMBINATORS and "fact" not in keys else "test"
    return kind + TAG_SUFFIX


Number = Annotated[float, BeforeValidator(_number)]
Text = Annotated[str, Field(min_length=1)]
Severity = Literal["error", "warning", "info"]
Confidence = Literal["high", "medium", "low"]

TestDocument = TypedDict(
    "TestDocument",
    {
        "fact": Text,
        "equals": NotRequired[Any],
        "in": NotRequired[list[Any]],
        "specifier": NotRequired[str],
        "exists": NotRequired[bool],
        "at_least": NotRequired[Number],
        "contains": NotRequired[Any],
        "matches": NotRequired[Text],
    },
)
TestDocument.__pydantic_config__ = STRICT  # type: ignore[attr-defined]  # `in` is no name that a class could have


@with_config(STRICT)
class AllDocument(TypedDict):
    """True when every part is."""

    all: Annotated[list[Condition], Field(min_length=1)]


@with_config(STRICT)
class AnyDocument(TypedDict):
    """True when one part is."""

    any: Annotated[list[Condition], Field(min_length=1)]


@with_config(STRICT)
class NoneDocument(TypedDict):
    """True when no part is."""

    none: Annotated[list[Condition], Field(min_length=1)]


Condition = Annotated[
    Annotated[TestDocument, AfterValidator(_one_operator), Tag("test" + TAG_SUFFIX)]
    | Annotated[AllDocument, Tag("all" + TAG_SUFFIX)]
    | Annotated[AnyDocument, Tag("any" + TAG_SUFFIX)]
    | Annotated[NoneDocument, Tag("none" + TAG_SUFFIX)],
    Discriminator(condition_kind),
]


@with_config(STRICT)
class SignatureDocument(TypedDict):
    """A text that is printed when this is the cause."""

    pattern: Text
    confidence: NotRequired[Confidence]
    when: NotRequired[Condition]
    unless: NotRequired[Condition]
    means: NotRequired[Text]


@with_config(STRICT)
class EvidenceDocument(TypedDict):
    """A sentence with facts in braces."""

    kind: Literal["distribution", "file", "output", "host", "path"]
    text: Text
    each: NotRequired[Text]
    where: NotRequired[dict[str, Any]]


@with_config(STRICT)
class RuleDocument(TypedDict):
    """A condition that makes the finding."""

    when: Condition
    unless: NotRequired[Condition]
    severity: NotRequired[Severity]
    confidence: NotRequired[Confidence]
    error_when: NotRequired[Condition]
    only_if_alone: NotRequired[bool]
    evidence: Annotated[list[EvidenceDocument], Field(min_length=1)]


@with_config(STRICT)
class DiagnoseDocument(TypedDict):
    """How the cause is recognised."""

    signatures: NotRequired[list[SignatureDocument]]
    rules: NotRequired[list[RuleDocument]]


@with_config(STRICT)
class StepDocument(TypedDict):
    """One action with its arguments."""

    name: Text
    action: Text
    args: NotRequired[dict[str, Any]]
    when: NotRequired[Condition]
    unless: NotRequired[Condition]
    timeout: NotRequired[Annotated[Number, Field(gt=0)]]


@with_config(STRICT)
class PlaybookDocument(TypedDict):
    """A cause: how it is recognised, what it explains, what repairs it."""

    schema: Literal[1]
    name: Annotated[str, Field(pattern=r"^[a-z0-9]+([.-][a-z0-9]+)*$")]
    title: Text
    about: Text
    rank: NotRequired[int]
    references: NotRequired[list[Annotated[str, Field(pattern=r"^https://[^\s]+$")]]]
    explains: NotRequired[list[Text]]
    diagnose: DiagnoseDocument
    repair: Literal["automatic", "manual"]
    fix: NotRequired[list[StepDocument]]
    manual: NotRequired[list[Text]]


_SHAPES: dict[tuple[str, ...], Any] = {
    (): PlaybookDocument,
    ("diagnose",): DiagnoseDocument,
    ("diagnose", "signatures"): SignatureDocument,
    ("diagnose", "rules"): RuleDocument,
    ("diagnose", "rules", "evidence"): EvidenceDocument,
    ("fix",): StepDocument,
}


def adapter() -> TypeAdapter[PlaybookDocument]:
    """The validator of one document. Building it costs about as much as validating a hundred playbooks."""
    return TypeAdapter(PlaybookDocument)


def json_schema() -> dict[str, Any]:
    """The JSON Schema of a playbook, for editors."""
    schema = adapter().json_schema()
    return {"$schema": "https://json-schema.org/draft/2020-12/schema", "title": "tfrepair playbook", **schema}


def known_keys(path: tuple[str | int, ...]) -> tuple[str, ...]:
    """The keys that a mapping at this place of a document may have."""
    shape = _SHAPES.get(tuple(part for part in path if isinstance(part, str)))
    if shape is not None:
        return tuple(shape.__annotations__)
    return (*COMBINATORS, *TestDocument.__annotations__)
