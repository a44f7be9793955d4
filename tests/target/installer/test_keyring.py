"""Passwords out of a keyring: which indexes it is asked about, and what it may answer."""

from __future__ import annotations

import json
import os
import sys
from pathlib import Path

import pytest

from tfrepair.target.installer.base import make_installer
from tfrepair.target.installer.keyring import with_keyring
from tfrepair.target.installer.settings import IndexSettings
from tfrepair.target.interpreter import run

pytestmark = pytest.mark.skipif(os.name == "nt", reason="the stand-in is a shell script")

MODERN = """#!/bin/sh
echo "$*" >> "$HOME/asked"
[ "$*" = "--mode=creds --output=json get https://a.test/simple" ] || exit 1
printf '%s' '{"username": "joe", "password": "p@ss/word"}'
"""
OLD = """#!/bin/sh
echo "$*" >> "$HOME/asked"
case "$*" in --mode*) exit 2 ;; "get a.test joe") echo old ;; *) exit 1 ;; esac
"""


@pytest.fixture
def keyring(environ, tmp_path):
    def write(text):
        program = tmp_path / "bin" / "keyring"
        program.parent.mkdir()
        program.write_text(text)
        program.chmod(0o755)
        return {**environ, "PATH": f"{program.parent}{os.pathsep}{environ['PATH']}"}

    return write


def asked(environ):
    path = Path(environ["HOME"], "asked")
    return path.read_text().splitlines() if path.exists() else []


def test_a_provider_that_is_named_is_asked_about_every_index_without_a_password(keyring):
    environ = keyring(MODERN)
    settings = IndexSettings(
        index_url="https://a.test/simple",
        extra_index_urls=("https://jo:pw@b.test", "file:///opt/simple"),
        keyring="subprocess",
    )
    found = with_keyring(settings, environ, run)
    assert found.index_url == "https://joe:p%40ss%2Fword@a.test/simple"
    assert found.extra_index_urls == settings.extra_index_urls
    assert found.clean("tried p@ss/word") == "tried ***"
    assert asked(environ) == ["--mode=creds --output=json get https://a.test/simple"]


def test_an_old_keyring_gives_the_password_of_the_user_that_the_url_names(keyring):
    found = with_keyring(IndexSettings(index_url="https://joe@a.test/simple"), keyring(OLD), run)
    assert found.index_url == "https://joe:old@a.test/simple"


@pytest.mark.parametrize(
    "settings",
    [
        IndexSettings(index_url="https://a.test/simple"),
        IndexSettings(index_url="https://joe@a.test/simple", keyring="disabled"),
        IndexSettings(index_url="https://joe@a.test/simple", offline=True),
        IndexSettings(index_url="https://joe:pw@a.test/simple", keyring="subprocess"),
    ],
    ids=["nobody named one", "disabled", "offline", "there is a password"],
)
def test_it_is_not_asked(keyring, settings):
    environ = keyring(MODERN)
    assert with_keyring(settings, environ, run) == settings
    assert asked(environ) == []


@pytest.mark.parametrize("answer", ["", "not json", "[]", json.dumps({"username": "joe", "password": None})])
def test_an_answer_that_is_none_changes_nothing(keyring, answer):
    environ = keyring(f"#!/bin/sh\nprintf '%s' '{answer}'\n")
    settings = IndexSettings(index_url="https://a.test/simple", keyring="subprocess")
    assert with_keyring(settings, environ, run) == settings


def test_without_the_command_nothing_is_asked(environ, tmp_path):
    settings = IndexSettings(index_url="https://joe@a.test/simple", keyring="subprocess")
    assert with_keyring(settings, {**environ, "PATH": str(tmp_path)}, run) == settings


@pytest.mark.parametrize("kind", ["uv", "pip"])
def test_both_installers_have_it(keyring, kind):
    settings = IndexSettings(index_url="https://a.test/simple", keyring="subprocess")
    made = make_installer(kind, settings, keyring(MODERN), sys.version_info[:3])
    assert made.outside.settings.index_url == "https://joe:p%40ss%2Fword@a.test/simple"
