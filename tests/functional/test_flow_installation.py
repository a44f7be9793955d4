"""An installation of Python itself: repaired where it lies, file by file, beside whatever else shares its prefix."""

import os
import shutil
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest
from functional_support import KERAS, MINOR, NEW, NUMPY_2, OLD, PROTOBUF, site

from tfrepair.execute.fingerprint import tree_lines
from tfrepair.execute.paths import STASH

LEFT_OUT = shutil.ignore_patterns("site-packages", "test", "tests", "idlelib", "__pycache__", "*.a", "config-*")


@pytest.fixture
def python(world):
    """A copy of the Python that runs the tests, with the textbook conflict and a neighbour in its prefix."""
    base, prefix = Path(sys.base_prefix), world.folder / "local"
    try:
        shutil.copytree(base / "lib" / f"python{MINOR}", prefix / "lib" / f"python{MINOR}", ignore=LEFT_OUT)
        (prefix / "bin").mkdir()
        shutil.copy2(os.path.realpath(sys.executable), prefix / "bin" / f"python{MINOR}")
    except OSError as error:
        pytest.skip(f"the Python that runs the tests is not laid out as an installation: {error}")
    for library in base.glob("lib/libpython*"):
        shutil.copy2(library, prefix / "lib", follow_symlinks=False)
    (prefix / "bin" / "python3").symlink_to(f"python{MINOR}")
    (prefix / "bin" / "python").symlink_to("python3")
    site(prefix).mkdir()
    if said(prefix / "bin" / "python", "-c", "import sys; print(sys.prefix)") != str(prefix):
        pytest.skip("the Python that runs the tests cannot be moved")
    (prefix / "share" / "neighbour").mkdir(parents=True)
    (prefix / "share" / "neighbour" / "data").write_text("none of our business")
    for group in (
        [f"numpy=={NUMPY_2}", f"protobuf=={PROTOBUF}", f"keras=={KERAS}", f"tensorflow=={OLD}", "colours"],
        [f"tensorflow-gpu=={NEW}"],
    ):
        world.install(prefix, *group)
    return prefix / "bin" / f"python{MINOR}"


def said(*argv):
    done = subprocess.run([str(word) for word in argv], capture_output=True, text=True, check=False, cwd="/")
    return done.stdout.strip() or done.stderr.strip()


def lines(prefix):
    return [line for line in tree_lines(prefix) if not line.startswith(STASH)]


def test_it_is_repaired_where_it_lies_and_comes_back_exactly(world, python):
    prefix = python.parent.parent
    before, neighbour = lines(prefix), (prefix / "share" / "neighbour" / "data").stat()
    stdlib = (prefix / "lib" / f"python{MINOR}" / "os.py").stat()
    dry = world.tfrepair("fix", "--dry-run", "--python", python)
    assert dry.code == 1, dry
    assert "one by one" in dry.out
    assert lines(prefix) == before
    done = world.tfrepair("fix", "--yes", "--python", python, "--json")
    assert done.code == 0, done
    assert done.json["target"]["kind"] == "system"
    assert world.imported(prefix) == NEW
    assert said(prefix / "bin" / "colours") == "red"
    assert not list(site(prefix).glob("tensorflow_gpu*"))
    assert (prefix / "share" / "neighbour" / "data").stat() == neighbour
    assert (prefix / "lib" / f"python{MINOR}" / "os.py").stat().st_mtime_ns == stdlib.st_mtime_ns
    assert [line for line in lines(prefix) if ".tfrepair" in line] == []
    back = world.tfrepair("rollback", "--yes", "--python", python)
    assert back.code == 0, back
    assert lines(prefix) == before


def test_killed_at_any_moment_the_next_command_puts_it_right(world, python):
    prefix = python.parent.parent
    before = lines(prefix)
    seconds = 0.4
    while True:
        child = world.child(
            "fix", "--yes", "--python", python, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, start_new_session=True
        )
        try:
            child.communicate(timeout=seconds)
            break
        except subprocess.TimeoutExpired:
            os.killpg(child.pid, signal.SIGKILL)
            child.communicate()
        time.sleep(0.1)
        undone = world.tfrepair("rollback", "--yes", "--python", python)
        assert undone.code in {0, 2}, undone
        assert lines(prefix) == before, seconds
        seconds *= 1.35
    assert child.returncode == 0
    assert world.imported(prefix) == NEW


def test_a_rebuild_is_no_way_for_it(world, python):
    done = world.tfrepair("fix", "--yes", "--strategy", "rebuild", "--python", python, "--json")
    assert done.code == 2, done
    assert "--venv" in done.json["error"]["hint"]


def test_one_that_the_operating_system_manages_is_never_written(world, python):
    (python.parent.parent / "lib" / f"python{MINOR}" / "EXTERNALLY-MANAGED").write_text("[externally-managed]\n")
    before = lines(python.parent.parent)
    done = world.tfrepair("fix", "--yes", "--python", python, "--json")
    assert done.code == 4, done
    assert "--venv" in done.json["error"]["hint"]
    assert lines(python.parent.parent) == before
