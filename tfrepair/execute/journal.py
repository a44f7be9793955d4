"""The journal of a run: one JSON object a line, each on disk before what it announces takes effect."""

from __future__ import annotations

import json
import os
from datetime import datetime, timezone
from typing import TYPE_CHECKING, Any, get_args

from tfrepair.execute.files import sync_folder
from tfrepair.model.run import Event, JournalEntry

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence
    from pathlib import Path

FORMAT = 1
"""Written into every `begin`."""
_EVENTS: tuple[str, ...] = get_args(Event)


class Journal:
    """Appends to the journal of one run; a torn last line is cut off first."""

    def __init__(self, path: Path, run: str) -> None:
        self.path = path
        self.run = run
        self._seq = _mend(path)

    def append(self, event: Event, **detail: Any) -> JournalEntry:
        """Write one line and return when it is on disk. Raises OSError."""
        entry = JournalEntry(seq=self._seq, run=self.run, event=event, at=now(), detail=detail)
        created = not self.path.exists()
        descriptor = os.open(self.path, os.O_WRONLY | os.O_CREAT | os.O_APPEND, 0o600)
        try:
            _write_all(descriptor, _line(entry))
            os.fsync(descriptor)
        except OSError:
            self._seq = _mend(self.path)
            raise
        finally:
            os.close(descriptor)
        if created:
            sync_folder(self.path.parent)
        self._seq += 1
        return entry


def read_journal(path: Path) -> tuple[JournalEntry, ...]:
    """The entries up to the first line that is torn; empty when there is no journal."""
    try:
        data = path.read_bytes()
    except FileNotFoundError:
        return ()
    entries = []
    for line in data.splitlines(keepends=True):
        if not line.endswith(b"\n"):  # the next writer cuts it off, so nobody may rely on it
            break
        entry = _entry(line)
        if entry is None:
            break
        entries.append(entry)
    return tuple(entries)


def announced(entries: Sequence[JournalEntry]) -> Mapping[str, Any] | None:
    """What the last swap that was announced and not taken back says of itself."""
    found = None
    for entry in entries:
        if entry.event == "swapping":
            found = entry.detail
        elif entry.event == "restored":
            found = None
    return found


def confirmed(entries: Sequence[JournalEntry]) -> bool:
    """The last swap was confirmed."""
    state = False
    for entry in entries:
        if entry.event in {"swapping", "restored"}:
            state = False
        elif entry.event == "confirmed":
            state = True
    return state


def now() -> str:
    """The time, UTC, ISO 8601."""
    return datetime.now(timezone.utc).isoformat(timespec="milliseconds")


def _line(entry: JournalEntry) -> bytes:
    document = {"seq": entry.seq, "run": entry.run, "event": entry.event, "at": entry.at, "detail": entry.detail}
    return json.dumps(document, ensure_ascii=True).encode() + b"\n"


def _entry(line: bytes) -> JournalEntry | None:
    try:
        document = json.loads(line)
    except (ValueError, RecursionError):
        return None
    try:
        entry = JournalEntry(**document)
    except TypeError:
        return None
    return entry if isinstance(entry.detail, dict) and entry.event in _EVENTS else None


def _mend(path: Path) -> int:
    """The number of good lines; what follows them is cut off, so that the next line stands alone."""
    try:
        data = path.read_bytes()
    except FileNotFoundError:
        return 0
    count = end = 0
    for line in data.splitlines(keepends=True):
        if not line.endswith(b"\n") or _entry(line) is None:
            break
        count, end = count + 1, end + len(line)
    if end < len(data):
        with path.open("r+b") as stream:
            stream.truncate(end)
            os.fsync(stream.fileno())
    return count


def _write_all(descriptor: int, data: bytes) -> None:
    while data:
        data = data[os.write(descriptor, data) :]
