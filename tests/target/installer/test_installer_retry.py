from __future__ import annotations

import pytest

from tfrepair.errors import SurroundingsError
from tfrepair.target.installer.retry import TransientError, countdown, retrying


def failing(times, error):
    calls = []

    def call():
        calls.append(1)
        if len(calls) <= times:
            raise error
        return len(calls)

    return call


def test_trouble_that_passes_is_retried():
    slept = []
    assert retrying(failing(2, TransientError("503")), sleep=slept.append) == 3
    assert slept


def test_the_third_failure_is_the_last():
    with pytest.raises(TransientError, match="503"):
        retrying(failing(3, TransientError("503")), sleep=lambda _: None)


def test_other_errors_are_not_retried():
    slept = []
    with pytest.raises(SurroundingsError, match="full"):
        retrying(failing(1, SurroundingsError("full")), sleep=slept.append)
    assert slept == []


def test_the_countdown_says_what_is_left():
    said = []
    slept = []
    countdown(2.5, "503", sleep=slept.append, on_wait=lambda reason, left: said.append((reason, left)))
    assert said == [("503", 2.5), ("503", 1.5), ("503", 0.5)]
    assert slept == [1.0, 1.0, 0.5]
