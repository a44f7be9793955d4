"""Bad input: one clear message that says what to do, the exit code of the contract, nothing changed, no traceback."""

import json
import sys
import venv
import zipfile

import pytest

from tfrepair.cli.app import run
from tfrepair.execute.fingerprint import tree_digest


@pytest.fixture
def env(tmp_path, monkeypatch):
    monkeypatch.setenv("TFREPAIR_STATE_DIR", str(tmp_path / "state"))
    monkeypatch.delenv("VIRTUAL_ENV", raising=False)
    monkeypatch.chdir(tmp_path)
    venv.create(tmp_path / "env", with_pip=False, symlinks=True)
    return tmp_path / "env"


@pytest.fixture
def refused(env, tmp_path, capsys):
    """Run a command line that must be refused; returns its one message."""

    def check(*arguments, code):
        before = tree_digest(tmp_path)
        found = run([str(argument) for argument in arguments])
        out, err = capsys.readouterr()
        assert found == code, f"exit {found}\n{out}\n{err}"
        assert "Traceback" not in out + err
        assert tree_digest(tmp_path) == before
        return out + err

    return check


WRONG_KEY = """schema: 1
name: mine
title: Mine
about: Something of ours.
repiar: automatic
diagnose:
  rules:
    - when: {fact: host.system, equals: linux}
fix:
  - {name: Say it, action: message, args: {text: hello}}
"""


def test_a_target_that_does_not_exist(refused, tmp_path):
    text = refused("diagnose", "--python", tmp_path / "nowhere" / "python", code=2)
    assert "nowhere" in text
    assert "hint:" in text


def test_an_environment_that_does_not_exist(refused, tmp_path):
    assert "nothing-here" in refused("fix", "--yes", "--env", tmp_path / "nothing-here", code=2)


def test_a_folder_that_is_no_environment(refused, tmp_path):
    assert "hint:" in refused("diagnose", "--env", tmp_path, code=2)


def test_a_program_that_is_not_python(refused):
    assert "/bin/true" in refused("diagnose", "--python", "/bin/true", code=2)


@pytest.mark.parametrize("option", ["--env", "--python"])
@pytest.mark.parametrize(
    "words",
    [
        ("fix", "--yes"),
        ("fix", "--yes", "--venv", "new"),
        ("diagnose",),
        ("verify",),
        ("report",),
        ("rollback", "--yes"),
        ("explain", "boom"),
        ("tensorflow", "list"),
    ],
)
def test_a_target_without_a_name_is_not_another_target(refused, monkeypatch, words, option):
    monkeypatch.setenv("TFREPAIR_ENV", "")
    assert f"`{option}` was given without a name" in refused(*words, option, "", code=2)


@pytest.mark.parametrize("option", ["--venv", "--index-url", "--extra-index-url", "--find-links"])
def test_what_was_given_without_a_name_is_not_left_out(refused, env, option):
    """Without it another environment would be changed, or what is installed would come from elsewhere."""
    named = ("--python", env / "bin" / "python") if option == "--venv" else ("--env", env)
    assert f"`{option}` was given without a name" in refused("fix", "--yes", *named, option, "", code=2)


@pytest.mark.parametrize("number", ["nan", "inf", "-inf"])
@pytest.mark.parametrize(
    "words",
    [
        ("fix", "--timeout"),
        ("fix", "--lock-timeout"),
        ("rollback", "--lock-timeout"),
        ("diagnose", "--timeout"),
        ("verify", "--timeout"),
        ("runs", "clean", "--older-than"),
        ("runs", "clean", "--max-size"),
    ],
)
def test_a_number_that_is_none(refused, words, number):
    text = refused(*words, number, code=2)
    assert f"error: Invalid value for '{words[-1]}'" in text
    assert f": {number} is not " in text


def test_a_number_that_is_none_in_a_variable(refused, monkeypatch):
    monkeypatch.setenv("TFREPAIR_LOCK_TIMEOUT", "nan")
    assert "'--lock-timeout' (env var: 'TFREPAIR_LOCK_TIMEOUT'): nan is not" in refused("fix", "--yes", code=2)


def test_both_ways_to_name_a_target(refused, env):
    assert "--python" in refused("diagnose", "--python", sys.executable, "--env", env, code=2)


def test_a_playbook_with_a_wrong_key(refused, env, tmp_path):
    path = tmp_path / "mine.yaml"
    path.write_text(WRONG_KEY)
    text = refused("diagnose", "--env", env, "--playbook", path, code=2)
    assert f"{path}:5:1: " in text
    assert "repair" in text


def test_mistakes_of_several_playbooks_are_named_at_once(refused, env, tmp_path):
    named, lying = tmp_path / "mine.yaml", tmp_path / ".tfrepair" / "theirs.yaml"
    lying.parent.mkdir()
    for path in (named, lying):
        path.write_text(WRONG_KEY)
    for words in ((named,), (named, "--playbook", "theirs")):
        text = refused("diagnose", "--env", env, "--playbook", *words, code=2)
        assert f"{named}:5:1: " in text
        assert f"{lying}:5:1: " in text


