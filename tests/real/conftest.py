"""Every test of this folder is `real`: it downloads and repairs real TensorFlow wheels."""

import shutil
from pathlib import Path

import pytest
from real_support import World

HERE = Path(__file__).parent


def pytest_collection_modifyitems(items):
    for item in items:
        if HERE in item.path.parents:
            item.add_marker(pytest.mark.real)


@pytest.fixture
def world(tmp_path):
    made = World(folder=tmp_path / "home", state=tmp_path / "state")
    made.folder.mkdir()
    yield made
    shutil.rmtree(tmp_path, ignore_errors=True)
