"""A real TensorFlow out of a real index server that asks for a password, named by pip.conf alone."""

import sys
from pathlib import Path

import pytest
from real_support import computed, site

from tfrepair.target.release_data import load_known_good

sys.path.append(str(Path(__file__).parent.parent / "functional"))
from index_support import PASSWORD, USER, pip_conf, pypiserver

RELEASE = "2.15.1"


@pytest.fixture
def wheels(world, tmp_path):
    """The tree of the release as it is known to work, without its upload times, and newer ones as bait."""
    lock = load_known_good().get("tensorflow-cpu", RELEASE, "3.11")
    assert lock.exact
    maker = world.venv("3.11", "maker")
    constraints, folder = tmp_path / "constraints.txt", tmp_path / "wheels"
    constraints.write_text("".join(f"{name}=={version}\n" for name, version in lock.pins))
    world.pip(maker, "download", f"tensorflow-cpu=={RELEASE}", "setuptools<82", "-c", constraints, "--dest", folder)
    for bait in ("numpy==2.2.6", "numpy==1.26.4", "protobuf==4.25.8", "h5py==3.14.0"):
        world.pip(maker, "download", "--no-deps", bait, "--dest", folder)
    return folder


def test_a_broken_environment_is_repaired_from_it(world, wheels, tmp_path, monkeypatch):
    """With uv; the tests with small wheels do the same with pip."""
    env = world.venv("3.11")
    links = ("--no-index", "--find-links", wheels)
    world.pip(env, "install", f"tensorflow-cpu=={RELEASE}", *links)
    world.pip(env, "install", "--no-deps", "numpy==2.2.6", *links)
    library = site(env) / "tensorflow" / "libtensorflow_framework.so.2"
    library.write_bytes(library.read_bytes()[:1_000_000])
    home, logs = tmp_path / "nobody", tmp_path / "logs"
    logs.mkdir()
    for name in ("PIP_CACHE_DIR", "UV_CACHE_DIR"):
        monkeypatch.setenv(name, str(tmp_path / name.lower()))
    for name in (
        "PIP_FIND_LINKS",
        "PIP_INDEX_URL",
        "PIP_EXTRA_INDEX_URL",
        "UV_INDEX_URL",
        "UV_DEFAULT_INDEX",
        "UV_INDEX",
    ):
        monkeypatch.delenv(name, raising=False)
    monkeypatch.setenv("HOME", str(home))
    monkeypatch.setenv("XDG_CONFIG_DIRS", str(tmp_path / "nothing"))
    with pypiserver(wheels, logs) as place:
        conf = pip_conf(home / ".config/pip/pip.conf", index_url=f"http://{USER}:{PASSWORD}@{place}/simple/")
        log = logs / "fix.log"
        done = world.tfrepair("fix", "--yes", "--env", env, "--installer", "uv", "--json", "-v", "--log-file", log)
        assert done.code == 0, done
        served = (logs / "server.log").read_text()
    known = load_known_good().get("tensorflow-cpu", RELEASE, "3.11")
    assert done.json["plan"]["resolved"] == f"uv, without upload times: {known.text}"
    assert computed(world, env) == RELEASE
    assert f"tensorflow_cpu-{RELEASE}" in served
    assert PASSWORD not in done.out + done.err
    texts = [path for folder in (world.state, logs, home) for path in folder.rglob("*") if path.is_file()]
    assert [path for path in texts if PASSWORD.encode() in path.read_bytes()] == [conf]
