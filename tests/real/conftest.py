"""Every test of this folder is `real`: it downloads and repairs real TensorFlow wheels."""

import shutil
from pathlib import Path

import pytest
from real_support import World

HERE = Path(__file__).parent
LONGEST = "test_kill.py"
"""Begun first, so that one processor is not left alone with it in the end."""


def pytest_collection_modifyitems(items):
    for item in items:
        if HERE in item.path.parents:
            item.add_marker(pytest.mark.real)
    items.sort(key=lambda item: item.path != HERE / LONGEST)


@pytest.fixture
def world(tmp_path):
    made = World(folder=tmp_path / "home", state=tmp_path / "state")
    made.folder.mkdir()
    yield made
    shutil.rmtree(tmp_path, ignore_errors=True)
