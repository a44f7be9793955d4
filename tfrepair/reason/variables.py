"""The variables of playbooks: their values from the command line, the environment, or their defaults."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING, Any

from tfrepair.errors import UsageError
from tfrepair.model.facts import Fact, Facts, Known
from tfrepair.model.nearest import nearest

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence

    from tfrepair.model.playbook import Playbook, Variable

_MISSING = object()
_WORDS = {"str": "a text", "int": "a whole number", "float": "a number", "bool": "`true` or `false`", "list": "a list"}


def bound(playbooks: Sequence[Playbook], given: Mapping[str, str], environ: Mapping[str, str]) -> tuple[Playbook, ...]:
    """The playbooks with the values of their variables. Raises UsageError that names everything that does not fit."""
    problems: list[str] = list(_strangers(playbooks, given))
    done = []
    for playbook in playbooks:
        values = {}
        for variable in playbook.variables:
            try:
                value = _value(variable, given, environ)
            except ValueError as error:
                problems.append(f"{error} (playbook `{playbook.name}`)")
                continue
            if value is not _MISSING:
                values[variable.name] = value
        done.append(replace(playbook, values=values))
    if problems:
        raise UsageError("; ".join(problems), hint="nothing was started")
    return tuple(done)


def scope(playbook: Playbook, facts: Facts) -> Facts:
    """The facts as this playbook sees them: with its own variables."""
    own = (Fact(path=f"vars.{name}", state=Known(value), source="variables") for name, value in playbook.values.items())
    return facts.merged(Facts.of(own)) if playbook.values else facts


def shown_scope(playbook: Playbook, facts: Facts) -> Facts:
    """The facts as sentences of this playbook's finding show them."""
    own = (Fact(path=f"vars.{name}", state=Known(value), source="variables") for name, value in playbook.shown.items())
    return facts.merged(Facts.of(own)) if playbook.shown else facts


def from_environment(variable: Variable, given: Mapping[str, str], environ: Mapping[str, str]) -> bool:
    """Whether the value of the variable is that of an environment variable."""
    return variable.name not in given and variable.env is not None and variable.env in environ


def demand_values(playbooks: Sequence[Playbook]) -> None:
    """Raise UsageError that names every variable of these playbooks that has no value."""
    missing = [(playbook, v) for playbook in playbooks for v in playbook.variables if v.name not in playbook.values]
    if not missing:
        return
    names = dict.fromkeys(variable.name for _, variable in missing)
    told = "; ".join(
        f"`{variable.name}`{f' ({variable.description})' if variable.description else ''} of `{playbook.name}`"
        for playbook, variable in missing
    )
    sets = [f"`{variable.env}`" for _, variable in missing if variable.env]
    also = f", or set {', '.join(dict.fromkeys(sets))} in the environment" if sets else ""
    noun = "a variable" if len(missing) == 1 else f"{len(missing)} variables"
    raise UsageError(
        f"{noun} without a value: {told}; nothing was changed",
        hint=f"give {' '.join(f'`--var {name}=VALUE`' for name in names)}{also}",
    )


def _strangers(playbooks: Sequence[Playbook], given: Mapping[str, str]) -> Iterator[str]:
    known = {variable.name for playbook in playbooks for variable in playbook.variables}
    for name in given:
        if name not in known:
            yield f"`--var {name}`: no playbook has this variable{nearest(name, known)}"


def _value(variable: Variable, given: Mapping[str, str], environ: Mapping[str, str]) -> Any:
    """The value, `_MISSING` when there is none. Raises ValueError that says what does not fit."""
    name = variable.name
    if name in given:
        return _typed(variable, given[name], f"`--var {name}={given[name]}`")
    if variable.env is not None and from_environment(variable, given, environ):
        # what an environment variable holds may be a secret, so the message does not repeat it
        return _typed(variable, environ[variable.env], f"the environment variable `{variable.env}` for `{name}`")
    return variable.default if variable.has_default else _MISSING


def _typed(variable: Variable, text: str, source: str) -> Any:
    try:
        value = converted(variable.type, text)
    except ValueError:
        raise ValueError(f"{source} is not {_WORDS[variable.type]}") from None
    if variable.choices and value not in variable.choices:
        raise ValueError(f"{source} is not one of {', '.join(f'`{choice}`' for choice in variable.choices)}")
    return value


def converted(kind: str, text: str) -> Any:
    """A text as a value of this type; the items of a list are separated by commas. Raises ValueError."""
    match kind:
        case "int":
            return int(text)
        case "float":
            return float(text)
        case "bool":
            return {"true": True, "false": False}[text.lower()] if text.lower() in {"true", "false"} else _refuse()
        case "list":
            return [part.strip() for part in text.split(",") if part.strip()]
        case _:
            return text


def as_text(value: Any) -> str:
    """A value as the text that stands for it on the command line: `converted` gives it back."""
    match value:
        case bool():
            return str(value).lower()
        case list() | tuple():
            return ",".join(map(str, value))
        case _:
            return str(value)


def _refuse() -> Any:
    raise ValueError
