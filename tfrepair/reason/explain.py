"""A text to the causes it may have, the likeliest first."""

from __future__ import annotations

import re
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

from tfrepair.model.facts import Absent, Fact, Facts, Known
from tfrepair.model.finding import Diagnosis, Evidence, Finding
from tfrepair.reason.bystanders import is_bystander, last_refusal
from tfrepair.reason.conditions import evaluate
from tfrepair.reason.guessing import weighed
from tfrepair.reason.judge import CONFIDENCES, judge, none_surer_than_before, quoted
from tfrepair.reason.standing import best_match
from tfrepair.reason.text import compiled
from tfrepair.reason.topic import surest
from tfrepair.reason.variables import scope

if TYPE_CHECKING:
    from collections.abc import Collection, Iterator, Mapping, Sequence

    from tfrepair.model.finding import Confidence
    from tfrepair.model.known_cases import KnownCases
    from tfrepair.model.playbook import Playbook
    from tfrepair.reason.judge import Hit
    from tfrepair.reason.standing import Place

SHOWN_CANDIDATES = 5

# What a hit is worth: how sure its signature is, whether its condition is known to hold, and where the line stands.
_WORTH: Mapping[Confidence, int] = {"high": 60, "medium": 40, "low": 20}
_UNDECIDED = -25
"""For every fact that the condition waits for: the more has to hold, the less likely it is."""
_DECIDED = 3
_RULE = -45
"""A condition that holds on the machine, while nothing in the text speaks of it: less than any word of the text."""
_BOTH = 5
"""The text speaks of it, and the facts confirm it."""
_CLOSE = 12
"""Two causes nearer to each other than this cannot be told apart by the text alone."""

_BYSTANDER = -40
"""What TensorFlow logs before another exception ends the import: less than what an exception says."""
_LONGEST_SPEECH = 20_000
"""How much is searched for people's own words, which are few."""
_TROUBLE = re.compile(
    r"(?i:error|exception|fail|\bnot\b|n't\b|\b(?:do|does|did|ca|wo|is|are|was)nt\b|\bno\b|cannot|unable|without"
    r"|problem|issue|trouble|wrong|break|broke|crash|conflict|mismatch|compatib|missing|lacks?\b|stuck|hang|freez"
    r"|instead|expect|\bonly\b|help|\bfix|solve|warning|\bneed|overr|overw|stop|nothing|never|poor|terribl|slow|\bfalse\b"
    r"|\bnan\b|killed|minutes|\bask(?:s|ed)\b|\bwhy\b|\bhow\b|\?\s*$|\bpin(?:s|ned)?\b|requires?\b|newer|older|latest"
    r"|upgrad|downgrad|restart|deprec|\bold\b|fehler|erreur|\berr[oa]r?e?\b|ошибк|ne marche|funktioniert)"
    r"|错|误|失败|无法|不能|问题|エラー|에러|오류|안 ?[되돼됩]"
)
"""A text without any of these tells of no trouble in so many words, and is hardly guessed about."""


@dataclass(frozen=True, slots=True, kw_only=True)
class _Hit:
    """A place where a signature matches."""

    worth: int
    place: Place
    confidence: Confidence
    line: str
    """As it is quoted: of a long one the piece that matches."""
    means: str
    open: tuple[str, ...]
    """The facts that its condition waits for."""
    decided: bool
    """Whether its condition is known to hold."""


@dataclass(frozen=True, slots=True, kw_only=True)
class _Candidate:
    """A cause that the text or the facts speak for."""

    finding: Finding
    worth: int
    open: tuple[str, ...]
    """The facts that would confirm or refute it."""
    spoken_of: bool
    """Whether the text speaks of it; else it holds on the machine, or is spoken of if something unknown holds."""


@dataclass(frozen=True, slots=True, kw_only=True)
class _Reading:
    """A text, and how it is searched."""

    text: str
    refused: int
    """Where the last exception stands that ends an import."""
    flags: int
    alone: bool = False
    """Whether what people say counts as well, because no program's words are found."""