def test_a_playbook_name_that_is_not_known(refused, env):
    assert "numpy-abi" in refused("diagnose", "--env", env, "--only", "numpy-abbi", code=2)


@pytest.mark.parametrize("pin", ["latest please", "==", "2.x", "tensorflow @", "numpy==1.26.4"])
def test_a_pin_that_cannot_be_read(refused, env, pin):
    assert pin in refused("fix", "--yes", "--env", env, "--tensorflow", pin, code=2)


@pytest.mark.parametrize("pin", ["1.99.0", "2.3.0", "tensorflow-cpu==1.99", "tensorflow-macos==2.13.0"])
def test_a_pin_that_cannot_be_met(refused, env, pin):
    text = refused("fix", "--yes", "--env", env, "--tensorflow", pin, code=4)
    assert "hint:" in text


def test_a_wheel_for_another_platform(refused, env, tmp_path):
    path = tmp_path / "tensorflow-2.10.0-cp310-cp310-win_amd64.whl"
    with zipfile.ZipFile(path, "w") as archive:
        archive.writestr("tensorflow-2.10.0.dist-info/RECORD", "")
    text = refused("fix", "--yes", "--env", env, "--tensorflow", path, code=4)
    assert "win_amd64" in text
    assert "nothing was changed" in text


def test_a_wheel_that_is_not_there(refused, env):
    assert "gone.whl" in refused("fix", "--yes", "--env", env, "--tensorflow", "gone.whl", code=2)


def test_a_wheel_that_is_cut_short(refused, env, tmp_path):
    tag = f"cp{sys.version_info[0]}{sys.version_info[1]}"
    path = tmp_path / f"tensorflow-2.10.0-{tag}-{tag}-linux_x86_64.whl"
    path.write_bytes(b"PK\x03\x04 and no more")
    assert "cannot be read" in refused("fix", "--yes", "--env", env, "--tensorflow", path, code=2)


def test_a_folder_for_the_new_environment_that_holds_something_else(refused, tmp_path):
    other = tmp_path / "photos"
    other.mkdir()
    (other / "cat.jpg").write_bytes(b"meow")
    assert "photos" in refused("fix", "--yes", "--venv", other, code=2)


def test_a_plan_that_is_not_one(refused, env, tmp_path):
    path = tmp_path / "plan.json"
    path.write_text('{"format": "something else"}')
    assert "plan.json" in refused("fix", "--yes", "--env", env, "--plan", path, code=2)


@pytest.mark.parametrize("more", [(), ("--json",)])
def test_a_plan_does_not_go_to_standard_output(refused, env, more):
    text = refused("fix", "--dry-run", "--env", env, "--plan-out", "-", *more, code=2)
    assert "name a file, such as `--plan-out plan.json`" in text


def test_a_base_interpreter_that_is_not_there(refused, tmp_path):
    text = refused("fix", "--yes", "--venv", tmp_path / "new", "--base-python", "3.99", code=2)
    assert "3.99" in text


def test_nobody_to_ask(refused, env, tmp_path, monkeypatch):
    monkeypatch.setattr("sys.stdin", open("/dev/null"))  # noqa: SIM115
    with sys.stdin:
        text = refused("runs", "show", "20000101T000000-00000000", code=2)
    assert "20000101T000000-00000000" in text


def test_an_option_that_is_not_known(refused):
    assert "--dryrun" in refused("fix", "--dryrun", code=2)


@pytest.mark.parametrize("arguments", [["fix", "--json", "--dryrun"], ["diagnose", "--json", "--env", "nowhere"]])
def test_json_is_one_document_also_on_failure(env, capsys, arguments):
    assert run(arguments) == 2
    document = json.loads(capsys.readouterr().out)
    assert document["status"] == "failed"
    assert document["command"] == arguments[0]
    assert document["error"]["message"]


def test_an_interpreter_of_the_operating_system_is_never_changed(refused, tmp_path):
    import shutil

    if shutil.which("python3", path="/usr/bin") is None:
        pytest.skip("there is no /usr/bin/python3 on this machine")
    text = refused("fix", "--yes", "--python", "/usr/bin/python3", code=4)
    assert "--venv" in text


@pytest.mark.parametrize(
    ("words", "hint"),
    [
        (["diagnose", "env"], "an environment is named with `--env DIR`"),
        (["runs", "show"], "`tfrepair runs list` shows the runs"),
        (["fix", "--jsn"], "`tfrepair fix --help` lists the options"),
    ],
)
def test_a_line_that_cannot_be_read_says_what_would_be(refused, words, hint):
    assert hint in refused(*words, code=2)
