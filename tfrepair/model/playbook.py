"""Playbooks as data: how a cause is recognised and what repairs it."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, Literal

from tfrepair.model.finding import Confidence, EvidenceKind, Repair, Severity

if TYPE_CHECKING:
    from collections.abc import Mapping

VariableType = Literal["str", "int", "float", "bool", "list"]
StepFailure = Literal["timeout", "network", "exit-code"]
"""Kinds of failures that a `retry` can name: a time limit, an index that does not answer, a command that fails."""


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

    id: str | None = None
    """By which a playbook that extends this one names it."""
    pattern: str
    """A regular expression, searched line by line and over the whole text."""
    confidence: Confidence = "high"
    """A `low` one is a hint: it ranks what may have caused a pasted text, and makes no finding of a failed import."""
    when: Condition | None = None
    """Counts only if this is not false; for a pasted text it makes less sure as long as it is not known."""
    unless: Condition | None = None
    """Silent when this is true; a guard that is not known does not silence it."""
    only_if_alone: bool = False
    """Counts only in a pasted text in which no other signature of any playbook is found; then it is a guess."""
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

    id: str | None = None
    """By which a playbook that extends this one names it."""
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
class Variable:
    """A value that a playbook leaves open: from `--var`, else from the environment, else its default."""

    name: str
    description: str = ""
    type: VariableType = "str"
    default: Any = None
    has_default: bool = False
    """Without one, and without a value from elsewhere, the steps cannot be planned."""
    env: str | None = None
    """The environment variable that gives the value when `--var` does not."""
    choices: tuple[Any, ...] = ()
    """The only values that it may have; none: any."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Retry:
    """How often a step that fails is tried again."""

    attempts: int
    """In all, the first one included."""
    wait: float = 0.0
    """Seconds between two attempts."""
    errors: tuple[StepFailure, ...] = ()
    """Only after these; none: after any."""


@dataclass(frozen=True, slots=True, kw_only=True)
class OnFailure:
    """What happens when a step has failed for good."""

    then: Literal["rollback", "continue"] = "rollback"
    message: str = ""
    """Said as well."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Step:
    """One action with its arguments."""

    id: str | None = None
    """By which a playbook that extends this one names it."""
    name: str
    action: str
    args: Mapping[str, Any] = field(default_factory=dict)
    when: Condition | None = None
    unless: Condition | None = None
    loop: str | tuple[Any, ...] | None = None
    """Once for each item of this fact, or of this list; `{item}` and `{item.key}` in the arguments stand for it."""
    where: Mapping[str, Any] | None = None
    """Only the items of `loop` that have these values (as `contains` compares them)."""
    register: str | None = None
    """The name under which `message` and `verify` find how it went: `registered.NAME.output` and the like."""
    retry: Retry | None = None
    timeout: float | None = None
    """Seconds."""
    on_failure: OnFailure | None = None
    undo: tuple[str, ...] = ()
    """A command that takes back what this one did outside the environment."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Check:
    """Something that must hold in the repaired environment beside TensorFlow's working."""

    name: str
    that: Mapping[str, Any]
    """The condition as it is written, so that a plan can carry it."""
    message: str = ""
    """Said when it does not hold."""


@dataclass(frozen=True, slots=True, kw_only=True)
class ManualLine:
    """One thing the user can do by hand, with `{fact.path}` filled in."""

    text: str
    system: str | None = None
    """Only there: a value of the fact `host.system`."""


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
    """Of findings that do not explain each other and are equally certain the lower rank comes first."""
    references: tuple[str, ...] = ()
    explains: tuple[str, ...] = ()
    signatures: tuple[Signature, ...] = ()
    rules: tuple[Rule, ...] = ()
    variables: tuple[Variable, ...] = ()
    values: Mapping[str, Any] = field(default_factory=dict)
    """Of the variables that have one, once the command line and the environment were asked."""
    shown: Mapping[str, Any] = field(default_factory=dict)
    """What sentences of findings show in place of a value that is nobody's business."""
    steps: tuple[Step, ...] = ()
    checks: tuple[Check, ...] = ()
    """`verify`: what must hold after the steps."""
    manual: tuple[ManualLine, ...] = ()
    """What the user can do by hand, one step a line."""
    extends: str | None = None
    """The built-in playbook that this one changes."""
