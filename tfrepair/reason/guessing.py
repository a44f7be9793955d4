"""What similar failures had, for a text in which no line decides surely: named as a guess, or nothing is named."""

from __future__ import annotations

import re
from dataclasses import replace
from itertools import takewhile
from typing import TYPE_CHECKING

from tfrepair.model.finding import Evidence, Finding
from tfrepair.reason.judge import quoted, refuted
from tfrepair.reason.resemblance import resembling
from tfrepair.reason.steps import repair_of
from tfrepair.reason.variables import scope

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from tfrepair.model.facts import Facts
    from tfrepair.model.known_cases import KnownCases
    from tfrepair.model.playbook import Playbook
    from tfrepair.reason.resemblance import Resemblance

_MOST = 2
"""How many causes are guessed where no line of the text speaks for any."""
_LEAST_SHARE, _CLEAR_SHARE = 0.2, 0.3
"""Of the votes that a cause needs: where none is named, and to be named beside one that a line speaks for."""
_CLEARLY_ANOTHER = 0.4
"""Of the votes, for failures of another kind: almost half of these have more, and none of the causes' 809 cases."""
_SUBJECT = re.compile(
    r"tensor|keras|\btf\b|\btf[._-]|cuda|cudnn|cublas|nvidia|\bgpu|proto|numpy|wheel|\.whl|\bavx|g?libc|typing.extensions"
    r"|dependenc|conflict|distribution",
    re.IGNORECASE,
)
"""A text without any of these is about something else."""


def weighed(
    text: str, facts: Facts, playbooks: Sequence[Playbook], known: KnownCases, findings: Sequence[Finding]
) -> tuple[Finding, ...]:
    """The findings, none of them sure, with similar failures, and what others of these had.

    Nothing where these clearly are of another kind, and no more than a weak hint speaks for the findings.
    """
    alike = resembling(text, known)
    weak = not findings or findings[0].confidence == "low"
    if weak and alike and not alike[0].cause and alike[0].share >= _CLEARLY_ANOTHER:
        return ()
    told = {one.cause: one for one in alike if one.sources and one.share >= _LEAST_SHARE}
    supported = (
        replace(finding, evidence=(*finding.evidence, _reports(told[finding.id]))) if finding.id in told else finding
        for finding in findings
    )
    return (*supported, *_guesses(text, facts, playbooks, alike, findings))


def _reports(one: Resemblance) -> Evidence:
    return Evidence(kind="output", text=f"real failures of this cause that read like it: {' and '.join(one.sources)}")


def _guesses(
    text: str, facts: Facts, playbooks: Sequence[Playbook], alike: Sequence[Resemblance], findings: Sequence[Finding]
) -> Iterator[Finding]:
    """Causes that are not among the findings yet: up to two where there are none, else one more.

    What the machine rules out is left out, and what is less like it than failures of other kinds.
    """
    if not _SUBJECT.search(text):
        return
    taken = {finding.id for finding in findings}
    named = {playbook.name: playbook for playbook in playbooks if playbook.name not in taken}
    most, least = (1, _CLEAR_SHARE) if findings else (_MOST, _LEAST_SHARE)
    likely = takewhile(lambda one: one.cause and one.share >= least, alike[:_MOST])
    fitting = [one for one in likely if one.cause in named and not _ruled_out(named[one.cause], facts, text)]
    for one in fitting[:most]:
        playbook, line = named[one.cause], quoted(one.line)
        said = Evidence(kind="output", text=f"a guess, as it reads like real failures of this cause: `{line}`")
        yield Finding(
            id=playbook.name,
            title=playbook.title,
            severity="error",
            confidence="low",
            evidence=(said, _reports(one)) if one.sources else (said,),
            repair=repair_of(playbook, scope(playbook, facts)),
            playbook=playbook.name,
            decided_by=line,
        )


def _ruled_out(playbook: Playbook, facts: Facts, text: str) -> bool:
    """The text has a line that would speak for it, and what is known of the machine says that it does not."""
    facts = scope(playbook, facts)
    return any(
        re.search(signature.pattern, text, re.MULTILINE) and refuted(signature, facts)
        for signature in playbook.signatures
    )
