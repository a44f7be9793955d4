"""How long it takes to validate the built-in playbooks: medians on this machine, and beside the bare start of the tool.

`python benchmarks/validate.py [--rounds N]`. Processor time of the child (user and system) is what counts: it changes
less with what else the machine does than the clock. Each command runs in turn with the others, once without counting.
"""

# ruff: noqa: INP001, T201
from __future__ import annotations

import argparse
import resource
import statistics
import subprocess
import sys
import time
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
FILES = [str(path) for path in sorted((ROOT / "playbooks").glob("*.yaml"))]
TOOL = [sys.executable, "-m", "tfrepair"]
COMMANDS = {
    "python alone": [sys.executable, "-c", "pass"],
    "bare start (--version)": [*TOOL, "--version"],
    "one playbook": [*TOOL, "playbook", "validate", FILES[0]],
    f"all {len(FILES)} built-in playbooks": [*TOOL, "playbook", "validate", *FILES],
    "python with pydantic": [sys.executable, "-c", "import pydantic; pydantic.TypeAdapter"],
}
BARE = "bare start (--version)"


def measured(words: list[str]) -> tuple[float, float]:
    """Milliseconds of the processor and of the clock."""
    before, start = resource.getrusage(resource.RUSAGE_CHILDREN), time.perf_counter()
    done = subprocess.run(words, capture_output=True, check=False, cwd=ROOT)
    clock, after = time.perf_counter() - start, resource.getrusage(resource.RUSAGE_CHILDREN)
    if done.returncode != 0:
        raise SystemExit(f"{' '.join(words)} ended with {done.returncode}: {done.stderr.decode()}")
    used = after.ru_utime + after.ru_stime - before.ru_utime - before.ru_stime
    return used * 1000, clock * 1000


def main() -> None:
    """Print one line for each command."""
    parser = argparse.ArgumentParser(description="Time of validation over the bare start of the tool.")
    parser.add_argument("--rounds", type=int, default=10)
    rounds = parser.parse_args().rounds
    found: dict[str, list[tuple[float, float]]] = {name: [] for name in COMMANDS}
    for number in range(rounds + 1):
        for name, words in COMMANDS.items():
            times = measured(words)
            if number:
                found[name].append(times)
    middle = {name: statistics.median(cpu for cpu, _ in times) for name, times in found.items()}
    print(f"{'':<30} {'median':>8} {'least':>8} {'over bare':>10} {'of bare':>8} {'clock':>8}")
    for name, times in found.items():
        clock = statistics.median(wall for _, wall in times)
        print(
            f"{name:<30} {middle[name]:>5.0f} ms {min(cpu for cpu, _ in times):>5.0f} ms "
            f"{middle[name] - middle[BARE]:>7.0f} ms {middle[name] / middle[BARE]:>7.2f}x {clock:>5.0f} ms"
        )


if __name__ == "__main__":
    main()
