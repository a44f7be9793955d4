"""The shapes of what a playbook document consists of, as pydantic reads them."""

from __future__ import annotations

from typing import Annotated, Any, Literal

from pydantic import (
    BeforeValidator,
    ConfigDict,
    Discriminator,
    Field,
    Tag,
    WithJsonSchema,
    with_config,
)
from typing_extensions import NotRequired, TypedDict

from tfrepair.model.nearest import nearest_word
from tfrepair.playbook.lint_conditions import OPERATORS

STRICT = ConfigDict(extra="forbid", strict=True)
TEST_OPERATORS = tuple(OPERATORS)
COMBINATORS = ("all", "any", "none")
TAG_SUFFIX = "\0kind"
"""Marks, in pydantic's path of an error, what is no part of the document: no key ends so."""


def _number(value: Any) -> Any:
    """Decimal fractions arrive as texts, because only whole numbers are numbers in a playbook."""
    try:
        return float(value) if isinstance(value, str) else value
    except ValueError:
        return value


def condition_kind(value: Any) -> str:
    """Which kind of condition a mapping is meant to be: by its keys, or by the word nearest to one of them."""
    keys = [key for key in value if isinstance(key, str)] if isinstance(value, dict) else []
    for name in COMBINATORS:
        if name in keys:
            return name + TAG_SUFFIX
    if "fact" in keys:
        return "test" + TAG_SUFFIX
    near = (nearest_word(key, (*COMBINATORS, *TEST_OPERATORS, "fact")) for key in keys)
    words = [word for word in near if word]
    kind = words[0] if words and words[0] in COMBINATORS else "test"
    return kind + TAG_SUFFIX


Number = Annotated[float, BeforeValidator(_number)]
_NO_MAPPING = WithJsonSchema({"not": {"type": "object"}})
Text = Annotated[str, Field(min_length=1)]
Id = Annotated[str, Field(pattern=r"^[a-z0-9]+(-[a-z0-9]+)*$")]
Word = Annotated[str, Field(pattern=r"^[A-Za-z_][A-Za-z0-9_]*$")]
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
TestDocument.__pydantic_config__ = ConfigDict(  # type: ignore[attr-defined]  # `in` is no name that a class could have
    **STRICT, json_schema_extra={"minProperties": 2, "maxProperties": 2}
)


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
    Annotated[TestDocument, Tag("test" + TAG_SUFFIX)]
    | Annotated[AllDocument, Tag("all" + TAG_SUFFIX)]
    | Annotated[AnyDocument, Tag("any" + TAG_SUFFIX)]
    | Annotated[NoneDocument, Tag("none" + TAG_SUFFIX)],
    Discriminator(condition_kind),
]


class _Signature(TypedDict):
    """What a signature and a change of one have in common."""

    id: NotRequired[Id]
    confidence: NotRequired[Confidence]
    when: NotRequired[Condition]
    unless: NotRequired[Condition]
    only_if_alone: NotRequired[bool]
    means: NotRequired[Text]


@with_config(STRICT)
class SignatureDocument(_Signature):
    """A text that is printed when this is the cause."""

    pattern: Text


@with_config(STRICT)
class EvidenceDocument(TypedDict):
    """A sentence with facts in braces."""

    kind: Literal["distribution", "file", "output", "host", "path"]
    text: Text
    each: NotRequired[Text]
    where: NotRequired[dict[str, Any]]


class _Rule(TypedDict):
    """What a rule and a change of one have in common."""

    id: NotRequired[Id]
    unless: NotRequired[Condition]
    severity: NotRequired[Severity]
    error_when: NotRequired[Condition]
    confidence: NotRequired[Confidence]
    only_if_alone: NotRequired[bool]


@with_config(STRICT)
class RuleDocument(_Rule):
    """A condition that makes the finding."""

    when: Condition
    evidence: Annotated[list[EvidenceDocument], Field(min_length=1)]


@with_config(STRICT)
class DiagnoseDocument(TypedDict):
    """How the cause is recognised."""

    signatures: NotRequired[list[SignatureDocument]]
    rules: NotRequired[list[RuleDocument]]


@with_config(STRICT)
class VariableDocument(TypedDict):
    """A value that the playbook leaves open."""

    description: NotRequired[Text]
    type: NotRequired[Literal["str", "int", "float", "bool", "list"]]
    default: NotRequired[Any]
    env: NotRequired[Word]
    choices: NotRequired[Annotated[list[Any], Field(min_length=1)]]


@with_config(STRICT)
class RetryDocument(TypedDict):
    """How often a step that fails is tried again."""

    attempts: Annotated[int, Field(ge=2, le=20)]
    wait: NotRequired[Annotated[Number, Field(ge=0), WithJsonSchema({"type": "number", "minimum": 0})]]
    errors: NotRequired[Annotated[list[Literal["timeout", "network", "exit-code"]], Field(min_length=1)]]


@with_config(STRICT)
class OnFailureDocument(TypedDict):
    """What happens when a step has failed for good."""

    then: NotRequired[Literal["rollback", "continue"]]
    message: NotRequired[Text]


def _mapping_or(short: str) -> Discriminator:
    """Tells a mapping from the short form of the same thing."""
    return Discriminator(lambda value: ("mapping" if isinstance(value, dict) else short) + TAG_SUFFIX)


OnFailure = Annotated[
    Annotated[OnFailureDocument, Tag("mapping" + TAG_SUFFIX)]
    | Annotated[Literal["rollback", "continue"], Tag("word" + TAG_SUFFIX)],
    _mapping_or("word"),
]


