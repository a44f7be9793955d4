"""A repair from an index that does not say when its files were uploaded."""

import pytest
from functional_support import KERAS, LAYERS, MINOR, NEW, json_of, tensorflow_files, write_wheel

from tfrepair.target.release_data import load_known_good


@pytest.fixture
def known(world):
    """The versions that are known to work with the release, and newer ones as bait, within the bounds."""
    lock = load_known_good().get("tensorflow", NEW, MINOR)
    assert lock is not None, f"nothing is known of {NEW} on Python {MINOR}"
    pins = dict(lock.pins)
    wheels = {"numpy": "numpy", "protobuf": "google/protobuf", "keras": "keras"}
    for name, package in wheels.items():
        for version in (pins[name], f"{pins[name]}.post7"):
            init = f"__version__ = '{version}'\n"
            files = {f"{package}/__init__.py": init}
            if name == "keras":
                files = {"keras/__init__.py": f"{init}from keras import layers\n", "keras/layers.py": LAYERS}
            write_wheel(world.index, name, version, files)
    write_wheel(world.index, "tensorflow", NEW, tensorflow_files(NEW), ("numpy<2", "protobuf", "keras"))
    return {name: pins[name] for name in wheels}


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
