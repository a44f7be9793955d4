"""The JSON Schemas of the documents that tfrepair prints and stores. They say what is there; more keys may come."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Literal, get_args

from tfrepair.app.report import Status
from tfrepair.model.finding import Evidence, Finding, NotChecked
from tfrepair.model.plan import Choice, Move, Operation, Plan, PlannedCheck
from tfrepair.model.run import Event
from tfrepair.model.wire import FACTS_FORMAT, PLAN_FORMAT

if TYPE_CHECKING:
    from collections.abc import Mapping

Name = Literal["playbook", "plan", "result", "report", "journal"]
NAMES: tuple[Name, ...] = get_args(Name)
DIALECT = "https://json-schema.org/draft/2020-12/schema"

Schema = dict[str, Any]
_TEXT: Schema = {"type": "string"}
_TEXTS: Schema = {"type": "array", "items": _TEXT}
_BOOL: Schema = {"type": "boolean"}
_WHOLE: Schema = {"type": "integer", "minimum": 0}
_MAYBE_TEXT: Schema = {"type": ["string", "null"]}


def schema_of(name: Name) -> Schema:
    """The schema of a document, whole."""
    match name:
        case "playbook":
            from tfrepair.playbook.schema import json_schema

            return json_schema()
        case "plan":
            return _plan()
        case "result":
            return _result()
        case "report":
            return _report()
        case "journal":
            return _journal()


_LEFT_OUT = frozenset({"keywords", "creates", "checks"})
"""Fields that a document has only where a step says something about them."""


def _document(title: str, body: Schema, definitions: Mapping[str, Schema] | None = None) -> Schema:
    more = {"$defs": dict(definitions)} if definitions else {}
    return {"$schema": DIALECT, "title": title, **body, **more}


def _object(properties: Mapping[str, Schema], optional: tuple[str, ...] = ()) -> Schema:
    required = [name for name in properties if name not in optional]
    return {"type": "object", "properties": dict(properties), "required": required}


def _list(items: Schema) -> Schema:
    return {"type": "array", "items": items}


def _of(kind: Any) -> tuple[Schema, dict[str, Schema]]:
    """The schema of a dataclass as `asdict` writes it: every field is there. And the definitions it refers to."""
    from pydantic import TypeAdapter

    schema = TypeAdapter(kind).json_schema()
    definitions: dict[str, Schema] = schema.pop("$defs", {})
    for one in (schema, *definitions.values()):
        if "properties" in one:
            one["required"] = [name for name in one["properties"] if name not in _LEFT_OUT]
            one["properties"] = {name: _bare(part) for name, part in one["properties"].items()}
    return schema, definitions


def _bare(schema: Schema) -> Schema:
    """Without what pydantic derives from the names."""
    return {key: value for key, value in schema.items() if key not in {"title", "default"}}


def _plan() -> Schema:
    """`fix --plan-out`, and the plans in a record."""
    body, definitions = _of(Plan)
    properties = {"format": {"const": PLAN_FORMAT}, **body["properties"], "schema_version": {"const": 1}}
    return _document("tfrepair plan", _object(properties, optional=("checks",)), definitions)


def _result() -> Schema:
    """What `diagnose`, `fix`, `verify`, `explain` and `rollback` print with `--json`."""
    definitions: dict[str, Schema] = {}
    shown = {}
    for name, kind in (
        ("finding", Finding),
        ("not_checked", NotChecked),
        ("choice", Choice),
        ("move", Move),
        ("check", PlannedCheck),
    ):
        shown[name], more = _of(kind)
        definitions |= more
    finding = shown["finding"]
    finding["required"].remove("decided_by")
    operations, more = _operations()
    definitions |= more
    target = {"python": _TEXT, "prefix": _TEXT, "kind": _enum("venv", "conda", "system", "user"), "version": _TEXT}
    smoke = _object({"ok": _BOOL, "seconds": {"type": "number"}, "rung": _TEXT}, optional=("rung",))
    pin = {"name": _TEXT, "version": _TEXT, "hashes": _TEXTS, "size": {"type": ["integer", "null"]}}
    plan = {
        "round": _WHOLE,
        "strategy": _enum("create", "in-place", "rebuild"),
        "prefix": _TEXT,
        "causes": _TEXTS,
        "tensorflow": shown["choice"],
        "operations": _list(operations),
        "lock": _list(_object(pin)),
        "resolved": _TEXT,
        "cutoff": _MAYBE_TEXT,
        "moves": _list(shown["move"]),
        "checks": _list(shown["check"]),
        "notes": _TEXTS,
    }
    body: dict[str, Schema] = {
        "schema_version": {"const": 1},
        "command": _TEXT,
        "status": _enum(*get_args(Status)),
        "target": _object({**target, "reason": _TEXT}),
        "works": {"type": ["boolean", "null"]},
        "findings": _list(finding),
        "not_checked": _list(shown["not_checked"]),
        "plan": _object(plan),
        "run": _object({"id": _TEXT, "folder": _TEXT, "log": _TEXT, "kept": _TEXT}, optional=("kept",)),
        "result": _object({"python": _TEXT, "tensorflow": _TEXT, "smoke": smoke}, optional=("python", "tensorflow")),
        "manual": _TEXTS,
        "messages": _TEXTS,
        "error": _object({"code": _TEXT, "message": _TEXT, "hint": _TEXT}, optional=("hint",)),
    }
    always = ("schema_version", "command", "status")
    optional = tuple(name for name in body if name not in always)
    return _document("tfrepair result", _object(body, optional), definitions)


def _operations() -> tuple[Schema, dict[str, Schema]]:
    """The operations of a plan, each with its line for the screen."""
    union, definitions = _of(Operation)
    parts: list[dict[str, str]] = union.get("anyOf") or union["oneOf"]
    kinds = [part["$ref"].rpartition("/")[2] for part in parts]
    for kind in kinds:
        definitions[kind]["properties"]["summary"] = _TEXT
        definitions[kind]["required"].append("summary")
    return {"anyOf": [{"$ref": f"#/$defs/{kind}"} for kind in kinds]}, definitions


def _report() -> Schema:
    """`report --json`: the facts document, with the findings."""
    finding, definitions = _of(Finding)
    definitions |= _of(Evidence)[1]
    source = {"source": _TEXT}
    states = [_object({"known": {}, **source}), _object({"absent": {"const": True}, **source})]
    states.append(_object({"unknown": _TEXT, **source}))
    body: dict[str, Schema] = {
        "schema_version": {"const": 1},
        "command": {"const": "report"},
        "format": {"const": FACTS_FORMAT},
        "facts": {"type": "object", "additionalProperties": {"anyOf": states}},
        "findings": _list(finding),
        "messages": _TEXTS,
    }
    return _document("tfrepair report", _object(body, optional=("messages",)), definitions)


def _journal() -> Schema:
    """One line of `journal.jsonl`."""
    body = {
        "seq": _WHOLE,
        "run": {"type": "string", "pattern": r"^\d{8}T\d{6}-[0-9a-f]+$"},
        "event": _enum(*get_args(Event)),
        "at": {"type": "string", "format": "date-time"},
        "detail": {"type": "object"},
    }
    return _document("a line of tfrepair's journal", _object(body))


def _enum(*values: str) -> Schema:
    return {"enum": list(values)}
