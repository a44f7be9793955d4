"""A report as the JSON document that the commands promise."""

from __future__ import annotations

from dataclasses import asdict
from typing import TYPE_CHECKING, Any

from tfrepair.model.wire import operation_to_json

if TYPE_CHECKING:
    from tfrepair.app.report import Report
    from tfrepair.errors import TfrepairError
    from tfrepair.model.finding import Finding
    from tfrepair.model.plan import Plan
    from tfrepair.model.target import Target

SCHEMA_VERSION = 1


def envelope(report: Report) -> dict[str, Any]:
    """The whole document; keys that do not apply are left out."""
    body: dict[str, Any] = {"schema_version": SCHEMA_VERSION, "command": report.command, "status": report.status}
    if report.target is not None:
        body["target"] = target_json(report.target)
    if report.diagnosis is not None:
        body["works"] = report.works
        body["findings"] = [finding_json(finding) for finding in report.diagnosis.findings]
        body["not_checked"] = [asdict(item) for item in report.diagnosis.not_checked]
    if report.plan is not None:
        body["plan"] = plan_json(report.plan)
    if report.run is not None:
        body["run"] = {key: value for key, value in asdict(report.run).items() if value is not None and key != "made"}
    if report.smoke is not None:
        smoke = {"ok": report.smoke.ok, "seconds": report.smoke.seconds, "rung": report.smoke.rung}
        body["result"] = _there(
            {"python": report.python, "tensorflow": report.smoke.tensorflow, "smoke": _there(smoke)}
        )
    if report.manual:
        body["manual"] = list(report.manual)
    if report.messages:
        body["messages"] = list(report.messages)
    if report.error is not None:
        body["error"] = error_json(report.error)
    return body


def _there(body: dict[str, Any]) -> dict[str, Any]:
    """Without the keys that do not apply."""
    return {key: value for key, value in body.items() if value is not None}


def target_json(target: Target) -> dict[str, Any]:
    """A target, shortly."""
    return {
        "python": target.interpreter.executable,
        "prefix": target.environment.prefix,
        "kind": target.environment.kind,
        "version": target.interpreter.version_text,
        "reason": target.reason,
    }


def finding_json(finding: Finding) -> dict[str, Any]:
    """A finding; `caused_by` is always there."""
    body = asdict(finding)
    if body["decided_by"] is None:
        del body["decided_by"]
    return body


def plan_json(plan: Plan) -> dict[str, Any]:
    """A plan without the text of its pylock."""
    return {
        "round": plan.round,
        "strategy": plan.strategy,
        "prefix": plan.prefix,
        "causes": list(plan.causes),
        "tensorflow": asdict(plan.tensorflow),
        "operations": [{**operation_to_json(operation), "summary": operation.summary} for operation in plan.operations],
        "lock": [
            {"name": pin.name, "version": pin.version, "hashes": list(pin.hashes), "size": pin.size}
            for pin in plan.lock.pins
        ],
        "resolved": plan.lock.method,
        "cutoff": plan.lock.cutoff,
        "moves": [asdict(move) for move in plan.moves],
        "checks": [asdict(check) for check in plan.checks],
        "notes": list(plan.notes),
    }


def error_json(error: TfrepairError) -> dict[str, Any]:
    """An error as code, message and hint."""
    body = {"code": error.code, "message": error.message}
    return body if error.hint is None else {**body, "hint": error.hint}
