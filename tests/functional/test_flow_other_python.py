"""A release that has no wheel for this Python: the others are named, and taken only when that is allowed."""

import os
import sys
from pathlib import Path

import pytest
from functional_support import KERAS, NUMPY, tensorflow_files, write_wheel

from tfrepair.target.discover import find_bases

OLD_RELEASE = "2.5.3"
"""It has wheels for Python 3.7 to 3.9."""
PYTHONS = {(3, 7), (3, 8), (3, 9)}
BASES = [base for base in find_bases(os.environ) if base.version[:2] in PYTHONS and not base.free_threaded]
pytestmark = pytest.mark.skipif(not BASES, reason="there is no Python 3.7 to 3.9 on this machine")


@pytest.fixture
def other(world, monkeypatch):
    """An interpreter on PATH that the release is for."""
    base = max(BASES, key=lambda base: base.version)
    monkeypatch.setenv("PATH", os.pathsep.join([str(Path(base.executable).parent), os.environ["PATH"]]))
    files = tensorflow_files(OLD_RELEASE)
    write_wheel(world.index, "tensorflow", OLD_RELEASE, files, ["numpy", "protobuf<3.20", "keras"])
    write_wheel(world.index, "protobuf", "3.19.6", {"google/protobuf/__init__.py": "__version__ = '3.19.6'\n"})
    return base


def test_the_interpreters_that_would_do_are_named_with_the_command(world, other):
    env = world.venv(f"numpy=={NUMPY}", f"keras=={KERAS}")
    before = world.tree()
    done = world.tfrepair("fix", "--yes", "--env", env, "--tensorflow", OLD_RELEASE, "--json")
    assert done.code == 4, done
    hint = done.json["error"]["hint"]
    minor = f"{other.version[0]}.{other.version[1]}"
    assert f"`tfrepair fix --env {env} --base-python {minor} --tensorflow {OLD_RELEASE}` rebuilds it" in hint
    assert f"Python {'.'.join(map(str, other.version))} (`{other.executable}`)" in hint
    assert "nothing was changed" in hint
    assert world.tree() == before


@pytest.mark.parametrize("broken", [True, False])
def test_another_python_and_in_place_do_not_go_together(world, other, broken):
    env = world.conflict() if broken else world.healthy()
    before = world.tree()
    minor = f"{other.version[0]}.{other.version[1]}"
    done = world.tfrepair("fix", "--yes", "--env", env, "--strategy", "in-place", "--base-python", minor, "--json")
    assert done.code == 2, done
    assert f"and `--base-python {minor}` names another" in done.json["error"]["message"]
    assert world.tree() == before


@pytest.mark.parametrize("way", ["--allow-python-change", "--base-python"])
def test_another_python_is_taken_only_with_the_option_for_it(world, other, way):
    env = world.venv(f"numpy=={NUMPY}", f"keras=={KERAS}", "colours")
    minor = f"{other.version[0]}.{other.version[1]}"
    options = [way] if way == "--allow-python-change" else [way, minor]
    done = world.tfrepair("fix", "--yes", "--env", env, "--tensorflow", OLD_RELEASE, *options, "--json")
    assert done.code == 0, done
    assert world.imported(env) == OLD_RELEASE
    assert world.imported(env, "sys", "version").startswith(f"{minor}.")
    assert world.imported(env, "colours", "__name__") == "colours"
    assert not sys.version.startswith(f"{minor}.")


def test_a_new_environment_takes_a_python_that_the_release_is_for(world, other):
    done = world.tfrepair("fix", "--yes", "--venv", world.folder / "new", "--tensorflow", OLD_RELEASE, "--json")
    assert done.code == 0, done
    assert world.imported(world.folder / "new") == OLD_RELEASE
    assert world.imported(world.folder / "new", "sys", "version").startswith(f"{other.version[0]}.{other.version[1]}.")
