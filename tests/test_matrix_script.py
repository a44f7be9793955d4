"""The matrix script: its table survives being cut off, and it believes only what was verified."""

import importlib.util
import json
import sys
from pathlib import Path

import pytest

SCRIPT = Path(__file__).parent / "real" / "matrix.py"


@pytest.fixture(scope="module")
def matrix():
    spec = importlib.util.spec_from_file_location("matrix", SCRIPT)
    module = importlib.util.module_from_spec(spec)
    sys.modules["matrix"] = module
    spec.loader.exec_module(module)
    return module


@pytest.fixture
def pair(matrix):
    return matrix.Pair("tensorflow-cpu", "2.9.3", "3.10")


def document(**more):
    lock = [{"name": "numpy", "version": "1.23.5"}, {"name": "protobuf", "version": "3.19.6"}]
    whole = {
        "status": "repaired",
        "plan": {"lock": lock, "resolved": "uv, as of 2022-12-16"},
        "result": {"tensorflow": "2.9.3", "smoke": {"ok": True}},
    }
    return json.dumps({**whole, **more})


def test_a_row_is_written_beside_the_others_and_read_again(matrix, pair, tmp_path):
    table = tmp_path / "matrix.md"
    other = matrix.Pair("tensorflow", "1.13.2", "3.7")
    for one in (pair, other):
        row = matrix.outcome_of(one, document(result={"tensorflow": one.version, "smoke": {"ok": True}}), "", 12.3).row
        matrix.write_table(table, {**matrix.read_table(table), one: row})
    rows = matrix.read_table(table)
    assert list(rows) == [other, pair]
    assert rows[pair][:9] == (
        "tensorflow-cpu", "2.9.3", "3.10", "ok", "12", "1.23.5", "3.19.6", "", "uv, as of 2022-12-16",
    )  # fmt: skip
    assert "2 of 2 pairs are ok" in table.read_text()


@pytest.mark.parametrize(
    ("out", "said"),
    [
        (document(status="rolled-back"), "it ended rolled-back"),
        (document(result={"tensorflow": "2.9.3", "smoke": {"ok": False}}), "it ended repaired"),
        (document(result={"tensorflow": "2.10.0", "smoke": {"ok": True}}), "2.10.0"),
        (document(status="failed", error={"message": "no | index\nhere"}), "failed: no index here"),
        ("", "failed: it was killed"),
    ],
)
def test_what_was_not_verified_is_a_failure_and_says_why(matrix, pair, out, said):
    outcome = matrix.outcome_of(pair, out, "Traceback\nit was killed\n", 1.0)
    assert not outcome.ok
    assert said in outcome.row[3]


def test_every_minor_release_is_in_the_matrix_and_a_sample_spans_it(matrix):
    here = {f"3.{minor}": "python" for minor in range(6, 14)}
    pairs = matrix.pairs(here)
    assert len(set(pairs)) == len(pairs)
    assert {pair.python for pair in pairs} == set(here)
    assert set(matrix.last_patches()) | set(matrix.BROKEN_THEN) <= {pair.version for pair in pairs}
    assert {pair.name for pair in pairs} == set(matrix.OTHER_NAMES)
    assert {(pair.name, pair.version) for pair in pairs} >= set(matrix.OTHER_RELEASES)
    sample = matrix.sample(6, here)
    assert len(sample) == 6
    assert (sample[0].version, sample[-1].version) == (matrix.last_patches()[0], matrix.last_patches()[-1])


def test_a_command_that_does_not_end_is_stopped(matrix, tmp_path):
    argv = [sys.executable, "-c", "import time; print('begun', flush=True); time.sleep(60)"]
    out, _ = matrix.ended(argv, {}, tmp_path, 1.0)
    assert out in ("begun\n", "")
