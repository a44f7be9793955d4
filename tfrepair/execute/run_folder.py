"""The record of one run: its folder in the user's state, its private folder beside the environment, and the pointer."""

from __future__ import annotations

import errno
import json
import os
from contextlib import suppress
from dataclasses import dataclass
from datetime import datetime
from functools import cached_property
from pathlib import Path
from typing import TYPE_CHECKING, Any

from tfrepair.errors import SurroundingsError
from tfrepair.execute.files import (
    exists,
    is_own,
    make_folder,
    read_json,
    remove_tree,
    sync_folder,
    write_durably,
    write_json,
)
from tfrepair.execute.journal import FORMAT, Journal, now, read_journal
from tfrepair.execute.lock import user_name
from tfrepair.execute.paths import RUN_ID, Beside, new_run_id, newest_run_id, runs_dir
from tfrepair.execute.scope import EVERYTHING, Scope
from tfrepair.execute.swap import inode
from tfrepair.model.run import RunRecord
from tfrepair.target.paths import is_folder

if TYPE_CHECKING:
    from collections.abc import Mapping
    from typing import Literal

    from tfrepair.model.plan import Plan
    from tfrepair.model.run import JournalEntry, RunStatus, Smoke

SCHEMA_VERSION = 1
"""Of run.json and of the pointer."""
PRECIOUS = "holds-what-is-nowhere-else"
"""A mark in the private folder of a run that took an environment out of its place that somebody had changed."""


