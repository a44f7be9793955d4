"""Healthy environments, and what `diagnose` says of them: an error in one of them is a false alarm.

    python tests/real/healthy.py                 # all of it, an hour and more; goes on where it was cut off
    python tests/real/healthy.py --limit 3       # the next three rows that have no outcome yet
    python tests/real/healthy.py --only jax --again
    python tests/real/healthy.py --sample 6      # six rows that span the eras, the table left alone

For each row it makes an environment as pip would have made it on that row's day, runs `tfrepair diagnose --json`, deletes
the environment, and writes the outcome into a Markdown table beside the rows that are there already. Where `diagnose` does
not say that TensorFlow computed, a line of our own tries it: an environment in which that fails too is not healthy, is
shown as such, and proves nothing. Ends with 1 when a row had an error.
"""

import argparse
import json
import os
import re
import shutil
import subprocess
import sys
import tempfile
import time
from dataclasses import dataclass
from datetime import datetime, timedelta, timezone
from pathlib import Path

from tfrepair.target.bases import find_bases
from tfrepair.target.installer.uv_child import find_uv
from tfrepair.target.release_data import load_releases

TABLE = Path(__file__).parent.parent.parent / "docs" / "healthy.md"
NEVER_BUILT = (
    "tensorflow", "numpy", "h5py", "grpcio", "scipy", "pandas", "pyarrow", "opencv-python", "matplotlib", "tokenizers",
    "jaxlib", "torch", "scikit-learn", "pillow", "lxml", "cryptography", "protobuf", "ml-dtypes", "libclang",
)  # fmt: skip
"""What takes an hour, or a compiler, to build from source."""
LIMIT = 1500.0
"""Seconds for an installation."""
ROWS = (
    # Python, what is asked for together, the day of the release or None for today
    ("3.6", "tensorflow==1.14.0", "release"),
    ("3.6", "tensorflow-cpu==2.1.4", "release"),
    ("3.6", "tensorflow-cpu==2.6.2 pandas", "release"),
    ("3.7", "tensorflow==1.15.5 keras==2.3.1", "release"),
    ("3.7", "tensorflow-cpu==2.3.4 scikit-learn", "release"),
    ("3.7", "tensorflow-cpu==2.11.0 matplotlib", "release"),
    ("3.8", "tensorflow-cpu==2.4.4", "release"),
    ("3.8", "tensorflow-cpu==2.7.4 pandas scikit-learn", "release"),
    ("3.8", "tensorflow-cpu==2.13.1 notebook", "release"),
    ("3.9", "tensorflow-cpu==2.5.3", "release"),
    ("3.9", "tensorflow-cpu==2.8.4 opencv-python-headless", "release"),
    ("3.9", "tensorflow-cpu==2.9.3 tensorflow-hub", "release"),
    ("3.9", "tensorflow-cpu==2.19.1 pandas", None),
    ("3.9", "tensorflow-cpu==2.20.0", None),
    ("3.10", "tensorflow-cpu==2.10.1 jupyterlab", "release"),
    ("3.10", "tensorflow==2.10.1 transformers", "release"),
    ("3.10", "tensorflow-cpu==2.10.1 torch==1.12.1", "release"),
    ("3.10", "tensorflow-cpu==2.13.1 pandas", "release"),
    ("3.10", "tensorflow==2.14.1", "release"),
    ("3.10", "intel-tensorflow==2.14.0", "release"),
    ("3.10", "tensorflow==2.16.2 tf-keras==2.16.*", "release"),
    ("3.10", "tensorflow-cpu==2.21.0 scipy pandas", None),
    ("3.11", "tensorflow-cpu==2.12.1", "release"),
    ("3.11", "tensorflow-cpu==2.13.1 tensorflow-datasets", "release"),
    ("3.11", "tensorflow-cpu==2.14.1 streamlit", "release"),
    ("3.11", "tensorflow-cpu==2.15.1 numpy<2 transformers", "release"),
    ("3.11", "tensorflow-cpu==2.15.1 numpy<2 mlflow", "release"),
    ("3.11", "tensorflow-cpu==2.16.2 opencv-python-headless", "release"),
    ("3.11", "tensorflow-cpu==2.17.1 xgboost", "release"),
    ("3.11", "tensorflow-cpu==2.18.1 jupyterlab pandas scikit-learn matplotlib", "release"),
    ("3.11", "tensorflow==2.18.1 tf-keras==2.18.* tensorflow-probability", "release"),
    ("3.11", "tensorflow-cpu==2.19.1 setuptools<82 tensorboard", None),
    ("3.11", "tensorflow-cpu==2.20.0 transformers", None),
    ("3.11", "tensorflow-cpu==2.20.0 jax[cpu] flax", None),
    ("3.11", "tensorflow==2.20.0 pandas polars", None),
    ("3.12", "tensorflow-cpu==2.16.2", "release"),
    ("3.12", "tensorflow-cpu==2.17.1 onnx", "release"),
    ("3.12", "tensorflow-cpu==2.19.1", None),
    ("3.12", "tensorflow-cpu==2.20.0 keras-tuner", None),
    ("3.12", "tensorflow-cpu==2.21.0 jax[cpu]", None),
    ("3.12", "tensorflow-cpu==2.21.0 fastapi uvicorn pydantic", None),
    ("3.12", "tensorflow==2.21.0 ipykernel", None),
    ("3.13", "tensorflow-cpu==2.20.0 pandas pyarrow", None),
    ("3.13", "tensorflow-cpu==2.21.0", None),
    ("3.13", "tensorflow-cpu==2.21.0 opencv-python-headless grpcio-tools", None),
)
SAMPLE = (0, 5, 17, 25, 32, 43)
"""Rows that span the eras, none of them large."""
IMPORTS = (
    "import numpy, tensorflow as tf; "
    "assert numpy.matmul([[2.0]], [[3.0]]) == 6; "
    "print(tf.__version__, tf.keras.layers.Dense(1) and 'works')"
)
COLUMNS = ("Python", "asked for", "as of", "files", "outcome", "warnings", "seconds", "day")
HEAD = """# Healthy environments

Environments in which TensorFlow works, and what `tfrepair diagnose` says of them. `no error` is what must stand in every
row; warnings are shown by their id. `as of` is the day that the versions are of. Written by `tests/real/healthy.py` on
Linux, x86_64; the seconds are those of `diagnose`, the import included, on a busy machine.

"""


