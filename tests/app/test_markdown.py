"""Texts of ours and of others in Markdown."""

import pytest

from tfrepair.app.markdown import cell, sentence


@pytest.mark.parametrize(
    ("text", "shown"),
    [
        ("`numpy<2,>=1.23` is asked for, 2 < 3", "`numpy<2,>=1.23` is asked for, 2 &lt; 3"),
        ("<script>", "&lt;script>"),
        ("a ` alone <b>", "a ` alone &lt;b>"),
        ("``a` <b> `", "``a` &lt;b> `"),
        ("on\ntwo  lines", "on two lines"),
    ],
)
def test_only_what_is_code_keeps_its_brackets(text, shown):
    assert sentence(text) == shown


def test_a_cell_keeps_its_bars():
    assert cell("`a|b<c`") == "`a\\|b<c`"
