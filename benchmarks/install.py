"""What a new environment costs: `tfrepair fix --venv` against `python -m venv` with pip, and against uv.

`python benchmarks/install.py` (`--tensorflow NAME==VERSION`, `--base-python X.Y`, `--repeat N`). All three install the
same versions with warm caches and run the same smoke test, in turns, in fresh folders. What they leave of bytecode is
the same: that of every module that the smoke test imports, or, with `--no-bytecode`, none. pip's configuration is left
out, because uv does not read it and would not look for files where the others look. tfrepair also diagnoses, resolves,
compares every file with RECORD, makes the environment durable, keeps a journal, and runs the smoke test a second time
at the final path. Caches are warm for all: uv's and pip's of wheels, tfrepair's of the bytecode that an earlier repair
left; a second row is the first repair of a user, who has none yet. Where pip itself compiles, as it does unless it is
told otherwise, is a row of its own: of everything.
"""

# ruff: noqa: INP001, T201
# A script of its own: it prints, and no package holds it.

from __future__ import annotations

import argparse
import json
import os
import re
import resource
import shutil
import signal
import stat
import statistics
import subprocess
import sys
import tempfile
import time
from contextlib import suppress
from pathlib import Path
from typing import TYPE_CHECKING

from tfrepair.target.bases import find_base
from tfrepair.target.describe import script
from tfrepair.target.installer.uv_child import find_uv

if TYPE_CHECKING:
    from collections.abc import Callable

BIG = 1_000_000
"""Bytes of a file that is emptied when it is not needed any more."""
STEP = re.compile(r"^(?P<what>[^:\n]+(?::[^:\n]+)?): (?P<seconds>[\d.]+) s$", re.MULTILINE)
TIMES_PIP, TIMES_UV = 4.0, 1.3


class Bench:
    """One release on one Python, in a private folder."""

    def __init__(self, release: str, base: str, folder: Path, *, bytecode: bool) -> None:
        self.release, self.base, self.folder, self.bytecode = release, base, folder, bytecode
        hidden = {"VIRTUAL_ENV", "CONDA_PREFIX", "PYTHONPATH", "PYTHONDONTWRITEBYTECODE", "PIP_FIND_LINKS"}
        self.environ = {name: value for name, value in os.environ.items() if name not in hidden}
        self.environ |= {"TFREPAIR_STATE_DIR": str(folder / "state"), "NO_COLOR": "1", "PIP_CONFIG_FILE": os.devnull}
        self.environ["CUDA_VISIBLE_DEVICES"] = "-1"
        if not bytecode:
            self.environ["PYTHONDONTWRITEBYTECODE"] = "1"
        self.steps: dict[str, list[float]] = {}
        self.versions = folder / "versions.txt"

    def run(self, *argv: object, codes: tuple[int, ...] = (0,)) -> subprocess.CompletedProcess[str]:
        """A command that must end with one of these codes."""
        words = [str(word) for word in argv]
        done = subprocess.run(words, env=self.environ, cwd=self.folder, capture_output=True, text=True, check=False)
        if done.returncode not in codes:
            sys.exit(f"{' '.join(words)}\nended with {done.returncode}:\n{done.stdout}\n{done.stderr}")
        return done

    def fix(self, env: Path, *more: str, codes: tuple[int, ...] = (0,)) -> subprocess.CompletedProcess[str]:
        """`tfrepair fix` for a new environment."""
        command = (sys.executable, "-m", "tfrepair", "fix", "--tensorflow", self.release, "--venv", env)
        return self.run(*command, "--base-python", self.base, *more, codes=codes)

    def write_versions(self) -> None:
        """The versions that tfrepair would install, for the others too."""
        document = json.loads(self.fix(self.folder / "never", "--dry-run", "--json", codes=(1,)).stdout)
        lock = document["plan"]["lock"]
        self.versions.write_text("".join(f"{pin['name']}=={pin['version']}\n" for pin in lock), encoding="utf-8")

    def by_tfrepair(self, env: Path) -> None:
        """A repair from nothing."""
        done = self.fix(env, "--yes")
        for step in STEP.finditer(done.stderr):
            self.steps.setdefault(re.sub(r"`[^`]*`", "DIR", step["what"]), []).append(float(step["seconds"]))

    def by_tfrepair_first(self, env: Path) -> None:
        """The same where none was before."""
        self.environ["TFREPAIR_STATE_DIR"] = str(self.folder / "first")
        try:
            self.fix(env, "--yes")
        finally:
            self.environ["TFREPAIR_STATE_DIR"] = str(self.folder / "state")

    def by_pip(self, env: Path, *more: str) -> None:
        """The well-known recipe."""
        self.run(self.base, "-m", "venv", env)
        python = env / "bin" / "python"
        quiet = ("-q", "--disable-pip-version-check", *(more or ("--no-compile",)))
        self.run(python, "-m", "pip", "install", *quiet, "-c", self.versions, self.release)
        self.smoke(python)

    def by_pip_that_compiles(self, env: Path) -> None:
        """The same as people run it."""
        self.by_pip(env, "--compile")

    def by_uv(self, env: Path) -> None:
        """The same with uv."""
        uv = find_uv()
        self.run(uv, "venv", "-q", "--python", self.base, env)
        python = env / "bin" / "python"
        self.run(uv, "pip", "install", "-q", "--python", python, "-c", self.versions, self.release)
        self.smoke(python)

    def smoke(self, python: Path) -> None:
        """TensorFlow imports and computes, as for a user: the import leaves its bytecode beside the modules."""
        order = {"mark": "", "extras": [], "gpu": False, "site_folders": [], "modules": []}
        flags = () if self.bytecode else ("-B",)
        self.run(python, *flags, script("smoke_script.py"), json.dumps(order))

    def timed(self, way: Callable[[Path], None]) -> tuple[float, float]:
        """Seconds for one environment, and of the processor. The disk is at rest before.

        What a turn leaves is put aside until the end, its big files emptied: some file systems are slow for minutes
        after many files went, and the disk of a few turns is large.
        """
        env = self.folder / "env"
        os.sync()
        start, used = time.perf_counter(), processor()
        way(env)
        seconds, used = time.perf_counter() - start, processor() - used
        aside = Path(tempfile.mkdtemp(dir=self.folder))
        for left in ("env", ".tfrepair-env", "state/runs", "first"):
            with suppress(FileNotFoundError):
                (self.folder / left).rename(aside / Path(left).name)
        empty(aside)
        return seconds, used


