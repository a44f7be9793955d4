"""Puts this folder on the path, for the helpers that lie in it; what a command does to signals ends with its test."""

import signal

import pytest


@pytest.fixture(autouse=True)
def signals():
    kinds = [getattr(signal, name) for name in ("SIGINT", "SIGTERM", "SIGHUP") if hasattr(signal, name)]
    before = {number: signal.getsignal(number) for number in kinds}
    yield
    for number, handler in before.items():
        signal.signal(number, handler)
