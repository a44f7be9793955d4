"""Why pip passed over an index, which only its log says."""

import pytest

from tfrepair.target.installer.pip_log import page_of, passed_over

NONE = "ERROR: Could not find a version that satisfies the requirement Demo_A<3 (from versions: none)\n"
SOME = "ERROR: Could not find a version that satisfies the requirement demo-a<3 (from versions: 3.0)\n"
REFUSED = "Could not fetch URL http://a.test/simple/demo-a/: 403 Client Error: Forbidden for url: http://a.test/simple/demo-a/ - skipping"
ABSENT = "Could not fetch URL http://b.test/simple/demo-a/: 404 Client Error: Not Found for url: http://b.test/simple/demo-a/ - skipping"
OTHER = "Could not fetch URL http://a.test/simple/demo-b/: 403 Client Error: Forbidden for url: http://a.test/simple/demo-b/ - skipping"


@pytest.fixture
def log(tmp_path):
    def write(*lines):
        path = tmp_path / "pip.log"
        path.write_text("".join(f"2026-01-01T00:00:00,000 {line}\n" for line in lines))
        return path

    return write


def test_a_refusal_explains_an_empty_list(log):
    assert passed_over(log("Looking in indexes", OTHER, REFUSED), NONE) == f"{REFUSED}\n"


def test_an_index_that_refuses_is_no_explanation_where_another_says_that_there_is_none(log):
    assert passed_over(log(REFUSED, ABSENT), NONE) == ""


def test_where_there_are_versions_the_index_is_not_to_blame(log):
    assert passed_over(log(REFUSED), SOME) == ""


def test_without_a_log_nothing_is_explained(tmp_path):
    assert passed_over(tmp_path / "nope", NONE) == ""


IMPOSSIBLE = """The conflict is caused by:
    The user requested (constraint) Demo_A<3
ERROR: ResolutionImpossible: for help visit https://pip.pypa.io
"""
GONE = REFUSED.replace("403 Client Error: Forbidden", "503 Server Error: Unavailable")
FOUND = "  Found link http://a.test/files/demo_a-3.0-py3-none-any.whl (from http://a.test/simple/demo-a/), version: 3.0"


def test_an_index_that_does_not_answer_explains_a_conflict_with_a_constraint(log):
    assert passed_over(log(OTHER, GONE), IMPOSSIBLE) == f"{GONE}\n"


def test_where_another_page_has_versions_the_conflict_is_one(log):
    assert passed_over(log(GONE, FOUND), IMPOSSIBLE) == ""


def fetched(host):
    return f"Fetching project page and analyzing links: http://{host}.test/simple/demo-a/"


HELP = "  Skipping link: not a file: http://a.test/help (from http://a.test/simple/demo-a/)"
OLD = "  Skipping link: none of the wheel's tags (cp27-cp27m-win32) are compatible: http://a.test/files/demo_a-1.0-cp27-cp27m-win32.whl#sha256=69 (from http://a.test/simple/demo-a/)"


@pytest.mark.parametrize(
    ("lines", "page"),
    [
        ((fetched("a"), FOUND), "files"),
        ((fetched("a"), OLD), "files"),
        ((fetched("a"), HELP), "no files"),
        ((fetched("a"), HELP, fetched("b"), ABSENT), "no files"),
        ((fetched("b"), ABSENT), "no page"),
        ((fetched("a"), GONE), "files"),
        ((), "files"),
    ],
)
def test_what_the_log_says_of_a_page(log, lines, page):
    assert page_of(log(*lines), "demo-a") == page
