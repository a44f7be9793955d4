"""What stands on the line of progress of a narrow terminal, and what a log hears of a long step."""

import json
import time

import pytest

from tfrepair.cli import console
from tfrepair.cli.render_text import fitting

LONG = "/home/ada/projects/a-rather-long-name/environments/of-last-year/env"


def test_a_path_loses_its_middle_before_the_message_loses_its_end():
    text = fitting(f"looking at and importing TensorFlow in `{LONG}`: metadata", 70)
    assert text == "looking at and importing TensorFlow in `/home/ad...year/env`: metadata"
    assert len(text) <= 70


@pytest.mark.parametrize(
    "text", ["", "short", f"`{LONG}`", f"`{LONG}`: trying again in 3 s: `127.0.0.1:80` does not answer", "x" * 200]
)
@pytest.mark.parametrize("width", [30, 70, 200])
def test_it_is_never_longer_than_the_line_and_no_shorter_than_it_must_be(text, width):
    shown = fitting(text, width)
    assert len(shown) <= width
    assert shown == text or len(text) > width
    assert shown != text or len(text) <= width


def test_the_longest_path_is_shortened_first():
    assert fitting(f"moving `{LONG}` to `/opt/env`", 60).endswith("` to `/opt/env`")


def test_nothing_that_is_quoted_speaks_to_the_terminal(capsys):
    text = "a\tb\nc\x1b]52;c;eA==\x07\x1b[2J\x9b1m\x7f\r"
    shown = "a\tb\\nc\\x1b]52;c;eA==\\x07\\x1b[2J\\x9b1m\\x7f\\x0d\n"
    with console.Console(json=False, quiet=False, color=True) as screen:
        screen.say(text)
        screen.show([text])
        screen.document({"said": text})
    out = capsys.readouterr().out
    assert out.startswith(shown * 2)
    assert json.loads(out[len(shown * 2) :])["said"] == text
    assert not set(out) & set("\x1b\x07\x9b\x7f\r")


def told_of_a_step(monkeypatch, capsys, seconds, *, quiet=False):
    monkeypatch.setattr(console, "SILENCE", 0.02)
    with console.Console(json=False, quiet=quiet, color=False) as screen:
        screen.step("installing")
        screen.line("Downloading tensorflow (200 MiB)\n")
        time.sleep(seconds)
    ended = capsys.readouterr().err
    time.sleep(0.1)
    assert capsys.readouterr().err == ""
    return ended.splitlines()


def test_a_log_hears_that_a_long_step_goes_on_and_nothing_after_its_end(monkeypatch, capsys):
    *signs, end = told_of_a_step(monkeypatch, capsys, 0.5)
    assert signs
    assert {sign.partition(" s: ")[2] for sign in signs} == {"Downloading tensorflow (200 MiB)"}
    assert all(sign.startswith("installing: still at it after ") for sign in signs)
    assert end.startswith("installing: 0.")


def test_whoever_wants_quiet_hears_nothing_of_it(monkeypatch, capsys):
    assert told_of_a_step(monkeypatch, capsys, 0.2, quiet=True) == []


def test_a_quiet_dry_run_is_its_plan(monkeypatch, capsys):
    monkeypatch.setattr("tfrepair.cli.render_text.plan_lines", lambda plan: [plan])
    with console.Console(json=False, quiet=True, color=False, ask_first=True) as screen:
        screen.step("resolving")
        screen.plan("the plan")
        screen.step("importing")
    assert capsys.readouterr() == ("the plan\n", "")
