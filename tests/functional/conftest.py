"""One index for all tests, a world for each."""

import os
import shutil
import sys
from pathlib import Path

import pytest
from functional_support import (
    KERAS,
    LAYERS,
    MINOR,
    NEW,
    NUMPY_2,
    OLD,
    PROTOBUF,
    World,
    fill_index,
    said,
    site,
    tensorflow_files,
    write_wheel,
)  # fmt: skip

from tfrepair.probes import collector
from tfrepair.target.release_data import load_known_good

LEFT_OUT = shutil.ignore_patterns(
    "site-packages", "test", "tests", "idlelib", "__pycache__", "*.a", "config-*", "EXTERNALLY-MANAGED"
)
FROM_OUTSIDE = (
    "PIP_", "UV_", "TFREPAIR_", "VIRTUAL_ENV", "CONDA_", "PYTHONPATH", "KERAS_", "CUDA_", "NVIDIA_", "LD_LIBRARY_PATH",
)  # fmt: skip
pytestmark = pytest.mark.skipif(os.name == "nt", reason="laid out as on POSIX")


@pytest.fixture(scope="session")
def wheels(tmp_path_factory):
    folder = tmp_path_factory.mktemp("index")
    fill_index(folder)
    return folder


@pytest.fixture(scope="session")
def cache(tmp_path_factory):
    return tmp_path_factory.mktemp("uv-cache")


@pytest.fixture
def world(tmp_path, wheels, cache, monkeypatch, capfd):
    for name in list(os.environ):
        if name.startswith(FROM_OUTSIDE):
            monkeypatch.delenv(name)
    settings = {
        "PIP_CONFIG_FILE": os.devnull,
        "PIP_NO_INDEX": "1",
        "TFREPAIR_STATE_DIR": str(tmp_path / "state"),
        "UV_CACHE_DIR": str(cache),
        "HOME": str(tmp_path / "nobody"),
        "PYENV_ROOT": str(tmp_path / "no-pyenv"),
        "PATH": os.pathsep.join([os.path.join(sys.base_prefix, "bin"), os.defpath]),
        "TMPDIR": str(tmp_path / "tmp"),
    }
    for name in ("nobody", "tmp", "work", "index"):
        (tmp_path / name).mkdir()
    for name, value in settings.items():
        monkeypatch.setenv(name, value)
    for wheel in wheels.iterdir():
        shutil.copy2(wheel, tmp_path / "index")
    monkeypatch.setattr(collector, "ROOT", tmp_path / "no-gpu")  # whatever the machine of the tests has
    monkeypatch.chdir(tmp_path / "work")
    return World(folder=tmp_path / "work", index=tmp_path / "index", state=tmp_path / "state", capture=capfd)


@pytest.fixture
def python(world):
    """A copy of the Python that runs the tests, with the textbook conflict and a neighbour in its prefix."""
    base, prefix = Path(sys.base_prefix), world.folder / "local"
    try:
        shutil.copytree(base / "lib" / f"python{MINOR}", prefix / "lib" / f"python{MINOR}", ignore=LEFT_OUT)
        (prefix / "bin").mkdir()
        shutil.copy2(os.path.realpath(sys.executable), prefix / "bin" / f"python{MINOR}")
    except OSError as error:
        pytest.skip(f"the Python that runs the tests is not laid out as an installation: {error}")
    for library in base.glob("lib/libpython*"):
        shutil.copy2(library, prefix / "lib", follow_symlinks=False)
    (prefix / "bin" / "python3").symlink_to(f"python{MINOR}")
    (prefix / "bin" / "python").symlink_to("python3")
    site(prefix).mkdir()
    if said(prefix / "bin" / "python", "-c", "import sys; print(sys.prefix)") != str(prefix):
        pytest.skip("the Python that runs the tests cannot be moved")
    if said(prefix / "bin" / "python", "-c", "import sysconfig; print(sysconfig.get_path('purelib'))") != str(
        site(prefix)
    ):
        pytest.skip("the Python that runs the tests has site folders of its own, as Debian's does")
    (prefix / "share" / "neighbour").mkdir(parents=True)
    (prefix / "share" / "neighbour" / "data").write_text("none of our business")
    for group in (
        [f"numpy=={NUMPY_2}", f"protobuf=={PROTOBUF}", f"keras=={KERAS}", f"tensorflow=={OLD}", "colours"],
        [f"tensorflow-gpu=={NEW}"],
    ):
        world.install(prefix, *group)
    return prefix / "bin" / f"python{MINOR}"


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


@pytest.fixture
def user(world, monkeypatch):
    """The user's home folder; nothing but pip's files in it says where distributions come from."""
    for name in ("PIP_CONFIG_FILE", "PIP_NO_INDEX"):
        monkeypatch.delenv(name)
    for name in list(os.environ):
        if name.lower().endswith("_proxy") or name in {"NETRC", "REQUESTS_CA_BUNDLE", "CURL_CA_BUNDLE"}:
            monkeypatch.delenv(name)
    monkeypatch.setenv("XDG_CONFIG_DIRS", str(world.folder.parent / "nothing"))
    monkeypatch.setenv("PIP_CACHE_DIR", str(world.folder.parent / "cache-pip"))
    monkeypatch.setenv("UV_CACHE_DIR", str(world.folder.parent / "cache-uv"))
    return world.folder.parent / "nobody"
