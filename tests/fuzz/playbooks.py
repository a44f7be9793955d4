"""Random playbooks and cases, for as long as asked: nothing may crash, hang, or be said without its place.

`python tests/fuzz/playbooks.py --seconds 600 [--seed N]`. What breaks is written to a file, and the script ends with 1.
"""

import argparse
import random
import re
import sys
import tempfile
import time
import traceback
from pathlib import Path

from tfrepair.app.cases import read_case
from tfrepair.app.playbook_docs import pages
from tfrepair.errors import PlaybookError
from tfrepair.model.facts import Facts
from tfrepair.playbook.loader import check_file, load_playbook
from tfrepair.reason.diagnose import diagnose

ROOT = Path(__file__).resolve().parents[2]
SLOWEST = 2.0
"""Seconds of processor time that one file may take; a second, with room for a machine under load."""
MESSAGE = re.compile(r"[^\n]*?fuzz\.yaml:([1-9]\d*):([1-9]\d*): [^\n]+")
NAMES = ("numpy-abi", "keras-mismatch")
PIECES = (
    b"&a ", b"*a", b"!!python/object/apply:os.system ", b"<<: ", b"? ", b"- ", b": ", b"\t", b"\n", b"\r", b"\0", b"\xff",
    b"\xef\xbb\xbf", b"---\n", b"...\n", b"%YAML 9.9\n", b"{", b"}", b"[", b"]", b"'", b'"', b"|", b">", b"#", b"@", b"`",
    b"null", b"true", b"2.10", b"on", b"1e999", b"9" * 400, b"-0", b"{{ x }}", b"{host.system}", b"{}", b"{item}", b"\\u202e",
    b"(a+)+", b"(?P<x>", b"(?<=", b"\\1", b"{99999}", b"all: []", b"fact: a.b", b"equals: ", b"matches: '(", b"specifier: '<'",
    b"fix: ", b"args: ", b"when: ", b"../../etc/passwd", "\u2028\u0085\ufeff\ud7ff".encode(), "\U0001f600".encode(),
)  # fmt: skip


def seeds():
    """Real files to start from."""
    folders = ("playbooks", "examples", "tests/malformed", "tests/bad_playbooks", "tests/cases")
    files = sorted(path for folder in folders for path in (ROOT / folder).rglob("*.yaml"))
    return [path.read_bytes() for path in files if path.stat().st_size < 20_000]


def mutated(raw, chance, others):
    """The bytes with a few changes of one kind or another."""
    for _ in range(chance.choice((1, 1, 2, 3, 8))):
        at = chance.randrange(len(raw) + 1)
        end = min(len(raw), at + chance.choice((0, 1, 2, 8, 40)))
        lines = raw.splitlines(keepends=True) or [b""]
        match chance.randrange(9):
            case 0:
                raw = raw[:at] + chance.choice(PIECES) + raw[end:]
            case 1:
                raw = raw[:at] + raw[end:]
            case 2:
                raw = raw[:at] + bytes([chance.randrange(256)]) + raw[at:]
            case 3:
                raw = raw[:at] + raw[at:end] * chance.choice((2, 3, 50)) + raw[end:]
            case 4:
                line = chance.randrange(len(lines))
                raw = b"".join(lines[:line] + [lines[line]] * 2 + lines[line + 1 :])
            case 5:
                chance.shuffle(lines)
                raw = b"".join(lines)
            case 6:
                line = chance.randrange(len(lines))
                lines[line] = b" " * chance.randrange(12) + lines[line].lstrip(b" ")
                raw = b"".join(lines)
            case 7:
                other = chance.choice(others)
                start = chance.randrange(len(other) + 1)
                raw = raw[:at] + other[start : start + chance.choice((10, 100, 1000))] + raw[end:]
            case _:
                raw = re.sub(rb"(?<=: )[^\n]*", lambda _: chance.choice(PIECES), raw, count=chance.randrange(1, 4))
    return raw


def survives(raw, path, facts):
    """Check a file as a playbook and as a case; raises AssertionError, or what tfrepair raises when it should not."""
    path.write_bytes(raw)
    start = time.process_time()
    problems = check_file(
        path, known_playbooks=NAMES, known_facts=dict.fromkeys(("host.*", "distribution.*.version", "import.ok"), "")
    )
    for problem in problems:
        found = MESSAGE.fullmatch(problem)
        assert found, f"a message without its place, or on two lines: {problem!r}"
        assert (
            int(found[1]) <= raw.count(b"\n") + raw.count(b"\r") + raw.count(b"\xc2\x85") + raw.count(b"\xe2\x80") + 2
        )
    if not check_file(path, known_playbooks=NAMES):
        playbook = load_playbook(path, "option", known_playbooks=NAMES)
        assert diagnose(facts, [playbook]) == diagnose(facts, [playbook])
        assert diagnose(Facts(), [playbook]).findings == ()
        assert pages([playbook])
    try:
        read_case(path, ("host.*", "distribution.*.version"))
    except PlaybookError as error:
        assert error.problems  # noqa: PT017
    taken = time.process_time() - start
    assert taken < SLOWEST, f"it took {taken:.1f} s"


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--seconds", type=float, default=60)
    parser.add_argument("--seed", type=int, default=None)
    asked = parser.parse_args()
    seed = asked.seed if asked.seed is not None else random.SystemRandom().randrange(2**32)
    chance, corpus = random.Random(seed), seeds()
    facts = read_case(ROOT / "tests/cases/numpy-abi/near-miss-numpy-2-allowed.yaml").facts
    count, end = 0, time.monotonic() + asked.seconds
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder, "fuzz.yaml")
        while time.monotonic() < end:
            raw = mutated(chance.choice(corpus), chance, corpus)
            try:
                survives(raw, path, facts)
            except Exception:  # noqa: BLE001  # that is what is looked for
                traceback.print_exc()
                kept = Path(tempfile.mkdtemp(), "fuzz.yaml")
                kept.write_bytes(raw)
                print(f"seed {seed}, file {count}: kept as {kept}", file=sys.stderr)
                return 1
            count += 1
    print(f"seed {seed}: {count} files in {asked.seconds:.0f} s, none broke anything")
    return 0


if __name__ == "__main__":
    sys.exit(main())