@dataclass(frozen=True)
class Row:
    python: str
    asked: tuple
    day: str
    """Empty for today."""

    @property
    def key(self):
        return self.python, " ".join(self.asked)

    def __str__(self):
        return f"{' '.join(self.asked)} on Python {self.python}"


@dataclass
class Outcome:
    row: Row
    files: int = 0
    said: str = ""
    warnings: tuple = ()
    seconds: float = 0.0

    @property
    def ok(self):
        return self.said == "no error"

    @property
    def cells(self):
        r = self.row
        day = datetime.now(timezone.utc).date().isoformat()
        cells = (*r.key, r.day, str(self.files), self.said, ", ".join(self.warnings), f"{self.seconds:.0f}", day)
        return tuple(re.sub(r"[\s|]+", " ", cell).strip() for cell in cells)


def rows():
    return [
        Row(python, tuple(text.split()), released(text.split()[0]) if when == "release" else "")
        for python, text, when in ROWS
    ]


def released(requirement):
    """A month after the release, when what was written for it was there too."""
    name, _, version = requirement.partition("==")
    day = datetime.fromisoformat(load_releases().get(name, version).date)
    return (day + timedelta(days=30)).date().isoformat()


def bases():
    """The interpreters of this machine by minor version."""
    return {base.minor: base.executable for base in reversed(list(find_bases(os.environ))) if not base.free_threaded}


def attempt(row, base):
    """Make it, try it, diagnose it; it is gone afterwards."""
    folder = Path(tempfile.mkdtemp(prefix="tfrepair-healthy-"))
    hidden = {"VIRTUAL_ENV", "CONDA_PREFIX", "PYTHONPATH"}
    environ = {k: v for k, v in os.environ.items() if k not in hidden} | {"TFREPAIR_STATE_DIR": str(folder / "state")}
    outcome = Outcome(row)
    try:
        env = folder / "env"
        problem = installed(row, base, env, environ, folder)
        outcome.files = sum(len(names) for _, _, names in os.walk(env))
        outcome.said = problem or diagnosed(outcome, env, environ, folder)
        if problem is None and not outcome.ok:
            outcome.said = computed(env, environ, folder) or outcome.said
    finally:
        shutil.rmtree(folder, ignore_errors=True)
    return outcome


