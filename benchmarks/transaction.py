"""What a repair costs around its installer: staging, the exchange, the way back, and memory, in one run.

`python benchmarks/transaction.py --env DIR` with a real environment. Everything happens in a private copy of it made
of hard links; nothing is written into DIR.
"""

# ruff: noqa: INP001, T201
# A script of its own: it prints, and no package holds it.

from __future__ import annotations

import argparse
import json
import os
import signal
import statistics
import subprocess
import sys
import tempfile
import time
from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Callable

TFREPAIR = (sys.executable, "-m", "tfrepair")
MEBIBYTE = 1 << 20
RSS_UNIT = 1 if sys.platform == "darwin" else 1024
WATCH = """
import json, resource, subprocess, sys, time
start = time.perf_counter()
done = subprocess.run(sys.argv[1:], stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True)
seconds = time.perf_counter() - start
peak = resource.getrusage(resource.RUSAGE_CHILDREN).ru_maxrss
print(json.dumps({"seconds": seconds, "peak": peak, "code": done.returncode, "output": done.stdout}))
"""
"""A small process between this one and what is measured: its children are that command alone, and a process that
is started counts the memory of the one that started it until then."""


def main() -> None:
    """Measure, print, clean up."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--env", required=True, type=Path, metavar="DIR", help="the environment to copy and measure")
    parser.add_argument("--repeat", type=int, default=5, metavar="N", help="medians of so many runs (default 5)")
    parser.add_argument("--stage", nargs=2, metavar=("FROM", "TO"), help=argparse.SUPPRESS)
    given = parser.parse_args()
    if given.stage:
        print(json.dumps(stage_once(*map(Path, given.stage))))
        return
    source = given.env.resolve()
    if not (source / "pyvenv.cfg").is_file() or given.repeat < 1:
        parser.error("`--env` takes the folder of an environment, `--repeat` at least 1")
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(143))
    folder = Path(tempfile.mkdtemp(prefix="tfrepair-benchmark-", dir=folder_on_the_same_file_system(source)))
    try:
        report(measure(source, folder, given.repeat), given.repeat)
    finally:
        remove(folder)


def folder_on_the_same_file_system(source: Path) -> Path:
    """The folder for temporary files, or the one that holds the environment when hard links do not reach the first."""
    usual = Path(tempfile.gettempdir())
    return usual if usual.stat().st_dev == source.stat().st_dev else source.parent


def remove(folder: Path) -> None:
    """Remove a folder; only folders change their mode for it, never a file that the original shares."""
    from tfrepair.execute.files import remove_tree

    remove_tree(folder)


def measure(source: Path, folder: Path, repeat: int) -> dict[str, list[float]]:
    """Every figure, so many times; what is compared is measured in turns."""
    work = folder / "work"
    work.mkdir()
    environment = work / "env"
    environ = {**os.environ, "TFREPAIR_STATE_DIR": str(folder / "state"), "NO_COLOR": "1"}
    environ.pop("VIRTUAL_ENV", None)
    hard_links(source, environment)
    rows: dict[str, list[float]] = {}

    def note(**figures: float) -> None:
        for name, figure in figures.items():
            rows.setdefault(name, []).append(figure)

    warm_up = folder / "warm"
    hard_links(environment, warm_up)
    remove(warm_up)
    for _ in range(repeat):
        reference, stage = folder / "reference", folder / "stage"
        note(cp=timed(lambda to=reference: hard_links(environment, to)))
        staged = watched([sys.executable, __file__, "--env", str(source), "--stage", str(environment), str(stage)])
        note(stage_peak=staged["peak"], **json.loads(staged["output"]))
        remove(reference)
        swapped, durable = exchanges(environment, stage)
        note(exchange=swapped, swap=durable)
        remove(stage)
        repair(environment, environ)
        version = watched([*TFREPAIR, "--version"], environ)
        back = watched([*TFREPAIR, "rollback", "--yes", "--env", str(environment)], environ)
        note(version=version["seconds"], version_peak=version["peak"], rollback=back["seconds"])
        note(rollback_peak=back["peak"])
        remove(work / ".tfrepair-env")
    return rows


def timed(action: Callable[[], object]) -> float:
    """Seconds."""
    start = time.perf_counter()
    action()
    return time.perf_counter() - start


def hard_links(source: Path, destination: Path) -> None:
    """A copy as `cp -al` makes it."""
    subprocess.run(["cp", "-al", str(source), str(destination)], check=True)  # noqa: S607


def watched(command: list[str], environ: dict[str, str] | None = None) -> dict:
    """Run a command: seconds, peak memory in MiB of it and its children, output; stops the benchmark if it fails."""
    done = subprocess.run(
        [sys.executable, "-I", "-c", WATCH, *command], check=True, stdout=subprocess.PIPE, text=True, env=environ
    )
    found = json.loads(done.stdout)
    if found["code"]:
        sys.exit(f"{' '.join(command)}\nended with {found['code']}:\n{found['output']}")
    return {**found, "peak": found["peak"] * RSS_UNIT / MEBIBYTE}


def stage_once(source: Path, destination: Path) -> dict[str, float]:
    """One staging: seconds for reading who owns what, for the linked part and for the copied part, and counts."""
    from tfrepair.execute import linking
    from tfrepair.execute.ownership import private_rule
    from tfrepair.target.discover import describe_environment

    environment = describe_environment(source, os.environ).environment
    start = time.perf_counter()
    rule = private_rule(environment)
    ruled = time.perf_counter()
    copying = 0.0
    copy_file = linking.copy_file

    def copy_on_the_clock(here: str, there: str) -> int:
        nonlocal copying
        begun = time.perf_counter()
        size = copy_file(here, there)
        copying += time.perf_counter() - begun
        return size

    linking.copy_file = copy_on_the_clock
    linked = linking.link_tree(source, destination, rule)
    whole = time.perf_counter() - ruled
    return {
        "owners": ruled - start,
        "tree": whole,
        "linked_part": whole - copying,
        "copied_part": copying,
        "linked": linked.linked,
        "copied": linked.copied,
        "copied_mib": linked.copied_bytes / MEBIBYTE,
    }


def exchanges(environment: Path, stage: Path) -> tuple[float, float]:
    """Seconds for the exchange alone, and for it with both folders made durable, as a repair does it."""
    from tfrepair.execute.swap import Swap, exchange, inode

    start = time.perf_counter()
    in_one_step = exchange(environment, stage)
    alone = time.perf_counter() - start
    if not in_one_step:
        sys.exit("this system cannot exchange two folders in one step")
    there_and_back = Swap(place=environment, tree=stage, keep_as=stage, before=inode(environment), after=inode(stage))
    return alone, timed(there_and_back.forward)


def repair(environment: Path, environ: dict[str, str]) -> None:
    """A whole repair whose plan has no operation: afterwards there is something to roll back."""
    from tfrepair.execute.fingerprint import fingerprint
    from tfrepair.execute.ports import Ports
    from tfrepair.execute.run_folder import RunFolder
    from tfrepair.execute.transaction import Transaction
    from tfrepair.model.plan import Choice, Lock, Plan
    from tfrepair.model.run import Smoke
    from tfrepair.target.discover import describe_environment

    def refuse(*_: object, **__: object) -> None:
        raise AssertionError("the plan has no operation")

    ports = Ports(
        create_venv=refuse,
        install=refuse,
        run_command=refuse,
        describe=lambda path: describe_environment(path, environ),
    )
    plan = Plan(
        round=1, strategy="in-place", prefix=str(environment), fingerprint=fingerprint(environment), causes=(),
        tensorflow=Choice(name="tensorflow", version="0", reason="benchmark"), operations=(),
        lock=Lock(pins=(), pylock=""),
    )  # fmt: skip
    smoke = Smoke(ok=True, rung="keras", seconds=0.0, tensorflow="0", exit_code=0, signal=None, output="")
    record = RunFolder.create(environment, environ)
    record.write_plan(plan)
    with Transaction(environment, record, ports) as transaction:
        transaction.stage(plan)
        transaction.apply(plan)
        transaction.seal()
        transaction.verified(smoke)
        transaction.commit(lambda: smoke)


def report(rows: dict[str, list[float]], repeat: int) -> None:
    """Print medians, what they are compared with, and the ratios."""
    middle = {name: statistics.median(figures) for name, figures in rows.items()}
    cp, version = middle["cp"], middle["version"]
    print(f"medians of {repeat}; least and most in brackets")
    print(f"cp -al of the same tree          {_seconds(rows['cp'])}")
    print(f"staging, the linked part         {_seconds(rows['linked_part'])}  {middle['linked']:.0f} files", end="")
    print(f", {middle['linked_part'] / cp:.2f} x cp -al (at most 1.5)")
    print(f"staging, the copied part         {_seconds(rows['copied_part'])}  {middle['copied']:.0f} files", end="")
    print(f", {middle['copied_mib']:.1f} MiB")
    print(f"staging, both                    {_seconds(rows['tree'])}  {middle['tree'] / cp:.2f} x cp -al")
    print(f"reading who owns which file      {_seconds(rows['owners'])}")
    print(f"the exchange of two folders      {_seconds(rows['exchange'])}  (at most 0.050)")
    print(f"the exchange, made durable       {_seconds(rows['swap'])}")
    print(f"tfrepair --version               {_seconds(rows['version'])}")
    print(f"tfrepair rollback                {_seconds(rows['rollback'])}  --version", end="")
    print(f" {middle['rollback'] - version:+.3f} s (at most +0.300), {middle['rollback'] / version:.2f} x")
    for name, of in (("stage_peak", "staging"), ("version_peak", "--version"), ("rollback_peak", "rollback")):
        print(f"peak memory, {of:<19} {middle[name]:6.1f} MiB, most {max(rows[name]):.1f} (at most 120)")


def _seconds(figures: list[float]) -> str:
    return f"{statistics.median(figures):7.4f} s [{min(figures):.4f}, {max(figures):.4f}]"


if __name__ == "__main__":
    main()
