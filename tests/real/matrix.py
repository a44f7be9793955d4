"""Every release on every Python: a working TensorFlow from nothing, or the reason why not.

    python tests/real/matrix.py                          # all of it, hours; goes on where it was cut off
    python tests/real/matrix.py --only 2.9.3 --name tensorflow-cpu
    python tests/real/matrix.py --sample 6               # a sample that spans the eras

For each pair it runs `tfrepair fix --yes --tensorflow NAME==X --venv DIR --base-python Y --json` in a fresh folder and
writes the outcome to a Markdown table, after each pair and beside the rows that are there already. A pair that was ok is
not run again (`--again` does). `--locks FILE` keeps the exact versions of what worked, a JSON object a line, for
`tools/known_good.py`. Ends with 1 when a pair failed.
"""

import argparse
import contextlib
import json
import os
import re
import shutil
import signal
import subprocess
import sys
import tempfile
import time
from dataclasses import dataclass
from datetime import datetime, timezone
from pathlib import Path

from packaging.version import Version

from tfrepair.target.bases import find_bases
from tfrepair.target.installer.uv_child import find_uv
from tfrepair.target.release_data import load_releases

TABLE = Path(__file__).parent.parent.parent / "docs" / "matrix.md"
PLATFORM = "linux-x86_64"
OLDEST = Version("1.13")
BROKEN_THEN = ("2.6.0", "2.9.0", "2.14.0", "2.15.0", "2.16.1")
"""Releases that an installation on their own day did not make work."""
OTHER_NAMES = ("tensorflow", "tensorflow-cpu", "tensorflow-gpu", "intel-tensorflow", "tf-nightly")
OTHER_RELEASES = (
    ("tensorflow-cpu", "1.15.0"), ("tensorflow-gpu", "1.15.5"), ("tensorflow-gpu", "2.4.4"),
    ("tensorflow-gpu", "2.7.4"), ("intel-tensorflow", "2.4.0"), ("intel-tensorflow", "2.9.1"),
)  # fmt: skip
"""Of earlier eras under these names, on the newest Python of each."""
LAST_GPU = Version("2.10.99")
"""The later releases of `tensorflow-gpu` only say that it is gone."""
WATCHED = ("numpy", "protobuf", "keras")
LIMIT = 1500.0
"""Seconds for one pair: half a gigabyte over a slow line, on a busy machine."""
HEAD = """# The matrix

Releases of TensorFlow on the Pythons that they have wheels for: what `tfrepair fix --yes --tensorflow NAME==X --venv DIR
--base-python Y` made of an empty folder. `ok`: TensorFlow imports, multiplies and runs a Keras layer. Written by
`tests/real/matrix.py` on Linux, x86_64; the seconds include the download.

"""
COLUMNS = ("distribution", "version", "Python", "outcome", "seconds", *WATCHED, "resolved", "day")


@dataclass(frozen=True, order=True)
class Pair:
    """One release on one Python."""

    name: str
    version: str
    python: str

    def __str__(self):
        return f"{self.name} {self.version} on Python {self.python}"


@dataclass
class Outcome:
    pair: Pair
    ok: bool
    why: str
    seconds: float
    method: str
    lock: dict
    day: str

    @property
    def row(self):
        """The cells of its line in the table."""
        p = self.pair
        versions = [self.lock.get(name, "") for name in WATCHED]
        how = "ok" if self.ok else f"failed: {self.why}"
        cells = (p.name, p.version, p.python, how, f"{self.seconds:.0f}", *versions, self.method, self.day)
        return tuple(re.sub(r"[\s|]+", " ", cell).strip() for cell in cells)


def bases():
    """The interpreters of this machine by minor version."""
    found = {}
    for base in find_bases(os.environ):
        if not base.free_threaded:
            found.setdefault(base.minor, base.executable)
    return found


def finals(name):
    return [Version(v) for v, release in load_releases().by_name[name].items() if release.final and release.wheels]


def last_patches(name="tensorflow"):
    """The last patch of every minor release, the oldest first."""
    newest = {}
    for version in sorted(finals(name)):
        if version >= OLDEST:
            newest[version.release[:2]] = version
    return [str(version) for version in newest.values()]


