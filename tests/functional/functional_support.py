"""A small index of stand-in wheels, real venvs, and tfrepair run on them by its command line."""

import base64
import contextlib
import hashlib
import io
import json
import os
import re
import select
import struct
import subprocess
import sys
import tarfile
import time
import zipfile
from dataclasses import dataclass, field
from pathlib import Path

from tfrepair.execute.fingerprint import tree_lines
from tfrepair.target.installer.uv_child import find_uv

MINOR = f"{sys.version_info[0]}.{sys.version_info[1]}"
RELEASES = {"3.10": ("2.15.0", "2.15.1"), "3.11": ("2.15.0", "2.15.1"), "3.12": ("2.17.0", "2.17.1")}
OLD, NEW = RELEASES.get(MINOR, ("2.20.0", "2.21.0"))
"""Two final releases of TensorFlow that have wheels for the Python that runs the tests."""
NEWEST = NEW == "2.21.0"
"""There is no release that is newer than the stand-ins, and none of NumPy 1."""
KERAS = "2.15.0" if NEW.startswith("2.15.") else "3.5.0"
NUMPY, NUMPY_2 = "1.26.4", "2.1.0"
PROTOBUF = "6.33.0" if NEWEST else "4.25.3"

INIT = '''
"""A stand-in for TensorFlow."""
from tensorflow.python import tools
import numpy
from google import protobuf

__version__ = "{version}"
build = "{build}"

if int(numpy.__version__.partition(".")[0]) > 1:
    raise TypeError("Unable to convert function return value to a Python type! The signature was\\n\\t() -> handle")

from tensorflow.python.framework import Tensor, constant, matmul, ones
import keras
'''
FRAMEWORK = """
class Tensor:
    def __init__(self, rows):
        self.rows = rows
        self.shape = (len(rows), len(rows[0]))

    def numpy(self):
        return self

    def tolist(self):
        return self.rows


def constant(rows):
    return Tensor(rows)


def ones(shape):
    return Tensor([[1.0] * shape[1]] * shape[0])


def matmul(a, b):
    return Tensor([[sum(x * y for x, y in zip(row, column)) for column in zip(*b.rows)] for row in a.rows])
"""
LAYERS = """
class Dense:
    def __init__(self, units):
        self.units = units

    def __call__(self, tensor):
        from tensorflow.python.framework import Tensor

        return Tensor([[0.0] * self.units] * tensor.shape[0])
"""
HEADER = """
#define TF_MAJOR_VERSION {0}
#define TF_MINOR_VERSION {1}
#define TF_PATCH_VERSION {2}
#define TF_VERSION_SUFFIX ""
"""
LIBRARY = b"\x7fELF\x02\x01\x01" + bytes(33) + struct.pack("<Q", 64) + bytes(10) + struct.pack("<HHH", 64, 1, 0)
LIBRARY += b"native code of the stand-in".ljust(64, b"\0")


def tensorflow_files(version, build="cpu", init=INIT):
    """What a stand-in for this release writes; another release differs in nearly every file."""
    stamp = f"\nBUILT = '{build} {version}'\n"
    return {
        "tensorflow/__init__.py": init.replace("{version}", version).replace("{build}", build),
        "tensorflow/python/__init__.py": stamp,
        "tensorflow/python/framework.py": FRAMEWORK + stamp,
        "tensorflow/python/tools.py": stamp,
        "tensorflow/include/tensorflow/core/public/version.h": HEADER.format(*version.split(".")),
        "tensorflow/libtensorflow_framework.so.2": LIBRARY + stamp.encode(),
    }


TENSORFLOW_REQUIRES = ("numpy<2.0.0,>=1.23.5", f"protobuf>={PROTOBUF}", f"keras>={KERAS}")


def record_row(name, data):
    digest = base64.urlsafe_b64encode(hashlib.sha256(data).digest()).rstrip(b"=").decode()
    return f"{name},sha256={digest},{len(data)}"


def write_wheel(folder, name, version, files, requires=(), scripts=None):
    """A wheel for every Python, its RECORD correct; returns its path."""
    stem = f"{name.replace('-', '_')}-{version}"
    info = f"{stem}.dist-info"
    metadata = [f"Metadata-Version: 2.1\nName: {name}\nVersion: {version}", *(f"Requires-Dist: {r}" for r in requires)]
    content = {path: text.encode() if isinstance(text, str) else text for path, text in files.items()}
    content[f"{info}/METADATA"] = ("\n".join(metadata) + "\n").encode()
    content[f"{info}/WHEEL"] = b"Wheel-Version: 1.0\nGenerator: tests\nRoot-Is-Purelib: true\nTag: py3-none-any\n"
    if scripts:
        lines = [f"{script} = {target}" for script, target in scripts.items()]
        content[f"{info}/entry_points.txt"] = ("[console_scripts]\n" + "\n".join(lines) + "\n").encode()
    rows = [record_row(path, data) for path, data in content.items()]
    content[f"{info}/RECORD"] = ("\n".join([*rows, f"{info}/RECORD,,"]) + "\n").encode()
    path = folder / f"{stem}-py3-none-any.whl"
    with zipfile.ZipFile(path, "w") as archive:
        for member, data in content.items():
            archive.writestr(zipfile.ZipInfo(member, (2024, 1, 1, 0, 0, 0)), data)
    return path


