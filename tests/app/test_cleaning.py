"""Which kept environments go."""

import datetime as dt

import pytest

from tfrepair.app.history import chosen_for_cleaning
from tfrepair.execute.run_folder import RunFolder


@pytest.fixture
def runs(tmp_path):
    """Three runs, the newest first, each a day older and keeping a file of 1 MB."""
    made = []
    for age in range(3):
        run = RunFolder.create(tmp_path / "env", {"TFREPAIR_STATE_DIR": str(tmp_path / "state")})
        started = dt.datetime.now(dt.timezone.utc) - dt.timedelta(days=age, minutes=1)
        run.update(started=started.isoformat(), kept=True)
        run.tree.mkdir(parents=True)
        (run.tree / "file").write_bytes(b"x" * 1_000_000)
        made.append(run)
    return made


def names(runs, **limits):
    wanted = {"older_than": None, "keep": None, "max_size": None, **limits}
    return [runs.index(run) for run in chosen_for_cleaning(runs, **wanted)]


def test_without_a_limit_all_go(runs):
    assert names(runs) == [0, 1, 2]


def test_by_count(runs):
    assert names(runs, keep=1) == [1, 2]
    assert names(runs, keep=5) == []


def test_by_count_of_each_environment(runs, tmp_path):
    other = RunFolder.create(tmp_path / "other", {"TFREPAIR_STATE_DIR": str(tmp_path / "state")})
    other.update(started=runs[2].data["started"], kept=True)
    assert names([*runs, other], keep=1) == [1, 2]
    assert names([*runs, other], keep=0) == [0, 1, 2, 3]


def test_by_age(runs):
    assert names(runs, older_than=1.5) == [2]


def test_by_size(runs):
    assert names(runs, max_size=2_500_000) == [2]
    assert names(runs, max_size=0) == [0, 1, 2]


def test_limits_add_up(runs):
    assert names(runs, keep=2, older_than=0.5) == [1, 2]
