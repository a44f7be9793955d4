"""While something takes its time, a terminal shows what, why and how long; the document does not."""

import json
import os
import pty
import re
import subprocess
import sys

import pytest
from functional_support import NEW, screens
from index_support import Index, pip_conf, serving, times, unavailable


@pytest.fixture
def index(world, user):
    with serving(Index(world.index, {"/simple/keras/": times(2, unavailable)})) as served:
        pip_conf(user / ".config/pip/pip.conf", index_url=served.url, retries=0)
        yield served


def watched(world, *arguments):
    """Run tfrepair with standard error on a terminal of 80 columns; exit code, document and screen."""
    leader, follower = pty.openpty()
    child = subprocess.Popen(
        [sys.executable, "-m", "tfrepair", *(str(word) for word in arguments)],
        cwd=world.folder, stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=follower,
    )  # fmt: skip
    os.close(follower)
    *_, screen = (b"", *screens(leader, seconds=240))
    out = child.stdout.read().decode()
    child.stdout.close()
    child.wait(60)
    os.close(leader)
    return child.returncode, out, screen.decode(errors="replace")


@pytest.mark.parametrize("installer", ["uv", "pip"])
def test_the_countdown_is_on_the_terminal_and_not_in_the_document(world, index, installer):
    env = world.conflict()
    code, out, screen = watched(
        world, "fix", "--yes", "--env", env, "--installer", installer, "--tensorflow", f"tensorflow=={NEW}", "--json"
    )
    assert code == 0, screen
    assert json.loads(out)["status"] == "repaired"
    assert "trying again" not in out
    assert re.search(r"trying again in \d+ s: `127\.", screen), screen  # at the front: a narrow terminal cuts the rest


def test_the_line_of_progress_shows_what_is_done_and_the_time_whatever_the_length_of_the_path(world):
    env = world.healthy(name="/".join(["a-folder-with-a-name-that-is-long"] * 3))
    code, _, screen = watched(world, "diagnose", "--env", env, "--json")
    assert code == 0, screen
    assert re.search(r"looking at and importing TensorFlow in `/\S+\.\.\.\S+`: \w+ +(\x1b\S+)?\d:\d\d:\d\d", screen), (
        screen
    )
