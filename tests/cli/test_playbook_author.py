"""`playbook new`, `record`, `facts` and `docs`: what a team starts from."""

import json
import re
import sys
import venv
from pathlib import Path

import jsonschema
import pytest

from tfrepair.actions.registry import ACTIONS
from tfrepair.app.cases import read_case
from tfrepair.app.playbook_record import case_text
from tfrepair.app.playbooks import known_facts
from tfrepair.cli.app import run
from tfrepair.execute.fingerprint import tree_digest
from tfrepair.model.facts import Absent, Fact, Facts, Known, Unknown
from tfrepair.playbook.loader import load_builtin
from tfrepair.playbook.schema import known_keys
from tfrepair.playbook.yaml_reader import read_yaml

SITE = f"lib/python{sys.version_info[0]}.{sys.version_info[1]}/site-packages"


@pytest.fixture
def work(tmp_path, monkeypatch):
    for name, folder in (("TFREPAIR_STATE_DIR", "state"), ("TFREPAIR_CONFIG_DIR", "config"), ("HOME", "home/ada")):
        monkeypatch.setenv(name, str(tmp_path / folder))
    home = tmp_path / "home" / "ada"
    home.mkdir(parents=True)
    monkeypatch.chdir(home)
    return home


@pytest.fixture
def env(work):
    venv.create(work / "env", with_pip=False, symlinks=True)
    info = work / "env" / SITE / "our_tools-1.4.dist-info"
    info.mkdir()
    (info / "METADATA").write_text("Metadata-Version: 2.1\nName: our-tools\nVersion: 1.4\n")
    (info / "RECORD").write_text("our_tools-1.4.dist-info/METADATA,,\nour_tools-1.4.dist-info/RECORD,,\n")
    return work / "env"


def done(capsys, *words, code=0):
    found = run(["playbook", *map(str, words)])
    out, err = capsys.readouterr()
    assert found == code, out + err
    assert "Traceback" not in out + err
    return out if code == 0 else err


def problems(capsys, *words):
    assert run(["playbook", "validate", *words]) == 2
    return capsys.readouterr().out


def test_the_skeleton_is_valid_and_says_what_there_is(work, capsys):
    assert "our-tools.yaml" in done(capsys, "new", "our-tools")
    text = Path("our-tools.yaml").read_text()
    assert done(capsys, "validate", "our-tools.yaml") == "1 valid\n"
    for name in (*ACTIONS, *known_keys(("fix",))):
        assert re.search(rf"^  #.*\b{name}\b", text, re.MULTILINE), name
    assert "@" not in text
    assert max(map(len, text.splitlines())) <= 120


def test_the_editor_line_names_a_schema_that_accepts_the_skeleton(work, capsys):
    done(capsys, "new", "our-tools")
    first, _, text = Path("our-tools.yaml").read_text().partition("\n")
    named = first.removeprefix("# yaml-language-server: $schema=")
    schema = json.loads(Path(named).read_text())
    jsonschema.Draft202012Validator.check_schema(schema)
    jsonschema.Draft202012Validator(schema).validate(read_yaml(text.encode())[0])


def test_nothing_is_overwritten(work, capsys):
    Path("our-tools.yaml").write_text("mine")
    assert "exists already" in done(capsys, "new", "our-tools", code=2)
    assert Path("our-tools.yaml").read_text() == "mine"
    assert "no name of a playbook" in done(capsys, "new", "../Our Tools", code=2)
    assert "cannot be written" in done(capsys, "new", "ours", "--folder", "our-tools.yaml", code=2)


def test_a_folder_is_made_for_the_first_playbook_and_validated_as_a_whole(work, capsys):
    done(capsys, "new", "our-tools", "--folder", ".tfrepair/ours")
    done(capsys, "new", "our-licence", "--folder", ".tfrepair/ours")
    assert done(capsys, "validate", ".tfrepair/ours") == "2 valid\n"
    Path(".tfrepair/ours/our-tools.yaml").write_text("name: our-tools\n")
    assert ".tfrepair/ours/our-tools.yaml:1:1:" in problems(capsys, ".tfrepair/ours")
    Path("empty").mkdir()
    assert "no playbook" in done(capsys, "validate", "empty", code=2)


