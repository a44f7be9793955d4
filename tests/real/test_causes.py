"""Causes that can be made on Linux are made with real wheels, and named first."""

import json
import os
import shlex
import shutil
import subprocess
import sys
from pathlib import Path

import pytest
from real_support import World, site

TENSORFLOW = "tensorflow-cpu==2.15.1"
OF_ITS_TIME = ("numpy<2", "protobuf<5", "setuptools<82")
AARCH64 = ("--python-platform", "aarch64-manylinux_2_28", "--only-binary", ":all:")
WITHOUT_AVX = ("qemu-x86_64", "-cpu", "Nehalem")


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
    for script in (copy / "bin").iterdir():  # one that starts the Python of the other environment is a finding
        if not script.is_symlink() and str(made) in (text := script.read_text()):
            script.unlink()
            script.write_text(text.replace(str(made), str(copy)))
            script.chmod(0o755)
    return copy


def apart(folder):
    """Give a folder files of its own: what is written into it must not reach the others that share them."""
    aside = folder.with_name(f"{folder.name}.aside")
    folder.rename(aside)
    shutil.copytree(aside, folder)
    shutil.rmtree(aside)


def findings(world, env, *arguments, cwd=None, **variables):
    done = subprocess.run(
        [sys.executable, "-m", "tfrepair", "diagnose", "--json", "--env", str(env), *arguments],
        env={**world.environ, **variables}, cwd=cwd or world.folder, capture_output=True, text=True, check=False,
    )  # fmt: skip
    assert done.returncode in {0, 1, 4}, done.stderr
    return json.loads(done.stdout)["findings"]


def root(found, name):
    """The first finding, which is the only error that does not follow from another."""
    errors = [each["id"] for each in found if each["severity"] == "error" and each["caused_by"] is None]
    assert found[0]["id"] == name, found
    assert errors in ([name], []), found
    return found[0]


def test_a_healthy_environment_has_no_finding(world, env):
    assert findings(world, env) == []


def test_numpy_from_pythonpath(world, env):
    elsewhere = world.folder / "elsewhere"
    other = world.venv("3.11", "other", pip=False)
    world.uv(other, "numpy==2.1.0")
    shutil.copytree(site(other) / "numpy", elsewhere / "numpy")
    shutil.copytree(site(other) / "numpy.libs", elsewhere / "numpy.libs")
    first = root(findings(world, env, PYTHONPATH=str(elsewhere)), "path-leak")
    assert any(str(elsewhere) in piece["text"] and "PYTHONPATH" in piece["text"] for piece in first["evidence"])


def test_a_tensorflow_py_in_the_current_folder(world, env):
    project = world.folder / "project"
    project.mkdir()
    (project / "tensorflow.py").write_text("import tensorflow as tf\nprint(tf.__version__)\n")
    (first,) = findings(world, env, cwd=project, PWD=str(project))
    assert first["id"] == "shadowed-module"
    assert first["severity"] == "warning"
    assert str(project / "tensorflow.py") in first["evidence"][0]["text"]


def test_a_tensorflow_py_in_pythonpath(world, env):
    tools = world.folder / "tools"
    tools.mkdir()
    (tools / "tensorflow.py").write_text("import tensorflow as tf\nprint(tf.__version__)\n")
    first = root(findings(world, env, PYTHONPATH=str(tools)), "shadowed-module")
    assert first["severity"] == "error"


def test_a_cxx_library_without_versions_in_ld_library_path(world, env):
    import _ctypes

    folder = world.folder / "old"
    folder.mkdir()
    shutil.copy2(Path(_ctypes.__file__), folder / "libstdc++.so.6")
    first = root(findings(world, env, LD_LIBRARY_PATH=str(folder)), "glibc-or-libstdcxx-too-old")
    assert any(str(folder) in piece["text"] for piece in first["evidence"])


