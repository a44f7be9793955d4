"""Closed streams, a current folder that is gone, encodings that lack characters, names that a terminal would obey."""

import json
import os
import subprocess
import sys
import venv
from pathlib import Path

import pytest

from tfrepair.cli.app import run
from tfrepair.cli.streams import say_json

pytestmark = pytest.mark.skipif(os.name == "nt", reason="a shell closes the streams, and file names hold any bytes")
TFREPAIR = f"exec {sys.executable} -m tfrepair"
LOOK = "diagnose --no-import --env env"


@pytest.fixture
def work(tmp_path, monkeypatch):
    for name, folder in (("TFREPAIR_STATE_DIR", "state"), ("TFREPAIR_CONFIG_DIR", "config"), ("HOME", "home")):
        monkeypatch.setenv(name, str(tmp_path / folder))
    place = tmp_path / "work"
    place.mkdir()
    venv.create(place / "env", with_pip=False, symlinks=True)
    monkeypatch.chdir(place)
    return place


def shell(command, **environ):
    argv = ["/bin/sh", "-c", f"{TFREPAIR} {command}"]
    return subprocess.run(argv, capture_output=True, env={**os.environ, **environ}, timeout=120, check=False)


@pytest.mark.parametrize("closed", ["<&-", ">&-", "2>&-", "<&- >&- 2>&-"])
def test_a_closed_stream_leads_nowhere(work, closed):
    done = shell(f"{LOOK} {closed}")
    assert done.returncode == 1, done
    assert b"Traceback" not in done.stderr
    if closed in {"<&-", "2>&-"}:
        assert b"TensorFlow is not installed" in done.stdout


def test_without_a_command_the_help_is_the_answer(work):
    done = shell("")
    assert (done.returncode, done.stdout) == (2, b"")
    assert done.stderr.startswith(b"Usage: tfrepair [OPTIONS] COMMAND")


def test_without_standard_input_a_question_has_no_terminal(work):
    done = shell("runs clean <&-")
    assert (done.returncode, done.stderr) == (0, b""), "nothing is kept, so nothing is asked"
    done = shell("fix --venv new <&-")
    assert done.returncode == 2, done
    assert b"no terminal" in done.stderr


@pytest.mark.parametrize("command", [LOOK, "playbook list", "playbook docs no-avx", "explain --json /dev/null"])
def test_a_current_folder_that_is_gone(work, command):
    gone = work / "gone"
    gone.mkdir()
    argv = ["/bin/sh", "-c", f"cd {gone} && rmdir {gone} && {TFREPAIR} {command}"]
    environ = {**os.environ, "PYTHONPATH": str(Path(__file__).parents[2])}
    done = subprocess.run(argv, capture_output=True, env=environ, timeout=120, check=False)
    assert done.returncode == 2, done
    text = (done.stdout + done.stderr).decode()
    assert "the current folder cannot be read" in text
    assert "Traceback" not in text
    if "--json" in command:
        assert json.loads(done.stdout)["error"]["code"] == "usage"


@pytest.mark.parametrize("encoding", ["ascii", "latin-1", "utf-8"])
def test_a_path_that_the_encoding_lacks(work, encoding):
    name = os.fsdecode(b"caf\xc3\xa9-\xff-\xe4\xb8\xad-\xf0\x9f\x8d\x8e")
    os.rename("env", name)
    argv = [sys.executable, "-m", "tfrepair", "diagnose", "--no-import", "--env", name]
    environ = {**os.environ, "PYTHONIOENCODING": f"{encoding}:strict", "PYTHONPATH": str(Path(__file__).parents[2])}
    done = subprocess.run([*argv, "--json"], capture_output=True, env=environ, timeout=120, check=False)
    assert done.returncode == 1, done
    assert json.loads(done.stdout.decode(encoding))["target"]["prefix"] == str(work / name)
    done = subprocess.run(argv, capture_output=True, env=environ, timeout=120, check=False)
    assert done.returncode == 1, done
    assert b"Traceback" not in done.stderr


@pytest.mark.parametrize(
    "command", ["playbook list", "tensorflow list --python " + sys.executable, f"{LOOK} --json", "diagnose --help"]
)
def test_a_reader_that_has_gone_changes_no_exit_code(work, command):
    expected = shell(command).returncode
    reading, writing = os.pipe()
    os.close(reading)
    done = subprocess.run(
        ["/bin/sh", "-c", f"{TFREPAIR} {command}"], stdout=writing, stderr=subprocess.PIPE, timeout=120, check=False
    )
    os.close(writing)
    assert done.returncode == expected, done
    assert b"Traceback" not in done.stderr
    assert b"BrokenPipe" not in done.stderr