@dataclass(frozen=True)
class RunFolder:
    """One run and its files."""

    id: str
    folder: Path
    """In the state folder: run.json, plan.json, pylock.toml, journal.jsonl, log.jsonl, smoke-*.txt, manifests."""
    prefix: Path
    """The environment as the user spells it."""
    beside: Beside

    @classmethod
    def create(
        cls,
        prefix: Path,
        environ: Mapping[str, str],
        *,
        command: str = "fix",
        of: str | None = None,
        scope: Scope = EVERYTHING,
    ) -> RunFolder:
        """A new run on this prefix; `of` is the run that a rollback undoes. Raises SurroundingsError."""
        absolute = Path(os.path.abspath(prefix))  # noqa: PTH100
        beside, past = Beside.of(absolute), runs_dir(environ)
        newest = ""
        with suppress(OSError):  # what cannot be listed is told of when it is to be written
            newest = newest_run_id(past, beside.folder)
        run_id = new_run_id(after=newest)
        folder = past / run_id
        run = cls(run_id, folder, absolute, beside)
        try:
            make_folder(folder, mode=0o700)
            run.update(
                command=command, of=of, status="unfinished", started=now(), tensorflow=None, kept=False,
                inside=run.beside.inside, scope=list(scope.parts),
            )  # fmt: skip
        except OSError as error:
            with suppress(OSError):
                remove_tree(folder)
            raise SurroundingsError(
                f"the run cannot be recorded in `{folder}`: {error.strerror or error}; nothing was changed",
                hint="free space there, or set `TFREPAIR_STATE_DIR` to a folder that can be written",
            ) from error
        return run

    @classmethod
    def open(cls, folder: Path) -> RunFolder | None:
        """The run recorded in a folder; None when there is none that can be read, or that this user has not made."""
        found = cls.read(folder)
        return found if isinstance(found, RunFolder) else None

    @classmethod
    def read(cls, folder: Path) -> RunFolder | str:
        """The run recorded in a folder; why not, when there is none that can be read, or that this user has not made.

        By what stands in a record folders are moved and removed: another user's is never followed.
        """
        path = folder / "run.json"
        for one in (folder, path):
            if not is_own(one):
                what = "is a link, or belongs to or may be written by another user"
                return f"`{one}` {what if exists(one) else 'is not there, or may not be looked at'}"
        document = read_json(path)
        if document is None:
            return f"`{path}` holds no JSON object that may be read"
        if document.get("id") != folder.name or not RUN_ID.match(folder.name) or not _is_record(document):
            return f"`{path}` is not the record of a run of this name"
        beside = Beside(Path(document["place"]), inside=bool(document.get("inside")))
        return cls(folder.name, folder, Path(document["prefix"]), beside)

    @property
    def place(self) -> Path:
        """The real path of the environment."""
        return self.beside.place

    def is_of(self, prefix: Path) -> bool:
        """The run is of this environment, however its path is spelled."""
        place = Beside.of(prefix).place
        return place == self.place or (is_folder(place) and is_folder(self.place) and place.samefile(self.place))

    @property
    def scope(self) -> Scope:
        """What of the prefix the run is about."""
        return Scope(tuple(self.data.get("scope", ())))

    @property
    def tree(self) -> Path:
        """The stage before the swap, afterwards what was in place before the run."""
        return self.beside.tree(self.id)

    @property
    def scratch(self) -> Path:
        """Beside the stage, for what is of use only while the repair lasts; gone when the run has ended."""
        return self.beside.run(self.id) / "scratch"

    @property
    def mark(self) -> Path:
        """Beside the stage, a file that says that what lies there is nowhere else: it is not dropped unasked."""
        return self.beside.run(self.id) / PRECIOUS

    @property
    def log_path(self) -> Path:
        """The log, one JSON object a line."""
        return self.folder / "log.jsonl"

    @property
    def journal_path(self) -> Path:
        """The journal, one entry a line."""
        return self.folder / "journal.jsonl"

    @cached_property
    def journal(self) -> Journal:
        """To append to; opening it cuts off a torn last line."""
        return Journal(self.journal_path, self.id)

    @property
    def entries(self) -> tuple[JournalEntry, ...]:
        """What the journal says."""
        return read_journal(self.journal_path)

    @property
    def data(self) -> dict[str, Any]:
        """The contents of run.json; empty before there is one.

        Raises OSError when it is there and cannot be read: what is not known of a run must not be taken for nothing.
        """
        path = self.folder / "run.json"
        document = read_json(path)
        if document is None and exists(path):
            raise OSError(errno.EIO, "it cannot be read", str(path))
        return document or {}

    def update(self, **changes: Any) -> None:
        """Change run.json as a whole. Raises OSError."""
        base = {"schema_version": SCHEMA_VERSION, "id": self.id, "prefix": str(self.prefix), "place": str(self.place)}
        write_json(self.folder / "run.json", {**base, **self.data, **changes}, mode=0o600)

    def write_plan(self, plan: Plan) -> None:
        """Store a plan (each round under its number too) and its lock."""
        from tfrepair.model.wire import plan_to_json

        text = json.dumps(plan_to_json(plan), indent=1).encode()
        for name in ("plan.json", f"plan-{plan.round}.json"):
            write_durably(self.folder / name, text, mode=0o600)
        write_durably(self.folder / "pylock.toml", plan.lock.pylock.encode(), mode=0o600)
        self.update(tensorflow=plan.tensorflow.version)

    def write_smoke(self, when: Literal["before", "after"], smoke: Smoke) -> None:
        """Store what a smoke test printed."""
        verdict = "ok" if smoke.ok else f"failed at {smoke.rung}"
        text = (
            f"{verdict}, {smoke.seconds:.1f} s, exit code {smoke.exit_code}, signal {smoke.signal}\n\n{smoke.output}\n"
        )
        write_durably(self.folder / f"smoke-{when}.txt", text.encode(errors="backslashreplace"), mode=0o600)

    def write_manifest(self, name: Literal["kept", "live"], rows: Mapping[str, str]) -> None:
        """Store what a tree looked like when the run ended."""
        write_durably(self.folder / f"manifest-{name}.json", json.dumps(rows).encode(), mode=0o600)

    def read_manifest(self, name: Literal["kept", "live"]) -> dict[str, str] | None:
        """What a tree looked like when the run ended; None when it was not stored."""
        return read_json(self.folder / f"manifest-{name}.json")

    def begin(self, **detail: Any) -> None:
        """Journal the beginning and point to this run; only then is anything made beside the environment."""
        self.journal.append(
            "begin", format=FORMAT, prefix=str(self.prefix), place=str(self.place), pid=os.getpid(), user=user_name(),
            before=inode(self.place), **detail,
        )  # fmt: skip
        self._point("unfinished")
        self.beside.run(self.id).mkdir(mode=0o700)
        sync_folder(self.beside.folder)

    def finish(self, status: RunStatus, *, kept: bool = False) -> None:
        """Journal the end, note the status, and point to this run as the last one."""
        self.journal.append("end", status=status, kept=kept)
        self.note_end(status, kept=kept)

    def note_end(self, status: RunStatus, *, kept: bool) -> None:
        """What follows from an `end` in the journal; may be repeated."""
        self.update(status=status, kept=kept, ended=now())
        self._point("finished")

    def _point(self, state: str) -> None:
        write_json(
            self.beside.pointer,
            {
                "schema_version": SCHEMA_VERSION, "run": self.id, "folder": str(self.folder), "state": state,
                "prefix": str(self.prefix), "user": user_name(),
            },
        )  # fmt: skip

    def drop(self) -> None:
        """Remove this run's folder beside the environment, whatever it holds. Raises OSError."""
        remove_tree(self.beside.run(self.id))

    def record(self) -> RunRecord:
        """What `runs list` shows."""
        data = self.data
        return RunRecord(
            id=self.id,
            prefix=str(self.prefix),
            status=self._status(data.get("status", "failed")),
            started=data.get("started", ""),
            command=data.get("command", "fix"),
            tensorflow=data.get("tensorflow"),
            kept=str(self.tree) if data.get("kept") and exists(self.tree) else None,
            folder=str(self.folder),
        )

    def _status(self, noted: RunStatus) -> RunStatus:
        """A run that is unfinished but not pointed to never began, or what it needs is gone."""
        if noted != "unfinished":
            return noted
        pointer = read_json(self.beside.pointer) or {}
        return "unfinished" if pointer.get("run") == self.id and pointer.get("state") == "unfinished" else "failed"


def _is_record(document: Mapping[str, Any]) -> bool:
    """What every run.json has is there."""
    try:
        datetime.fromisoformat(document["started"].replace("Z", "+00:00"))
    except (KeyError, AttributeError, TypeError, ValueError):
        return False
    return all(isinstance(document.get(key), str) for key in ("prefix", "place", "status"))
