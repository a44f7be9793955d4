"""What similar failures had, for a text in which no line decides: named as a guess, never surely."""

from __future__ import annotations

import re
from itertools import takewhile
from typing import TYPE_CHECKING

from tfrepair.model.finding import Evidence, Finding
from tfrepair.reason.conditions import evaluate
from tfrepair.reason.judge import judge, quoted
from tfrepair.reason.resemblance import resembling
from tfrepair.reason.variables import scope

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from tfrepair.model.facts import Facts
    from tfrepair.model.known_cases import KnownCases
    from tfrepair.model.playbook import Playbook

_MOST = 2
"""How many causes are guessed where no line of the text speaks for any."""
_LEAST_SHARE, _CLEAR_SHARE = 0.2, 0.3
"""Of the votes that a cause needs: where none is named, and to be named beside one that a line speaks for."""
_SUBJECT = re.compile(
    r"tensor|keras|\btf\b|\btf[._-]|cuda|cudnn|cublas|nvidia|\bgpu|proto|numpy|wheel|\.whl|\bavx|g?libc|typing.extensions"
    r"|dependenc|conflict|distribution",
    re.IGNORECASE,
)
"""A text without any of these is about something else."""


def guesses(
    text: str, facts: Facts, playbooks: Sequence[Playbook], known: KnownCases, findings: Sequence[Finding]
) -> Iterator[Finding]:
    """Causes that are not among the findings yet: up to two where there are none, one more where none is sure.

    What the machine rules out is left out, and what is less like it than failures of other kinds.
    """
    if not _SUBJECT.search(text) or (findings and findings[0].confidence == "high"):
        return
    taken = {finding.id for finding in findings}
    named = {playbook.name: playbook for playbook in playbooks if playbook.name not in taken}
    most, least = (1, _CLEAR_SHARE) if findings else (_MOST, _LEAST_SHARE)
    likely = takewhile(lambda one: one.cause and one.share >= least, resembling(text, known)[:_MOST])
    fitting = [one for one in likely if one.cause in named and not _ruled_out(named[one.cause], facts, text)]
    for one in fitting[:most]:
        playbook, line = named[one.cause], quoted(one.line)
        among = f", among them {' and '.join(one.sources)}" if one.sources else ""
        said = f"a guess, as it reads like real failures of this cause{among}: `{line}`"
        yield Finding(
            id=playbook.name,
            title=playbook.title,
            severity="error",
            confidence="low",
            evidence=(Evidence(kind="output", text=said),),
            repair=judge(playbook, scope(playbook, facts), None).repair,
            playbook=playbook.name,
            decided_by=line,
        )


def _ruled_out(playbook: Playbook, facts: Facts, text: str) -> bool:
    """The text has a line that would speak for it, and what is known of the machine says that it does not."""
    facts = scope(playbook, facts)
    return any(
        (signature.when and evaluate(signature.when, facts).value is False)
        or (signature.unless and evaluate(signature.unless, facts).value)
        for signature in playbook.signatures
        if re.search(signature.pattern, text, re.MULTILINE)
    )
