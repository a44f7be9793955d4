"""METADATA as it really looks."""

from tfrepair.target.metadata import read_metadata

QUOTED_LICENSE = """Metadata-Version: 2.1
Name: pandas
Version: 2.2.3
License: BSD 3-Clause License
        \t
        Copyright (c) 2008

\x20\x20
Requires-Dist: late
"""


def metadata(tmp_path, text):
    folder = tmp_path / "pandas-2.2.3.dist-info"
    folder.mkdir()
    (folder / "METADATA").write_text(text, newline="")
    return read_metadata(folder)


def test_a_line_of_blanks_in_a_quoted_license_does_not_end_the_headers(tmp_path):
    text = QUOTED_LICENSE.replace("2008\n\n\x20\x20\n", "2008\n        \n").replace("late", "numpy>=1.22.4")
    assert metadata(tmp_path, text).requires == ("numpy>=1.22.4",)


def test_an_empty_line_ends_the_headers(tmp_path):
    assert metadata(tmp_path, QUOTED_LICENSE).requires == ()


def test_lines_may_end_as_on_windows(tmp_path):
    text = "Name: pandas\r\nVersion: 2.2.3\r\nRequires-Dist: numpy\r\n\r\nRequires-Dist: body\r\n"
    assert metadata(tmp_path, text).requires == ("numpy",)
