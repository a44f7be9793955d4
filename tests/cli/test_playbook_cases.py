"""`playbook test` and `playbook validate`: what a team's review sees."""

import json
from pathlib import Path

import pytest

from tfrepair.cli.app import run

NIGHTLY = (Path(__file__).parents[2] / "examples" / "team" / "no-nightlies.yaml").read_text()
FIRES = """about: A nightly beside nothing else.
like: healthy
facts:
  inventory.distributions: [{name: tf-nightly, version: 2.18.0.dev20240801, top_level: [tensorflow]}]
  inventory.names: [tf-nightly]
  distribution.tf-nightly.version: 2.18.0.dev20240801
  tensorflow.name: tf-nightly
  tensorflow.version: 2.18.0.dev20240801
findings:
  - {id: no-nightlies, severity: error, repair: automatic, evidence: '`tf-nightly` 2.18.0.dev20240801'}
index: {tensorflow: 2.15.1, numpy: 1.26.4}
operations:
  - uninstall tf-nightly 2.18.0.dev20240801
  - remove `lib/python3.10/site-packages/tensorflow` (whatever is left of TensorFlow's files)
  - install tensorflow 2.15.1, numpy 1.26.4
"""


@pytest.fixture
def team(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    (tmp_path / "cases" / "no-nightlies").mkdir(parents=True)
    (tmp_path / "no-nightlies.yaml").write_text(NIGHTLY)
    (tmp_path / "cases" / "no-nightlies" / "fires.yaml").write_text(FIRES)
    return tmp_path


def outcome(capsys, *words):
    code = run(["playbook", *words])
    out, err = capsys.readouterr()
    assert "Traceback" not in out + err
    return code, out, err


@pytest.mark.parametrize("name", ["top.yaml", "ours/sub/deep.yaml", "ours/sub/deep.yml"])
def test_a_case_that_lies_too_high_or_too_deep_is_not_passed_over(team, capsys, name):
    place = team / "cases" / name
    place.parent.mkdir(parents=True, exist_ok=True)
    place.write_text("findings: []\n")
    assert run(["playbook", "test", str(team)]) == 2
    assert f"`{place}` would be passed over: cases are `{team}/cases/PLAYBOOK/CASE.yaml`" in capsys.readouterr().err


def test_a_case_that_comes_out_as_expected(team, capsys):
    assert outcome(capsys, "test", ".") == (0, "1 of 1 cases came out as expected\n", "")


@pytest.mark.parametrize("name", ["no-nightlies", "cases/no-nightlies/fires"])
def test_a_file_that_would_be_passed_over_is_named(team, capsys, name):
    (team / f"{name}.yaml").rename(team / f"{name}.yml")
    words = ("test", ".") if "/" in name else ("list", "--playbook", ".")
    code, _, err = outcome(capsys, *words)
    assert code == 2
    assert f"{name}.yml` would be passed over" in err


@pytest.mark.parametrize(
    ("old", "new", "message"),
    [
        (
            "findings:\n",
            "findings:\n  - {id: numpy-abi}\n",
            "9:1: expected the findings `numpy-abi`, `no-nightlies`, found `no-nightlies`",
        ),
        ("severity: error", "severity: warning", "9:1: `no-nightlies`: expected severity `warning`, found `error`"),
        (
            "numpy: 1.26.4",
            "numpy: 1.26.3",
            "12:1: operation 3: expected `install tensorflow 2.15.1, numpy 1.26.4`, found `install tensorflow 2.15.1, numpy 1.26.3`",
        ),
        (
            "numpy: 1.26.4",
            "numpy: 2.5",
            "12:1: there is no plan: tensorflow 2.15.1 cannot be installed here: numpy<2 is asked for, and `index` of the case has `numpy` 2.5",
        ),
        ("like: healthy", "like: healhty", "2:7: there is no machine `healhty`, did you mean `healthy`?"),
        ("index:", "indx:", "11:1: unknown key `indx` in a case, did you mean `index`?"),
        (
            "tensorflow.name:",
            "tensorflow.nane:",
            "7:3: no probe knows the fact `tensorflow.nane`, did you mean `tensorflow.name`?",
        ),
        ("severity:", "severty:", "10:24: unknown key `severty` in a finding, did you mean `severity`?"),
        ("findings:\n  - {id", "x: &a\n  - {id", "9:4: anchors (`&a`) are not supported"),
        ("  - {id: no", "  - {ident: no", "10:5: a finding is a mapping with `id`"),
    ],
)
def test_what_is_otherwise_is_named_at_its_place(team, capsys, old, new, message):
    assert old in FIRES
    Path("cases/no-nightlies/fires.yaml").write_text(FIRES.replace(old, new, 1))
    code, out, err = outcome(capsys, "test", ".")
    assert (code, err) == (1, "")
    assert out.splitlines()[0] == f"cases/no-nightlies/fires.yaml:{message}"


@pytest.mark.parametrize(
    ("machine", "message"),
    [
        ("about: x\nlike: ours\n", "2:7: more than 5 machines that are like another, or like each other"),
        ("facts: [1]\n", "1:8: `facts` must be a mapping of fact paths to values"),
        ("facts: {host.sytem: linux}\n", "1:9: no probe knows the fact `host.sytem`, did you mean `host.system`?"),
        (
            "facts: {distribution.numpy.verson: '2'}\n",
            "1:9: no probe knows the fact `distribution.numpy.verson`, did you mean `distribution.numpy.version`?",
        ),
    ],
)
def test_a_machine_that_is_wrong_is_named(team, capsys, machine, message):
    (team / "cases" / "_machines").mkdir()
    (team / "cases" / "_machines" / "ours.yaml").write_text(machine)
    Path("cases/no-nightlies/fires.yaml").write_text(FIRES.replace("like: healthy", "like: ours"))
    code, out, _ = outcome(capsys, "test", ".")
    assert code == 1
    assert out.splitlines()[0] == f"cases/_machines/ours.yaml:{message}"


@pytest.mark.parametrize(
    ("old", "new"),
    [
        ("[{name: tf-nightly, version: 2.18.0.dev20240801, top_level: [tensorflow]}]", "[{name: tf-nightly}]"),
        ("[{name: tf-nightly, version: 2.18.0.dev20240801, top_level: [tensorflow]}]", "[{nam: tf-nightly}]"),
        ("[{name: tf-nightly, version: 2.18.0.dev20240801, top_level: [tensorflow]}]", "x"),
        ("index: {tensorflow: 2.15.1", "index: {tensorflow: nonsense"),
    ],
)
def test_facts_that_no_probe_would_give_are_a_problem_of_that_case(team, capsys, old, new):
    Path("cases/no-nightlies/good.yaml").write_text(FIRES)
    assert old in FIRES
    Path("cases/no-nightlies/fires.yaml").write_text(FIRES.replace(old, new))
    code, out, _ = outcome(capsys, "test", ".")
    assert code == 1
    assert out.splitlines()[0].startswith("cases/no-nightlies/fires.yaml:")
    assert "1 of 2 cases came out as expected" in out


@pytest.mark.parametrize("name", ["9" * 400, "../../etc/passwd", "a/b", "[x]", "''"])
def test_a_name_of_no_machine(team, capsys, name):
    Path("cases/no-nightlies/fires.yaml").write_text(FIRES.replace("like: healthy", f"like: {name}"))
    code, out, _ = outcome(capsys, "test", ".")
    assert code == 1
    assert "fires.yaml:2:7: " in out


def test_the_same_as_json(team, capsys):
    path = Path("cases/no-nightlies/fires.yaml")
    path.write_text(FIRES.replace("severity: error", "severity: info"))
    code, out, _ = outcome(capsys, "test", ".", "--json")
    assert code == 1
    assert json.loads(out) == {
        "schema_version": 1,
        "command": "playbook test",
        "status": "failed",
        "cases": [
            {
                "name": "no-nightlies/fires",
                "path": str(path),
                "problems": [f"{path}:9:1: `no-nightlies`: expected severity `info`, found `error`"],
            }
        ],
    }


def test_a_folder_without_cases_and_no_folder(team, capsys, tmp_path):
    (tmp_path / "empty").mkdir()
    code, _, err = outcome(capsys, "test", "empty")
    assert (code, "playbook record" in err) == (2, True)
    code, _, err = outcome(capsys, "test", "nowhere")
    assert (code, "`nowhere` is not a folder" in err) == (2, True)


def test_problems_as_sarif_stand_at_their_lines(team, capsys):
    Path("it's bad.yaml").write_text(NIGHTLY.replace("repair: automatic", "repiar: automatic"))
    code, out, _ = outcome(capsys, "validate", "--sarif", "no-nightlies.yaml", "it's bad.yaml")
    log = json.loads(out)
    assert (code, log["version"]) == (2, "2.1.0")
    (result,) = log["runs"][0]["results"]
    assert result["message"]["text"] == "unknown key `repiar` in the playbook, did you mean `repair`?"
    assert result["locations"][0]["physicalLocation"] == {
        "artifactLocation": {"uri": "it%27s%20bad.yaml"},
        "region": {"startLine": 16, "startColumn": 1},
    }
    assert result["ruleId"] == log["runs"][0]["tool"]["driver"]["rules"][0]["id"]


def test_nothing_wrong_as_sarif_and_json(team, capsys):
    code, out, _ = outcome(capsys, "validate", "--sarif", "no-nightlies.yaml")
    assert (code, json.loads(out)["runs"][0]["results"]) == (0, [])
    code, out, _ = outcome(capsys, "validate", "--json", "no-nightlies.yaml")
    assert (code, json.loads(out)["status"], json.loads(out)["problems"]) == (0, "healthy", [])
    assert outcome(capsys, "validate", "--json", "--sarif", "no-nightlies.yaml")[0] == 2


def test_an_index_that_lacks_what_the_playbook_asks_for_is_named(team, capsys):
    (team / "no-nightlies.yaml").write_text(
        NIGHTLY.replace("requirements: [tensorflow]", "requirements: [acme-models]")
    )
    code, out, _ = outcome(capsys, "test", ".")
    assert code == 1
    assert "acme-models is asked for, and `index` of the case has no `acme-models`" in out
