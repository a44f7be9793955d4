"""One operation of a plan as its step's keywords say: tried again, limited in time, gone on from, remembered."""

from __future__ import annotations

import time
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from tfrepair.errors import CommandError, StepError, SurroundingsError, TimeLimitError
from tfrepair.target.installer.retry import TransientError, again

if TYPE_CHECKING:
    from collections.abc import Callable

    from tfrepair.model.operations import Keywords
    from tfrepair.model.plan import Operation

KEPT_OUTPUT = 20_000
"""How many characters of a command's output are remembered."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Outcome:
    """How one operation went."""

    ok: bool = True
    skipped: bool = False
    """Nothing had to be done."""
    exit_code: int | None = None
    output: str = ""
    error: str = ""
    seconds: float = 0.0
    attempts: int = 1

    @property
    def facts(self) -> dict[str, Any]:
        """What a step registers, by name; None where there is nothing."""
        return {
            "ok": self.ok, "skipped": self.skipped, "exit_code": self.exit_code, "output": self.output,
            "error": self.error, "seconds": round(self.seconds, 3), "attempts": self.attempts,
        }  # fmt: skip


@dataclass(slots=True, kw_only=True)
class Performer:
    """Carries operations out and remembers what became of them."""

    apply: Callable[[Operation], Outcome]
    progress: Callable[[str], None]
    registered: dict[str, Outcome] = field(default_factory=dict)
    sleep: Callable[[float], None] = time.sleep

    def perform(self, operation: Operation) -> Outcome:
        """Do one operation. Raises StepError, SurroundingsError, OSError when it fails and the rest must not go on."""
        keywords = operation.keywords
        started = time.monotonic()
        tries = 0

        def attempt() -> Outcome:
            nonlocal tries
            tries += 1
            return self._timed(operation)

        def passing(error: BaseException) -> bool:
            return not keywords.errors or kind_of(error) in keywords.errors

        try:
            outcome = again(
                attempt, attempts=keywords.attempts, wait=keywords.wait, passing=passing, sleep=self.sleep,
                on_wait=self._waiting,
            )  # fmt: skip
        except (StepError, SurroundingsError, OSError) as error:
            failed = _failed(error, seconds=time.monotonic() - started, attempts=tries)
            self._remember(keywords, failed)
            if not keywords.goes_on:
                raise
            return failed
        done = _counted(outcome, seconds=time.monotonic() - started, attempts=tries)
        self._remember(keywords, done)
        return done

    def _timed(self, operation: Operation) -> Outcome:
        limit = operation.keywords.timeout
        started = time.monotonic()
        outcome = self.apply(operation)
        if limit is not None and time.monotonic() - started > limit:
            raise TimeLimitError(f"the step to {operation.summary} took longer than {limit:g} s")
        return outcome

    def _waiting(self, reason: str, left: float) -> None:
        self.progress(f"{reason}; trying again in {left:.0f} s" if left else f"{reason}; trying again")

    def _remember(self, keywords: Keywords, outcome: Outcome) -> None:
        for name in keywords.register:
            self.registered[name] = outcome


def kind_of(error: BaseException) -> str:
    """The kind of a failure, as `retry.errors` names it; empty for any other."""
    match error:
        case TimeLimitError():
            return "timeout"
        case TransientError():
            return "network"
        case CommandError():
            return "exit-code"
        case _:
            return ""


def _failed(error: BaseException, *, seconds: float, attempts: int) -> Outcome:
    return Outcome(
        ok=False,
        exit_code=error.ended_with if isinstance(error, CommandError) else None,
        output=error.output[-KEPT_OUTPUT:] if isinstance(error, CommandError) else "",
        error=str(error),
        seconds=seconds,
        attempts=attempts,
    )


def _counted(outcome: Outcome, *, seconds: float, attempts: int) -> Outcome:
    return Outcome(
        ok=outcome.ok, skipped=outcome.skipped, exit_code=outcome.exit_code, output=outcome.output[-KEPT_OUTPUT:],
        error=outcome.error, seconds=seconds, attempts=attempts,
    )  # fmt: skip
