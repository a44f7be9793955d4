"""Files cut short, records lost, folders left over."""

import shutil

import pytest
from real_support import computed, site


@pytest.fixture
def env(world):
    made = world.venv("3.11")
    world.uv(made, "tensorflow-cpu==2.15.1", "setuptools<82")
    return made


def replaced(path, content):
    """As an interrupted installer leaves it: another file, so that the installer's cache stays whole."""
    path.unlink()
    path.write_bytes(content)


def repaired(world, env, cause):
    seen = world.tfrepair("diagnose", "--env", env, "--json")
    assert seen.code == 1, seen
    assert seen.json["findings"][0]["id"] == cause, seen
    fixed = world.tfrepair("fix", "--yes", "--env", env, "--json")
    assert fixed.code == 0, fixed
    assert computed(world, env) == "2.15.1"


def test_a_native_library_cut_short(world, env):
    library = site(env) / "tensorflow" / "libtensorflow_framework.so.2"
    replaced(library, library.read_bytes()[:1_000_000])
    repaired(world, env, "corrupt-install")


def test_a_native_library_with_one_byte_changed_is_found_by_its_hash(world, env):
    library = site(env) / "tensorflow" / "libtensorflow_framework.so.2"
    content = bytearray(library.read_bytes())
    content[len(content) // 2] ^= 0xFF
    replaced(library, bytes(content))
    seen = world.tfrepair("diagnose", "--deep", "--env", env, "--json")
    assert seen.json["findings"][0]["id"] == "corrupt-install", seen


def test_a_deleted_record(world, env):
    (site(env) / "tensorflow_cpu-2.15.1.dist-info" / "RECORD").unlink()
    repaired(world, env, "corrupt-install")


def test_a_folder_left_over_without_a_distribution(world, env):
    shutil.rmtree(site(env) / "tensorflow_cpu-2.15.1.dist-info")
    shutil.rmtree(site(env) / "tensorflow" / "python")
    seen = world.tfrepair("diagnose", "--env", env, "--json")
    assert seen.code == 1, seen
    assert seen.json["findings"][0]["id"] == "corrupt-install", seen
    fixed = world.tfrepair("fix", "--yes", "--env", env, "--json")
    assert fixed.code == 0, fixed
    assert computed(world, env)
