"""What the index lacks, and where it is looked for."""

import sys
import zipfile

import pytest
from functional_support import KERAS, NEW, NUMPY, OLD, TENSORFLOW_REQUIRES, json_of, site, tensorflow_files, write_wheel
from index_support import Index, serving


@pytest.fixture
def env(world):
    return world.conflict()


def without(world, name):
    (path,) = world.index.glob(name)
    path.unlink()


@pytest.mark.parametrize("lacking", [f"numpy-{NUMPY}-*", f"tensorflow-{NEW}-*"])
def test_a_wheel_that_is_lacking_is_named_and_nothing_is_changed(world, env, lacking):
    without(world, lacking)
    before = world.tree()
    done = world.tfrepair("fix", "--yes", "--env", env, "--json")
    assert done.code in (4, 6), done
    error = done.json["error"]
    assert lacking.partition("-")[0] in error["message"]
    assert error["hint"]
    assert "Traceback" not in done.err
    assert world.tree() == before
    assert world.records() == []


def test_offline_it_is_the_surroundings(world, env):
    without(world, f"numpy-{NUMPY}-*")
    before = world.tree()
    done = world.tfrepair("fix", "--yes", "--offline", "--env", env, "--json")
    assert done.code == 6, done
    assert "--find-links" in done.json["error"]["hint"]
    assert world.tree() == before


def test_the_folder_with_wheels_can_come_from_pips_variables(world, env, monkeypatch):
    monkeypatch.setenv("PIP_FIND_LINKS", str(world.index))
    done = world.tfrepair("fix", "--yes", "--env", env, links=False)
    assert done.code == 0, done
    assert world.imported(env) == NEW


def test_the_folder_with_wheels_can_come_from_uvs_variables(world, env, monkeypatch):
    monkeypatch.delenv("PIP_NO_INDEX")
    monkeypatch.setenv("UV_NO_INDEX", "1")
    monkeypatch.setenv("UV_FIND_LINKS", str(world.index))
    done = world.tfrepair("fix", "--yes", "--env", env, links=False)
    assert done.code == 0, done
    assert world.imported(env) == NEW


def test_a_folder_with_wheels_that_is_not_there_is_a_usage_error(world, env):
    before = world.tree()
    done = world.tfrepair("fix", "--yes", "--env", env, "--find-links", "nowhere", "--json", links=False)
    assert done.code == 2, done
    assert world.tree() == before


def test_pip_installs_the_same(world):
    env = world.conflict()
    done = world.tfrepair("fix", "--yes", "--env", env, "--installer", "pip", "--json")
    assert done.code == 0, done
    assert world.imported(env) == NEW
    assert world.imported(env, "numpy") == NUMPY


def test_a_wheel_that_is_damaged_on_the_index_does_not_reach_the_environment(world, env):
    (path,) = world.index.glob(f"tensorflow-{NEW}-*")
    path.unlink()
    write_wheel(world.index, "tensorflow", NEW, tensorflow_files(NEW), ["numpy<2", "protobuf", "keras"])
    with zipfile.ZipFile(path) as archive:
        entries = {name: archive.read(name) for name in archive.namelist()}
    entries["tensorflow/libtensorflow_framework.so.2"] = b"cut short"
    with zipfile.ZipFile(path, "w") as archive:
        for name, data in entries.items():
            archive.writestr(name, data)
    before = world.tree()
    done = world.tfrepair("fix", "--yes", "--env", env, "--json")
    assert done.code == 3, done
    assert world.tree(".tfrepair-env") == before


def test_a_wheel_file_is_the_pin(world, env):
    (path,) = world.index.glob(f"tensorflow-{OLD}-*")
    done = world.tfrepair("fix", "--yes", "--env", env, "--tensorflow", path, "--json")
    assert done.code == 0, done
    assert world.imported(env) == OLD


def test_another_build_of_the_release_that_works_is_installed_and_then_stays(world):
    env, folder = world.healthy(), world.folder.parent / "ours"
    folder.mkdir()
    path = write_wheel(folder, "tensorflow", NEW, tensorflow_files(NEW, "ours"), TENSORFLOW_REQUIRES)
    done = world.tfrepair("fix", "--yes", "--env", env, "--tensorflow", path, "--json")
    assert (done.code, done.json["status"]) == (0, "repaired"), done
    assert world.imported(env, name="build") == "ours"
    (metadata,) = site(env).glob("tensorflow-*.dist-info")
    assert json_of(metadata / "direct_url.json")["url"] == path.as_uri()
    before = world.tree()
    for pin in (path, path.as_uri(), f"tensorflow @ {path.as_uri()}"):
        again = world.tfrepair("fix", "--yes", "--env", env, "--tensorflow", pin, "--json")
        assert (again.code, again.json["status"]) == (0, "healthy"), again
    assert world.tree() == before


