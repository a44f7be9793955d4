"""Killed at random moments, an environment is as it was or repaired."""

import random

import pytest
from kill_loop import loop


@pytest.mark.timeout(3600)
def test_thirty_random_kills_leave_nothing_in_between(world):
    seed = random.randrange(1_000_000)
    said = [f"seed {seed}"]
    assert loop(world, 30, seed, said.append) == 0, "\n".join(said)
