"""`tfrepair report`: three forms of one look, redacted, and read back on another machine."""

import json
import re
import sys
import venv

import pytest

from tfrepair.cli.app import run
from tfrepair.execute.fingerprint import tree_digest
from tfrepair.model.wire import facts_from_json

SITE = f"lib/python{sys.version_info[0]}.{sys.version_info[1]}/site-packages"


@pytest.fixture(scope="module")
def made(tmp_path_factory):
    home = tmp_path_factory.mktemp("ada")
    venv.create(home / "env", with_pip=False, symlinks=True)
    info = home / "env" / SITE / "evil_package-1.0.dist-info"
    info.mkdir()
    (info / "METADATA").write_text("Metadata-Version: 2.1\nName: evil|package`<script>\nVersion: 1.0\n")
    return home


@pytest.fixture
def reported(made, monkeypatch, capsys):
    """Report on the environment; returns the exit code, standard output and standard error."""
    monkeypatch.setenv("HOME", str(made))
    monkeypatch.setenv("LOGNAME", "lovelace")
    monkeypatch.setattr("platform.node", lambda: "analytical")
    monkeypatch.chdir(made)

    def check(*arguments):
        before = tree_digest(made / "env")
        code = run(["report", "--no-import", "--env", str(made / "env"), *arguments])
        assert tree_digest(made / "env") == before
        return code, *capsys.readouterr()

    return check


def test_markdown_is_the_default(reported, made):
    code, out, err = reported()
    assert code == 0
    assert out.startswith("## TensorFlow environment\n")
    assert "`not-installed`" in out
    assert str(made) not in out
    assert "~/env" in out
    assert "<script>" not in out
    assert "target:" in err


def test_html_is_one_page_on_its_own(reported, made):
    code, out, _ = reported("--format", "html")
    assert code == 0
    assert out.startswith("<!doctype html>")
    assert not re.search(r"(src|href)=|<script", out)
    assert str(made) not in out


def test_the_facts_are_read_back(reported, made, tmp_path, capsys):
    code, out, _ = reported("--json")
    document = json.loads(out)
    assert code == 0
    assert (document["command"], document["format"]) == ("report", "tfrepair.facts/1")
    assert str(made) not in out
    assert facts_from_json(document).value("environment.prefix") == "~/env"
    path = tmp_path / "facts.json"
    path.write_text(out)
    assert run(["diagnose", "--facts", str(path), "--json"]) == 1
    found = json.loads(capsys.readouterr().out)["findings"]
    assert [finding["id"] for finding in found] == [finding["id"] for finding in document["findings"]]


def test_explain_reads_the_facts_of_a_report(reported, tmp_path, capsys):
    path = tmp_path / "facts.json"
    path.write_text(reported("--json")[1])
    log = tmp_path / "log.txt"
    log.write_text("ModuleNotFoundError: No module named 'tensorflow'\n")
    assert run(["explain", str(log), "--facts", str(path), "--json"]) == 1
    first = json.loads(capsys.readouterr().out)["findings"][0]
    assert (first["id"], first["confidence"]) == ("not-installed", "high")


def test_it_goes_to_a_file(reported, tmp_path):
    path = tmp_path / "report.md"
    code, out, err = reported("--output", str(path))
    assert (code, out) == (0, "")
    assert path.read_text().startswith("## TensorFlow environment\n")
    assert str(path) in err


def test_json_is_on_standard_output_too(reported, tmp_path):
    path = tmp_path / "report.json"
    code, out, err = reported("--json", "--output", str(path))
    assert code == 0
    assert json.loads(out) == json.loads(path.read_text())
    assert str(path) in err
    assert reported("--format", "json", "--output", str(path))[:2] == (0, "")


def test_a_file_that_cannot_be_written(reported, tmp_path):
    code, _, err = reported("--output", str(tmp_path / "nowhere" / "x.md"))
    assert code == 2
    assert "nowhere" in err


def test_a_form_that_is_not_known(reported):
    code, _, err = reported("--format", "pdf")
    assert code == 2
    assert "markdown" in err


VARIABLES = """
schema: 1
name: lab-stack
title: This is not the stack of the lab
about: It is for a test.
variables:
  team: {default: nobody, env: LAB_TEAM, choices: [nobody, vision, speech]}
  licence: {env: LAB_LICENCE}
  servers: {default: [one], type: list, env: LAB_SERVERS}
  data: {default: /srv/lab}
  token: {default: none}
diagnose:
  rules:
    - when: {all: [{fact: vars.team, equals: vision}, {fact: vars.licence, contains: blue}]}
      evidence:
        - {kind: host, text: 'team {vars.team}, licence {vars.licence}, data {vars.data}, token {vars.token}'}
        - {kind: host, each: vars.servers, text: 'asked {item}'}
repair: manual
manual: [ask the desk]
"""


@pytest.mark.parametrize("form", ["markdown", "html", "json"])
def test_variables_count_as_for_diagnose_and_no_value_of_the_environment_is_shown(form, reported, made, monkeypatch):
    (made / "lab-stack.yaml").write_text(VARIABLES)
    monkeypatch.setenv("LAB_TEAM", "vision")
    monkeypatch.setenv("LAB_LICENCE", "blue-moon")
    monkeypatch.setenv("LAB_SERVERS", "first.intranet,second.intranet")
    given = ("--var", f"data={made}/data", "--var", "token=4711")
    code, out, _ = reported("--format", form, "--playbook", "lab-stack.yaml", *given)
    assert code == 0
    assert "team vision, licence ***, data ~/data, token ***" in out
    assert "asked ***" in out
    assert not re.search(r"blue-moon|intranet|4711", out)


def test_a_variable_that_does_not_fit_is_named(reported, made):
    (made / "lab-stack.yaml").write_text(VARIABLES)
    code, _, err = reported("--playbook", "lab-stack.yaml", "--var", "team=sales", "--var", "teem=vision")
    assert code == 2
    assert "`--var team=sales` is not one of" in err
    assert "`--var teem`: no playbook has this variable, did you mean `team`?" in err


def test_the_overview_shows_facts_that_probes_tell():
    from tfrepair.app.environment_report import _OVERVIEW
    from tfrepair.app.playbooks import known_facts

    known = set(known_facts())
    assert [path for paths in _OVERVIEW.values() for path in paths if path not in known] == []
