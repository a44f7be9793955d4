"""One playbook against the facts: the rules and signatures that hit, and the questions that stayed open."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

from tfrepair.model.finding import Evidence, Finding
from tfrepair.reason.conditions import evaluate
from tfrepair.reason.operators import has_values
from tfrepair.reason.steps import repair_of
from tfrepair.reason.text import SHOWN_ITEMS, compiled, fill
from tfrepair.reason.variables import scope, shown_scope

if TYPE_CHECKING:
    import re
    from collections.abc import Iterable, Iterator

    from tfrepair.model.facts import Facts
    from tfrepair.model.finding import Confidence, Repair, Severity
    from tfrepair.model.playbook import EvidenceTemplate, Playbook, Rule, Signature

SEVERITIES: tuple[Severity, ...] = ("error", "warning", "info")
CONFIDENCES: tuple[Confidence, ...] = ("high", "medium", "low")

QUOTED_CHARACTERS = 300
"""How much of a matching line is quoted."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Hit:
    """One rule or signature that is true."""

    severity: Severity
    confidence: Confidence
    evidence: tuple[Evidence, ...]
    decided_by: str

    @property
    def weakness(self) -> tuple[int, int]:
        """For sorting: the strongest hit is the smallest."""
        return SEVERITIES.index(self.severity), CONFIDENCES.index(self.confidence)


@dataclass(frozen=True, slots=True, kw_only=True)
class Verdict:
    """What one playbook says about the facts."""

    playbook: Playbook
    hits: tuple[Hit, ...]
    last_resort: tuple[Hit, ...]
    """Hits of rules that count only when nothing else is an error."""
    open: tuple[str, ...]
    """The facts that left a rule undecided."""
    repair: Repair

    def finding(self, *, alone: bool = False) -> Finding | None:
        """The finding, as strong as the strongest hit; with `alone`, the last resorts count too."""
        hits = sorted(self.hits + (self.last_resort if alone else ()), key=lambda hit: hit.weakness)
        if not hits:
            return None
        return Finding(
            id=self.playbook.name,
            title=self.playbook.title,
            severity=hits[0].severity,
            confidence=hits[0].confidence,
            evidence=tuple(dict.fromkeys(evidence for hit in hits for evidence in hit.evidence)),
            repair=self.repair,
            playbook=self.playbook.name,
            decided_by=hits[0].decided_by,
        )


def judge(playbook: Playbook, facts: Facts, text: str | None) -> Verdict:
    """A playbook's verdict; `text` is the normalised output of a failed import, or a pasted log."""
    facts = scope(playbook, facts)
    shown = shown_scope(playbook, facts)
    hits = [hit for signature in playbook.signatures if (hit := _sign(signature, facts, text))]
    last_resort: list[Hit] = []
    unknown: list[str] = []
    for rule in playbook.rules:
        trace = evaluate(rule.when, facts)
        if trace.value is False or (rule.unless and evaluate(rule.unless, facts).value):
            continue
        if trace.value is None:
            unknown += () if rule.only_if_alone else trace.unknown
            continue
        (last_resort if rule.only_if_alone else hits).append(_hit(rule, facts, shown, trace.decided_by))
    return Verdict(
        playbook=playbook,
        hits=tuple(hits),
        last_resort=tuple(last_resort),
        open=tuple(dict.fromkeys(unknown)),
        repair=repair_of(playbook, facts),
    )


def none_surer_than_before(findings: Iterable[Finding], least: Confidence) -> tuple[Finding, ...]:
    """No cause is surer than this, nor than one that is likelier."""
    found = []
    for finding in findings:
        least = max(least, finding.confidence, key=CONFIDENCES.index)
        found.append(replace(finding, confidence=least))
    return tuple(found)


def refuted(signature: Signature, facts: Facts) -> bool:
    """What is known says that a line which the signature matches does not speak for its cause."""
    if signature.when and evaluate(signature.when, facts).value is False:
        return True
    return bool(signature.unless and evaluate(signature.unless, facts).value)


def _sign(signature: Signature, facts: Facts, text: str | None) -> Hit | None:
    if text is None or signature.only_if_alone or signature.confidence == "low":  # hints, for ranking pasted texts
        return None
    if refuted(signature, facts):
        return None
    match = compiled(signature.pattern).search(text)
    if match is None:
        return None
    line = line_around(text, first_visible(match))
    said = f"the output says `{line}`"
    return Hit(
        severity="error",
        confidence=signature.confidence,
        evidence=(Evidence(kind="output", text=f"{said}: {signature.means}" if signature.means else said),),
        decided_by=line,
    )


def line_around(text: str, start: int) -> str:
    """The line at this place of a text; of a long one a readable piece around the place."""
    begin, line = line_at(text, start)
    return quoted(line, start - begin)


def line_at(text: str, start: int) -> tuple[int, str]:
    """The line at this place of a text, without the spaces around it, and where it begins."""
    begin = text.rfind("\n", 0, start) + 1
    end = text.find("\n", start)
    line = text[begin : end if end >= 0 else len(text)]
    bare = line.lstrip()
    return begin + len(line) - len(bare), bare.rstrip()


def first_visible(match: re.Match[str]) -> int:
    """Where a match begins; one that begins with the end of the line before begins on its own line."""
    return match.start() + len(match[0]) - len(match[0].lstrip())


def quoted(line: str, place: int = 0) -> str:
    """A line; of a long one a readable piece around this place, with an ellipsis where something is left out."""
    begin = max(0, min(place - QUOTED_CHARACTERS // 3, len(line) - QUOTED_CHARACTERS))
    end = begin + QUOTED_CHARACTERS
    return f"{'...' if begin else ''}{line[begin:end]}{'...' if end < len(line) else ''}"


def _hit(rule: Rule, facts: Facts, shown: Facts, decided_by: str) -> Hit:
    evidence = tuple(piece for template in rule.evidence for piece in _evidence(template, shown))
    severe = rule.error_when is not None and evaluate(rule.error_when, facts).value is True
    severity: Severity = "error" if severe else rule.severity
    return Hit(severity=severity, confidence=rule.confidence, evidence=evidence, decided_by=decided_by)


def _evidence(template: EvidenceTemplate, facts: Facts) -> Iterator[Evidence]:
    if template.each is None:
        yield Evidence(kind=template.kind, text=fill(template.text, facts))
        return
    value = facts.value(template.each)
    items = value if isinstance(value, list | tuple) else []
    chosen = [item for item in items if template.where is None or has_values(item, template.where)]
    for item in chosen[:SHOWN_ITEMS]:
        yield Evidence(kind=template.kind, text=fill(template.text, facts, item))
    if len(chosen) > SHOWN_ITEMS:
        yield Evidence(kind=template.kind, text=f"and {len(chosen) - SHOWN_ITEMS} more of the same kind")
