"""Six pairs of a release and a Python that span the eras, made from nothing."""

import matrix
import pytest

HERE = matrix.bases()
SAMPLE = matrix.sample(6, dict.fromkeys(("3.6", "3.7", "3.8", "3.9", "3.10", "3.11", "3.12", "3.13"), ""))


@pytest.mark.parametrize("pair", SAMPLE, ids=str)
def test_a_release_works_in_a_fresh_environment(pair):
    if pair.python not in HERE:
        pytest.skip(f"there is no Python {pair.python} on this machine")
    outcome = matrix.attempt(pair, HERE[pair.python])
    assert outcome.ok, outcome.why


def test_the_sample_spans_the_eras():
    assert [SAMPLE[0].version, SAMPLE[-1].version] == [matrix.last_patches()[0], matrix.last_patches()[-1]]
    assert len({pair.python for pair in SAMPLE}) >= 5
