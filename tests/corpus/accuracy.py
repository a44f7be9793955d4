"""How often `tfrepair explain` names the right cause of real failures: `python tests/corpus/accuracy.py`.

`development.jsonl` is what signatures are written from. `held_out.jsonl` holds the 60 cases whose ids have the smallest
SHA-256, set aside before the first signature was tuned: only its numbers are looked at, never its texts. They were looked
at often while signatures were tuned, so this part is worn: `second_development.jsonl` and `second_held_out.jsonl` were
collected after that, labelled by what the thread shows to have been the cause before any signature was tried on them,
and separated by the SHA-256 of their sources: every third one was set aside. The cases of `third_development.jsonl`
and of the parts after it came later; each was labelled, then tried once before a signature knew it, and then served
like the other development parts. While the tenth and eleventh were collected, 16 threads of parts set aside were met
again and served before that was noticed; they are in no development part. `third_held_out.jsonl` was collected and
labelled, with the fifteenth part, by somebody who did not know the signatures; in the order of the SHA-256 of their
sources every second one was set aside, and whoever writes signatures has not read it.

The eighteenth and later parts are learned from by support vectors. Signatures were written from the eighteenth and the
twentieth, long after their first trial, and later from the nineteenth and the twenty-first, of which until then only
the numbers had been looked at: with the signatures from before, and all that was learned since, 85.5 of 100 of these
two were named first, and 92.2 first or second. Two people labelled each of their cases; where they disagreed,
the case is left out, and in the eighteenth it has the label of the second, who knew what the labels of the first 200
cases mean. The twentieth was collected as the first 200 were: cause by cause, and of each report only the lines that a
user would paste; so was the twenty-first. In these two, names of the `keras` package that are not there count as
`keras-mismatch`, as in the first 200; 12 labels were changed for that after the first trial. The twenty-second holds
what searches still found when 4,300 threads were known, more of people's own words than of programs': of 273 of them
two readers named the same cause of 255, and these are kept. Before anything was learned from it, 79.6 of 100 were named
first, 87.8 first or second, 0.8 wrongly and surely. The twenty-third was searched for by the names of programs that use
TensorFlow, of its companions and of other languages and runtimes; of many threads only an excerpt was seen. A second
reader, who was told what the thread shows but not the label, named the same cause of 805 of 842, and these are kept.
Before anything was learned from it 72.8 of 100 were named first, 84.0 first or second, 1.4 wrongly and surely; with the
rules that came from it 88.9, 93.7 and 0.4, which is no measure of unseen texts. The twenty-fourth was searched for by
cause, the indirect first: what another era of Keras or of TensorFlow does to a program, NaN and hours of waiting on a
card that the build does not know, data sets that cannot be fetched. A second reader named the same cause of 585 of 632.
Before anything was learned from it 65.1 of 100 were named first, 72.8 first or second, 0.7 wrongly and surely; with the
rules that came from it 83.9, 87.7 and 0.7, which is no measure of unseen texts.

`made_up.jsonl` holds failures that nobody reported: short texts, with the machine, that were written by cause and by
surroundings without sight of any part but the first, a third of them in pairs that differ in the fact that decides.
`second_made_up.jsonl` holds twice as many, by eight other writers in the same way; where real cases of one
kind have another label than the writers gave, they have that. `explain` learns from both as from real ones, from the
second with half the weight, and never names one as a report. How far it could get: on 200 cases of the
twenty-first part a reader who knew the labels of the first, and nothing else, named the cause from text and machine in
91 of 100, one of two causes in 97.

In every part but the first two, what programs printed is as they print it, and what people wrote is told in other words.

What a text is compared with never is of its own part; only how seldom words are is counted over all of them.
"""

from __future__ import annotations

import argparse
import json
from collections import Counter, defaultdict
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import TYPE_CHECKING

from learning import Case, Lesson

from tfrepair.model.facts import Facts
from tfrepair.playbook.loader import load_builtin
from tfrepair.reason.asked_release import asked_release
from tfrepair.reason.explain import explain
from tfrepair.reason.pasted import cleaned
from tfrepair.reason.text_facts import facts_in, stated_machine
from tfrepair.target.release_data import load_gpu_data, load_releases

if TYPE_CHECKING:
    from tfrepair.model.known_cases import KnownCases

HERE = Path(__file__).parent
PARTS = (
    "development",
    "held_out",
    "second_development",
    "second_held_out",
    "third_development",
    "fourth_development",
    "fifth_development",
    "sixth_development",
    "seventh_development",
    "eighth_development",
    "ninth_development",
    "tenth_development",
    "eleventh_development",
    "twelfth_development",
    "thirteenth_development",
    "fourteenth_development",
    "fifteenth_development",
    "third_held_out",
    "sixteenth_development",
    "seventeenth_development",
    "eighteenth_development",
    "nineteenth_development",
    "twentieth_development",
    "twentyfirst_development",
    "twentysecond_development",
    "twentythird_development",
    "twentyfourth_development",
)


OTHERS = "other_failures"
"""No failure to load TensorFlow, and none of the causes: the user's own program, other packages, logs without trouble.

Those with `own_words` are no reports: messages of other software, put down in words of our own, that say what a cause of
TensorFlow may say as well.
"""


MADE_UP = {"made_up": 1.0, "second_made_up": 0.5}
"""Failures that nobody reported, written to teach what the causes look like, and what each counts for beside a real one.

Nothing is measured on them. The second are twice as many as the first: at full weight they would drown the real ones.
"""


