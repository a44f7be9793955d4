"""Six healthy environments that span the eras: `diagnose` finds no error in any of them."""

import healthy
import pytest

HERE = healthy.bases()
SAMPLE = [healthy.rows()[index] for index in healthy.SAMPLE]


@pytest.mark.parametrize("row", SAMPLE, ids=str)
def test_a_healthy_environment_raises_no_alarm(row):
    if row.python not in HERE:
        pytest.skip(f"there is no Python {row.python} on this machine")
    outcome = healthy.attempt(row, HERE[row.python])
    assert outcome.ok, outcome.said


def test_the_sample_spans_the_eras():
    assert len({row.python for row in SAMPLE}) >= 5
    assert len(healthy.rows()) >= 40
    assert len({row.key for row in healthy.rows()}) == len(healthy.rows())