def write_slow_sdist(folder, name, version):
    """A source archive whose build starts a child, tells that it began, and does not end for minutes."""
    backend = (
        "import os, pathlib, subprocess, sys\n"
        "def get_requires_for_build_wheel(config_settings=None): return []\n"
        "def prepare_metadata_for_build_wheel(folder, config_settings=None):\n"
        f"    info = pathlib.Path(folder, '{name}-{version}.dist-info')\n"
        "    info.mkdir()\n"
        f"    (info / 'METADATA').write_text('Metadata-Version: 2.1\\nName: {name}\\nVersion: {version}\\n')\n"
        "    (info / 'WHEEL').write_text('Wheel-Version: 1.0\\nGenerator: t\\nRoot-Is-Purelib: true\\nTag: py3-none-any\\n')\n"
        "    return info.name\n"
        "def build_wheel(folder, config_settings=None, metadata_directory=None):\n"
        "    child = subprocess.Popen([sys.executable, '-c', 'import time; time.sleep(300)'])\n"
        "    pathlib.Path(os.environ['SLOW_MARK']).write_text(f'{os.getpid()} {child.pid}')\n"
        "    child.wait()\n"
    )
    project = '[build-system]\nrequires = []\nbuild-backend = "backend"\nbackend-path = ["."]\n'
    project += f'[project]\nname = "{name}"\nversion = "{version}"\n'
    return _write_sdist(folder, name, version, backend, project)


def write_marking_sdist(folder, name, version, mark):
    """A source archive that leaves a mark when any part of its build runs."""
    backend = (
        "import pathlib\n"
        f"pathlib.Path({str(mark)!r}).touch()\n"
        "def get_requires_for_build_wheel(config_settings=None): return []\n"
        "def prepare_metadata_for_build_wheel(folder, config_settings=None):\n"
        f"    info = pathlib.Path(folder, '{name}-{version}.dist-info')\n"
        "    info.mkdir()\n"
        f"    (info / 'METADATA').write_text('Metadata-Version: 2.1\\nName: {name}\\nVersion: {version}\\n')\n"
        "    (info / 'WHEEL').write_text('Wheel-Version: 1.0\\nGenerator: t\\nRoot-Is-Purelib: true\\nTag: py3-none-any\\n')\n"
        "    return info.name\n"
        "def build_wheel(folder, config_settings=None, metadata_directory=None): raise SystemExit\n"
    )
    project = '[build-system]\nrequires = []\nbuild-backend = "backend"\nbackend-path = ["."]\n'
    project += f'[project]\nname = "{name}"\ndynamic = ["version", "dependencies"]\n'
    return _write_sdist(folder, name, version, backend, project)


def _write_sdist(folder, name, version, backend, project):
    files = {
        "backend.py": backend,
        "pyproject.toml": project,
        "PKG-INFO": f"Metadata-Version: 2.1\nName: {name}\nVersion: {version}\n",
    }
    path = folder / f"{name}-{version}.tar.gz"
    with tarfile.open(path, "w:gz") as archive:
        for member, text in files.items():
            entry = tarfile.TarInfo(f"{name}-{version}/{member}")
            entry.size = len(text)
            archive.addfile(entry, io.BytesIO(text.encode()))
    return path


def fill_index(folder):
    """The wheels that every test can have."""
    for version in (OLD, NEW):
        write_wheel(folder, "tensorflow", version, tensorflow_files(version), TENSORFLOW_REQUIRES)
    write_wheel(folder, "tensorflow-gpu", NEW, tensorflow_files(NEW, "gpu"), TENSORFLOW_REQUIRES)
    for version in (NUMPY, NUMPY_2):
        write_wheel(folder, "numpy", version, {"numpy/__init__.py": f"__version__ = '{version}'\n{'#' * 200}\n"})
    write_wheel(folder, "protobuf", PROTOBUF, {"google/protobuf/__init__.py": f"__version__ = '{PROTOBUF}'\n"})
    write_wheel(
        folder,
        "keras",
        KERAS,
        {"keras/__init__.py": f"__version__ = '{KERAS}'\nfrom keras import layers\n", "keras/layers.py": LAYERS},
    )
    colours = "def main():\n    print('red')\n"
    write_wheel(folder, "colours", "1.0", {"colours/__init__.py": colours}, scripts={"colours": "colours:main"})
    write_wheel(folder, "lamp", "2.0", {"lamp.py": "import colours\n"}, ["colours>=1"])


@dataclass
class Outcome:
    code: int
    out: str
    err: str

    @property
    def json(self):
        """The one document on standard output."""
        return json.loads(self.out)

    @property
    def ids(self):
        return [finding["id"] for finding in self.json["findings"]]

    def __str__(self):
        return f"exit {self.code}\n--- out\n{self.out}\n--- err\n{self.err}"


