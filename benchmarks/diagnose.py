"""What a look costs: `diagnose --no-import` beside `pip check`, `diagnose` beside the bare smoke script, and growth.

`python benchmarks/diagnose.py --env DIR` with a real environment that has pip. What is compared is measured in turns,
in one run; both sides have bytecode, kept in a private folder, and nothing is written into DIR. The growth is
measured on environments that are made up, of 500, 1000 and 2000 distributions with 10 files each. Beside the seconds
that pass stand those of the processors, which a busy machine disturbs less.
"""

# ruff: noqa: INP001, T201
# A script of its own: it prints, and no package holds it.

from __future__ import annotations

import argparse
import hashlib
import json
import os
import statistics
import subprocess
import sys
import tempfile
import time
from base64 import urlsafe_b64encode
from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

TFREPAIR = (sys.executable, "-m", "tfrepair")
SIZES = (500, 1000, 2000)
FILES = 10
"""Files of each made-up distribution."""
SMOKE = Path(__file__).parent.parent / "tfrepair" / "target" / "scripts" / "smoke_script.py"
ORDER = {"mark": "-----benchmark-----", "extras": [], "gpu": False, "site_folders": [], "modules": []}


def main() -> None:
    """Measure, print."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument(
        "--env", type=Path, metavar="DIR", help="the environment to measure; without it only the growth"
    )
    parser.add_argument("--repeat", type=int, default=9, metavar="N", help="medians of so many runs (default 9)")
    parser.add_argument("--no-growth", action="store_true", help="only the environment")
    parser.add_argument("--static", action="store_true", help="leave out what imports TensorFlow")
    given = parser.parse_args()
    if given.repeat < 1 or (given.env and not (given.env / "pyvenv.cfg").is_file()):
        parser.error("`--env` takes the folder of an environment, `--repeat` at least 1")
    with tempfile.TemporaryDirectory(prefix="tfrepair-benchmark-") as name:
        folder = Path(name)
        environ = private(folder)
        print(f"medians of {given.repeat} runs in turns; {os.cpu_count()} processors, load {os.getloadavg()[0]:.1f}")
        if given.env:
            compare(given.env.absolute(), environ, folder, given.repeat, imports=not given.static)
        if not given.no_growth:
            growth(environ, folder, given.repeat)


def private(folder: Path) -> dict[str, str]:
    """The variables of everything that is started: bytecode, state and Keras's files go into a folder of our own."""
    left_out = {"PYTHONDONTWRITEBYTECODE", "PYTHONPATH", "VIRTUAL_ENV", "CONDA_PREFIX"}
    own = {"PYTHONPYCACHEPREFIX": str(folder / "bytecode"), "TFREPAIR_STATE_DIR": str(folder / "state")}
    quiet = {"CUDA_VISIBLE_DEVICES": "-1", "KERAS_HOME": str(folder / "keras"), "PIP_DISABLE_PIP_VERSION_CHECK": "1"}
    return {name: value for name, value in os.environ.items() if name not in left_out} | own | quiet


def compare(env: Path, environ: Mapping[str, str], folder: Path, repeat: int, *, imports: bool) -> None:
    """A real environment: both looks beside what they are measured against."""
    python = str(env / "bin" / "python")
    commands = {
        "diagnose --no-import": (*TFREPAIR, "diagnose", "--no-import", "--env", str(env)),
        "pip check": (python, "-m", "pip", "check"),
    }
    loading = {
        "diagnose": (*TFREPAIR, "diagnose", "--env", str(env)),
        "smoke script, bare": (python, "-B", "-X", "faulthandler", str(SMOKE), json.dumps(ORDER)),
    }
    files = sum(len(names) for _, _, names in os.walk(env))
    print(f"\n{env}: {files} files")
    report_ratio(in_turns(commands, environ, folder, repeat), "of pip check (goal: 1.00)")
    if imports:
        warm = (python, str(SMOKE), json.dumps(ORDER))  # what the timed ones import has bytecode, as for a user
        subprocess.run(warm, env=environ, cwd=folder, capture_output=True, check=True)
        report_ratio(in_turns(loading, environ, folder, repeat), "of the bare smoke script (goal: 1.15)")