def explain(text: str, facts: Facts, playbooks: Sequence[Playbook], known: KnownCases | None = None) -> Diagnosis:
    """The causes that a cleaned text speaks for, the likeliest first, each with what decided or would decide.

    The `known` cases that read like the text count too: where no line decides surely they order the causes and add
    guesses, where one does they may doubt it, and where they clearly had none of the causes a weak hint names nothing.
    To conditions the text is `import.output`, and `import.ok` is absent: nothing was imported here.
    """
    facts = facts.merged(
        Facts.of(
            [
                Fact(path="import.output", state=Known(text), source="text"),
                Fact(path="import.ok", state=Absent(), source="text"),
            ]
        )
    )
    found: dict[str, _Candidate] = {}
    for reading in _readings(text):
        for one in (_candidate(each, facts, reading) for each in playbooks):
            if one and (one.finding.id not in found or found[one.finding.id].worth < one.worth):
                found[one.finding.id] = one
        if any(one.spoken_of for one in found.values()):
            break
    ranks = {playbook.name: playbook.rank for playbook in playbooks}
    explains = {playbook.name: playbook.explains for playbook in playbooks}
    likeliest = sorted(found.values(), key=lambda one: (-one.worth, ranks[one.finding.id], one.finding.id))
    shown = _causes_first(likeliest, explains)[:SHOWN_CANDIDATES]
    findings = none_surer_than_before(_told_apart(shown, explains), "high")
    limit = surest(text, told=isinstance(facts.get("tensorflow.version"), Known))
    built_in = {playbook.name for playbook in playbooks if playbook.source.origin == "built-in"}
    if limit == "low":  # first, so that what reads like a failure of another kind names nothing
        findings = _limited(findings, limit, built_in)
    if known is not None:
        troubled = _TROUBLE.search(text) is not None
        findings = weighed(text, facts, playbooks, known, findings, troubled=troubled)[:SHOWN_CANDIDATES]
    return Diagnosis(findings=_limited(findings, limit, built_in))


def _limited(findings: Sequence[Finding], limit: Confidence, causes: Collection[str]) -> tuple[Finding, ...]:
    """The findings, these causes no surer than the text is about TensorFlow; a team's own speak of what they like."""
    known = (
        replace(one, confidence=max(one.confidence, limit, key=CONFIDENCES.index)) if one.id in causes else one
        for one in findings
    )
    return tuple(sorted(known, key=lambda one: CONFIDENCES.index(one.confidence)))


def _readings(text: str) -> Iterator[_Reading]:
    """How a text is read: as programs print it, then as people retype it, last for what people say of it."""
    refused = last_refusal(text)
    yield _Reading(text=text, refused=refused, flags=re.MULTILINE)
    yield _Reading(text=text, refused=refused, flags=_RETYPED)
    if _TROUBLE.search(text):
        yield _Reading(text=text[:_LONGEST_SPEECH], refused=refused, flags=_RETYPED, alone=True)


def _candidate(playbook: Playbook, facts: Facts, reading: _Reading) -> _Candidate | None:
    facts = scope(playbook, facts)
    verdict = judge(playbook, facts, None)
    rules = [hit for hit in verdict.hits if hit.severity == "error"]
    hits = sorted(_hits(playbook, facts, reading), key=lambda hit: (-hit.worth, -hit.place.start))
    if not hits and not rules:
        return None
    said = {hit.place.begin: _said(hit) for hit in reversed(hits)}  # of two that match one line the stronger one speaks
    finding = Finding(
        id=playbook.name,
        title=playbook.title,
        severity="error",
        confidence=_confidence(hits, rules, reading),
        evidence=(*reversed(said.values()), *(piece for hit in rules for piece in hit.evidence)),
        repair=verdict.repair,
        playbook=playbook.name,
        decided_by=hits[0].line if hits else rules[0].decided_by,
    )
    waiting = (*(hits[0].open if hits else ()), *verdict.open)
    return _Candidate(
        finding=finding,
        worth=_worth(hits, rules),
        open=tuple(dict.fromkeys(waiting)),
        spoken_of=any(hit.decided for hit in hits),
    )


