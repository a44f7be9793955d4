"""`playbook facts`: every fact that a condition or a text may name, and today's value for a target."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any

from tfrepair.app.locate import locate
from tfrepair.app.look import STATED, look
from tfrepair.app.plugins import FACTS, plugins
from tfrepair.model.facts import Absent, Known, belongs
from tfrepair.probes.collector import all_probes

if TYPE_CHECKING:
    from collections.abc import Sequence

    from tfrepair.app.requests import LookRequest, PlaybookRequest, Screen, TargetRequest
    from tfrepair.log import Log
    from tfrepair.model.facts import Facts

SAID = "the command line"


@dataclass(frozen=True, slots=True, kw_only=True)
class Value:
    """What is known of one path today."""

    path: str
    state: str
    """`known`, `absent` or `unknown`."""
    value: Any = None
    reason: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Row:
    """One fact, or a family of them (`distribution.*.version`)."""

    path: str
    kind: str
    """Its type, in words."""
    meaning: str
    source: str
    """The probe that tells it."""
    values: tuple[Value, ...] = ()
    """Of a family, those of its members that are known."""


def described() -> tuple[Row, ...]:
    """Every fact there is, by probe, without values."""
    probes = (*all_probes(), *plugins().probes)
    rows = [_row(path, text, probe.name) for probe in probes for path, text in probe.provides.items()]
    rows += [_row(path, text, "plugins") for path, text in FACTS.items()]
    return (*rows, *(_row(path, text, SAID) for path, text in STATED.items()))


def facts(
    where: TargetRequest,
    playbooks: PlaybookRequest,
    wanted: LookRequest,
    screen: Screen,
    log: Log,
    *,
    words: Sequence[str] = (),
) -> tuple[Row, ...]:
    """Every fact whose path or meaning has all the words, with its value. Raises TargetError."""
    target = locate(where, screen)
    found = look(target, (), wanted, where.environ, screen, log, told=playbooks.told).facts
    rows = (_with_values(row, found) for row in described())
    asked = tuple(each for row in rows if (each := _asked(row, words)) is not None)
    if not asked:
        screen.say(f"no fact has {' and '.join(f'`{word}`' for word in words)} in its path or meaning")
    return asked


def _row(path: str, text: str, source: str) -> Row:
    kind, colon, meaning = text.partition(": ")
    if not colon:
        kind, meaning = "value", text
    return Row(path=path, kind=kind[:1].lower() + kind[1:], meaning=meaning.rstrip("."), source=source)


def _asked(row: Row, words: Sequence[str]) -> Row | None:
    """The row when it has all the words; a family with those of its members that have them."""
    said = f"{row.path} {row.meaning} {row.source}".lower()
    if all(word.lower() in said for word in words):
        return row
    values = tuple(v for v in row.values if all(word.lower() in f"{v.path} {said}".lower() for word in words))
    return replace(row, values=values) if "*" in row.path and values else None


def _with_values(row: Row, facts: Facts) -> Row:
    if "*" not in row.path:
        return replace(row, values=(_value(row.path, facts),))
    members = (path for path, fact in sorted(facts.by_path.items()) if isinstance(fact.state, Known))
    return replace(row, values=tuple(_value(path, facts) for path in members if belongs(path, row.path)))


def _value(path: str, facts: Facts) -> Value:
    match facts.get(path):
        case Known(value):
            return Value(path=path, state="known", value=value)
        case Absent():
            return Value(path=path, state="absent")
        case state:
            return Value(path=path, state="unknown", reason=state.reason)
