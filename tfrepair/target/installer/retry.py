"""Trying again when an index does not answer. The only user of tenacity."""

from __future__ import annotations

import time
from typing import TYPE_CHECKING, TypeVar

from tfrepair.errors import SurroundingsError

if TYPE_CHECKING:
    from collections.abc import Callable

    from tenacity import RetryCallState

T = TypeVar("T")

ATTEMPTS = 3
LIMIT = 60.0
"""Seconds after which no new attempt begins."""


class TransientError(SurroundingsError):
    """The index did not answer, or not properly; the next attempt may pass."""

    code = "network"


class DamagedDownloadError(TransientError):
    """A file that came is not what it should be; what is in the installer's cache may be to blame."""

    code = "download"

    def __init__(self, message: str, *, hint: str | None = None, distribution: str | None = None) -> None:
        super().__init__(message, hint=hint)
        self.distribution = distribution
        """Canonical name of what the file belongs to, where that is known."""


def retrying(
    call: Callable[[], T],
    *,
    sleep: Callable[[float], None] = time.sleep,
    on_wait: Callable[[str, float], None] | None = None,
    limit: float | None = LIMIT,
) -> T:
    """What `call` returns, at the third attempt at the latest. Raises its last TransientError, other errors at once.

    A damaged download is fetched once more and not twice: it may be half a gigabyte.
    `on_wait` is told the reason and the seconds left, once a second while it waits. After `limit` seconds no new
    attempt begins; None where an attempt keeps what the one before has fetched.
    """
    from tenacity import (
        Retrying,
        retry_if_exception_type,
        stop_after_delay,
        stop_never,
        wait_random_exponential,
    )

    reasons: list[str] = []

    late = stop_after_delay(limit) if limit is not None else stop_never

    def over(state: RetryCallState) -> bool:
        error = state.outcome.exception() if state.outcome else None
        attempts = 2 if isinstance(error, DamagedDownloadError) else ATTEMPTS
        return state.attempt_number >= attempts or late(state)

    def remember(state: RetryCallState) -> None:
        error = state.outcome.exception() if state.outcome else None
        reasons.append(error.message if isinstance(error, TransientError) else str(error))

    def wait(seconds: float) -> None:
        countdown(seconds, reasons[-1], sleep=sleep, on_wait=on_wait)

    return Retrying(
        stop=over,
        wait=wait_random_exponential(multiplier=1, min=1, max=10),
        retry=retry_if_exception_type(TransientError),
        before_sleep=remember,
        sleep=wait,
        reraise=True,
    )(call)


def countdown(
    seconds: float, reason: str, *, sleep: Callable[[float], None], on_wait: Callable[[str, float], None] | None
) -> None:
    """Sleep this long, in steps of at most a second, and say before each step what is left."""
    left = seconds
    while left > 0:
        if on_wait is not None:
            on_wait(reason, left)
        step = min(1.0, left)
        sleep(step)
        left -= step
