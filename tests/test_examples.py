"""The team set-ups in examples/: their playbooks are valid, their cases come out, the plug-in passes its own tests."""

import os
import subprocess
import sys
import zipfile
from pathlib import Path

import pytest

from tfrepair.app.playbooks import problems_of
from tfrepair.testing import check_cases

EXAMPLES = Path(__file__).parent.parent / "examples"
TEAMS = ("company-stack", "cuda-workstation", "teaching-lab")


@pytest.mark.parametrize("team", TEAMS)
def test_a_team_has_valid_playbooks_and_cases_that_come_out(team, monkeypatch):
    monkeypatch.chdir(EXAMPLES)
    files = sorted((EXAMPLES / team).glob("*.yaml"))
    assert files
    assert problems_of(files) == ()
    check_cases(EXAMPLES / team)


def test_every_case_folder_is_named_like_a_playbook():
    for folder in EXAMPLES.glob("*/cases/*"):
        team = folder.parent.parent
        names = {line.removeprefix("name: ") for path in team.rglob("*.yaml") for line in path.read_text().splitlines() if line.startswith("name: ")}  # fmt: skip
        assert folder.name in names


@pytest.fixture(scope="module")
def installed(tmp_path_factory):
    """The plug-in as its wheel would be installed, in a folder."""
    out = tmp_path_factory.mktemp("wheel")
    words = [sys.executable, "-m", "build", "--wheel", "--no-isolation", "--outdir", str(out), str(EXAMPLES / "plugin")]
    done = subprocess.run(words, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stdout + done.stderr
    (wheel,) = out.glob("*.whl")
    with zipfile.ZipFile(wheel) as archive:
        archive.extractall(out / "site")
    return out / "site"


def test_the_plugin_passes_the_published_conformance_test(installed):
    environ = {**os.environ, "PYTHONPATH": str(installed), "PYTEST_ADDOPTS": ""}
    words = [sys.executable, "-m", "pytest", "-q", "-p", "no:cacheprovider", "-c", os.devnull, str(EXAMPLES / "plugin" / "tests")]  # fmt: skip
    done = subprocess.run(words, capture_output=True, text=True, check=False, env=environ, cwd=installed.parent)
    assert done.returncode == 0, done.stdout + done.stderr
    assert "4 passed" in done.stdout
