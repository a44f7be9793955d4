"""`tfrepair schema NAME` is true to what is printed and stored: real documents, and not a key that it does not name."""

import json

import jsonschema
import pytest
from functional_support import NEW

from tfrepair.app.schemas import NAMES, schema_of


def closed(schema):
    """The schema with no room for keys that it does not name."""
    if isinstance(schema, list):
        return [closed(part) for part in schema]
    if not isinstance(schema, dict):
        return schema
    shut = {key: closed(part) for key, part in schema.items()}
    if "properties" in shut and isinstance(shut["properties"], dict) and "additionalProperties" not in shut:
        shut["additionalProperties"] = False
    return shut


VALIDATORS = {name: jsonschema.Draft202012Validator(closed(schema_of(name))) for name in NAMES}


def check(name, document):
    problems = [f"{error.json_path}: {error.message}" for error in VALIDATORS[name].iter_errors(document)]
    assert problems == []


@pytest.mark.parametrize("name", NAMES)
def test_each_is_a_schema_and_is_printed(world, name):
    jsonschema.Draft202012Validator.check_schema(schema_of(name))
    done = world.tfrepair("schema", name)
    assert (done.code, done.json) == (0, json.loads(json.dumps(schema_of(name)))), done


def test_a_name_that_is_none_gets_the_nearest(world):
    done = world.tfrepair("schema", "playbok")
    assert done.code == 2
    assert "did you mean `playbook`?" in done.err


def test_a_repair_from_its_diagnosis_to_the_way_back(world, tmp_path):
    env = world.conflict()
    plan = tmp_path / "plan.json"
    for words in (
        ("diagnose", "--env", env, "--json"),
        ("fix", "--dry-run", "--env", env, "--plan-out", plan, "--json"),
        ("fix", "--yes", "--env", env, "--json"),
        ("verify", "--env", env, "--json"),
        ("diagnose", "--no-import", "--env", env, "--json"),
        ("rollback", "--yes", "--env", env, "--json"),
        ("fix", "--yes", "--env", env, "--tensorflow", "1.99", "--json"),
        ("diagnose", "--env", tmp_path / "nowhere", "--json"),
    ):
        done = world.tfrepair(*words)
        assert done.code != 70, done
        check("result", done.json)
    check("plan", json.loads(plan.read_text()))
    records = world.records()
    assert records
    for record in records:
        for line in (record / "journal.jsonl").read_text().splitlines():
            check("journal", json.loads(line))
    for path in (world.state / "runs").rglob("plan*.json"):
        check("plan", json.loads(path.read_text()))


def test_a_new_environment_and_a_rebuild(world, tmp_path):
    for words in (
        ("fix", "--dry-run", "--venv", world.folder / "new", "--tensorflow", NEW, "--json"),
        ("fix", "--dry-run", "--strategy", "rebuild", "--env", world.healthy(), "--tensorflow", NEW, "--json"),
    ):
        done = world.tfrepair(*words)
        assert "plan" in done.json, done
        check("result", done.json)


def test_a_pasted_text_and_a_report(world, tmp_path):
    text = tmp_path / "error.txt"
    text.write_text("ImportError: numpy.core.multiarray failed to import\n")
    done = world.tfrepair("explain", text, "--json")
    assert done.json["findings"], done
    check("result", done.json)
    done = world.tfrepair("report", "--env", world.conflict(), "--json")
    check("report", done.json)
    assert done.json["findings"]