def _confidence(hits: Sequence[_Hit], rules: Sequence[Hit], reading: _Reading) -> Confidence:
    """How sure a cause is: a guess is never sure, nor is what holds on the machine without being spoken of."""
    if reading.alone and hits:
        return "low"
    found = [hit.confidence for hit in hits[:1]] + [hit.confidence for hit in rules]
    best = min(found, key=CONFIDENCES.index)
    return best if hits else max(best, "medium", key=CONFIDENCES.index)


def _worth(hits: Sequence[_Hit], rules: Sequence[Hit]) -> int:
    """How much speaks for a cause: its best line; what holds on the machine without being spoken of counts less."""
    if not hits:
        return max(_WORTH[hit.confidence] for hit in rules) + _RULE
    return hits[0].worth + (_BOTH if rules else 0)


def _hits(playbook: Playbook, facts: Facts, reading: _Reading) -> Iterator[_Hit]:
    for signature in playbook.signatures:
        if signature.only_if_alone != reading.alone:
            continue
        # before the conditions, which search the text too
        place = best_match(compiled(signature.pattern, reading.flags), reading.text)
        if place is None:
            continue
        trace = evaluate(signature.when, facts) if signature.when else None
        guard = evaluate(signature.unless, facts) if signature.unless else None
        if (trace is not None and trace.value is False) or (guard is not None and guard.value):
            continue
        undecided = trace is not None and trace.value is None
        beside = place.start < reading.refused and is_bystander(place.head)
        unguarded = guard is not None and guard.value is None
        unsure = undecided or unguarded or beside or reading.flags == _RETYPED
        condition = 0 if trace is None else _UNDECIDED * len(trace.unknown) if undecided else _DECIDED
        yield _Hit(
            worth=_WORTH[signature.confidence] + (_BYSTANDER if beside else place.standing) + condition,
            place=place,
            confidence=_weaker(signature.confidence) if unsure else signature.confidence,
            line=quoted(place.line, place.start - place.begin),
            means=f"perhaps {signature.means}" if undecided and signature.means else signature.means,
            open=tuple(path for one in (trace, guard) if one is not None for path in one.unknown),
            decided=not undecided,
        )


_RETYPED = re.MULTILINE | re.IGNORECASE
"""How a text is searched in which nothing is found as programs print it: some people type what they read."""


def _weaker(confidence: Confidence) -> Confidence:
    return CONFIDENCES[min(CONFIDENCES.index(confidence) + 1, len(CONFIDENCES) - 1)]


def _said(hit: _Hit) -> Evidence:
    return Evidence(kind="output", text=f"{hit.means or 'the text says'}: `{hit.line}`")


def _causes_first(found: list[_Candidate], explains: Mapping[str, Sequence[str]]) -> list[_Candidate]:
    """A cause directly before what it explains, when the text speaks for both about as much."""
    ordered: list[_Candidate] = []
    for one in found:
        place = next(
            (
                index
                for index, other in enumerate(ordered)
                if other.finding.id in explains[one.finding.id] and one.worth + _CLOSE > other.worth and not one.open
            ),
            len(ordered),
        )
        ordered.insert(place, one)
    return ordered


def _told_apart(found: Sequence[_Candidate], explains: Mapping[str, Sequence[str]]) -> Iterator[Finding]:
    """The findings; each of several names the fact that tells it from the others."""
    for place, one in enumerate(found):
        finding, others = one.finding, [other for other in found if other is not one]
        rivals = [other for other in others if not _related(one, other, explains)]
        unclear = place > 0 or any(other.worth + _CLOSE > one.worth for other in rivals)
        if unclear:
            finding = replace(finding, confidence=max(finding.confidence, "medium", key=CONFIDENCES.index))
        causes = [other.finding.id for other in found[:place] if finding.id in explains[other.finding.id]]
        waiting = one.open or next((other.open for other in others if other.open), ())
        apart = waiting[0] if unclear and waiting else finding.decided_by
        yield replace(finding, decided_by=apart, caused_by=causes[0] if causes else None)


def _related(one: _Candidate, other: _Candidate, explains: Mapping[str, Sequence[str]]) -> bool:
    return other.finding.id in explains[one.finding.id] or one.finding.id in explains[other.finding.id]
