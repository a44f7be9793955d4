"""docs/playbooks.md has every key, keyword, action and operator, and its examples are valid."""

import re
from pathlib import Path

import pytest

from tfrepair.actions.registry import ACTIONS
from tfrepair.app.playbooks import known_facts
from tfrepair.playbook import documents, schema
from tfrepair.playbook.lint_conditions import REGISTERED
from tfrepair.playbook.loader import check_file

DOCS = Path(__file__).parent.parent / "docs"
REFERENCE = (DOCS / "playbooks.md").read_text(encoding="utf-8")
CODE = set(re.findall(r"`([^`\n]+)`", re.sub(r"```.*?```", "", REFERENCE, flags=re.DOTALL)))
DOCUMENTS = [value for name, value in vars(documents).items() if name.endswith("Document")]
BLOCKS = re.findall(r"^```yaml\n(schema: 1\n.*?)^```$", REFERENCE, re.MULTILINE | re.DOTALL)


@pytest.mark.parametrize("document", DOCUMENTS, ids=lambda document: document.__name__)
def test_every_key_is_documented(document):
    assert set(document.__annotations__) <= CODE | {"drop"}
    assert "`drop: true`" in REFERENCE


def test_every_action_with_its_arguments_is_documented():
    rows = dict(
        re.findall(
            r"^\| `(\w+)` \| ([^|]+) \|", REFERENCE.partition("## Actions")[2].partition("\n## ")[0], re.MULTILINE
        )
    )
    for name, action in ACTIONS.items():
        for argument in action.ARGS:
            assert f"`{argument}`" in rows[name], name
        assert action.ARGS or rows[name] == "none", name


def test_every_operator_and_what_steps_register_is_documented():
    assert {*schema.TEST_OPERATORS, *schema.COMBINATORS, *REGISTERED} <= CODE


def test_every_kind_of_error_and_type_is_documented():
    assert {"timeout", "network", "exit-code", "str", "int", "float", "bool", "list"} <= CODE


@pytest.mark.parametrize("number", range(len(BLOCKS)))
def test_every_whole_example_is_valid(tmp_path, number):
    path = tmp_path / "example.yaml"
    path.write_text(BLOCKS[number])
    assert check_file(path, known_facts=known_facts()) == ()


def test_there_are_examples():
    assert len(BLOCKS) >= 2
