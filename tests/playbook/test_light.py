"""What is seen to be right without what takes long to import is right, and a valid playbook needs none of it."""

import random
import subprocess
import sys

import pytest
from packaging.requirements import Requirement
from packaging.specifiers import SpecifierSet

from tfrepair.actions.arguments import requirement_problem
from tfrepair.playbook.builtin import builtin_files
from tfrepair.playbook.lint_conditions import _PLAIN_SPECIFIER

HEAVY = ("pydantic", "packaging", "logging", "tempfile", "concurrent", "tfrepair.probes", "tfrepair.model.operations")
PARTS = (
    "=",
    "==",
    "===",
    "!=",
    "~=",
    "<",
    ">",
    "<=",
    ">=",
    "1",
    "2.0",
    ".",
    ",",
    " ",
    "rc1",
    "rc",
    ".*",
    "+x",
    "!",
    "\n",
)


def test_a_specifier_that_is_taken_for_a_plain_one_is_one():
    made = random.Random(3)
    texts = ["".join(made.choices(PARTS, k=made.randint(1, 7))) for _ in range(100_000)]
    plain = [text for text in texts if _PLAIN_SPECIFIER.fullmatch(text)]
    assert len(plain) > 500
    for text in plain:
        SpecifierSet(text)


@pytest.mark.parametrize("text", ["numpy", "a.b_c-d", "9a", "\u0131", "a-", "a b", "a\n", "-a", ""])
def test_a_bare_name_is_a_requirement_only_where_it_can_be_read_as_one(text):
    try:
        Requirement(text)
        right = True
    except ValueError:
        right = False
    assert (requirement_problem(text) is None) == right


def test_to_validate_the_built_in_playbooks_imports_nothing_heavy():
    code = (
        "import sys; from pathlib import Path; from tfrepair.app.playbooks import problems_of; "
        "assert problems_of([Path(word) for word in sys.argv[1:]]) == (); print(*sys.modules)"
    )
    words = [sys.executable, "-I", "-c", code, *map(str, builtin_files())]
    done = subprocess.run(words, capture_output=True, text=True, check=True)
    assert [name for name in done.stdout.split() if name.startswith(HEAVY)] == []
