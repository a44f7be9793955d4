"""What the first smoke test compiles is used by the second; nothing of it stays, and nothing lies in the environment."""

import sys
from pathlib import Path

import pytest
from functional_support import NEW, site

from tfrepair.app import bytecode as module


@pytest.fixture
def kept(monkeypatch):
    """The files of bytecode that there were at the end of a repair, by their place below the folder of the round."""
    found = {}
    moved = module.Bytecode.moved

    def look(self, plan, before, after):
        moved(self, plan, before, after)
        folder = self.folder / str(plan.round)
        found.update({path.relative_to(folder): path.stat().st_ino for path in folder.rglob("*.pyc")})
        found["folder"] = self.folder

    monkeypatch.setattr(module.Bytecode, "moved", look)
    return found


def test_bytecode_of_the_stage_serves_at_the_final_path(world, kept):
    env = world.conflict()
    done = world.tfrepair("fix", "--yes", "--env", env)
    assert done.code == 0, done
    folder = kept.pop("folder")
    here = Path(*site(env).parts[1:], "tensorflow")
    assert any(path.is_relative_to(here) for path in kept)
    assert not any(".tfrepair-env" in path.parts for path in kept)
    assert not folder.exists()
    assert not list(env.rglob("*.pyc"))
    assert world.imported(env) == NEW


def test_a_python_that_cannot_keep_it_elsewhere_compiles_twice(world, kept, monkeypatch):
    monkeypatch.setattr(module, "OLDEST", (sys.version_info[0], sys.version_info[1] + 1))
    env = world.conflict()
    done = world.tfrepair("fix", "--yes", "--env", env)
    assert done.code == 0, done
    kept.pop("folder")
    assert kept == {}
    assert not list(env.rglob("*.pyc"))
