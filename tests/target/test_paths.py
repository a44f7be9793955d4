"""What lies behind a folder that lets nobody in: no error, and nothing is said to be gone."""

import os

import pytest
from other_user import without_rights

from tfrepair.target.paths import is_file, is_folder, is_there

pytestmark = pytest.mark.skipif(os.name == "nt", reason="Windows knows other permissions")


def test_what_is_behind_a_closed_folder_counts_as_there_and_as_neither_file_nor_folder(tmp_path):
    (tmp_path / "closed" / "folder").mkdir(parents=True)
    (tmp_path / "closed" / "file").write_text("x")
    (tmp_path / "open").write_text("x")
    (tmp_path / "closed").chmod(0)
    with without_rights(tmp_path):
        assert is_file(tmp_path / "open")
        assert is_folder(tmp_path / "closed")
        assert not is_file(tmp_path / "closed" / "file")
        assert not is_folder(tmp_path / "closed" / "folder")
        assert is_there(tmp_path / "closed" / "file")
        assert not is_there(tmp_path / "gone")
    (tmp_path / "closed").chmod(0o755)


def test_a_name_that_no_system_has_is_not_there(tmp_path):
    assert not is_there(tmp_path / "a\0b")
    assert not is_there(tmp_path / ("n" * 5000))
