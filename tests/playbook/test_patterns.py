import re
import time

import pytest

from tfrepair.playbook.loader import load_builtin
from tfrepair.playbook.patterns import pattern_problem


@pytest.mark.parametrize(
    ("pattern", "why"),
    [
        (r"x(a+)+b", "repeats a repetition"),
        (r"x(a*){2,5}b", "repeats a repetition"),
        (r"x(?:(a|b+)c)*", "repeats a repetition"),
        (r".*x", "starts with a repetition"),
        (r"(a|\s+)x", "starts with a repetition"),
        (r"(a)\1", "refers back"),
        (r"a.*b.*c.*d.*e", "in a row"),
        (r"a?", "matches the empty text"),
        (r"(", "is not a regular expression"),
        (r"a{99999999999999999999}", "is not a regular expression"),
        ("a" * 501, "longer than"),
        (r"x(?<=a+)b", "is not a regular expression"),
    ],
)
def test_a_pattern_that_could_blow_up_or_says_nothing_is_refused(pattern, why):
    assert why in (pattern_problem(pattern) or "")


@pytest.mark.parametrize("pattern", [r"^a (not )?b", r"(?i)^(?!a+b)c", r"a[^\n]{0,9}(b|c)", r"a.*b", r"(ab){1,3}c"])
def test_a_simple_pattern_is_accepted(pattern):
    assert pattern_problem(pattern) is None


@pytest.mark.timeout(60)
def test_every_signature_is_quick_on_a_hostile_text():
    words = "tensorflow numpy Error processing line 1 of cannot open shared object file module compiled against "
    text = (words * 2_000 + "\n") * 5 + "a" * 100_000
    for playbook in load_builtin():
        for signature in playbook.signatures:
            start = time.process_time()
            re.search(signature.pattern, text, re.MULTILINE)
            assert time.process_time() - start < 2, signature.pattern
