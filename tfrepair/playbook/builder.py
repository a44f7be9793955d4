"""A document that has passed every check to the playbook it describes."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from tfrepair.model.playbook import AllOf, AnyOf, EvidenceTemplate, Match, NoneOf, Playbook, Rule, Signature, Step

if TYPE_CHECKING:
    from collections.abc import Mapping

    from tfrepair.model.playbook import Condition, Source


def build(data: Mapping[str, Any], source: Source) -> Playbook:
    """The playbook of a valid document."""
    diagnose = data["diagnose"]
    return Playbook(
        name=data["name"],
        title=_line(data["title"]),
        about=_line(data["about"]),
        repair=data["repair"],
        source=source,
        rank=data.get("rank", 50),
        references=tuple(data.get("references", ())),
        explains=tuple(data.get("explains", ())),
        signatures=tuple(_signature(item) for item in diagnose.get("signatures", ())),
        rules=tuple(_rule(item) for item in diagnose.get("rules", ())),
        steps=tuple(_step(item) for item in data.get("fix", ())),
        manual=tuple(_line(line) for line in data.get("manual", ())),
    )


def _line(text: str) -> str:
    """The text on one line: folded YAML blocks end in a line feed."""
    return " ".join(text.split())


def _condition(data: Mapping[str, Any]) -> Condition:
    for key, kind in (("all", AllOf), ("any", AnyOf), ("none", NoneOf)):
        if key in data:
            return kind(parts=tuple(_condition(part) for part in data[key]))
    operator = next(key for key in data if key != "fact")
    operand: Any = data[operator]
    match operator:
        case "in":
            return Match(fact=data["fact"], operator=operator, is_in=tuple(operand))
        case "at_least":
            return Match(fact=data["fact"], operator=operator, at_least=float(operand))
        case _:
            fields: dict[str, Any] = {operator: operand}
            return Match(fact=data["fact"], operator=operator, **fields)


def _optional(data: Mapping[str, Any], key: str) -> Condition | None:
    return _condition(data[key]) if key in data else None


def _signature(data: Mapping[str, Any]) -> Signature:
    return Signature(
        pattern=data["pattern"],
        confidence=data.get("confidence", "high"),
        when=_optional(data, "when"),
        unless=_optional(data, "unless"),
        means=_line(data.get("means", "")),
    )


def _rule(data: Mapping[str, Any]) -> Rule:
    return Rule(
        when=_condition(data["when"]),
        unless=_optional(data, "unless"),
        severity=data.get("severity", "error"),
        confidence=data.get("confidence", "high"),
        error_when=_optional(data, "error_when"),
        only_if_alone=data.get("only_if_alone", False),
        evidence=tuple(_evidence(item) for item in data["evidence"]),
    )


def _evidence(data: Mapping[str, Any]) -> EvidenceTemplate:
    return EvidenceTemplate(kind=data["kind"], text=_line(data["text"]), each=data.get("each"), where=data.get("where"))


def _step(data: Mapping[str, Any]) -> Step:
    timeout = data.get("timeout")
    return Step(
        name=_line(data["name"]),
        action=data["action"],
        args=data.get("args", {}),
        when=_optional(data, "when"),
        unless=_optional(data, "unless"),
        timeout=None if timeout is None else float(timeout),
    )
