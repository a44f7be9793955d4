"""Reading what may be no file."""

import os

import pytest

from tfrepair.target import plain_file
from tfrepair.target.discover import describe_environment
from tfrepair.target.inventory import read_inventory
from tfrepair.target.plain_file import read_plain


def test_a_file_is_read_and_what_is_none_is_refused(tmp_path, monkeypatch):
    (tmp_path / "file").write_bytes(b"text")
    assert read_plain(tmp_path / "file") == b"text"
    with pytest.raises(OSError, match=r"directory|denied"):
        read_plain(tmp_path)
    monkeypatch.setattr(plain_file, "MOST", 3)
    with pytest.raises(OSError, match="large"):
        read_plain(tmp_path / "file")


@pytest.mark.skipif(os.name == "nt", reason="Windows has no named pipes among its files")
@pytest.mark.parametrize("name", ["METADATA", "RECORD", "INSTALLER", "WHEEL", "direct_url.json", "top_level.txt"])
def test_a_pipe_where_metadata_is_expected_stops_nobody(venv, environ, site, name):
    folder = site / "six-1.0.dist-info"
    folder.mkdir()
    (folder / "METADATA").write_text("Name: six\nVersion: 1.0\n")
    (folder / name).unlink(missing_ok=True)
    os.mkfifo(folder / name)
    environment = describe_environment(venv, environ).environment
    (found,) = read_inventory(environment).distributions
    assert (found.name, found.version) == ("six", "1.0")
    assert found.metadata_readable == (name != "METADATA")
