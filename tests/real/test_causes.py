"""Causes that can be made on Linux are made with real wheels, and named first."""

import json
import os
import shutil
import subprocess
import sys
from pathlib import Path

import pytest
from real_support import World, site

TENSORFLOW = "tensorflow-cpu==2.15.1"
OF_ITS_TIME = ("numpy<2", "protobuf<5", "setuptools<82")
OTHER_MACHINE = 183
"""EM_AARCH64."""


@pytest.fixture(scope="module")
def made(tmp_path_factory):
    """One environment for all tests of this file; each works on a copy that shares its files."""
    if os.uname().machine != "x86_64" or sys.platform != "linux":
        pytest.skip("made for the wheels of Linux on x86_64")
    folder = tmp_path_factory.mktemp("causes")
    world = World(folder=folder, state=folder / "state")
    env = world.venv("3.11", pip=False)
    world.uv(env, TENSORFLOW, *OF_ITS_TIME)
    yield env
    shutil.rmtree(folder, ignore_errors=True)


@pytest.fixture
def env(world, made):
    """A copy; what a test writes into is made its own first."""
    copy = world.folder / "env"
    world.run("cp", "-al", made, copy)
    return copy


def own(path):
    """Give one name of a shared file a copy of its own."""
    data = path.read_bytes()
    path.unlink()
    path.write_bytes(data)
    return path


def findings(world, env, *arguments, cwd=None, **variables):
    done = subprocess.run(
        [sys.executable, "-m", "tfrepair", "diagnose", "--json", "--env", str(env), *arguments],
        env={**world.environ, **variables}, cwd=cwd or world.folder, capture_output=True, text=True, check=False,
    )  # fmt: skip
    assert done.returncode in {0, 1, 4}, done.stderr
    return json.loads(done.stdout)["findings"]


def test_a_healthy_environment_has_no_finding(world, env):
    assert findings(world, env) == []


def test_numpy_from_pythonpath(world, env):
    elsewhere = world.folder / "elsewhere"
    other = world.venv("3.11", "other", pip=False)
    world.uv(other, "numpy==2.1.0")
    shutil.copytree(site(other) / "numpy", elsewhere / "numpy")
    shutil.copytree(site(other) / "numpy.libs", elsewhere / "numpy.libs")
    first, *_ = findings(world, env, PYTHONPATH=str(elsewhere))
    assert first["id"] == "path-leak"
    assert any(str(elsewhere) in piece["text"] and "PYTHONPATH" in piece["text"] for piece in first["evidence"])


def test_a_tensorflow_py_in_the_current_folder(world, env):
    project = world.folder / "project"
    project.mkdir()
    (project / "tensorflow.py").write_text("import tensorflow as tf\nprint(tf.__version__)\n")
    (first,) = findings(world, env, cwd=project, PWD=str(project))
    assert first["id"] == "shadowed-module"
    assert first["severity"] == "warning"
    assert str(project / "tensorflow.py") in first["evidence"][0]["text"]


def test_a_cxx_library_without_versions_in_ld_library_path(world, env):
    import _ctypes

    folder = world.folder / "old"
    folder.mkdir()
    shutil.copy2(Path(_ctypes.__file__), folder / "libstdc++.so.6")
    first, *_ = findings(world, env, LD_LIBRARY_PATH=str(folder))
    assert first["id"] == "glibc-or-libstdcxx-too-old"
    assert any(str(folder) in piece["text"] for piece in first["evidence"])


def test_a_library_of_another_processor(world, env):
    library = own(next(site(env).glob("tensorflow/libtensorflow_framework.so.2")))
    data = bytearray(library.read_bytes())
    data[18:20] = OTHER_MACHINE.to_bytes(2, "little")
    library.write_bytes(data)
    first, *_ = findings(world, env)
    assert first["id"] == "wrong-architecture"
    assert any("aarch64" in piece["text"] for piece in first["evidence"])


def test_numpy_of_two_versions(world, env):
    shutil.copytree(site(env) / "numpy", world.folder / "numpy")
    shutil.rmtree(site(env) / "numpy")
    shutil.copytree(world.folder / "numpy", site(env) / "numpy")
    other = world.venv("3.11", "other", pip=False)
    world.uv(other, "numpy==2.1.0")
    shutil.copytree(site(other) / "numpy" / "core", site(env) / "numpy" / "core", dirs_exist_ok=True)
    first, *_ = findings(world, env)
    assert first["id"] == "corrupt-install"
    assert any("numpy" in piece["text"] for piece in first["evidence"])


def test_protobuf_too_new_and_a_keras_of_another_era(world, env):
    for name in ("google", "keras"):
        shutil.copytree(site(env) / name, world.folder / name)
        shutil.rmtree(site(env) / name)
        shutil.copytree(world.folder / name, site(env) / name)
    world.uv(env, "--no-deps", "keras==3.5.0")
    first, *_ = findings(world, env)
    assert first["id"] == "keras-mismatch"
