from __future__ import annotations

import pytest

from tfrepair.errors import SurroundingsError
from tfrepair.target.installer.retry import DamagedDownloadError, TransientError, countdown, retrying


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


def test_a_damaged_download_is_fetched_once_more():
    calls = failing(2, DamagedDownloadError("bad"))
    with pytest.raises(DamagedDownloadError, match="bad"):
        retrying(calls, sleep=lambda _: None)
    assert calls() == 3  # the third call of all
    assert retrying(failing(1, DamagedDownloadError("bad")), sleep=lambda _: None) == 2


def test_after_a_minute_nothing_new_begins_unless_what_was_fetched_is_kept(monkeypatch):
    clock = iter(range(0, 10_000, 61))
    monkeypatch.setattr("tenacity.time.monotonic", lambda: next(clock))
    with pytest.raises(TransientError, match="slow"):
        retrying(failing(1, TransientError("slow")), sleep=lambda _: None)
    assert retrying(failing(1, TransientError("slow")), sleep=lambda _: None, limit=None) == 2


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