def installed(row, base, env, environ, folder):
    """Why there is no environment; None when there is."""
    python = env / "bin" / "python"
    unbuilt = [word for name in NEVER_BUILT for word in ("--only-binary", name)]
    dated = ["--exclude-newer", row.day] if row.day else []
    for argv in (
        [base, "-m", "venv", "--without-pip", env],
        [find_uv(), "pip", "install", "-q", "--python", python, *unbuilt, *dated, *row.asked],
    ):
        done = ran(argv, environ, folder, LIMIT)
        if done.returncode:
            return unhealthy(done)
    return None


def computed(env, environ, folder):
    """Why TensorFlow does not work, by a line that is not tfrepair's; None when it does."""
    done = ran([env / "bin" / "python", "-B", "-c", IMPORTS], environ, folder, LIMIT)
    return unhealthy(done) if done.returncode else None


def unhealthy(done):
    return f"not healthy: {(done.stderr.strip().splitlines() or ['it failed'])[-1][:200]}"


def diagnosed(outcome, env, environ, folder):
    argv = [sys.executable, "-m", "tfrepair", "diagnose", "--json", "--env", env]
    begun = time.monotonic()
    done = ran(argv, environ, folder, LIMIT)
    outcome.seconds = time.monotonic() - begun
    try:
        document = json.loads(done.stdout)
    except ValueError:
        return f"failed: {(done.stderr.strip().splitlines() or ['nothing was printed'])[-1][:200]}"
    found = document.get("findings", [])
    outcome.warnings = tuple(each["id"] for each in found if each["severity"] == "warning")
    errors = [each["id"] for each in found if each["severity"] == "error"]
    if errors:
        return f"false alarm: {', '.join(errors)}"
    worked = document.get("result", {}).get("smoke", {}).get("ok") is True
    return "no error" if done.returncode == 0 and worked else f"failed: it ended with {done.returncode}"


def ran(argv, environ, folder, limit):
    try:
        return subprocess.run(
            [str(word) for word in argv],
            env=environ,
            cwd=folder,
            capture_output=True,
            text=True,
            timeout=limit,
            check=False,
        )
    except subprocess.TimeoutExpired:
        return subprocess.CompletedProcess(argv, 1, "", f"it did not end within {limit:g} seconds")


def read_table(path):
    """The rows of a table written before, by Python and requirements."""
    found = {}
    if path.is_file():
        for line in path.read_text(encoding="utf-8").splitlines():
            cells = tuple(cell.strip() for cell in line.strip().strip("|").split(" | "))
            if len(cells) == len(COLUMNS) and re.match(r"\d", cells[0]):
                found[cells[:2]] = cells
    return found


def write_table(path, found):
    """The whole table in the order of the rows; what is no longer a row is left out."""
    kept = [found[row.key] for row in rows() if row.key in found]
    good = sum(cells[4] == "no error" for cells in kept)
    head = f"{good} of {len(kept)} environments without an error; last change {max(cells[-1] for cells in kept)}."
    lines = [head, "", line_of(COLUMNS), line_of(["---"] * len(COLUMNS)), *map(line_of, kept)]
    fresh = path.with_suffix(".new")
    fresh.write_text(HEAD + "\n".join(lines) + "\n", encoding="utf-8")
    fresh.replace(path)


def line_of(cells):
    return f"| {' | '.join(cell or ' ' for cell in cells)} |"


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument(
        "--sample", action="store_true", help="only six rows that span the eras; the table is left alone"
    )
    parser.add_argument("--limit", type=int, help="at most so many rows")
    parser.add_argument("--only", metavar="TEXT", help="only rows that hold this text")
    parser.add_argument("--again", action="store_true", help="also rows that have an outcome without an error")
    parser.add_argument("--fresh", action="store_true", help="only rows that have no outcome at all")
    parser.add_argument("--table", type=Path, default=TABLE)
    options = parser.parse_args()
    here, before = bases(), read_table(options.table)
    wanted = [rows()[index] for index in SAMPLE] if options.sample else rows()
    wanted = [row for row in wanted if row.python in here and (not options.only or options.only in str(row))]
    if options.fresh:
        wanted = [row for row in wanted if row.key not in before]
    elif not options.again and not options.sample:
        wanted = [row for row in wanted if row.key not in before or before[row.key][4] != "no error"]
    good = True
    for row in wanted[: options.limit]:
        outcome = attempt(row, here[row.python])
        good = good and outcome.ok
        print(f"{row}: {outcome.said}; {', '.join(outcome.warnings)}; {outcome.seconds:.0f} s", flush=True)
        if not options.sample:
            write_table(options.table, {**read_table(options.table), row.key: outcome.cells})
    return 0 if good else 1


if __name__ == "__main__":
    sys.exit(main())
