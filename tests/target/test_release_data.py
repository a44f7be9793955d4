import json
from importlib.resources import files

import pytest

from tfrepair.target.release_data import load_releases

DOCUMENTS = ("releases", "requirements", "bounds", "cuda_drivers", "gpu_builds")


@pytest.mark.parametrize("name", DOCUMENTS)
def test_each_document_says_what_it_is_and_when_it_was_measured(name):
    document = json.loads(files("tfrepair").joinpath("data", f"{name}.json").read_text(encoding="utf-8"))
    assert document["about"]
    assert document["measured"] == load_releases().measured


def test_the_data_is_read_once():
    assert load_releases() is load_releases()


def test_the_data_stays_small():
    total = sum(len(files("tfrepair").joinpath("data", f"{name}.json").read_bytes()) for name in DOCUMENTS)
    assert total < 220_000
