"""What similar failures had, for a text in which no line decides surely: it orders what is named, and names more."""

from __future__ import annotations

import re
from dataclasses import replace
from typing import TYPE_CHECKING

from tfrepair.model.facts import Facts
from tfrepair.model.finding import Evidence, Finding
from tfrepair.reason.judge import none_surer_than_before, quoted, refuted
from tfrepair.reason.resemblance import resembling
from tfrepair.reason.steps import repair_of
from tfrepair.reason.text import compiled
from tfrepair.reason.topic import another_subject
from tfrepair.reason.variables import scope

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from tfrepair.model.finding import Confidence
    from tfrepair.model.known_cases import KnownCases
    from tfrepair.model.playbook import Playbook
    from tfrepair.reason.resemblance import Resemblance

_MOST = 2
"""How many causes are guessed that no line of the text speaks for."""
_LEAST, _LEAST_UNTROUBLED = 0.1, 0.3
"""The likelihood that a cause needs to be guessed, and where a text tells of no trouble."""
_CLEARLY_ANOTHER = 0.2
"""The likelihood of failures of another kind from which on a weak hint names nothing."""
_SAID: Mapping[Confidence, float] = {"high": 0.8, "medium": 0.5, "low": 0.05}
"""What a line that speaks for a cause adds to its likelihood, by how sure it is."""
_DOUBT = 0.1
"""How much likelier another cause must be, by similar failures, to doubt what a line decides surely."""
_FIRST = 0.05
"""What is added for the one cause that lines speak for most."""
_MACHINE = "host."
"""How the paths begin of what is known of the machine itself."""
_SUBJECT = re.compile(
    r"tensor|keras|\btf\b|\btf[._-]|cuda|cudnn|cublas|nvidia|\bgpu|proto|numpy|wheel|\.whl|\bavx|g?libc|typing.extensions"
    r"|dependenc|conflict|distribution",
    re.IGNORECASE,
)
"""A text without any of these is about something else."""


def weighed(
    text: str,
    facts: Facts,
    playbooks: Sequence[Playbook],
    known: KnownCases,
    findings: Sequence[Finding],
    *,
    troubled: bool,
) -> tuple[Finding, ...]:
    """The findings and guesses, in the order of what lines and similar failures say together.

    A sure one stays as it is unless similar failures clearly had another cause; then it is not sure any more. What has
    a cause among the findings stays behind it. Nothing where similar failures clearly are of another kind, and no more
    than a weak hint speaks for the findings.
    """
    alike = resembling(text, facts, known)
    best = findings[0].confidence if findings else "low"
    if best == "high" and not _doubted(findings[0].id, alike):
        return tuple(findings)
    if best == "low" and alike.likeliest == "" and alike.likelihoods[""] >= _CLEARLY_ANOTHER:
        return ()
    likely = {finding.id: alike.likelihoods.get(finding.id, 0.0) + _SAID[finding.confidence] for finding in findings}
    if findings:
        likely[findings[0].id] += _FIRST
    for finding in findings:
        if finding.caused_by is not None:
            likely[finding.id] = min(likely[finding.id], likely[finding.caused_by])
    least = _LEAST if troubled else _LEAST_UNTROUBLED
    guesses = _guesses(text, facts, playbooks, alike, findings, least)
    likely |= {guess.id: alike.likelihoods[guess.id] for guess in guesses}
    told = [_with_reports(finding, alike) for finding in (*findings, *guesses)]
    return none_surer_than_before(sorted(told, key=lambda finding: -likely[finding.id]), "medium")


def _doubted(cause: str, alike: Resemblance) -> bool:
    """Similar failures clearly had another cause."""
    if not alike.likeliest:  # nothing is similar, or what is has none of the causes
        return False
    return alike.likelihoods[alike.likeliest] - alike.likelihoods.get(cause, 0.0) >= _DOUBT


def _with_reports(finding: Finding, alike: Resemblance) -> Finding:
    sources = alike.sources(finding.id)
    if not sources or alike.likelihoods[finding.id] < _LEAST:
        return finding
    reports = Evidence(kind="output", text=f"real failures of this cause that read like it: {' and '.join(sources)}")
    return replace(finding, evidence=(*finding.evidence, reports))


def _guesses(
    text: str,
    facts: Facts,
    playbooks: Sequence[Playbook],
    alike: Resemblance,
    findings: Sequence[Finding],
    least: float,
) -> tuple[Finding, ...]:
    """Causes that are not among the findings yet; what the machine rules out is left out."""
    if not _SUBJECT.search(text) or another_subject(text) is not None:
        return ()
    taken = {finding.id for finding in findings}
    named = {playbook.name: playbook for playbook in playbooks if playbook.name not in taken}
    likely = (cause for cause, likelihood in alike.likelihoods.items() if likelihood >= least)
    fitting = [named[cause] for cause in likely if cause in named and not _ruled_out(named[cause], facts, text)]
    return tuple(_guess(playbook, facts, quoted(alike.line(playbook.name))) for playbook in fitting[:_MOST])


def _guess(playbook: Playbook, facts: Facts, line: str) -> Finding:
    said = f"a guess, as it reads like real failures of this cause: `{line}`"
    return Finding(
        id=playbook.name,
        title=playbook.title,
        severity="error",
        confidence="low",
        evidence=(Evidence(kind="output", text=said),),
        repair=repair_of(playbook, scope(playbook, facts)),
        playbook=playbook.name,
        decided_by=line,
    )


def _ruled_out(playbook: Playbook, facts: Facts, text: str) -> bool:
    """No line could speak for it by what is known, or one does that what is known of the machine itself refutes."""
    signatures = playbook.signatures
    if signatures and all(refuted(signature, facts) for signature in signatures):
        return True
    machine = Facts({path: fact for path, fact in facts.by_path.items() if path.startswith(_MACHINE)})
    return any(compiled(signature.pattern).search(text) and refuted(signature, machine) for signature in signatures)
