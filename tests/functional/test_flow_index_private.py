"""A repair from a real index server that asks for a password; the password is nowhere afterwards."""

import os
import stat
import subprocess
import threading
import time

import psutil
import pytest
from functional_support import MINOR, NEW, NEWEST, NUMPY, json_of, naming
from index_support import PASSWORD, USER, pip_conf, pypiserver

from tfrepair.target import interpreter

KEYRING = """#!/bin/sh
echo "$*" >> "{folder}/asked"
case "$*" in
  "--mode=creds --output=json get http://{server}/simple/ {user}")
    printf '{{"username": "{user}", "password": "%s"}}' "$(cat "{folder}/secret")" ;;
  *) exit 1 ;;
esac
"""
OLD_KEYRING = """#!/bin/sh
echo "$*" >> "{folder}/asked"
case "$*" in
  --mode*) echo "keyring: error: unrecognized arguments: --mode=creds" >&2; exit 2 ;;
  "get {server} {user}") cat "{folder}/secret" ;;
  *) exit 1 ;;
esac
"""


@pytest.fixture
def server(world, tmp_path_factory):
    with pypiserver(world.index, tmp_path_factory.mktemp("server")) as place:
        yield place


@pytest.fixture
def command_lines(monkeypatch):
    """Every command line of this process's children, and those of their children that are seen in passing."""
    lines, over = [], threading.Event()

    class Recorded(subprocess.Popen):
        def __init__(self, argv, *more, **options):
            lines.append(" ".join(argv))
            super().__init__(argv, *more, **options)

    def watch():
        this = psutil.Process()
        while not over.is_set():
            for child in this.children(recursive=True):
                try:
                    lines.append(" ".join(child.cmdline()))
                except psutil.Error:
                    continue
            time.sleep(0.02)

    monkeypatch.setattr(interpreter.subprocess, "Popen", Recorded)
    thread = threading.Thread(target=watch)
    thread.start()
    yield lines
    over.set()
    thread.join()


def in_the_url(user, server, monkeypatch):
    return pip_conf(user / ".config/pip/pip.conf", index_url=f"http://{USER}:{PASSWORD}@{server}/simple/")


def in_netrc(user, server, monkeypatch):
    netrc = user / ".netrc"
    netrc.write_text(f"machine {server.partition(':')[0]} login {USER} password {PASSWORD}\n")
    netrc.chmod(0o600)
    pip_conf(user / ".config/pip/pip.conf", index_url=f"http://{server}/simple/")
    return netrc


def in_a_keyring(user, server, monkeypatch, script=KEYRING, **more):
    """The command of a keyring, as pip asks it."""
    secret, program = user / "secret", user / "bin" / "keyring"
    secret.write_text(PASSWORD + "\n")
    program.parent.mkdir()
    program.write_text(script.format(folder=user, server=server, user=USER))
    program.chmod(program.stat().st_mode | stat.S_IXUSR)
    monkeypatch.setenv("PATH", f"{program.parent}{os.pathsep}{os.environ['PATH']}")
    pip_conf(user / ".config/pip/pip.conf", index_url=f"http://{USER}@{server}/simple/", **more)
    return secret


def in_an_old_keyring(user, server, monkeypatch):
    """Without the option for user and password together, and known there by the host alone."""
    return in_a_keyring(user, server, monkeypatch, OLD_KEYRING, keyring_provider="subprocess")


@pytest.mark.parametrize(
    ("installer", "place"),
    [
        ("uv", in_the_url),
        ("uv", in_netrc),
        ("uv", in_an_old_keyring),
        ("pip", in_the_url),
        ("pip", in_netrc),
        ("pip", in_a_keyring),
    ],
)
@pytest.mark.skipif(NEWEST, reason="what is known to work on this Python is of NumPy 2, the stand-ins are not")
def test_it_is_repaired_and_the_password_is_nowhere(
    world, known, user, server, place, installer, monkeypatch, command_lines
):
    env = world.conflict()
    secret = place(user, server, monkeypatch)
    files = world.folder.parent
    shown = ("fix", "--env", env, "--installer", installer, "--tensorflow", f"tensorflow=={NEW}")
    dry = world.tfrepair(*shown, "--dry-run", "-v", "--log-file", files / "dry.log", links=False)
    assert dry.code == 1, dry
    assert "without upload times: the versions that worked with" in dry.out
    done = world.tfrepair(
        *shown, "--yes", "--json", "-v", "--log-format", "json", "--log-file", files / "fix.log",
        "--plan-out", files / "plan.json", links=False,
    )  # fmt: skip
    assert done.code == 0, done
    how = f"without upload times: the versions that worked with tensorflow-cpu {NEW} on Python {MINOR}"
    assert done.json["plan"]["resolved"] == f"{installer}, {how}"
    assert json_of(files / "plan.json")["lock"]["method"] == f"{installer}, {how}"
    assert world.imported(env) == NEW
    assert world.imported(env, "numpy") == known["numpy"] == NUMPY
    (record,) = world.records()
    assert {"plan.json", "pylock.toml", "journal.jsonl", "log.jsonl"} <= {path.name for path in record.iterdir()}
    said = (dry.out, dry.err, done.out, done.err)
    assert not [text for text in said if PASSWORD in text]
    assert any(installer in line and "install" in line for line in command_lines)
    assert not [line for line in command_lines if PASSWORD in line]
    assert naming(files, PASSWORD) == [secret]
