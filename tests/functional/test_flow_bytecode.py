"""What is compiled for the first smoke test is used by the second; nothing of it stays, nor lies in the environment."""

import os
import sys
from pathlib import Path

import pytest
from functional_support import KERAS, NEW, NUMPY_2, PROTOBUF, site

from tfrepair.app import bytecode as module
from tfrepair.target import compiling


@pytest.fixture
def kept(monkeypatch):
    """The files of bytecode that there were at the end of a repair, by their place below their folder."""
    found = {}
    moved = module.Bytecode.moved

    def look(self, before, after):
        moved(self, before, after)
        folder = self.folder or Path("nothing")
        found.update({path.relative_to(folder): path.stat().st_ino for path in folder.rglob("*.pyc")})
        found["place"] = self.place

    monkeypatch.setattr(module.Bytecode, "moved", look)
    return found


def test_bytecode_of_the_stage_serves_at_the_final_path(world, kept):
    env = world.conflict()
    done = world.tfrepair("fix", "--yes", "--env", env)
    assert done.code == 0, done
    place = kept.pop("place")
    here = Path(*site(env).parts[1:], "tensorflow")
    assert any(path.is_relative_to(here) for path in kept)
    assert not any(".tfrepair-env" in path.parts for path in kept)
    assert place.is_relative_to(env.parent / ".tfrepair-env")
    assert not place.exists()
    assert not list(env.rglob("*.pyc"))
    assert world.imported(env) == NEW


@pytest.mark.parametrize("compiled", [False, True], ids=["never compiled", "compiled"])
def test_a_tensorflow_that_stays_is_compiled_unless_it_is_already(world, kept, compiled):
    env = world.venv(f"numpy=={NUMPY_2}", f"protobuf=={PROTOBUF}", f"keras=={KERAS}", f"tensorflow=={NEW}")
    before = (site(env) / "tensorflow" / "__init__.py").stat()
    if compiled:
        (site(env) / "tensorflow" / "python" / "ops" / "__pycache__").mkdir(parents=True)
    done = world.tfrepair("fix", "--yes", "--env", env)
    assert done.code == 0, done
    assert os.path.samestat(before, (site(env) / "tensorflow" / "__init__.py").stat()), "it was to stay"
    kept.pop("place")
    here = Path(*site(env).parts[1:], "tensorflow")
    assert any(path.is_relative_to(here) for path in kept) is not compiled


def test_a_python_that_cannot_keep_it_elsewhere_compiles_twice(world, kept, monkeypatch):
    monkeypatch.setattr(module, "OLDEST", (sys.version_info[0], sys.version_info[1] + 1))
    env = world.conflict()
    done = world.tfrepair("fix", "--yes", "--env", env)
    assert done.code == 0, done
    kept.pop("place")
    assert kept == {}
    assert not list(env.rglob("*.pyc"))


def test_where_no_process_can_be_started_for_it_the_import_compiles(world, kept, monkeypatch):
    def refuse(*_, **__):
        raise OSError(11, "no more processes")

    monkeypatch.setattr(compiling, "Helper", refuse)
    env = world.conflict()
    done = world.tfrepair("fix", "--yes", "--env", env)
    assert done.code == 0, done
    kept.pop("place")
    assert any("tensorflow" in path.parts for path in kept)
