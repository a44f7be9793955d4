"""A document that has passed every check to the playbook it describes."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from tfrepair.model.playbook import (
    AllOf,
    AnyOf,
    Check,
    EvidenceTemplate,
    ManualLine,
    Match,
    NoneOf,
    OnFailure,
    Playbook,
    Retry,
    Rule,
    Signature,
    Step,
    Variable,
)

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from tfrepair.model.playbook import Condition, Source

SYSTEMS = {"linux": "linux", "macos": "darwin", "windows": "windows"}
"""The words for operating systems and the values of the fact `host.system`."""


def build(data: Mapping[str, Any], source: Source, *, extends: str | None = None) -> Playbook:
    """The playbook of a valid document; of one that `extends` another, with that one's content already in it."""
    diagnose = data["diagnose"]
    variables = tuple(_variable(name, item) for name, item in data.get("variables", {}).items())
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
        variables=variables,
        values={variable.name: variable.default for variable in variables if variable.has_default},
        steps=tuple(_steps(data.get("fix", ()))),
        checks=tuple(_check(item) for item in data.get("verify", ())),
        manual=tuple(_manual(data.get("manual", ()))),
        extends=extends,
    )


def condition(data: Mapping[str, Any]) -> Condition:
    """The condition that a mapping describes."""
    for key, kind in (("all", AllOf), ("any", AnyOf), ("none", NoneOf)):
        if key in data:
            return kind(parts=tuple(condition(part) for part in data[key]))
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


def _line(text: str) -> str:
    """The text on one line: folded YAML blocks end in a line feed."""
    return " ".join(text.split())


def _optional(data: Mapping[str, Any], key: str) -> Condition | None:
    return condition(data[key]) if key in data else None


def _signature(data: Mapping[str, Any]) -> Signature:
    return Signature(
        id=data.get("id"),
        pattern=data["pattern"],
        confidence=data.get("confidence", "high"),
        when=_optional(data, "when"),
        unless=_optional(data, "unless"),
        only_if_alone=data.get("only_if_alone", False),
        means=_line(data.get("means", "")),
    )


def _rule(data: Mapping[str, Any]) -> Rule:
    return Rule(
        id=data.get("id"),
        when=condition(data["when"]),
        unless=_optional(data, "unless"),
        severity=data.get("severity", "error"),
        confidence=data.get("confidence", "high"),
        error_when=_optional(data, "error_when"),
        only_if_alone=data.get("only_if_alone", False),
        evidence=tuple(_evidence(item) for item in data["evidence"]),
    )


def _evidence(data: Mapping[str, Any]) -> EvidenceTemplate:
    return EvidenceTemplate(kind=data["kind"], text=_line(data["text"]), each=data.get("each"), where=data.get("where"))


def _variable(name: str, data: Any) -> Variable:
    if not isinstance(data, dict):
        return Variable(name=name, type=type_of(data), default=data, has_default=True)
    kind: Any = data.get("type") or (type_of(data["default"]) if "default" in data else "str")
    return Variable(
        name=name,
        description=_line(data.get("description", "")),
        type=kind,
        default=_typed(data.get("default"), kind),
        has_default="default" in data,
        env=data.get("env"),
        choices=tuple(_typed(choice, kind) for choice in data.get("choices", ())),
    )


def _typed(value: Any, kind: str) -> Any:
    """Decimal fractions are texts in a document; where a variable is a number, they are numbers."""
    return float(value) if kind == "float" and isinstance(value, (int, str)) and not isinstance(value, bool) else value


def type_of(value: Any) -> Any:
    """The type of a variable that has this default."""
    match value:
        case bool():
            return "bool"
        case int():
            return "int"
        case list():
            return "list"
        case _:
            return "str"


def _steps(items: Any, system: str | None = None) -> Iterator[Step]:
    """The steps in their order; those of a block hold only on its system."""
    for data in items:
        if "platforms" in data:
            for word, block in data["platforms"].items():
                yield from _steps(block, SYSTEMS[word])
        else:
            yield _step(data, system)


def _step(data: Mapping[str, Any], system: str | None) -> Step:
    timeout, loop = data.get("timeout"), data.get("loop")
    when = _optional(data, "when")
    if system is not None:
        here = Match(fact="host.system", operator="equals", equals=system)
        when = here if when is None else AllOf(parts=(here, when))
    return Step(
        id=data.get("id"),
        name=_line(data["name"]),
        action=data["action"],
        args=data.get("args", {}),
        when=when,
        unless=_optional(data, "unless"),
        loop=tuple(loop) if isinstance(loop, list) else loop,
        where=data.get("where"),
        register=data.get("register"),
        retry=_retry(data["retry"]) if "retry" in data else None,
        timeout=None if timeout is None else float(timeout),
        on_failure=_on_failure(data["on_failure"]) if "on_failure" in data else None,
        undo=tuple(data.get("undo", ())),
    )


def _retry(data: Mapping[str, Any]) -> Retry:
    return Retry(attempts=data["attempts"], wait=float(data.get("wait", 0)), errors=tuple(data.get("errors", ())))


def _on_failure(data: Any) -> OnFailure:
    if isinstance(data, str):
        return OnFailure(then="continue" if data == "continue" else "rollback")
    return OnFailure(then=data.get("then", "rollback"), message=_line(data.get("message", "")))


def _check(data: Mapping[str, Any]) -> Check:
    return Check(name=_line(data["name"]), that=data["that"], message=_line(data.get("message", "")))


def _manual(items: Any) -> Iterator[ManualLine]:
    for item in items:
        if isinstance(item, str):
            yield ManualLine(text=_line(item))
        else:
            for word, lines in item["platforms"].items():
                yield from (ManualLine(text=_line(line), system=SYSTEMS[word]) for line in lines)