def test_a_recorded_case_comes_out_as_recorded_and_names_nobody(work, env, capsys):
    done(capsys, "new", "our-tools")
    before = tree_digest(env)
    file = "cases/our-tools/old.yaml"
    done(capsys, "record", file, "--env", env, "--no-import", "--playbook", "our-tools.yaml")
    assert tree_digest(env) == before
    text = Path(file).read_text()
    assert str(work) not in text
    assert "~/env" in text
    case = read_case(Path(file), known_facts())
    assert {"id": "our-tools", "severity": "error", "confidence": "high"} in case.findings
    assert done(capsys, "test", ".") == "1 of 1 cases came out as expected\n"
    assert "exists already" in done(capsys, "record", file, "--env", env, "--no-import", code=2)
    assert done(capsys, "record", "-", "--env", env, "--no-import").startswith("about: ")


LICENCE = """schema: 1
name: our-licence
title: The licence of our tools is not named
about: Our tools look for a variable.
variables: {site: {type: str, default: none}}
diagnose:
  rules:
    - when: {all: [{fact: distribution.our-tools.version, exists: true}, {fact: vars.site, equals: north}]}
      evidence: [{kind: distribution, text: 'our tools {distribution.our-tools.version}'}]
repair: automatic
fix:
  - name: Name it
    action: environment
    args: {variables: {OUR_LICENCE: '{vars.site}'}}
"""


def test_variables_and_the_plan_are_recorded_too(work, env, capsys):
    info = env / SITE / "tensorflow-2.15.1.dist-info"
    info.mkdir()
    (info / "METADATA").write_text("Metadata-Version: 2.1\nName: tensorflow\nVersion: 2.15.1\n")
    (info / "RECORD").write_text("tensorflow-2.15.1.dist-info/METADATA,,\ntensorflow-2.15.1.dist-info/RECORD,,\n")
    Path("our-licence.yaml").write_text(LICENCE)
    file = "cases/our-licence/north.yaml"
    words = ("--env", env, "--no-import", "--playbook", "our-licence.yaml")
    done(capsys, "record", file, *words, "--var", "site=north")
    text = Path(file).read_text()
    case = read_case(Path(file), known_facts())
    assert case.variables == {"site": "north"}
    assert "our-licence" in [finding["id"] for finding in case.findings]
    assert case.operations[-1].startswith('set OUR_LICENCE = "north"')
    assert done(capsys, "test", ".") == "1 of 1 cases came out as expected\n"
    Path(file).write_text(text.replace('"north"', '"south"'))
    assert run(["playbook", "test", "."]) == 1
    assert f"{file}:" in capsys.readouterr().out
    Path(file).write_text(text.replace("  site:", "  sight:"))
    assert run(["playbook", "test", "."]) == 1
    assert "no playbook has this variable, did you mean `site`?" in capsys.readouterr().out


def test_words_find_the_members_of_a_family_too(work, env, capsys):
    found = done(capsys, "facts", "our-tools", "version", "--env", env, "--no-import")
    assert "distribution.our-tools.version" in found
    assert "1.4" in found
    assert "distribution.pip" not in found
    assert run(["playbook", "facts", "no-such-thing", "--env", str(env), "--no-import"]) == 0
    assert "no fact has `no-such-thing`" in "".join(capsys.readouterr())


@pytest.mark.parametrize(
    ("value", "read"),
    [
        ("2.10", "2.10"),
        ("on", "on"),
        ("null", "null"),
        (None, None),
        (True, True),
        (12, 12),
        ([], []),
        ({}, {}),
        ([{"name": "a: b", "paths": ["c", "#d"]}, {"name": "&x *y"}], None),
        ("tab\tline\nreturn\rquote\"back\\slash 'single' {brace} %", None),
        ("a\x1b[31mred\x00", "a\ufffd[31mred\ufffd"),
        ("half \udc80", "half ?"),
        ("next\x85line\u2028and\u2029", None),
        ("a\ufeffb", None),
        ("\N{SNOWMAN}\N{GRINNING FACE}", None),
        ({"a: b": 1, "<<": 2, "&c": 3}, None),
        ("x" * 5000, None),
    ],
)
def test_any_value_comes_back_from_a_recorded_case(tmp_path, value, read):
    states = {"a.b": Known(value), "a.c": Absent(), "a.d": Unknown("no: {time}\n")}
    facts = Facts.of(Fact(path=path, state=state, source="case") for path, state in states.items())
    path = tmp_path / "case.yaml"
    path.write_text(case_text(facts, (), about="x"), encoding="utf-8")
    back = read_case(path).facts
    assert back.get("a.b") == Known(value if read is None else read)
    assert [back.get("a.c"), back.get("a.d")] == [states["a.c"], states["a.d"]]