class _Step(TypedDict):
    """What a step and a change of one have in common."""

    id: NotRequired[Id]
    args: NotRequired[dict[str, Any]]
    when: NotRequired[Condition]
    unless: NotRequired[Condition]
    loop: NotRequired[
        Annotated[
            Annotated[Text, Tag("fact" + TAG_SUFFIX)]
            | Annotated[list[Any], Field(min_length=1), Tag("list" + TAG_SUFFIX)],
            Discriminator(lambda value: ("list" if isinstance(value, list) else "fact") + TAG_SUFFIX),
        ]
    ]
    where: NotRequired[dict[str, Any]]
    register: NotRequired[Word]
    retry: NotRequired[RetryDocument]
    timeout: NotRequired[Annotated[Number, Field(gt=0), WithJsonSchema({"type": "number", "exclusiveMinimum": 0})]]
    on_failure: NotRequired[OnFailure]
    undo: NotRequired[Annotated[list[Text], Field(min_length=1)]]


@with_config(STRICT)
class StepDocument(_Step):
    """One action with its arguments."""

    name: Text
    action: Text


@with_config(STRICT)
class StepBlockDocument(TypedDict):
    """Steps for one operating system each."""

    platforms: Annotated[PlatformSteps, Field(min_length=1)]


@with_config(STRICT)
class ManualBlockDocument(TypedDict):
    """Lines for one operating system each."""

    platforms: Annotated[PlatformLines, Field(min_length=1)]


System = Literal["linux", "macos", "windows"]
PlatformSteps = dict[System, Annotated[list[StepDocument], Field(min_length=1)]]
PlatformLines = dict[System, Annotated[list[Text], Field(min_length=1)]]


def _step_or_block(value: Any) -> str:
    return ("block" if isinstance(value, dict) and "platforms" in value else "step") + TAG_SUFFIX


StepOrBlock = Annotated[
    Annotated[StepDocument, Tag("step" + TAG_SUFFIX)] | Annotated[StepBlockDocument, Tag("block" + TAG_SUFFIX)],
    Discriminator(_step_or_block),
]
LineOrBlock = Annotated[
    Annotated[ManualBlockDocument, Tag("mapping" + TAG_SUFFIX)] | Annotated[Text, Tag("line" + TAG_SUFFIX)],
    _mapping_or("line"),
]
Variables = dict[
    Word,
    Annotated[
        Annotated[VariableDocument, Tag("mapping" + TAG_SUFFIX)]
        | Annotated[Any, _NO_MAPPING, Tag("value" + TAG_SUFFIX)],
        _mapping_or("value"),
    ],
]


@with_config(STRICT)
class CheckDocument(TypedDict):
    """Something that must hold in the repaired environment."""

    name: Text
    that: Condition
    message: NotRequired[Text]


Name = Annotated[str, Field(pattern=r"^[a-z0-9]+([.-][a-z0-9]+)*$")]
References = list[Annotated[str, Field(pattern=r"^https://[^\s]+$")]]


@with_config(STRICT)
class PlaybookDocument(TypedDict):
    """A cause: how it is recognised, what it explains, what repairs it."""

    schema: Literal[1]
    name: Name
    title: Text
    about: Text
    rank: NotRequired[int]
    references: NotRequired[References]
    explains: NotRequired[list[Text]]
    variables: NotRequired[Variables]
    diagnose: DiagnoseDocument
    repair: Literal["automatic", "manual"]
    fix: NotRequired[list[StepOrBlock]]
    verify: NotRequired[list[CheckDocument]]
    manual: NotRequired[list[LineOrBlock]]


class _Change(TypedDict):
    """What every entry of a list that is changed may have."""

    drop: NotRequired[Literal[True]]


@with_config(STRICT)
class SignatureChangeDocument(_Change, _Signature):
    """A signature of the built-in playbook that is changed or dropped, or a further one."""

    pattern: NotRequired[Text]


@with_config(STRICT)
class RuleChangeDocument(_Change, _Rule):
    """A rule of the built-in playbook that is changed or dropped, or a further one."""

    when: NotRequired[Condition]
    evidence: NotRequired[Annotated[list[EvidenceDocument], Field(min_length=1)]]


@with_config(STRICT)
class StepChangeDocument(_Change, _Step):
    """A step of the built-in playbook that is changed or dropped, or a further one."""

    name: NotRequired[Text]
    action: NotRequired[Text]


StepChangeOrBlock = Annotated[
    Annotated[StepChangeDocument, Tag("step" + TAG_SUFFIX)] | Annotated[StepBlockDocument, Tag("block" + TAG_SUFFIX)],
    Discriminator(_step_or_block),
]


@with_config(STRICT)
class DiagnoseChangeDocument(TypedDict):
    """How the cause is recognised, where that differs."""

    signatures: NotRequired[list[SignatureChangeDocument]]
    rules: NotRequired[list[RuleChangeDocument]]


@with_config(STRICT)
class ExtendingDocument(TypedDict):
    """A built-in playbook with changes: what is written here counts, the rest stays."""

    schema: Literal[1]
    extends: Text
    name: NotRequired[Name]
    title: NotRequired[Text]
    about: NotRequired[Text]
    rank: NotRequired[int]
    references: NotRequired[References]
    explains: NotRequired[list[Text]]
    variables: NotRequired[Variables]
    diagnose: NotRequired[DiagnoseChangeDocument]
    repair: NotRequired[Literal["automatic", "manual"]]
    fix: NotRequired[list[StepChangeOrBlock]]
    verify: NotRequired[list[CheckDocument]]
    manual: NotRequired[list[LineOrBlock]]
