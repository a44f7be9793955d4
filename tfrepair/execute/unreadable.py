"""Records of runs that are there and cannot be read: what is wrong, and what is known of the run all the same."""

from __future__ import annotations

import os
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from tfrepair.execute.exchange import exchange_from
from tfrepair.execute.files import exists, is_own
from tfrepair.execute.journal import announced, confirmed, read_journal
from tfrepair.execute.paths import Beside
from tfrepair.execute.run_folder import RunFolder
from tfrepair.model.run import RunRecord

if TYPE_CHECKING:
    from tfrepair.execute.exchange import Exchange
    from tfrepair.model.run import JournalEntry


@dataclass(frozen=True, slots=True, kw_only=True)
class Unreadable:
    """A run whose record cannot be read. Nothing is moved or removed by what is known of it."""

    id: str
    folder: Path
    why: str
    entries: tuple[JournalEntry, ...]
    """What its journal says; empty when that cannot be read either."""

    @classmethod
    def open(cls, folder: Path) -> Unreadable | None:
        """The record in a folder; None when it can be read, or when the run never began."""
        why = RunFolder.read(folder)
        if isinstance(why, RunFolder) or _is_empty(folder):
            return None
        return cls(id=folder.name, folder=folder, why=why, entries=_entries(folder))

    @property
    def prefix(self) -> str:
        """The environment as the user spelled it; empty when that is not known."""
        return str(self._begin("prefix") or "")

    @property
    def is_own(self) -> bool:
        """What is wrong with it is not that another user made it, or may have written it."""
        path = self.folder / "run.json"
        return is_own(self.folder) and (is_own(path) or not exists(path))

    @property
    def holds(self) -> bool:
        """It had been verified in its place, by its journal."""
        return confirmed(self.entries)

    @property
    def untouched(self) -> bool:
        """The environment is as it was before the run, by its journal."""
        if announced(self.entries) is None:
            return bool(self.entries)
        exchange = self._exchange
        return exchange is not None and exchange.is_back

    @property
    def tree(self) -> Path | None:
        """Where the environment as it was before is kept; None when it is not, or when that is not known."""
        return None if self.untouched else self._private

    @property
    def sentence(self) -> str:
        """For the screen."""
        return f"the record of run {self.id} cannot be read: {self.why}{self._left}"

    @property
    def _left(self) -> str:
        private = self._private
        if private is None:
            return ""
        if self.untouched:
            return f"; `{private}` is the copy it was at work on"
        exchange = None if self.holds else self._exchange
        if exchange is not None:
            return f"; {exchange.whereabouts}"
        return f"; the environment as it was before is kept at `{private}`"

    @property
    def _private(self) -> Path | None:
        """What lies beside the environment; None when nothing does, or when the environment is not known."""
        place = self._begin("place")
        besides = (Beside(Path(str(place)), inside=inside) for inside in (False, True)) if place else ()
        return next((beside.tree(self.id) for beside in besides if exists(beside.tree(self.id))), None)

    @property
    def _exchange(self) -> Exchange | None:
        """The exchange that was announced and not taken back; None too where its list is gone."""
        swapping = announced(self.entries)
        try:
            return exchange_from(swapping) if swapping is not None else None
        except (KeyError, OSError):
            return None

    def is_of(self, prefix: Path) -> bool:
        """The run is of this environment, by its journal or by what it keeps beside it."""
        beside = Beside.of(prefix)
        return str(beside.place) == self._begin("place") or exists(beside.run(self.id))

    def record(self) -> RunRecord:
        """What `runs list` shows."""
        day, time = self.id[:8], self.id[9:15]
        command = "rollback" if self._begin("of") else "fix"
        kept = self.tree
        return RunRecord(
            id=self.id,
            prefix=self.prefix,
            status="unreadable",
            started=f"{day[:4]}-{day[4:6]}-{day[6:]}T{time[:2]}:{time[2:4]}:{time[4:]}+00:00",
            command=command if self.entries else "unknown",
            tensorflow=None,
            kept=str(kept) if kept is not None else None,
            folder=str(self.folder),
            problem=self.why,
        )

    def _begin(self, key: str) -> object:
        return next((entry.detail.get(key) for entry in self.entries if entry.event == "begin"), None)


def _is_empty(folder: Path) -> bool:
    """It holds nothing but what was being written: `run.json` is made before anything else."""
    try:
        return all(name.startswith(".") for name in os.listdir(folder))  # noqa: PTH208
    except OSError:
        return False


def _entries(folder: Path) -> tuple[JournalEntry, ...]:
    path = folder / "journal.jsonl"
    if not (is_own(folder) and is_own(path)):
        return ()
    try:
        return read_journal(path)
    except OSError:
        return ()
