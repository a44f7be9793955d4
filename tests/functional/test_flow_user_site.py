"""What a user installed for himself into an installation of Python: repaired where it lies, beside what others keep there."""

import os
import subprocess
import sys
from pathlib import Path

import pytest
from functional_support import KERAS, MINOR, NEW, NUMPY_2, OLD, PROTOBUF, write_wheel

from tfrepair.execute.fingerprint import tree_lines
from tfrepair.target.installer.uv_child import find_uv


class Home:
    """A user's home folder with a `.local`, and the Python that its user site belongs to."""

    def __init__(self, world, python):
        self.world = world
        self.python = python
        self.base = Path(os.environ["HOME"], ".local")
        self.site = self.base / "lib" / f"python{MINOR}" / "site-packages"

    def install(self, *requirements):
        done = subprocess.run(
            [
                find_uv(), "pip", "install", "-q", "--no-config", "--offline", "--no-index", "--no-deps", "--prefix",
                str(self.base), "--find-links", str(self.world.index), "--python", str(self.python), *requirements,
            ],
            capture_output=True, text=True, check=False,
        )  # fmt: skip
        assert done.returncode == 0, done.stderr

    def imported(self):
        code = "import tensorflow; print(tensorflow.__version__, tensorflow.__file__)"
        done = subprocess.run([self.python, "-B", "-c", code], capture_output=True, text=True, check=False, cwd="/")
        return done.stdout.split() or done.stderr.splitlines()[-1]

    def lines(self):
        return list(tree_lines(self.base))


@pytest.fixture
def home(world):
    python = Path(sys.base_prefix, "bin", f"python{MINOR}")
    if not python.is_file():
        pytest.skip("the Python that runs the tests is not laid out as an installation")
    found = Home(world, python)
    for group in (
        [f"numpy=={NUMPY_2}", f"protobuf=={PROTOBUF}", f"keras=={KERAS}", f"tensorflow=={OLD}", "colours"],
        [f"tensorflow-gpu=={NEW}"],
    ):
        found.install(*group)
    (found.base / "share" / "neighbour").mkdir(parents=True)
    (found.base / "share" / "neighbour" / "data").write_text("none of our business")
    (found.base / "bin" / "theirs").write_text("#!/bin/sh\necho hello\n")
    (found.base / "bin" / "theirs").chmod(0o755)
    return found


def test_it_is_recognised_named_and_diagnosed(world, home):
    done = world.tfrepair("diagnose", "--python", home.python, "--json")
    assert done.code == 1, done
    assert done.json["target"]["kind"] == "user"
    assert done.json["target"]["prefix"] == str(home.base)
    assert done.ids[0] == "conflicting-distributions"
    text = world.tfrepair("diagnose", "--python", home.python, "--no-import").out
    assert f"TensorFlow lies in its user site `{home.site}`" in text
    assert "tfrepair fix --dry-run --python" in text


@pytest.mark.parametrize("installer", ["uv", "pip"])
def test_it_is_repaired_where_it_lies_and_comes_back_exactly(world, home, installer):
    before = home.lines()
    theirs = (home.base / "bin" / "theirs").stat()
    python_before = list(tree_lines(Path(sys.base_prefix, "bin")))
    dry = world.tfrepair("fix", "--dry-run", "--python", home.python)
    assert dry.code == 1, dry
    assert "one by one" in dry.out
    assert home.lines() == before
    done = world.tfrepair("fix", "--yes", "--python", home.python, "--installer", installer, "--json")
    assert done.code == 0, done
    assert done.json["target"]["kind"] == "user"
    assert done.json["result"]["python"] == str(home.python)
    assert home.imported() == [NEW, str(home.site / "tensorflow" / "__init__.py")]
    now = (home.base / "bin" / "theirs").stat()
    assert (now.st_ino, now.st_mtime_ns) == (theirs.st_ino, theirs.st_mtime_ns)
    assert not [line for line in home.lines() if "tfrepair" in line]
    colours = subprocess.run([home.base / "bin" / "colours"], capture_output=True, text=True, check=True).stdout
    assert colours == "red\n"
    assert list(tree_lines(Path(sys.base_prefix, "bin"))) == python_before
    again = world.tfrepair("verify", "--python", home.python)
    assert again.code == 0, again
    back = world.tfrepair("rollback", "--yes", "--python", home.python)
    assert back.code == 0, back
    assert "through a link" not in back.out + back.err
    assert home.lines() == before


def test_a_repair_that_does_not_hold_leaves_it_as_it_was(world, home):
    write_wheel(world.index, "tensorflow", NEW, {"tensorflow/__init__.py": "raise ImportError('never')\n"})
    before = home.lines()
    done = world.tfrepair("fix", "--yes", "--python", home.python, "--json")
    assert done.code == 3, done
    assert home.lines() == before
    beside = home.base.with_name(".tfrepair-.local")
    assert {path.name for path in beside.iterdir()} == {".gitignore", "current.json", "lock"}


def test_the_python_of_an_operating_system_is_no_obstacle_and_is_not_written(world, home):
    """The marker of PEP 668 speaks of what the system's package manager owns; the user site is the user's."""
    managed = Path("/usr/bin/python3")
    marker = list(Path("/usr/lib").glob("python3*/EXTERNALLY-MANAGED"))
    if not managed.exists() or not marker:
        pytest.skip("the system's Python is not externally managed here")
    minor = marker[0].parent.name.removeprefix("python")
    if minor != MINOR:
        pytest.skip(f"the system's Python is {minor}, the stand-in wheels are for {MINOR}")
    system = Home(world, managed)
    done = world.tfrepair("fix", "--yes", "--python", managed, "--json")
    assert done.code == 0, done
    assert done.json["target"]["kind"] == "user"
    assert system.imported() == [NEW, str(system.site / "tensorflow" / "__init__.py")]


def test_without_the_user_site_the_installation_itself_is_meant(world, home, monkeypatch):
    monkeypatch.setenv("PYTHONNOUSERSITE", "1")
    done = world.tfrepair("diagnose", "--no-import", "--python", home.python, "--json")
    assert done.json["target"]["kind"] == "system"


def test_only_companions_in_it_are_no_tensorflow(world, home):
    for path in home.site.glob("tensorflow*"):
        subprocess.run(["rm", "-r", path], check=True)
    (home.site / "tensorflow_hub").mkdir()
    (home.site / "tensorflow_hub-0.16.1.dist-info").mkdir()
    done = world.tfrepair("diagnose", "--no-import", "--python", home.python, "--json")
    assert done.json["target"]["kind"] == "system"


def test_a_rebuild_is_no_way_for_it(world, home):
    done = world.tfrepair("fix", "--yes", "--strategy", "rebuild", "--python", home.python, "--json")
    assert done.code == 2, done
    assert "--venv" in done.json["error"]["hint"]


def test_it_lies_beside_a_healthy_environment_that_is_not_touched(world, home):
    env = world.healthy()
    done = world.tfrepair("diagnose", "--env", env, "--json")
    assert done.code == 0, done
    assert done.json["target"]["kind"] == "venv"