def report_ratio(medians: Mapping[str, tuple[float, float]], what: str) -> None:
    """How the first of two compares with the second."""
    (ours, our_work), (theirs, their_work) = medians.values()
    print(f"  ratio: {ours / theirs:.2f} {what}; of the processors' seconds {our_work / their_work:.2f}")


def growth(environ: Mapping[str, str], folder: Path, repeat: int) -> None:
    """Made-up environments: what each distribution more costs."""
    commands = {}
    for size in SIZES:
        env = made_up(folder / f"env-{size}", size)
        commands[f"{size} distributions"] = (*TFREPAIR, "diagnose", "--no-import", "--env", str(env))
    print(f"\nmade-up environments, {FILES} files a distribution: `diagnose --no-import`")
    median = in_turns(commands, environ, folder, repeat)
    small, middle, large = (median[f"{size} distributions"][1] for size in SIZES)
    first, second = (middle - small) / (SIZES[1] - SIZES[0]), (large - middle) / (SIZES[2] - SIZES[1])
    print(
        f"  each one more takes the processors {first * 1000:.2f} ms up to {SIZES[1]}, "
        f"{second * 1000:.2f} ms up to {SIZES[2]}"
    )


def made_up(env: Path, size: int) -> Path:
    """A virtual environment of this Python with so many distributions, each with a record that is true."""
    subprocess.run([sys.executable, "-m", "venv", "--without-pip", str(env)], check=True)
    site = next(env.glob("lib/python*/site-packages"))
    text = b"value = 1\n"
    digest = urlsafe_b64encode(hashlib.sha256(text).digest()).rstrip(b"=").decode()
    for number in range(size):
        package, metadata = site / f"package_{number}", site / f"package_{number}-1.0.dist-info"
        package.mkdir()
        metadata.mkdir()
        names = ["__init__.py", *(f"module_{index}.py" for index in range(FILES - 1))]
        for name in names:
            (package / name).write_bytes(text)
        needs = f"Requires-Dist: package-{number + 1}>=1\n" if number + 1 < size else ""
        (metadata / "METADATA").write_text(f"Metadata-Version: 2.1\nName: package-{number}\nVersion: 1.0\n{needs}")
        (metadata / "WHEEL").write_text("Wheel-Version: 1.0\nTag: py3-none-any\n")
        lines = [f"{package.name}/{name},sha256={digest},{len(text)}\n" for name in names]
        (metadata / "RECORD").write_text("".join(lines) + f"{metadata.name}/RECORD,,\n")
    return env


def in_turns(
    commands: Mapping[str, Sequence[str]], environ: Mapping[str, str], folder: Path, repeat: int
) -> dict[str, tuple[float, float]]:
    """Of each the median seconds, and those of the processors; the first run is left out: it fills the caches."""
    seconds: dict[str, list[float]] = {name: [] for name in commands}
    work: dict[str, list[float]] = {name: [] for name in commands}
    for turn in range(repeat + 1):
        for name, command in commands.items():
            begun, before = time.perf_counter(), children()
            done = subprocess.run(command, env=environ, cwd=folder, capture_output=True, text=True, check=False)
            if done.returncode not in {0, 1} or "Traceback" in done.stderr:
                sys.exit(f"{' '.join(command)}\nended with {done.returncode}:\n{done.stderr}")
            if turn:
                seconds[name].append(time.perf_counter() - begun)
                work[name].append(children() - before)
    for name, values in seconds.items():
        spread = f"from {min(values):.3f} to {max(values):.3f}"
        print(
            f"  {name:24} {statistics.median(values):7.3f} s   {spread}   "
            f"processors {statistics.median(work[name]):.3f} s"
        )
    return {name: (statistics.median(seconds[name]), statistics.median(work[name])) for name in commands}


def children() -> float:
    """Seconds of the processors that ended children took, with theirs."""
    times = os.times()
    return times.children_user + times.children_system


if __name__ == "__main__":
    main()
