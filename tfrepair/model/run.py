"""Runs: the record of one repair."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any, Literal

Event = Literal[
    "begin",
    "staged",
    "operation",
    "applied",
    "verified",
    "checked",
    "swapping",
    "swapped",
    "confirmed",
    "restored",
    "dropped",
    "failed",
    "end",
]
RunStatus = Literal["unfinished", "repaired", "rolled-back", "restored", "failed", "cleaned", "unreadable"]


@dataclass(frozen=True, slots=True, kw_only=True)
class JournalEntry:
    """One line of a journal."""

    seq: int
    run: str
    event: Event
    at: str
    """UTC, ISO 8601."""
    detail: dict[str, Any] = field(default_factory=dict)


@dataclass(frozen=True, slots=True, kw_only=True)
class Smoke:
    """The outcome of the import smoke test: a ladder of rungs, the first that failed decides."""

    ok: bool
    rung: str
    """The last rung that was tried: metadata, files, libraries, import, attributes, operation, keras."""
    seconds: float
    tensorflow: str | None
    """The version that was imported."""
    exit_code: int | None
    """None when the time limit ended it."""
    signal: str | None
    output: str
    """Standard output and standard error of the child, without our own marks."""
    exceptions: tuple[str, ...] = ()
    """The chain, innermost cause first: `ImportError: ...`."""


@dataclass(frozen=True, slots=True, kw_only=True)
class RunRecord:
    """What `runs list` shows of a run."""

    id: str
    prefix: str
    status: RunStatus
    started: str
    command: str
    """`fix` or `rollback`."""
    tensorflow: str | None
    kept: str | None
    """The folder with the environment as it was before, when it is still there."""
    folder: str
    """Where plan.json, pylock.toml, journal.jsonl and log.jsonl are."""
    problem: str | None = None
    """Why its record cannot be read."""