def test_a_wheel_that_came_from_the_index_is_the_wheel_that_is_named(world):
    (path,) = world.index.glob(f"tensorflow-{NEW}-*")
    done = world.tfrepair("fix", "--yes", "--env", world.healthy(), "--tensorflow", path, "--json")
    assert (done.code, done.json["status"]) == (0, "healthy"), done


@pytest.mark.parametrize("installer", ["uv", "pip"])
def test_the_wheel_behind_a_url_is_installed_once(world, installer):
    env, folder = world.healthy(), world.folder.parent / "ours"
    folder.mkdir()
    path = write_wheel(folder, "tensorflow", NEW, tensorflow_files(NEW, "ours"), TENSORFLOW_REQUIRES)
    with serving(Index(folder)) as index:
        url = f"http://{index.place}/files/{path.name}"
        words = ("--yes", "--env", env, "--tensorflow", url, "--installer", installer, "--json")
        for status in ("repaired", "healthy"):
            done = world.tfrepair("fix", *words)
            assert (done.code, done.json["status"]) == (0, status), done
    assert world.imported(env, name="build") == "ours"
    same = world.tfrepair("fix", "--yes", "--env", env, "--tensorflow", path, "--json")
    assert (same.code, same.json["status"]) == (0, "healthy"), same


def test_a_wheel_may_be_named_as_requirements_do(world):
    (path,) = world.index.glob(f"tensorflow-{OLD}-*")
    words = ("--venv", world.folder / "new", "--base-python", sys.executable, "--json")
    done = world.tfrepair("fix", "--yes", *words, "--tensorflow", f"tensorflow @ {path.as_uri()}")
    assert done.code == 0, done
    assert done.json["result"]["tensorflow"] == OLD
    refused = world.tfrepair("fix", "--yes", *words, "--tensorflow", f"tensorflow-cpu @ {path.as_uri()}")
    assert refused.code == 2, refused
    assert "`tensorflow-cpu` was asked for" in refused.json["error"]["message"]


def test_a_wheel_file_that_is_not_as_its_record_says_is_refused_before_anything_is_staged(world, env):
    (path,) = world.index.glob(f"tensorflow-{OLD}-*")
    with zipfile.ZipFile(path) as archive:
        entries = {name: archive.read(name) for name in archive.namelist()}
    entries["tensorflow/libtensorflow_framework.so.2"] = b"altered"
    with zipfile.ZipFile(path, "w") as archive:
        for name, data in entries.items():
            archive.writestr(name, data)
    before = world.tree()
    for pin in (path, path.as_uri()):
        done = world.tfrepair("fix", "--yes", "--env", env, "--tensorflow", pin, "--json")
        assert (done.code, done.json["error"]["code"]) == (2, "usage"), done
        assert "is not as its RECORD says" in done.json["error"]["message"]
    lamp = next(world.index.glob("lamp-*"))
    done = world.tfrepair("fix", "--yes", "--env", env, "--tensorflow", lamp, "--json")
    assert (done.code, "is no TensorFlow" in done.json["error"]["message"]) == (2, True), done
    assert world.tree() == before


def test_a_wheel_for_another_machine_is_refused(world, env):
    path = world.folder / f"tensorflow-{NEW}-cp27-cp27mu-win32.whl"
    path.write_bytes(b"")
    before = world.tree()
    done = world.tfrepair("fix", "--yes", "--env", env, "--tensorflow", path, "--json")
    assert done.code == 4, done
    assert world.tree() == before


def test_a_constraint_that_cannot_be_met_is_explained(world, env):
    constraints = world.folder.parent / "constraints.txt"
    constraints.write_text("numpy>=2\n")
    before = world.tree()
    done = world.tfrepair("fix", "--yes", "--env", env, "--constraint", constraints, "--json")
    assert done.code == 4, done
    assert "numpy" in done.json["error"]["message"]
    assert f"`--constraint {constraints}` asks for `numpy>=2`" in done.json["error"]["hint"]
    assert world.tree() == before


def test_a_requirements_file_brings_along_what_it_names(world, env):
    requirements = world.folder.parent / "requirements.txt"
    requirements.write_text(f"tensorflow=={OLD}\nlamp\n")
    done = world.tfrepair("fix", "--yes", "--env", env, "--requirement", requirements, "--json")
    assert done.code == 0, done
    assert world.imported(env) == OLD
    assert (site(env) / "lamp.py").is_file()
    assert (site(env) / "colours").is_dir()
    assert world.imported(env, "keras") == KERAS
