"""A document is accepted without pydantic only when pydantic would accept it."""

import copy
import importlib.util
import json
import random
from pathlib import Path

import pytest

from tfrepair.playbook.accept import _check, is_accepted, stored_schema
from tfrepair.playbook.builtin import builtin_files
from tfrepair.playbook.lint import Known, lint
from tfrepair.playbook.schema import adapter, extending_adapter, json_schema
from tfrepair.playbook.yaml_reader import Positions, YamlError, read_yaml

TESTS = Path(__file__).parents[1]
KINDS = {"PlaybookDocument": adapter, "ExtendingDocument": extending_adapter}

spec = importlib.util.spec_from_file_location("malformed_rules", TESTS / "malformed" / "rules.py")
rules = importlib.util.module_from_spec(spec)
spec.loader.exec_module(rules)


def read(raw):
    try:
        return read_yaml(raw)[0]
    except YamlError:
        return None


def misshapen():
    lines = (TESTS / "malformed" / "generated.jsonl").read_text(encoding="utf-8").splitlines()
    texts = [rules.document(json.loads(line)) for line in lines]
    texts += [
        entry["text"] if "text" in entry else rules.BASE.replace(entry["old"], entry["new"], 1)
        for entry in read_yaml((TESTS / "malformed" / "written.yaml").read_bytes())[0]
    ]
    bad = [path.read_bytes() for path in sorted((TESTS / "bad_playbooks").glob("*.yaml"))]
    return [read(raw) for raw in (*(text.encode() for text in texts), *bad)]


BASES = [read(path.read_bytes()) for path in builtin_files()] + [read(rules.BASE.encode())]
VALUES = (None, True, False, 0, 1, -1, 3, 50, "", "x", "0.5", "a-b", "A b", "a\n", [], ["x"], [""], [1], {}, {"fact": "a.b"},
          {"all": []}, {"platforms": {"linux": ["x"]}}, {"platforms": {}}, {"fact": "a.b", "exists": True},
          {"fact": "a.b", "exists": True, "equals": 1}, {"default": 1}, "rollback", "https://x", "https://x y\n")  # fmt: skip
KEYS = ("when", "unless", "platforms", "fact", "equals", "all", "drop", "id", "loop", "default", "wait", "extends", "X")


def places(value, path=()):
    yield path
    pairs = value.items() if isinstance(value, dict) else enumerate(value) if isinstance(value, list) else ()
    for key, below in pairs:
        yield from places(below, (*path, key))


def changed(document, made):
    """The document with one to three things put, dropped or renamed somewhere."""
    document = copy.deepcopy(document)
    for _ in range(made.randint(1, 3)):
        *most, last = made.choice([path for path in places(document) if path])
        around = document
        for key in most:
            around = around[key]
        match made.randrange(4):
            case 0:
                del around[last]
            case 1 if isinstance(around, dict):
                around[made.choice(KEYS)] = copy.deepcopy(made.choice(VALUES))
            case 2 if isinstance(around, dict):
                around[made.choice(KEYS)] = around.pop(last)
            case _:
                around[last] = copy.deepcopy(made.choice(VALUES))
    return document


def pydantic_accepts(data, kind):
    from pydantic import ValidationError

    try:
        KINDS[kind]().validate_python(data)
    except ValidationError:
        return False
    return True


def counts_operators(data):
    """Whether lint says that a test has more operators than one, or none: a shape does not count them."""
    return any("exactly one of" in problem.text for problem in lint(data, Positions(), Known(arguments={})))


def test_the_stored_schema_is_that_of_the_shapes():
    assert stored_schema() == json.loads(json.dumps(json_schema())), "run `python tools/language.py`"


@pytest.mark.parametrize("path", builtin_files(), ids=lambda path: path.stem)
def test_a_built_in_playbook_is_accepted(path):
    assert is_accepted(read(path.read_bytes()), "PlaybookDocument")


@pytest.mark.parametrize("kind", KINDS)
def test_a_malformed_playbook_is_accepted_only_where_pydantic_accepts_its_shape(kind):
    documents = misshapen()
    found = [(is_accepted(data, kind), pydantic_accepts(data, kind)) for data in documents]
    assert (True, False) not in found
    assert (False, False) in found


@pytest.mark.parametrize("kind", KINDS)
def test_a_changed_playbook_is_accepted_only_where_pydantic_accepts_its_shape(kind):
    made = random.Random(6)
    found = {True: 0, False: 0}
    for _ in range(3_000):
        data = changed(made.choice(BASES), made)
        if kind == "ExtendingDocument":
            data["extends"] = "numpy-abi"
        accepted, right = is_accepted(data, kind), pydantic_accepts(data, kind)
        assert right or not accepted, data
        found[accepted] += 1
        if right and not accepted:  # a fraction that is written as a text, or 1 for `true`: pydantic has its say
            assert "'0.5'" in repr(data) or "'drop': 1" in repr(data) or counts_operators(data), data
    assert min(found.values()) > 200


def test_a_keyword_that_is_not_known_is_refused_and_not_passed_over():
    with pytest.raises(KeyError):
        _check({"type": "array", "uniqueItems": True}, {}.get)
