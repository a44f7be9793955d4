from __future__ import annotations

from pathlib import Path

import pytest

from tfrepair.model.plan import Lock
from tfrepair.target.installer import base, pylock

TEXT = """lock-version = "1.0"
created-by = "uv"
requires-python = ">=3.10.13"

[[packages]]
name = "Demo_A"
version = "1.2"
sdist = { url = "https://joe:pw@index.test/demo_a-1.2.tar.gz", upload-time = 2022-12-07T20:13:22Z, size = 10, hashes = { sha256 = "aa" } }
wheels = [
    { url = "https://index.test/demo_a-1.2-py3-none-any.whl", upload-time = 2022-12-07T20:13:19Z, size = 20, hashes = { sha256 = "bb" } },
    { url = "https://index.test/demo_a-1.2-py2-none-any.whl", size = 30, hashes = { sha256 = "cc" } },
]

[[packages]]
name = "demo-b"
version = "1"
archive = { path = "demo_b-1.tar.gz", hashes = { sha256 = "dd" } }
"""


def test_pins_hold_every_hash_and_the_largest_wheel():
    first, second = pylock.pins(pylock.parse(TEXT))
    assert (first.name, first.version, first.size, first.is_wheel) == ("demo-a", "1.2", 30, True)
    assert first.hashes == ("sha256:bb", "sha256:cc", "sha256:aa")
    assert (second.name, second.size, second.is_wheel) == ("demo-b", None, False)


def test_writing_and_reading_gives_the_same():
    document = pylock.parse(TEXT)
    assert pylock.parse(pylock.render(document)) == document


@pytest.mark.parametrize("value", ['a "quoted" \\ text', "d\u00e9j\u00e0 vu \U0001f600", "\x7f\t\n"])
def test_odd_text_survives(value):
    document = {"note": value, "packages": [{"name": value, "odd key": [True, 1, 1.5, {"a": []}, {}]}]}
    assert pylock.parse(pylock.render(document)) == document


def test_urls_lose_credentials_and_paths_become_absolute():
    first, second = pylock.parse(TEXT, Path("/lock"))["packages"]
    assert first["sdist"]["url"] == "https://index.test/demo_a-1.2.tar.gz"
    assert second["archive"]["path"] == "/lock/demo_b-1.tar.gz"


def test_a_subset_holds_only_the_named():
    document = pylock.subset(pylock.parse(TEXT), ["demo-b"])
    assert [package["name"] for package in document["packages"]] == ["demo-b"]
    assert document["lock-version"] == "1.0"


def test_files_without_an_upload_time_are_known():
    assert pylock.undated(pylock.parse(TEXT)) == ("demo-b",)


@pytest.mark.parametrize(
    ("item", "name"),
    [
        ("/x/demo_a-1.0-py3-none-any.whl", "demo-a"),
        ("https://index.test/demo_a-1.0-py3-none-any.whl?x=1#sha256=ab", "demo-a"),
        ("Demo.A[gpu] @ git+https://git.test/a", "demo-a"),
        ("https://index.test/archive.zip", None),
    ],
)
def test_a_local_item_says_its_name(item, name):
    assert base.local_name(item) == name


def test_local_items_follow_the_names():
    lock = Lock(pins=(), pylock="", local=("/x/demo_a-1.0-py3-none-any.whl", "/x/demo_b-1.0-py3-none-any.whl"))
    assert base.local_items(lock, ["demo-b"]) == ("/x/demo_b-1.0-py3-none-any.whl",)


def test_a_day_ends_when_the_next_begins():
    assert base.end_of_day("2022-12-31") == "2023-01-01T00:00:00Z"


def test_a_local_wheel_tells_its_own_size(tmp_path):
    wheel = tmp_path / "demo one-1.0-py3-none-any.whl"
    wheel.write_bytes(b"x" * 70)
    for url, size in (
        (wheel.as_uri(), 70),
        ((tmp_path / "gone.whl").as_uri(), None),
        ("https://example.org/a.whl", None),
    ):
        document = {"packages": [{"name": "demo", "version": "1.0", "wheels": [{"url": url, "hashes": {}}]}]}
        assert [pin.size for pin in pylock.pins(document)] == [size]