@dataclass(frozen=True)
class Outcome:
    """One case and what was said about it, the likeliest cause first."""

    case: dict
    named: tuple[str, ...]
    confidence: str

    @property
    def right(self) -> bool:
        return self.named[:1] == (self.case["root_cause"],)


def cases(part: str) -> list[dict]:
    lines = (HERE / f"{part}.jsonl").read_text(encoding="utf-8").splitlines()
    return [json.loads(line) for line in lines]


@cache
def known_without(part: str | None) -> KnownCases:
    """What texts of a part are compared with: the other development parts, wordings of single messages, made-up cases,
    and failures of other kinds.
    """
    return _lesson().without(_numbers(part) if part in _taught() else ())


def _taught() -> list[str]:
    return [*(part for part in PARTS if not part.endswith("held_out")), OTHERS]


def _numbers(part: str) -> range:
    """Where the cases of a part stand in the lesson."""
    start = sum(len(cases(one)) for one in _taught()[: _taught().index(part)])
    return range(start, start + len(cases(part)))


@cache
def _lesson() -> Lesson:
    wordings = [Case(wording["cause"], "", wording["text"], Facts()) for wording in cases("wordings")]
    real = (case for part in _taught() for case in _learned_from(part))
    made_up = (
        case._replace(made_up=True, weight=weight) for part, weight in MADE_UP.items() for case in _learned_from(part)
    )
    return Lesson([*real, *wordings, *made_up])


def _learned_from(part: str) -> tuple[Case, ...]:
    return tuple(Case(case.get("root_cause", ""), case.get("source", ""), *read(case)) for case in cases(part))


def read(case: dict, *, platform: bool = True) -> tuple[str, Facts]:
    """The text of a case as `explain` reads it, and what is known of the machine."""
    text = cleaned(case["error_text"])
    facts = facts_in(text)
    if platform and "platform" in case:
        given = case["platform"]
        told = stated_machine(
            system=given["os"], machine=given["arch"], python=given["python"], tensorflow=given["tensorflow"], cpu=None
        )
        facts = facts.merged(told)
    return text, asked_release(text, facts, load_releases(), load_gpu_data()).merged(facts)


def outcome(case: dict, playbooks, known: KnownCases, *, platform: bool) -> Outcome:
    text, facts = read(case, platform=platform)
    found = explain(text, facts, playbooks, known).findings
    return Outcome(case, tuple(finding.id for finding in found), found[0].confidence if found else "")


def outcomes(part: str, *, platform: bool) -> list[Outcome]:
    playbooks, known = load_builtin(), known_without(part)
    return [outcome(case, playbooks, known, platform=platform) for case in cases(part)]


def named_of_others() -> list[Outcome]:
    """What is said of failures of other kinds; each half is compared with what is known without it."""
    playbooks, every = load_builtin(), cases(OTHERS)
    return [
        outcome(case | {"root_cause": ""}, playbooks, known, platform=False)
        for half in (0, 1)
        for known in [_lesson().without(_numbers(OTHERS)[half::2])]
        for case in every[half::2]
    ]


def measures(results: list[Outcome]) -> dict[str, float]:
    """Shares between 0 and 1."""
    by_cause = defaultdict(list)
    for result in results:
        by_cause[result.case["root_cause"]].append(result.right)
    return {
        "top-1": sum(result.right for result in results) / len(results),
        "top-2": sum(result.case["root_cause"] in result.named[:2] for result in results) / len(results),
        "macro top-1": sum(sum(rights) / len(rights) for rights in by_cause.values()) / len(by_cause),
        "wrong with high confidence": sum(
            bool(result.named) and not result.right and result.confidence == "high" for result in results
        )
        / len(results),
    }


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--confusion", action="store_true", help="also what is taken for what")
    parser.add_argument("--cases", action="store_true", help="also every case of the development parts that is missed")
    parser.add_argument("--part", action="append", choices=PARTS, help="only this one")
    arguments = parser.parse_args()
    for part in arguments.part or PARTS:
        for platform in (False, True):
            results = outcomes(part, platform=platform)
            known = "text and platform" if platform else "text alone"
            shares = ", ".join(f"{name} {share:.1%}" for name, share in measures(results).items())
            print(f"{part} ({len(results)} cases), {known}: {shares}")
            if arguments.confusion:
                missed = Counter(
                    (r.case["root_cause"], r.named[0] if r.named else "nothing") for r in results if not r.right
                )
                for (right, said), count in missed.most_common():
                    print(f"    {count} x {right} taken for {said}")
            if arguments.cases and not part.endswith("held_out"):
                for r in results:
                    if not r.right:
                        print(
                            f"    {r.case['id']}: {r.case['root_cause']}, not {', '.join(r.named) or 'nothing'} ({r.confidence})"
                        )
    if not arguments.part:
        results = named_of_others()
        surely = Counter(result.confidence for result in results)
        shares = ", ".join(f"{name} {surely[name] / len(results):.1%}" for name in ("high", "medium", "low"))
        print(f"failures of other kinds ({len(results)}), text alone: named with confidence {shares}")
        for r in results:
            if arguments.cases and r.named:
                print(f"    {r.case['id']}: {', '.join(r.named)} ({r.confidence})")


if __name__ == "__main__":
    main()