def smallest(version, python):
    """`tensorflow-cpu` where it has this release for this Python, else `tensorflow`."""
    has = python in load_releases().pythons("tensorflow-cpu", version, PLATFORM)
    return "tensorflow-cpu" if has else "tensorflow"


def pythons(name, version, here):
    """The Pythons of this machine that the release has wheels for, the newest first."""
    return [python for python in reversed(load_releases().pythons(name, version, PLATFORM)) if python in here]


def pairs(here):
    """All pairs: every release once, then the other names, then the other Pythons."""
    versions = sorted({*last_patches(), *BROKEN_THEN}, key=Version)
    by_release = [[Pair(smallest(v, p), v, p) for p in pythons("tensorflow", v, here)] for v in versions]
    first = [row[0] for row in by_release if row]
    names = [pair for name in OTHER_NAMES if (pair := newest_of(name, here)) and pair not in first]
    older = [Pair(name, v, found[0]) for name, v in OTHER_RELEASES if (found := pythons(name, v, here))]
    return [*first, *names, *older, *(pair for row in by_release for pair in row[1:])]


def newest_of(name, here):
    """The newest release of a distribution that a Python of this machine can have."""
    rows = load_releases().by_name[name]
    wanted = (v for v in sorted(rows, key=Version, reverse=True) if rows[v].final or name == "tf-nightly")
    for version in wanted:
        if name == "tensorflow-gpu" and Version(version) > LAST_GPU:
            continue
        if found := pythons(name, version, here):
            return Pair(name, version, found[0])
    return None


def sample(number, here):
    """So many pairs spread over the releases, the oldest and the newest among them; one Python each, the newest."""
    rows = [pair for version in last_patches() if (pair := _newest_python(version, here))]
    if number >= len(rows):
        return rows
    step = (len(rows) - 1) / max(1, number - 1)
    return [rows[round(index * step)] for index in range(number)]


def _newest_python(version, here):
    found = pythons("tensorflow", version, here)
    return Pair(smallest(version, found[0]), version, found[0]) if found else None


def attempt(pair, base, limit=LIMIT):
    """Make it in a fresh folder, which is gone afterwards."""
    folder = Path(tempfile.mkdtemp(prefix="tfrepair-matrix-"))
    environ = {k: v for k, v in os.environ.items() if k not in {"VIRTUAL_ENV", "CONDA_PREFIX"}}
    argv = [sys.executable, "-m", "tfrepair", "fix", "--yes", "--tensorflow", f"{pair.name}=={pair.version}"]
    argv += ["--venv", str(folder / "env"), "--base-python", base, "--json"]
    begun = time.monotonic()
    try:
        out, err = ended(argv, environ | {"TFREPAIR_STATE_DIR": str(folder / "state")}, folder, limit)
    finally:
        shutil.rmtree(folder, ignore_errors=True)
    return outcome_of(pair, out, err, time.monotonic() - begun)


def ended(argv, environ, cwd, limit):
    """What a command printed; one that does not end in time is asked to stop, then stopped."""
    process = subprocess.Popen(
        argv, env=environ, cwd=cwd, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True, start_new_session=True
    )
    for patience, sign in ((limit, signal.SIGTERM), (60, signal.SIGKILL)):
        try:
            return process.communicate(timeout=patience)
        except subprocess.TimeoutExpired:
            with contextlib.suppress(ProcessLookupError):
                os.killpg(process.pid, sign)
    return process.communicate()


def outcome_of(pair, out, err, seconds):
    try:
        document = json.loads(out)
    except ValueError:
        document = {"error": {"message": (err.strip().splitlines() or ["nothing was printed"])[-1]}}
    plan, result = document.get("plan", {}), document.get("result", {})
    lock = {pin["name"]: pin["version"] for pin in plan.get("lock", ())}
    # A build after the release says the version of the release: 2.15.0.post1 and its like.
    same = Version(result.get("tensorflow") or "0").release == Version(pair.version).release
    ok = document.get("status") == "repaired" and result.get("smoke", {}).get("ok", False) and same
    why = document.get("error", {}).get("message") or f"it ended {document.get('status')}, {result}"
    return Outcome(
        pair=pair, ok=ok, why="" if ok else why[:300], seconds=seconds, method=plan.get("resolved", ""), lock=lock,
        day=datetime.now(timezone.utc).date().isoformat(),
    )  # fmt: skip