def test_every_fact_has_a_type_a_meaning_and_a_value(work, env, capsys):
    body = json.loads(done(capsys, "facts", "--env", env, "--no-import", "--json", "--var", "team=vision"))
    rows = {row["path"]: row for row in body["facts"]}
    assert rows.keys() == known_facts().keys()
    assert all(row["kind"] and row["meaning"] and row["source"] for row in rows.values())
    assert {"path": "distribution.our-tools.version", "state": "known", "value": "1.4", "reason": None} in rows[
        "distribution.*.version"
    ]["values"]
    assert rows["vars.*"]["values"][0]["value"] == "vision"
    assert rows["import.ok"]["values"][0]["state"] == "unknown"
    assert rows["gpu.kernel_driver"]["kind"] == "text"


def test_facts_are_found_by_words(work, env, capsys):
    out = done(capsys, "facts", "avx", "offers", "--env", env, "--no-import")
    assert [line.split()[0] for line in out.split("\n\n")] == ["host.has_avx"]
    assert re.search(r"^  = (true|false|absent)$", out, re.MULTILINE)


def test_the_table_of_the_readme_is_what_docs_print(work, capsys):
    readme = (Path(__file__).parents[2] / "README.md").read_text()
    assert done(capsys, "docs", "--table") in readme


def test_the_pages_hold_every_cause(work, capsys):
    page = done(capsys, "docs")
    for playbook in load_builtin():
        assert f"\n## `{playbook.name}`\n" in page
        assert playbook.about.split(".")[0].replace("<", "&lt;") in page
    one = done(capsys, "docs", "no-avx")
    assert one.count("\n## ") == 1
    assert "there is no such playbook" in done(capsys, "docs", "no-avxx", code=2)


DOCUMENTED = """schema: 1
name: our-mirror
title: The mirror is not ours
about: Our machines install from one place.
variables:
  site: {type: str, choices: [north, south], env: OUR_SITE, description: where the machine stands}
  rooms: {type: int, default: 3}
diagnose:
  rules:
    - when: {fact: host.system, equals: linux}
      evidence: [{kind: host, text: 'linux'}]
repair: automatic
fix:
  - name: Name it
    action: environment
    args: {variables: {OUR_SITE: '{vars.site}'}}
verify:
  - name: the site is named
    that: {fact: host.system, equals: linux}
manual:
  - platforms: {macos: [ask the desk]}
"""


def test_a_page_tells_what_may_be_given_and_what_must_hold(work, capsys):
    Path("our-mirror.yaml").write_text(DOCUMENTED)
    page = done(capsys, "docs", "our-mirror", "--playbook", "our-mirror.yaml")
    assert (
        "- `site` (one of `north`, `south`; `--var site=VALUE` or `$OUR_SITE`, must be given): where the machine stands"
        in page
    )
    assert "- `rooms` (int; `--var rooms=VALUE`, else `3`)\n" in page
    assert "- on macOS: ask the desk\n" in page
    assert "Must hold afterwards:\n\n- the site is named\n" in page


SEATS = """schema: 1
name: our-seats
title: There are no seats
about: It is for a test.
variables:
  server: {default: 'https://lic.intranet', env: OUR_SERVER}
  token: {default: none, env: OUR_TOKEN}
diagnose:
  rules:
    - when: {fact: vars.server, exists: true}
      evidence: [{kind: host, text: '{vars.server} {vars.token}'}]
repair: manual
manual: [ask]
"""


def test_no_password_in_a_variable_is_recorded(work, env, capsys, monkeypatch):
    Path("our-seats.yaml").write_text(SEATS)
    monkeypatch.setenv("OUR_SERVER", "https://ada:hunter2@lic.intranet")
    monkeypatch.setenv("OUR_TOKEN", "4711-4711")
    file = "cases/our-seats/mine.yaml"
    done(capsys, "record", file, "--env", env, "--no-import", "--playbook", "our-seats.yaml")
    assert read_case(Path(file), known_facts()).variables == {"server": "https://***@lic.intranet", "token": "***"}
    assert done(capsys, "test", ".") == "1 of 1 cases came out as expected\n"


def test_the_next_command_for_another_machine_names_the_playbooks(work, env, capsys):
    Path("our-licence.yaml").write_text(LICENCE)
    words = ("--playbook", "our-licence.yaml", "--var", "site=north")
    run(["diagnose", "--no-import", "--env", str(env), "--facts-out", "facts.json"])
    capsys.readouterr()
    assert run(["diagnose", "--facts", "facts.json", "--only", "our-licence", *words]) == 1
    assert "--playbook our-licence.yaml --var site=north` shows the repair" in " ".join(capsys.readouterr().out.split())
