"""Real interpreters and real environments."""

import os

import pytest

from tfrepair.target.discover import find_bases
from tfrepair.target.environments import create_venv


def pytest_generate_tests(metafunc):
    if "each_base" in metafunc.fixturenames:
        bases = find_bases(os.environ)
        metafunc.parametrize("each_base", bases, ids=[base.executable for base in bases])


@pytest.fixture
def environ():
    left_out = ("VIRTUAL_ENV", "CONDA_PREFIX", "PYTHONPATH", "PYTHONHOME")
    return {name: value for name, value in os.environ.items() if name not in left_out}


@pytest.fixture
def base():
    return find_bases(os.environ)[0]


@pytest.fixture
def venv(tmp_path, base):
    """A fresh environment without pip."""
    folder = tmp_path / "env"
    create_venv(base, folder, prompt=None, system_site_packages=False, seed=False)
    return folder


@pytest.fixture
def site(venv, base):
    """Its site-packages."""
    return venv / "Lib" / "site-packages" if os.name == "nt" else venv / "lib" / f"python{base.minor}" / "site-packages"
