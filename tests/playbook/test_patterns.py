import itertools
import random
import re
import time
import warnings

import pytest

from tfrepair.playbook.loader import load_builtin
from tfrepair.playbook.patterns import is_plain, pattern_problems, whole_problems


@pytest.mark.parametrize(
    ("pattern", "why"),
    [
        (r"x(a+)+b", "repeats a repetition"),
        (r"x(a*){2,5}b", "repeats a repetition"),
        (r"x(?:(a|b+)c)*", "repeats a repetition"),
        (r"/(?:(?:[^~]{1,50}){1,50}){1,50}~", "in many ways"),
        (r"x(?:[^~]{1,50}){1,50}~", "in many ways"),
        (r"x(?:aa|a)+b", "in many ways"),
        (r"x(?:\w{0,40}\w{0,40}\n){1,50}y", "in many ways"),
        (r"x(?:(?:a{1,9}){1,3}){1,3}y", "in many ways"),
        (r"x(?i:a{1,9}A){1,9}y", "in many ways"),
        (r"x(?:(?:a{1,9}){1,4}z){1,50}y", "in many ways"),
        (r"x(?:(?:ab|a.){2}c){1,50}y", "in many ways"),
        (r"x(?:(?:ab|a.)?c){1,50}y", "in many ways"),
        (r"x(?:[^a]{1,9}[\Wa]){1,9}y", "in many ways"),
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
    assert any(why in problem for problem in pattern_problems(pattern))


@pytest.mark.parametrize(
    "pattern",
    [
        r"^a (not )?b",
        r"(?i)^(?!a+b)c",
        r"a[^\n]{0,9}(b|c)",
        r"a.*b",
        r"(ab){1,3}c",
        r"a(?:[^\n]{0,200}\n){0,8}?b",
        r"a(\.\w{1,40}){1,9}b",
        r"a(?:ab|cd){1,50}e",
        r"a(?:\w{1,9}\W){1,9}b",
        r"a(?:b{1,9}){1,4}c",
        r"a(?:b|cd){1,9}e",
    ],
)
def test_a_simple_pattern_is_accepted(pattern):
    assert pattern_problems(pattern) == ()


@pytest.mark.timeout(60)
def test_every_signature_is_quick_on_a_hostile_text():
    words = "tensorflow numpy Error processing line 1 of cannot open shared object file module compiled against "
    text = (words * 2_000 + "\n") * 5 + "a" * 100_000
    for playbook in load_builtin():
        for signature in playbook.signatures:
            start = time.process_time()
            re.search(signature.pattern, text, re.MULTILINE)
            assert time.process_time() - start < 2, signature.pattern


PARTS = (
    *("a", "b", "-", ".", "|", "^", "$", "(", ")", "[", "]", "}", "{", "\\", "?", "*", "+", "x", "\x01", ","),
    *(
        r"\d",
        r"\w+",
        r"\d*?",
        r"\b",
        r"\B",
        r"\.",
        r"\1",
        r"\(",
        "[ab]",
        r"[^\n]",
        "[a-z]",
        "[z-a]",
        r"[\w.-]",
        "[^]",
        "[]",
    ),
    *("{0,3}", "{2}", "{1,4}", "{3,1}", "{2,5}", ")?", "(?i)", "(?:", "(?i:", "(?!", "(?=", "(?<!", "(?<=", "(a", "b)"),
    *(
        r"(?!a)",
        r"(?<!\d)",
        "(a|b)",
        "(a+)",
        "(a?)",
        "[(?!",
        "--",
        "[&&]",
        "(?im)",
        "{16,40}",
        "[6-9]",
        "(a|)",
        "{0}",
        ")*",
        ")+?",
        "x(?:^|$)",
    ),
)


def test_what_is_taken_for_a_plain_pattern_has_no_problem():
    made = random.Random(8)
    plain = 0
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", FutureWarning)  # `[[` and its like, which are not plain
        few = map("".join, itertools.product(PARTS, repeat=2))
        many = ("".join(made.choices(PARTS, k=made.randint(3, 9))) for _ in range(60_000))
        for pattern in itertools.chain(few, many, [r"[(?![-]b)]-(a)\d*?"]):
            if is_plain(pattern):
                plain += 1
                assert whole_problems(pattern) == (), pattern
    assert plain > 1_500


def test_most_patterns_of_the_built_in_playbooks_are_plain():
    signatures = [signature.pattern for playbook in load_builtin() for signature in playbook.signatures]
    assert sum(map(is_plain, signatures)) > 0.9 * len(signatures)


@pytest.mark.parametrize("text", ["a?", "(a|", "(a?b?)?", r"\ba", "(?!((a?b)?c)?)", "[a", "("])
def test_it_is_quick_to_see_whether_a_pattern_is_plain(text):
    start = time.process_time()
    is_plain((text * 500)[:499] + "{")
    assert time.process_time() - start < 0.2
