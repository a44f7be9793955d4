"""The script of healthy environments: its table survives being cut off, and an error is never taken for health."""

import importlib.util
import json
import subprocess
import sys
from pathlib import Path

import pytest

WORKED = {"result": {"smoke": {"ok": True}}}
SCRIPT = Path(__file__).parent / "real" / "healthy.py"


@pytest.fixture(scope="module")
def healthy():
    spec = importlib.util.spec_from_file_location("healthy", SCRIPT)
    module = importlib.util.module_from_spec(spec)
    sys.modules["healthy"] = module
    spec.loader.exec_module(module)
    return module


def finding(name, severity):
    return {"id": name, "severity": severity}


@pytest.mark.parametrize(
    ("code", "out", "said", "warned"),
    [
        (0, json.dumps({"findings": [], **WORKED}), "no error", ()),
        (0, json.dumps({"findings": [finding("path-leak", "warning")], **WORKED}), "no error", ("path-leak",)),
        (0, json.dumps({"findings": []}), "failed: it ended with 0", ()),
        (1, json.dumps({"findings": [finding("numpy-abi", "error")]}), "false alarm: numpy-abi", ()),
        (4, json.dumps({"findings": [finding("no-avx", "error")]}), "false alarm: no-avx", ()),
        (1, json.dumps({"findings": []}), "failed: it ended with 1", ()),
        (0, "", "failed: nothing was printed", ()),
    ],
)
def test_what_is_said_of_an_environment(healthy, monkeypatch, tmp_path, code, out, said, warned):
    monkeypatch.setattr(healthy, "ran", lambda *_: subprocess.CompletedProcess((), code, out, ""))
    outcome = healthy.Outcome(healthy.rows()[0])
    assert healthy.diagnosed(outcome, tmp_path / "env", {}, tmp_path) == said
    assert outcome.warnings == warned


def test_a_row_in_which_tensorflow_does_not_work_proves_nothing(healthy, monkeypatch, tmp_path):
    monkeypatch.setattr(
        healthy, "ran", lambda *_: subprocess.CompletedProcess((), 1, "", "Traceback\nImportError: no | way\n")
    )
    said = healthy.computed(tmp_path / "env", {}, tmp_path)
    assert said == "not healthy: ImportError: no | way"
    assert healthy.Outcome(healthy.rows()[0], said=said).cells[4] == "not healthy: ImportError: no way"


def test_rows_are_written_beside_the_others_in_their_order(healthy, tmp_path):
    table = tmp_path / "healthy.md"
    first, second = healthy.rows()[:2]
    for row in (second, first):
        cells = healthy.Outcome(row, files=3, said="no error", seconds=2.4).cells
        healthy.write_table(table, {**healthy.read_table(table), row.key: cells})
    text = table.read_text()
    assert list(healthy.read_table(table)) == [first.key, second.key]
    assert "2 of 2 environments without an error" in text
    healthy.write_table(table, {**healthy.read_table(table), ("3.5", "tensorflow==0.1"): ("3.5",) * 8})
    assert list(healthy.read_table(table)) == [first.key, second.key]


def test_a_row_is_of_the_days_of_its_release(healthy):
    day = {row.asked[0]: row.day for row in healthy.rows()}
    assert day["tensorflow-cpu==2.9.3"] == "2022-12-16"
    assert day["tensorflow-cpu==2.21.0"] == ""
