"""Somebody else installs into the environment while it is being repaired."""

import pytest
from functional_support import INIT, NEW, site, tensorflow_files, write_wheel

FOREIGN = """
import os
if ".tfrepair-" in __file__:
    _count = os.path.join(os.environ["FOREIGN"], "times")
    _times = int(open(_count).read())
    if _times:
        open(_count, "w").write(str(_times - 1))
        open(os.path.join(os.environ["FOREIGN"], "env", "foreign-" + str(_times)), "w").write("pip was here")
"""


@pytest.fixture
def meddled(world, monkeypatch):
    """An environment into which a file is written when the staged TensorFlow is imported, some times."""
    monkeypatch.setenv("FOREIGN", str(world.folder))
    env = world.conflict("colours")
    (world.index / f"tensorflow-{NEW}-py3-none-any.whl").unlink()
    files = tensorflow_files(NEW, init=INIT + FOREIGN)
    write_wheel(world.index, "tensorflow", NEW, files, ["numpy<2", "protobuf", "keras"])

    def times(number):
        (world.folder / "times").write_text(str(number))
        return env

    return times


def test_it_is_staged_again_with_what_came(world, meddled):
    env = meddled(1)
    done = world.tfrepair("fix", "--yes", "--env", env)
    assert done.code == 0, done
    assert "staging again" in done.out
    assert world.imported(env) == NEW
    assert (env / "foreign-1").read_text() == "pip was here"
    assert site(env).joinpath("colours").is_dir()


def test_when_it_happens_again_the_surroundings_are_to_blame(world, meddled):
    env = meddled(9)
    before = world.tree("env/foreign-9", "env/foreign-8", ".tfrepair-env", "times")
    done = world.tfrepair("fix", "--yes", "--env", env, "--json")
    assert done.code == 6, done
    assert "was changed while it was being repaired" in done.json["error"]["message"]
    assert sorted(path.name for path in env.glob("foreign-*")) == ["foreign-8", "foreign-9"]
    assert world.tree("env/foreign-9", "env/foreign-8", ".tfrepair-env", "times") == before