def empty(folder: Path) -> None:
    """Give back the room of the big files that nothing else shares, as a cache does; the names stay."""
    for path in folder.rglob("*"):
        stats = path.lstat()
        if stat.S_ISREG(stats.st_mode) and stats.st_nlink == 1 and stats.st_size > BIG:
            os.truncate(path, 0)


def processor() -> float:
    """Seconds of the processor that children which ended have used; on a busy machine they say more than the clock."""
    used = resource.getrusage(resource.RUSAGE_CHILDREN)
    return used.ru_utime + used.ru_stime


def main() -> None:
    """Measure in turns, print, clean up."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--tensorflow", default="tensorflow-cpu==2.20.0", metavar="NAME==VERSION")
    parser.add_argument("--base-python", default=f"{sys.version_info[0]}.{sys.version_info[1]}", metavar="X.Y")
    parser.add_argument("--repeat", type=int, default=3, metavar="N", help="medians of so many turns (default 3)")
    parser.add_argument("--without-pip", action="store_true", help="leave out the slow ones")
    parser.add_argument("--no-bytecode", action="store_true", help="nobody leaves any, and pip does not compile")
    given = parser.parse_args()
    base = find_base(given.base_python, os.environ)
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(143))
    folder = Path(tempfile.mkdtemp(prefix="tfrepair-benchmark-"))
    try:
        bench = Bench(given.tensorflow, base.executable, folder, bytecode=not given.no_bytecode)
        bench.write_versions()
        ways = {"tfrepair": bench.by_tfrepair, "uv": bench.by_uv}
        if bench.bytecode:
            ways["first"] = bench.by_tfrepair_first
        if not given.without_pip:
            ways["pip"] = bench.by_pip
            if bench.bytecode:
                ways["pip, all"] = bench.by_pip_that_compiles
        rows: dict[str, list[tuple[float, float]]] = {name: [] for name in ways}
        for turn in range(given.repeat + 1):
            for name, way in ways.items():
                figures = bench.timed(way)
                if turn:  # the first fills the caches
                    rows[name].append(figures)
                    print(f"turn {turn}: {name} {figures[0]:.1f} s, processor {figures[1]:.1f} s", flush=True)
            if not turn:
                bench.steps.clear()
        report(given.tensorflow, base.minor, rows, bench.steps)
    finally:
        shutil.rmtree(folder, ignore_errors=True)


def report(
    release: str, python: str, rows: dict[str, list[tuple[float, float]]], steps: dict[str, list[float]]
) -> None:
    """Medians, and how they compare."""
    print(f"{release} on Python {python}; medians of {len(rows['tfrepair'])} turns, least and most in brackets")
    for place, what in enumerate(("seconds", "seconds of the processor")):
        print(f"{what}:")
        columns = {name: [figures[place] for figures in turns] for name, turns in rows.items()}
        for name, figures in columns.items():
            print(f"  {name:<10} {statistics.median(figures):6.1f} [{min(figures):.1f}, {max(figures):.1f}]")
        own = statistics.median(columns["tfrepair"])
        for name in [name for name in columns if name.startswith("pip")]:
            print(f"  {name} / tfrepair: {statistics.median(columns[name]) / own:.2f} (goal: at least {TIMES_PIP})")
        print(f"  tfrepair / uv: {own / statistics.median(columns['uv']):.2f} (goal: at most {TIMES_UV})")
    print("steps of tfrepair, seconds:")
    for what, figures in steps.items():
        print(f"  {statistics.median(figures):6.1f}  {what}")


if __name__ == "__main__":
    main()
