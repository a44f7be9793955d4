"""Plans and facts to JSON and back."""

from __future__ import annotations

import re
from dataclasses import asdict, fields
from itertools import takewhile
from typing import TYPE_CHECKING, Any

from tfrepair.model.distribution import Distribution
from tfrepair.model.facts import Absent, Fact, Facts, Known, Unknown
from tfrepair.model.operations import PLAIN
from tfrepair.model.target import Environment, Host, Interpreter, Target

if TYPE_CHECKING:
    from collections.abc import Mapping

    from tfrepair.model.plan import Operation, Plan

FACTS_FORMAT = "tfrepair.facts/1"
PLAN_FORMAT = "tfrepair.plan/1"


def facts_to_json(facts: Facts) -> dict[str, Any]:
    """Facts as `{format, facts: {path: {known: value} | {absent: true} | {unknown: why}, source}}`."""
    return {"format": FACTS_FORMAT, "facts": {path: _state(fact) for path, fact in sorted(facts.by_path.items())}}


def facts_from_json(body: Any) -> Facts:
    """The reverse. Raises ValueError when it is not such a document."""
    if not isinstance(body, dict) or body.get("format") != FACTS_FORMAT:
        raise ValueError(f"`format` is not `{FACTS_FORMAT}`")
    return Facts.of(
        Fact(path=path, state=_from_state(state), source=str(state.get("source", "recorded")))
        for path, state in body["facts"].items()
    )


def _state(fact: Fact) -> dict[str, Any]:
    match fact.state:
        case Known(value):
            return {"known": value, "source": fact.source}
        case Absent():
            return {"absent": True, "source": fact.source}
        case Unknown(reason):
            return {"unknown": reason, "source": fact.source}


def _from_state(state: Mapping[str, Any]) -> Known | Absent | Unknown:
    if "known" in state:
        return Known(state["known"])
    if "unknown" in state:
        return Unknown(str(state["unknown"]))
    return Absent()


def installed_in(facts: Facts) -> tuple[Distribution, ...]:
    """The distributions of the fact `inventory.distributions`; none when it is not known."""
    rows: list[dict[str, Any]] = facts.value("inventory.distributions", [])
    return tuple(_distribution(row) for row in rows if {"name", "version"} <= row.keys())


_OF_DISTRIBUTION = frozenset(each.name for each in fields(Distribution))
_LISTS = ("requires", "top_level", "examples")


def _distribution(row: Mapping[str, Any]) -> Distribution:
    """One row; a key that another tfrepair has written and this one does not know is left out."""
    known = {"metadata_path": ""} | {key: value for key, value in row.items() if key in _OF_DISTRIBUTION}
    return Distribution(**known | {name: tuple(row.get(name) or ()) for name in _LISTS})


def target_from_facts(facts: Facts) -> Target:
    """A target as far as recorded facts describe one, for the screen."""
    version = re.findall(r"\d+", str(facts.value("interpreter.version", "")))
    prefix = str(facts.value("environment.prefix", "unknown"))
    major, minor, micro = [*map(int, version[:3]), 0, 0, 0][:3]
    return Target(
        spec="recorded facts",
        reason="facts were read from a file",
        interpreter=Interpreter(
            executable=str(facts.value("interpreter.executable", "unknown")),
            version=(major, minor, micro),
            platform=str(facts.value("interpreter.platform", "unknown")),
            machine=str(facts.value("interpreter.machine", "unknown")),
            markers={},
            tags=(),
            base_executable=None,
            starts=bool(facts.value("interpreter.starts", default=True)),
        ),
        environment=Environment(
            prefix=prefix,
            base_prefix=prefix,
            kind=facts.value("environment.kind", "venv"),
            purelib=prefix,
            platlib=prefix,
            scripts=prefix,
            sys_path=(),
        ),
        host=Host(
            system=str(facts.value("host.system", "unknown")), machine=str(facts.value("host.machine", "unknown"))
        ),
    )


def plan_to_json(plan: Plan) -> dict[str, Any]:
    """The whole plan, so that it can be applied later exactly as it was reviewed."""
    body = {**asdict(plan), "operations": [operation_to_json(operation) for operation in plan.operations]}
    if not plan.checks:
        del body["checks"]
    return {"format": PLAN_FORMAT, **body}


def operation_to_json(operation: Operation) -> dict[str, Any]:
    """One operation; what no step says anything about is left out."""
    body = asdict(operation)
    if operation.keywords == PLAIN:
        del body["keywords"]
    if "creates" in body and body["creates"] is None:
        del body["creates"]
    return body


def plan_from_json(body: Any) -> Plan:
    """The reverse. Raises ValueError when it is not such a document."""
    from pydantic import TypeAdapter, ValidationError

    from tfrepair.model.plan import Plan

    if not isinstance(body, dict) or body.get("format") != PLAN_FORMAT:
        raise ValueError(f"`format` is not `{PLAN_FORMAT}`")
    if body.get("schema_version") != 1:
        raise ValueError(f"its schema_version is {body.get('schema_version')}, and this tfrepair knows 1")
    try:
        return TypeAdapter(Plan).validate_python({key: value for key, value in body.items() if key != "format"})
    except ValidationError as error:
        first = error.errors()[0]
        place = list(takewhile(lambda part: not str(part)[:1].isupper(), first["loc"]))  # else a class that was tried
        what = first["msg"] if len(place) == len(first["loc"]) else "it is nothing that this tfrepair knows"
        raise ValueError(f"`{'.'.join(map(str, place))}`: {what}") from error
