"""Whether `explain` names the same cause when other output stands around a text: `python tests/corpus/surroundings.py`.

Each case of a part is explained as it is and with a block of lines before it that say nothing of the failure: what pip,
apt, a server or a healthy TensorFlow prints. Of the texts that end with an exception, those with another cause than GPUs
also get what TensorFlow logs on a machine without one. Printed is how often the cause stays right, and how often another
one is named. `--cases N` takes the N cases of a part whose ids have the smallest SHA-256.
"""

from __future__ import annotations

import argparse
import hashlib
import re

import around
from accuracy import PARTS, Outcome, cases, known_without, outcome

from tfrepair.playbook.loader import load_builtin

ROUTINE = {
    "pip": around.INSTALLED,
    "pip, downloading": around.FETCHED,
    "pip list": around.LISTED,
    "apt": around.SYSTEM,
    "a server": around.SERVED,
    "NumPy's warning": around.WARNED,
    "a form": around.FORM,
}
LOGGED = {"no CUDA": around.LIBRARY, "no driver": around.DRIVER, "names of TensorFlow 1": around.RENAMED}
_RAISED = re.compile(r"^\s*(\w+\.)*\w*(Error|Exception)\b(:|$)", re.MULTILINE)
_OF_GPUS = re.compile(r"cuda|gpu|driver")


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--cases", type=int, default=100, metavar="N", help="of each part (default 100)")
    parser.add_argument("--part", action="append", choices=PARTS, help="only this one")
    arguments = parser.parse_args()
    for part in arguments.part or PARTS:
        ordered = sorted(cases(part), key=lambda case: hashlib.sha256(case["id"].encode()).hexdigest())
        plain = explained(part, ordered[: arguments.cases])
        print(f"{part} ({len(plain)} cases), as they are: {right(plain)}")
        for name, block in ROUTINE.items():
            tell(part, name, block, plain)
        raised = [
            one for one in plain
            if _RAISED.search(one.case["error_text"]) and not _OF_GPUS.search(one.case["root_cause"])
        ]  # fmt: skip
        if raised:
            print(f"  {len(raised)} of them end with an exception that is not about GPUs: {right(raised)}")
        for name, block in LOGGED.items():
            tell(part, name, block, raised)


def explained(part: str, chosen: list[dict], block: str = "") -> list[Outcome]:
    playbooks, known = load_builtin(), known_without(part)
    changed = (case | {"error_text": f"{block}\n{case['error_text']}".lstrip()} for case in chosen)
    return [outcome(case, playbooks, known, platform=True) for case in changed]


def right(results: list[Outcome]) -> str:
    return f"{sum(one.right for one in results) / len(results):.1%} named first"


def tell(part: str, name: str, block: str, plain: list[Outcome]) -> None:
    if plain:
        among = explained(part, [one.case for one in plain], block)
        changed = sum(one.named[:1] != other.named[:1] for one, other in zip(plain, among, strict=True))
        print(f"    below {name}: {right(among)}, another cause in {changed / len(plain):.1%}")


if __name__ == "__main__":
    main()