def test_a_wheel_of_another_processor(world):
    env = world.venv("3.11", pip=False)
    world.uv(env, *AARCH64, "tensorflow==2.15.1", *OF_ITS_TIME)
    first = root(findings(world, env), "wrong-architecture")
    assert any("aarch64" in piece["text"] for piece in first["evidence"])


def test_numpy_of_another_processor(world, env):
    world.uv(env, *AARCH64, "--no-deps", "--reinstall", "numpy==1.26.4")
    first = root(findings(world, env), "wrong-architecture")
    assert any("numpy" in piece["text"] and "aarch64" in piece["text"] for piece in first["evidence"])


def test_files_of_another_python(world):
    env = world.venv("3.11", pip=False)
    world.uv(env, "--python-version", "3.10", "--only-binary", ":all:", TENSORFLOW, *OF_ITS_TIME)
    first = root(findings(world, env), "unsupported-python")
    assert any("3.11" in piece["text"] for piece in first["evidence"])


def test_numpy_of_two_versions(world, env):
    folder = site(env) / "numpy"
    world.uv(env, "--no-deps", "numpy==1.26.4")
    other = world.venv("3.11", "other", pip=False)
    world.uv(other, "numpy==2.1.0")
    apart(folder)
    shutil.copytree(site(other) / "numpy" / "core", folder / "core", dirs_exist_ok=True)
    first = root(findings(world, env), "corrupt-install")
    assert any("numpy" in piece["text"] for piece in first["evidence"])


def test_a_keras_of_another_era(world, env):
    world.uv(env, "--no-deps", "keras==3.5.0")
    first = root(findings(world, env), "keras-mismatch")
    assert any("3.5.0" in piece["text"] and "2.15" in piece["text"] for piece in first["evidence"])


def test_a_processor_without_avx(world, env):
    """Emulated: the interpreter of the environment runs on a processor of 2008, and stops at a real SIGILL."""
    if shutil.which(WITHOUT_AVX[0]) is None:
        pytest.skip(f"there is no {WITHOUT_AVX[0]} on this machine (Debian: qemu-user)")
    python = env / "bin" / "python"
    real = os.path.realpath(python)
    python.unlink()
    python.write_text(f'#!/bin/sh\nexec {shlex.join(WITHOUT_AVX)} -0 "$0" {shlex.quote(real)} "$@"\n')
    python.chmod(0o755)
    first = root(findings(world, env), "no-avx")
    assert any("SIGILL" in piece["text"] or "AVX" in piece["text"] for piece in first["evidence"])


def test_setuptools_without_pkg_resources_beside_tensorboard(world, env):
    world.uv(env, "--no-deps", "setuptools==82.0.0")
    (first,) = findings(world, env)
    assert first["id"] == "dependency-mismatch"
    assert first["severity"] == "warning"
    assert any("tensorboard" in piece["text"] and "setuptools" in piece["text"] for piece in first["evidence"])


def test_tf_keras_brings_a_second_tensorflow(world, env):
    world.uv(env, "tf-keras==2.15.0", "tensorflow<2.16", *OF_ITS_TIME)
    first = root(findings(world, env), "conflicting-distributions")
    assert first["severity"] == "error"
    assert any("tensorflow-cpu" in piece["text"] for piece in first["evidence"])


def test_protobuf_too_old(world, env):
    world.uv(env, "--no-deps", "protobuf==3.19.6")
    first = root(findings(world, env), "protobuf-mismatch")
    assert first["severity"] == "error"
    assert any("3.19.6" in piece["text"] for piece in first["evidence"])


def test_protobuf_too_new(world):
    env = world.venv("3.10", pip=False)
    world.uv(env, "tensorflow-cpu==2.10.1", "numpy<2", "setuptools<82")
    world.uv(env, "--no-deps", "protobuf==4.25.8")
    first = root(findings(world, env), "protobuf-mismatch")
    assert first["severity"] == "error"
    assert any("4.25.8" in piece["text"] for piece in first["evidence"])
