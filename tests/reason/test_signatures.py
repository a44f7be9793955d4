"""Every built-in signature against texts made of its own words, over and over: none may take for ever."""

import re
import time

import pytest

from tfrepair.playbook.loader import load_builtin
from tfrepair.playbook.patterns import parser
from tfrepair.reason.pasted import LONGEST_LINE

SIGNATURES = [(playbook.name, signature.pattern) for playbook in load_builtin() for signature in playbook.signatures]
SIZE = 300_000
LIMIT = 5  # seconds of the processor


def literals(tree):
    """The characters that a pattern asks for, in order, one branch of each choice."""
    for operator, argument in tree:
        name = str(operator)
        if name == "LITERAL":
            yield chr(argument)
        elif name == "BRANCH":
            yield from literals(argument[1][0])
        elif name == "SUBPATTERN":
            yield from literals(argument[3])
        elif name in {"MAX_REPEAT", "MIN_REPEAT"}:
            yield from list(literals(argument[2])) or ["x"]


@pytest.mark.parametrize(
    ("name", "pattern"), SIGNATURES, ids=[f"{name}-{number}" for number, (name, _) in enumerate(SIGNATURES)]
)
def test_a_signature_is_quick_on_its_own_words(name, pattern):
    words = "".join(literals(parser.parse(pattern))) or "x"
    texts = [words[: len(words) * part // 4] or words for part in (1, 2, 3)]
    begun = time.process_time()
    for text in texts:
        line = (text * (LONGEST_LINE // len(text) + 1))[:LONGEST_LINE]
        sum(1 for _ in re.finditer(pattern, "\n".join([line] * (SIZE // LONGEST_LINE)), re.MULTILINE))
    assert time.process_time() - begun < LIMIT, pattern