@pytest.mark.skipif(not os.path.exists("/dev/full"), reason="there is no device that is always full")
def test_a_full_disk_is_said(work):
    done = shell(f"{LOOK} --json >/dev/full")
    assert done.returncode == 1, done
    assert b"standard output cannot be written: No space left" in done.stderr
    assert b"Traceback" not in done.stderr


@pytest.mark.skipif(not os.path.exists("/dev/full"), reason="there is no device that is always full")
@pytest.mark.parametrize(
    "command",
    ["report --no-import --env env", "playbook list", "runs list --json", "--version", "--help", "runs list -h"],
)
def test_what_could_not_be_written_is_no_success(work, command):
    assert shell(command).returncode == 0
    done = shell(f"{command} >/dev/full")
    assert done.returncode == 6, done
    assert b"standard output cannot be written: No space left" in done.stderr
    assert b"Traceback" not in done.stderr
    assert shell(f"{command} 2>/dev/full").returncode == 0, "nobody waits for what is said beside"


@pytest.mark.parametrize(
    ("command", "code"),
    [
        ("diagnose --no-import --env env --json", 1),
        ("report --no-import --env env", 0),
        ("verify --env env -v", 1),
        ("diagnose --env nothing", 2),
        ("diagnose --nothing", 2),
        ("explain .", 2),
    ],
)
@pytest.mark.parametrize("asked", [" --log-format json", " --log-format=json", ""])
def test_with_a_log_in_json_every_line_of_standard_error_is_one_of_it(work, command, code, asked):
    done = shell(f"{command}{asked}", **({} if asked else {"TFREPAIR_LOG_FORMAT": "json"}))
    assert done.returncode == code, done
    events = [json.loads(line) for line in done.stderr.splitlines()]
    assert events
    assert all({"event", "level", "timestamp"} <= event.keys() for event in events)
    said = [event["text"] for event in events if event["event"] == "said"]
    if code == 2:
        assert (events[0]["level"], said[0].partition(" ")[0]) == ("error", "error:")
    if "env env" in command:
        assert any(text.endswith(" s") for text in said), "progress is told too"


FULL = pytest.mark.skipif(not os.path.exists("/dev/full"), reason="there is no device that is always full")
LOGS = ["--log-file /dev/full", "--log-format json 2>/dev/full", "-v 2>/dev/full"]


@FULL
@pytest.mark.parametrize("log", LOGS)
def test_a_log_that_cannot_be_written_is_no_success_and_ends_nothing(work, log):
    done = shell(f"report --no-import --env env {log}")
    assert done.returncode == 6, done
    assert done.stdout == shell("report --no-import --env env").stdout
    said = "the log file `/dev/full` cannot be written: No space left on device; the rest goes without it"
    assert done.stderr.decode().count(said) == ("2>" not in log)
    assert b"Traceback" not in done.stderr
    done = shell(f"{LOOK} --json {log}")
    assert done.returncode == 1, "another code says more"
    assert json.loads(done.stdout)["command"] == "diagnose"


BAD = "evil\x1b]0;pwned\x07\x9b\u202e"
PLAYBOOK = """schema: 1
name: evil
title: Nothing
about: Nothing.
diagnose: {rules: [{when: {fact: host.system, equals: none}, evidence: [{kind: host, text: x}]}]}
repair: manual
manual: [x]
"""


@pytest.mark.parametrize(
    "words", [["list"], ["validate", ".tfrepair"], ["validate", "--json", ".tfrepair"], ["test", "."]]
)
def test_no_name_of_a_file_is_obeyed(work, capsys, words):
    (work / ".tfrepair").mkdir()
    bad = work / ".tfrepair" / f"{BAD}.yaml"
    bad.write_text(PLAYBOOK if words == ["list"] else "schema: 2\n")
    cases = work / "cases" / "evil"
    cases.mkdir(parents=True)
    (cases / f"{BAD}.yaml").write_text("nothing: here\n")
    run(["playbook", *words])
    out, err = capsys.readouterr()
    assert "pwned" in out + err
    assert not {"\x1b", "\x07", "\x9b", "\u202e"}.intersection(out + err)
    if "--json" in words:
        assert BAD in json.loads(out)["files"][0]


def test_a_document_has_no_character_that_is_obeyed(capsys):
    say_json({"text": "\x1b \x7f \x85 \u4e2d \udcff \u2066"})
    out = capsys.readouterr().out
    assert json.loads(out) == {"text": "\x1b \x7f \x85 \u4e2d \udcff \u2066"}
    assert not {"\x1b", "\x7f", "\x85", "\u2066"}.intersection(out)