@dataclass
class World:
    """A private folder with environments in it, an index, and tfrepair to run on them."""

    folder: Path
    """What lies here is the user's; environments are made in it."""
    index: Path
    state: Path
    environ: dict = field(default_factory=dict)
    capture: object = None

    def tfrepair(self, *arguments, links=True):
        """Run the command line in this process."""
        from tfrepair.cli.app import run

        words = [str(word) for word in arguments]
        if links and words[0] == "fix":
            words += ["--find-links", str(self.index)]
        self.capture.readouterr()
        code = run(words)
        out, err = self.capture.readouterr()
        return Outcome(code, out, err)

    def child(self, *arguments, **options):
        """Start `python -m tfrepair`; the caller waits for it."""
        words = [sys.executable, "-m", "tfrepair", *(str(word) for word in arguments)]
        if arguments[0] == "fix":
            words += ["--find-links", str(self.index)]
        return subprocess.Popen(words, cwd=self.folder, env={**os.environ, **options.pop("environ", {})}, **options)

    def venv(self, *requirements, name="env", prompt=None):
        env = self.folder / name
        options = ["--prompt", prompt] if prompt else []
        done = subprocess.run(
            [sys.executable, "-m", "venv", "--without-pip", *options, str(env)],
            capture_output=True,
            text=True,
            check=False,
        )
        assert done.returncode == 0, done.stderr
        last = [text for text in requirements if text.startswith("tensorflow-gpu")]
        for group in ([text for text in requirements if text not in last], last):
            if group:
                self.install(env, *group)
        return env

    def install(self, env, *requirements):
        """These distributions and nothing that they ask for, whatever is there already."""
        done = subprocess.run(
            [
                find_uv(), "pip", "install", "-q", "--no-config", "--offline", "--no-index", "--no-deps",
                "--find-links", str(self.index), "--python", str(env / "bin" / "python"), *requirements,
            ],
            capture_output=True, text=True, check=False,
        )  # fmt: skip
        assert done.returncode == 0, done.stderr

    def healthy(self, **options):
        return self.venv(f"numpy=={NUMPY}", f"protobuf=={PROTOBUF}", f"keras=={KERAS}", f"tensorflow=={NEW}", **options)

    def conflict(self, *more, **options):
        """tensorflow, then tensorflow-gpu over it, with a NumPy that neither can use."""
        return self.venv(
            f"numpy=={NUMPY_2}", f"protobuf=={PROTOBUF}", f"keras=={KERAS}", f"tensorflow=={OLD}",
            f"tensorflow-gpu=={NEW}", *more, **options,
        )  # fmt: skip

    def imported(self, env, module="tensorflow", name="__version__"):
        """What this module of the environment says of itself, asked without writing bytecode."""
        code = f"import {module}; print({module}.{name})"
        done = subprocess.run(
            [str(env / "bin" / "python"), "-B", "-c", code], capture_output=True, text=True, check=False, cwd="/"
        )
        return done.stdout.strip() or done.stderr.strip().splitlines()[-1]

    def tree(self, *left_out):
        """Every path of the world's folder with its type, mode, owner and content: neighbours included."""
        lines = list(tree_lines(self.folder))
        return [line for line in lines if not any(re.match(rf"{re.escape(name)}[/ ]", line) for name in left_out)]

    def times(self, env):
        """Every path with the times of its last change, by content and by inode."""
        found = {}
        for path in [env, *env.rglob("*")]:
            with contextlib.suppress(FileNotFoundError):
                stat = path.lstat()
                found[str(path)] = (stat.st_mtime_ns, stat.st_ctime_ns, stat.st_ino)
        return found

    def records(self):
        """The run folders, the oldest first."""
        runs = self.state / "runs"
        return sorted(runs.iterdir()) if runs.is_dir() else []

    def log(self, record):
        """The events of a run's log.jsonl."""
        return [json.loads(line) for line in (record / "log.jsonl").read_text().splitlines()]


def screens(leader, *, seconds):
    """What stands on a pseudo-terminal, over and over, until whoever writes to it ends."""
    screen, deadline = b"", time.monotonic() + seconds
    while time.monotonic() < deadline:
        if select.select([leader], [], [], 0.2)[0]:
            try:
                chunk = os.read(leader, 4096)
            except OSError:
                return
            if not chunk:
                return
            screen += chunk
        yield screen


def site(env):
    return env / "lib" / f"python{MINOR}" / "site-packages"


def naming(folder, text):
    """The files below a folder that hold this text."""
    return [p for p in folder.rglob("*") if p.is_file() and not p.is_symlink() and text.encode() in p.read_bytes()]


def json_of(path):
    return json.loads(path.read_text())


def plain(value):
    """As it comes back from JSON."""
    return json.loads(json.dumps(value))


def said(*argv):
    """What a program prints, or complains of."""
    done = subprocess.run([str(word) for word in argv], capture_output=True, text=True, check=False, cwd="/")
    return done.stdout.strip() or done.stderr.strip()