def read_table(path):
    """The rows of a table written before, by pair."""
    rows = {}
    if path.is_file():
        for line in path.read_text(encoding="utf-8").splitlines():
            cells = tuple(cell.strip() for cell in line.strip().strip("|").split(" | "))
            if len(cells) == len(COLUMNS) and re.match(r"\d", cells[1]):
                rows[Pair(*cells[:3])] = cells
    return rows


def write_table(path, rows):
    """The whole table, by version and Python, and how many are ok."""

    def order(pair):
        return pair.name not in {"tensorflow", "tensorflow-cpu"}, Version(pair.version), Version(pair.python), pair.name

    good = sum(rows[pair][3] == "ok" for pair in rows)
    lines = [f"{good} of {len(rows)} pairs are ok; last change {max(cells[-1] for cells in rows.values())}.", ""]
    lines += [
        line_of(COLUMNS),
        line_of(["---"] * len(COLUMNS)),
        *(line_of(rows[pair]) for pair in sorted(rows, key=order)),
    ]
    fresh = path.with_suffix(".new")
    fresh.write_text(HEAD + "\n".join(lines) + "\n", encoding="utf-8")
    fresh.replace(path)


def line_of(cells):
    return f"| {' | '.join(cell or ' ' for cell in cells)} |"


def keep_lock(path, outcome):
    p = outcome.pair
    row = {"name": p.name, "version": p.version, "python": p.python, "day": outcome.day, "lock": outcome.lock}
    with path.open("a", encoding="utf-8") as file:
        file.write(json.dumps(row) + "\n")


def run(wanted, here, *, table=None, locks=None, forget=False, report=print):
    """Run these pairs one after the other; the outcomes."""
    outcomes = []
    for pair in wanted:
        outcome = attempt(pair, here[pair.python])
        outcomes.append(outcome)
        report(f"{pair}: {outcome.row[3]}, {outcome.seconds:.0f} s, {outcome.method}")
        if table is not None:
            write_table(table, {**read_table(table), pair: outcome.row})
        if locks is not None and outcome.ok:
            keep_lock(locks, outcome)
        if forget:
            subprocess.run([find_uv(), "cache", "clean", "-q", pair.name], check=False)
    return outcomes


def chosen(options, here):
    """The pairs that the command line asks for."""
    if options.sample:
        return sample(options.sample, here)
    if options.only and options.name:
        return [Pair(options.name, options.only, p) for p in pythons(options.name, options.only, here)]
    wanted = [pair for pair in pairs(here) if options.only in (None, pair.version)]
    if options.only and not wanted:
        wanted = [Pair(smallest(options.only, p), options.only, p) for p in pythons("tensorflow", options.only, here)]
    if options.name:
        wanted = [pair for pair in wanted if pair.name == options.name]
    return wanted


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--sample", type=int, help="only so many pairs, spread over the releases")
    parser.add_argument("--only", metavar="VERSION", help="only this release")
    parser.add_argument("--name", help="only this distribution")
    parser.add_argument("--table", type=Path, default=TABLE)
    parser.add_argument("--locks", type=Path, help="append the exact versions of what worked to this file")
    parser.add_argument("--again", action="store_true", help="also the pairs that were ok before")
    parser.add_argument("--forget", action="store_true", help="drop TensorFlow's wheel from uv's cache after each pair")
    options = parser.parse_args()
    here = bases()
    before = read_table(options.table)
    wanted = [pair for pair in chosen(options, here) if options.again or before.get(pair, COLUMNS)[3] != "ok"]
    print(f"{len(wanted)} pairs to run", flush=True)
    outcomes = run(
        wanted, here, table=options.table, locks=options.locks, forget=options.forget,
        report=lambda line: print(line, flush=True),
    )  # fmt: skip
    return 0 if all(outcome.ok for outcome in outcomes) else 1


if __name__ == "__main__":
    sys.exit(main())
