"""Findings: what is wrong, why we think so, and what it follows from."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

Severity = Literal["error", "warning", "info"]
Confidence = Literal["high", "medium", "low"]
EvidenceKind = Literal["distribution", "file", "output", "host", "path"]
Repair = Literal["automatic", "manual"]


@dataclass(frozen=True, slots=True, kw_only=True)
class Evidence:
    """One thing that was seen: a sentence with names, numbers and paths."""

    kind: EvidenceKind
    text: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Finding:
    """One cause that was found; its id is the name of the playbook that found it."""

    id: str
    title: str
    severity: Severity
    confidence: Confidence
    evidence: tuple[Evidence, ...]
    repair: Repair
    playbook: str
    caused_by: str | None = None
    """The id of the finding that explains this one."""
    decided_by: str | None = None
    """The fact, or the line of the output, that decided."""


@dataclass(frozen=True, slots=True, kw_only=True)
class NotChecked:
    """A question that stayed open, and why."""

    what: str
    why: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Diagnosis:
    """All findings, the root cause first, and what could not be checked."""

    findings: tuple[Finding, ...]
    not_checked: tuple[NotChecked, ...] = ()

    @property
    def errors(self) -> tuple[Finding, ...]:
        """The findings that mean TensorFlow does not work here."""
        return tuple(finding for finding in self.findings if finding.severity == "error")
