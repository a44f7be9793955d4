"""Playbooks as data: how a cause is recognised and what repairs it."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, Literal

from tfrepair.model.finding import Confidence, EvidenceKind, Repair, Severity

if TYPE_CHECKING:
    from collections.abc import Mapping


@dataclass(frozen=True, slots=True, kw_only=True)
class Match:
    """A test of one fact. Exactly one operator is set."""

    fact: str
    equals: Any = None
    is_in: tuple[Any, ...] | None = None
    specifier: str | None = None
    """A PEP 440 specifier the value must satisfy; pre-releases count."""
    exists: bool | None = None
    at_least: float | None = None
    contains: Any = None
    matches: str | None = None
    """A regular expression searched in the text."""
    operator: str
    """Which of the fields above is meant: `equals`, `in`, `specifier`, `exists`, `at_least`, `contains`, `matches`."""


@dataclass(frozen=True, slots=True, kw_only=True)
class AllOf:
    """True when every part is."""

    parts: tuple[Condition, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class AnyOf:
    """True when one part is."""

    parts: tuple[Condition, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class NoneOf:
    """True when every part is false."""

    parts: tuple[Condition, ...]


Condition = Match | AllOf | AnyOf | NoneOf
"""A closed mapping: a test of one fact, or a combination."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Signature:
    """A text that TensorFlow, Python, pip or the system prints when this is the cause."""

    pattern: str
    """A regular expression, searched line by line and over the whole text."""
    confidence: Confidence = "high"
    """A `low` one is a hint: it ranks what may have caused a pasted text, and makes no finding of a failed import."""
    when: Condition | None = None
    """Counts only if this is not false; for a pasted text it makes less sure as long as it is not known."""
    unless: Condition | None = None
    """Silent when this is true; a guard that is not known does not silence it."""
    means: str = ""
    """What the text says, in words a user understands."""


@dataclass(frozen=True, slots=True, kw_only=True)
class EvidenceTemplate:
    """A sentence with `{fact.path}` in it; with `each`, once for every item of that list (`{item}`, `{item.key}`)."""

    kind: EvidenceKind
    text: str
    each: str | None = None
    where: Mapping[str, Any] | None = None
    """Only the items of `each` that have these values (as `contains` compares them)."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Rule:
    """A condition over facts that makes the playbook's finding."""

    when: Condition
    unless: Condition | None = None
    """Silent when this is true; a guard that is not known does not silence the rule."""
    severity: Severity = "error"
    confidence: Confidence = "high"
    error_when: Condition | None = None
    """The finding is an error when this is true, whatever the severity else is."""
    only_if_alone: bool = False
    """Counts only when nothing else is an error: the last resort of a diagnosis."""
    evidence: tuple[EvidenceTemplate, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class Step:
    """One action with its arguments."""

    name: str
    action: str
    args: Mapping[str, Any] = field(default_factory=dict)
    when: Condition | None = None
    unless: Condition | None = None
    timeout: float | None = None
    """Seconds."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Source:
    """Where a playbook came from, and whether it may act."""

    path: str
    origin: Literal["built-in", "option", "project", "user", "plug-in"]
    trusted: bool = True


@dataclass(frozen=True, slots=True, kw_only=True)
class Playbook:
    """A cause: how it is recognised, what it explains, what repairs it."""

    name: str
    title: str
    about: str
    repair: Repair
    source: Source
    rank: int = 50
    """Among findings that do not explain each other the lower rank comes first."""
    references: tuple[str, ...] = ()
    explains: tuple[str, ...] = ()
    signatures: tuple[Signature, ...] = ()
    rules: tuple[Rule, ...] = ()
    steps: tuple[Step, ...] = ()
    manual: tuple[str, ...] = ()
    """What the user can do by hand, one step a line, with `{fact.path}` filled in."""
