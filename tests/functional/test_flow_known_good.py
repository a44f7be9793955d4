"""A repair from an index that does not say when its files were uploaded."""

import pytest
from functional_support import KERAS, MINOR, NEW, NEWEST, json_of


@pytest.mark.skipif(NEWEST, reason="what is known to work on this Python is of NumPy 2, the stand-ins are not")
@pytest.mark.parametrize("more", [(), ("--offline",), ("--installer", "pip")])
def test_its_tree_is_held_to_the_versions_that_are_known_to_work(world, known, more):
    env = world.folder / "new"
    pin = ("--tensorflow", f"tensorflow=={NEW}", "--venv", env, "--base-python", MINOR)
    done = world.tfrepair("fix", "--yes", *pin, *more, "--json")
    assert done.code == 0, done
    lock = {row["name"]: row["version"] for row in done.json["plan"]["lock"]}
    assert lock == {**known, "tensorflow": NEW}
    how = f"without upload times: the versions that worked with tensorflow-cpu {NEW} on Python {MINOR}"
    assert done.json["plan"]["resolved"].endswith(how)
    (record,) = world.records()
    assert json_of(record / "plan.json")["lock"]["method"].endswith(how)
    assert world.imported(env, "numpy") == known["numpy"]


def test_an_environment_is_repaired_without_the_network(world):
    env = world.conflict()
    done = world.tfrepair("fix", "--yes", "--offline", "--env", env, "--json")
    assert done.code == 0, done
    assert world.imported(env) == NEW
    assert world.imported(env, "keras") == KERAS
