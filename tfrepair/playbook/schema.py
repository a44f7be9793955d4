"""A playbook document for validation and for editors: its validators, its JSON Schema, and the keys of each place."""

from __future__ import annotations

from functools import cache
from typing import TYPE_CHECKING, Any, get_args

from pydantic import TypeAdapter

from tfrepair.actions.arguments import is_optional, kind
from tfrepair.actions.registry import ACTIONS
from tfrepair.playbook.documents import (
    COMBINATORS,
    TAG_SUFFIX,
    TEST_OPERATORS,
    CheckDocument,
    DiagnoseDocument,
    EvidenceDocument,
    ExtendingDocument,
    OnFailureDocument,
    PlaybookDocument,
    RetryDocument,
    RuleDocument,
    SignatureDocument,
    StepDocument,
    System,
    TestDocument,
    VariableDocument,
)

if TYPE_CHECKING:
    from collections.abc import Mapping

__all__ = [
    "COMBINATORS",
    "TAG_SUFFIX",
    "TEST_OPERATORS",
    "adapter",
    "extending_adapter",
    "json_schema",
    "known_keys",
]

_STEP_KEYS = (*StepDocument.__annotations__, "platforms")
_SHAPES: dict[tuple[str, ...], tuple[str, ...]] = {
    ("diagnose",): tuple(DiagnoseDocument.__annotations__),
    ("diagnose", "signatures"): tuple(SignatureDocument.__annotations__),
    ("diagnose", "rules"): tuple(RuleDocument.__annotations__),
    ("diagnose", "rules", "evidence"): tuple(EvidenceDocument.__annotations__),
    ("fix",): _STEP_KEYS,
    ("fix", "retry"): tuple(RetryDocument.__annotations__),
    ("fix", "on_failure"): tuple(OnFailureDocument.__annotations__),
    ("verify",): tuple(CheckDocument.__annotations__),
    ("manual",): ("platforms",),
}
"""The keys of each mapping by where it stands; steps in a block for one platform are those of `fix`."""


@cache
def adapter() -> TypeAdapter[PlaybookDocument]:
    """The validator of one document. Building it costs about as much as validating a hundred playbooks."""
    return TypeAdapter(PlaybookDocument)


@cache
def extending_adapter() -> TypeAdapter[ExtendingDocument]:
    """The validator of one document that extends another."""
    return TypeAdapter(ExtendingDocument)


def json_schema() -> dict[str, Any]:
    """The JSON Schema of a playbook, for editors: with `extends` the shape of a change, else that of a whole one."""
    whole, change = adapter().json_schema(), extending_adapter().json_schema()
    shared = {**change.pop("$defs", {}), **whole.pop("$defs", {})}
    for name in ("StepDocument", "StepChangeDocument"):
        _with_actions(shared[name])
    return {
        "$schema": "https://json-schema.org/draft/2020-12/schema",
        "title": "tfrepair playbook",
        "type": "object",
        "if": {"required": ["extends"]},
        "then": {"$ref": "#/$defs/ExtendingDocument"},
        "else": {"$ref": "#/$defs/PlaybookDocument"},
        "$defs": {**shared, "ExtendingDocument": change, "PlaybookDocument": whole},
    }


_ARGUMENT_SHAPES: dict[str, dict[str, Any]] = {
    "list": {"type": ["array", "object", "string"]},
    "mapping": {"type": "object"},
    "literal": {"type": "string"},
    "text": {"type": "string"},
}


def _with_actions(step: dict[str, Any]) -> None:
    """Put the names of the actions into the schema of a step, and the arguments of each.

    Another name is no mistake of the schema's: plug-ins bring more.
    """
    step["properties"]["action"] = {"anyOf": [{"enum": sorted(ACTIONS)}, {"type": "string", "minLength": 1}]}
    step["allOf"] = [
        {
            "if": {"properties": {"action": {"const": name}}, "required": ["action"]},
            "then": {"properties": {"args": _arguments(action.ARGS)}},
        }
        for name, action in sorted(ACTIONS.items())
    ]


def _arguments(words: Mapping[str, str]) -> dict[str, Any]:
    return {
        "type": "object",
        "properties": {name: {**_ARGUMENT_SHAPES[kind(text)], "description": text} for name, text in words.items()},
        "required": [name for name, text in words.items() if not is_optional(text)],
        "additionalProperties": False,
    }


def known_keys(path: tuple[str | int, ...], *, extending: bool = False) -> tuple[str, ...]:
    """The keys that a mapping at this place of a document may have."""
    words = tuple(part for part in path if isinstance(part, str))
    if words[:2] == ("fix", "platforms"):
        words = ("fix", *words[3:]) if len(words) > 2 else ("platforms",)  # noqa: PLR2004
    if not words:
        return tuple((ExtendingDocument if extending else PlaybookDocument).__annotations__)
    if words[0] == "variables":
        return tuple(VariableDocument.__annotations__)
    if words[-1] == "platforms":
        return get_args(System)
    keys = _SHAPES.get(words)
    if keys is None:
        return (*COMBINATORS, *TestDocument.__annotations__)
    return (*keys, "drop") if extending and words in CHANGED else keys


CHANGED = (("diagnose", "signatures"), ("diagnose", "rules"), ("fix",))
"""The lists whose entries a playbook that extends another can name by their ids."""
