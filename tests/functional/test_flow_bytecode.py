"""What is compiled for the first smoke test is used by the second, and by the user's imports afterwards."""

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
    assert {path.suffix for path in Path(os.environ["TFREPAIR_STATE_DIR"], "bytecode").iterdir()} == {".pyc", ".whole"}
    assert world.imported(env) == NEW
    assert world.tfrepair("rollback", "--yes", "--env", env).code == 0
    assert tree_digest(env) == before


def test_a_further_repair_takes_what_an_earlier_one_compiled(world, kept, monkeypatch):
    monkeypatch.delenv("PYTHONDONTWRITEBYTECODE")
    envs = world.conflict(name="first"), world.conflict(name="second")
    before = tree_digest(envs[1])
    assert world.tfrepair("fix", "--yes", "--env", envs[0]).code == 0
    kept.clear()

    def refuse(*_, **__):
        raise AssertionError("compiled anew")

    monkeypatch.setattr(module, "start_compiling", refuse)
    monkeypatch.setattr(module, "settle", refuse)
    assert world.tfrepair("fix", "--yes", "--env", envs[1]).code == 0
    assert list(kept) == ["place"]
    first, second = (list(site(env).rglob("framework.*.pyc")) for env in envs)
    assert len(first) == 1
    assert os.path.samefile(first[0], second[0])
    assert world.imported(envs[1]) == NEW
    assert world.tfrepair("rollback", "--yes", "--env", envs[1]).code == 0
    assert tree_digest(envs[1]) == before


@pytest.mark.parametrize("damage", ["all", "one", "no process"])
def test_what_an_earlier_repair_kept_and_cannot_be_used_is_compiled_anew(world, kept, monkeypatch, damage):
    monkeypatch.delenv("PYTHONDONTWRITEBYTECODE")
    envs = world.conflict(name="first"), world.conflict(name="second")
    assert world.tfrepair("fix", "--yes", "--env", envs[0]).code == 0
    (framework,) = site(envs[0]).rglob("framework.*.pyc")
    store = Path(os.environ["TFREPAIR_STATE_DIR"], "bytecode")
    for path in store.glob("*.pyc"):
        if damage == "all" or (damage == "one" and path.samefile(framework)):
            path.write_bytes(path.read_bytes()[:-30])
    if damage == "no process":
        monkeypatch.setattr(module, "start_restoring", lambda *_, **__: None)
    assert world.tfrepair("fix", "--yes", "--env", envs[1]).code == 0
    (new,) = site(envs[1]).rglob("framework.*.pyc")
    assert damage == "no process" or new.stat().st_size > framework.stat().st_size
    assert world.imported(envs[1]) == NEW


@pytest.mark.skipif(not hasattr(os, "geteuid") or os.geteuid() != 0, reason="only root gives files away")
def test_what_root_repairs_for_a_user_is_the_users_and_what_root_keeps_is_roots(world, kept, monkeypatch):
    monkeypatch.delenv("PYTHONDONTWRITEBYTECODE")
    for name in ("first", "second"):  # compiled, then kept by the repair before
        env = world.conflict(name=name)
        for path in (env, *env.rglob("*")):
            os.lchown(path, 4711, 4712)
        assert world.tfrepair("fix", "--yes", "--env", env).code == 0
        assert {path.lstat().st_uid for path in (env, *env.rglob("*"))} == {4711}
        assert list(site(env).rglob("framework.*.pyc"))
    store = Path(os.environ["TFREPAIR_STATE_DIR"], "bytecode")
    assert {path.stat().st_uid for path in (store, *store.iterdir())} == {0}


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
