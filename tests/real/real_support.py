"""Real wheels, real interpreters, the real command line: what the tests of this folder share."""

import json
import os
import subprocess
import sys
from dataclasses import dataclass
from pathlib import Path

import pytest

from tfrepair.execute.fingerprint import tree_lines
from tfrepair.target.discover import find_bases
from tfrepair.target.installer.uv_child import find_uv

_CERTIFICATES = "/certifi/cacert.pem "


@dataclass
class Outcome:
    code: int
    out: str
    err: str

    @property
    def json(self):
        return json.loads(self.out)

    def __str__(self):
        return f"exit {self.code}\n{self.out}\n{self.err}"


@dataclass
class World:
    """A private folder with environments in it, and tfrepair to run on them."""

    folder: Path
    state: Path

    @property
    def environ(self):
        hidden = {"VIRTUAL_ENV", "CONDA_PREFIX", "PYTHONPATH"}
        return {k: v for k, v in os.environ.items() if k not in hidden} | {"TFREPAIR_STATE_DIR": str(self.state)}

    def run(self, *argv, check=True, cwd=None):
        done = subprocess.run(
            [str(a) for a in argv],
            env=self.environ,
            cwd=cwd or self.folder,
            capture_output=True,
            text=True,
            check=False,
        )
        if check:
            assert done.returncode == 0, f"{argv}\n{done.stdout}\n{done.stderr}"
        return done

    def tfrepair(self, *arguments, python=sys.executable):
        done = self.run(python, "-m", "tfrepair", *arguments, check=False)
        return Outcome(done.returncode, done.stdout, done.stderr)

    def venv(self, minor, name="env", *, pip=True):
        folder = self.folder / name
        self.run(base(minor), "-m", "venv", *([] if pip else ["--without-pip"]), folder)
        return folder

    def uv(self, env, *requirements):
        self.run(find_uv(), "pip", "install", "-q", "--python", env / "bin" / "python", *requirements)

    def pip(self, env, *arguments):
        self.run(env / "bin" / "python", "-m", "pip", "-q", "--disable-pip-version-check", *arguments)

    def tree(self, *left_out):
        """Of everything in the folder, neighbours included."""
        hidden = tuple(name + end for name in left_out for end in " /")
        return {row for row in tree(self.folder) if not row.startswith(hidden)}


def tree(folder):
    """A row for each path: name, mode, owner, link or SHA-256 of the content, and extended attributes.

    Of a bundle of certificates only the name: machines add their own authority to new ones, some seconds later.
    """
    return {row.split()[0] if _CERTIFICATES in row else row for row in tree_lines(folder)}


def base(minor):
    for found in find_bases(os.environ):
        if found.version[:2] == tuple(int(part) for part in minor.split(".")) and not found.free_threaded:
            return found.executable
    pytest.skip(f"there is no Python {minor} on this machine")


def site(env):
    return next((env / "lib").glob("python*")) / "site-packages"


COMPUTES = """
import numpy, tensorflow as tf
assert numpy.allclose(tf.matmul([[1., 2.]], [[3.], [4.]]).numpy(), [[11.]])
layer = tf.keras.layers.Dense(2)
assert tuple(layer(tf.ones((3, 4))).shape) == (3, 2)
print(tf.__version__)
"""


def computed(world, env):
    """The version of the TensorFlow that multiplies and runs Keras in this environment, by our own test."""
    done = world.run(env / "bin" / "python", "-B", "-c", COMPUTES)
    return done.stdout.split()[-1]
