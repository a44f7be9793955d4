"""What is compiled for the first smoke test is used by the second, and by the user's imports afterwards."""

import json
import os
import sys
from pathlib import Path

import pytest
from functional_support import KERAS, NEW, NUMPY_2, PROTOBUF, site

from tfrepair.app import bytecode as module
from tfrepair.execute.fingerprint import tree_digest
from tfrepair.target import compiling


@pytest.fixture
def kept(monkeypatch):
    """The files of bytecode that lay outside the environment at the end of a repair, by their place there.

    The user wants none in the environment, unless a test says otherwise.
    """
    monkeypatch.setenv("PYTHONDONTWRITEBYTECODE", "1")
    found = {}
    moved = module.Bytecode.moved

    def look(self, before):
        moved(self, before)
        folder = self.folder or Path("nothing")
        found.update({path.relative_to(folder): path.stat().st_ino for path in folder.rglob("*.pyc")})
        found["place"] = self.place

    monkeypatch.setattr(module.Bytecode, "moved", look)
    return found


def test_a_repaired_environment_has_the_bytecode_of_what_its_import_needs(world, kept, monkeypatch):
    monkeypatch.delenv("PYTHONDONTWRITEBYTECODE")
    env = world.conflict()
    before = tree_digest(env)
    done = world.tfrepair("fix", "--yes", "--env", env)
    assert done.code == 0, done
    found = {path for path in env.rglob("*.pyc") if path.parent.parent == site(env) / "tensorflow"}
    assert any(path.name.startswith("__init__.") for path in found)
    assert not any(b".tfrepair-env" in path.read_bytes() for path in env.rglob("*.pyc"))
    assert not kept["place"].exists()
    (pack,) = Path(os.environ["TFREPAIR_STATE_DIR"], "bytecode").iterdir()
    assert pack.suffix == ".pack"
    assert world.imported(env) == NEW
    assert world.tfrepair("rollback", "--yes", "--env", env).code == 0
    assert tree_digest(env) == before


def test_a_further_repair_takes_what_an_earlier_one_compiled(world, kept, monkeypatch):
    monkeypatch.delenv("PYTHONDONTWRITEBYTECODE")
    monkeypatch.setattr(compiling, "_processors", lambda: 2)
    there = []
    begin = module.Bytecode.begin

    def look(self, *arguments):
        begin(self, *arguments)
        self.wait()  # or this small TensorFlow's import, which compiles too, may be there first
        assert list(self.folder.rglob("framework.*.pyc"))
        (taken,) = self.folder.glob("taken-*.json")
        there.append([each for each in json.loads(taken.read_text()) if each.endswith("/framework.py")])

    monkeypatch.setattr(module.Bytecode, "begin", look)
    envs = world.conflict(name="first"), world.conflict(name="second")
    for env in envs:
        assert world.tfrepair("fix", "--yes", "--env", env).code == 0
    assert [bool(names) for names in there] == [False, True], "the second was compiled anew"
    assert any(bytes(envs[1]) in path.read_bytes() for path in site(envs[1]).rglob("framework.*.pyc"))


@pytest.mark.parametrize("variable", ["PYTHONDONTWRITEBYTECODE", "PYTHONPYCACHEPREFIX"])
def test_whoever_wants_no_bytecode_there_gets_none(world, kept, monkeypatch, tmp_path, variable):
    monkeypatch.delenv("PYTHONDONTWRITEBYTECODE")
    monkeypatch.setenv(variable, str(tmp_path / "elsewhere"))
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
    assert not Path(os.environ["TFREPAIR_STATE_DIR"], "bytecode").exists()
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
