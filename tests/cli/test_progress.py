"""What stands on the line of progress of a narrow terminal."""

import pytest

from tfrepair.cli.render_text import fitting

LONG = "/home/ada/projects/a-rather-long-name/environments/of-last-year/env"


def test_a_path_loses_its_middle_before_the_message_loses_its_end():
    text = fitting(f"looking at and importing TensorFlow in `{LONG}`: metadata", 70)
    assert text == "looking at and importing TensorFlow in `/home/ad...year/env`: metadata"
    assert len(text) <= 70


@pytest.mark.parametrize(
    "text", ["", "short", f"`{LONG}`", f"`{LONG}`: trying again in 3 s: `127.0.0.1:80` does not answer", "x" * 200]
)
@pytest.mark.parametrize("width", [30, 70, 200])
def test_it_is_never_longer_than_the_line_and_no_shorter_than_it_must_be(text, width):
    shown = fitting(text, width)
    assert len(shown) <= width
    assert shown == text or len(text) > width
    assert shown != text or len(text) <= width


def test_the_longest_path_is_shortened_first():
    assert fitting(f"moving `{LONG}` to `/opt/env`", 60).endswith("` to `/opt/env`")
