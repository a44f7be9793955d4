"""The record of past runs: list, find, roll back, and free what they keep."""

from __future__ import annotations

import os
import stat
from contextlib import suppress
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from tfrepair.errors import RollbackError, SurroundingsError, UsageError
from tfrepair.execute.exchange import carry_out, exchange_for
from tfrepair.execute.files import exists, explained, remove_tree, write_durably
from tfrepair.execute.fingerprint import changed_files, differences
from tfrepair.execute.lock import environment_lock
from tfrepair.execute.paths import RUN_ID, STATE_VARIABLE, Beside, runs_dir
from tfrepair.execute.recover import complete, did_not_end, holds, settle, settle_run, unfinished
from tfrepair.execute.run_folder import PRECIOUS, RunFolder
from tfrepair.execute.scope import Scope
from tfrepair.execute.unreadable import Unreadable
from tfrepair.target.paths import is_folder

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Mapping, Sequence
    from pathlib import Path

    from tfrepair.model.run import RunRecord, RunStatus

__all__ = [
    "Changes",
    "Cleaned",
    "RunFolder",
    "Size",
    "Unreadable",
    "changes_since",
    "clean",
    "every_run",
    "find_run",
    "keep_count",
    "list_runs",
    "named",
    "prune",
    "rollback",
    "runs",
    "size",
    "unreadable_runs",
]  # fmt: skip

_CHANGED = frozenset({"repaired", "restored", "cleaned"})
"""How a run ended that left the environment another one than before."""
_BY_HAND = "`tfrepair runs show RUN` shows what is known of it; what it keeps can be put back by hand"
_BLOCK = 512
"""Bytes of a block as `stat` counts them, on every system."""


@dataclass(frozen=True, slots=True)
class Size:
    """How much folders hold; data with several names counts once."""

    total: int
    """Bytes."""
    exclusive: int
    """Bytes that are free when these folders are removed: nothing outside has a name for them."""


def runs(environ: Mapping[str, str]) -> tuple[RunFolder, ...]:
    """Every run of this user whose record can be read, the newest first. Raises SurroundingsError."""
    return tuple(run for run in every_run(environ) if isinstance(run, RunFolder))


def unreadable_runs(environ: Mapping[str, str]) -> tuple[Unreadable, ...]:
    """Those whose record is there and cannot be read, the newest first. Raises SurroundingsError."""
    return tuple(run for run in every_run(environ) if isinstance(run, Unreadable))


def every_run(environ: Mapping[str, str]) -> tuple[RunFolder | Unreadable, ...]:
    """Both, the newest first. Raises SurroundingsError."""
    found = (RunFolder.open(folder) or Unreadable.open(folder) for folder in _folders(environ))
    return tuple(run for run in found if run is not None)


def _folders(environ: Mapping[str, str]) -> list[Path]:
    root = runs_dir(environ)
    try:
        return sorted((path for path in root.iterdir() if RUN_ID.match(path.name)), reverse=True)
    except FileNotFoundError:
        return []
    except OSError as error:
        raise SurroundingsError(
            f"the record of past runs cannot be read: `{root}`: {error.strerror or error}; nothing was changed",
            hint=f"set its permission, or `{STATE_VARIABLE}` to the folder that holds the record",
        ) from error


def list_runs(environ: Mapping[str, str]) -> tuple[RunRecord, ...]:
    """The same as records."""
    return tuple(run.record() for run in every_run(environ))


def find_run(spec: str | None, environ: Mapping[str, str], *, prefix: Path | None = None) -> RunFolder:
    """A run by its id or the beginning of it; without one the newest that can be rolled back on a prefix.

    Raises UsageError, SurroundingsError for one whose record cannot be read.
    """
    everything = every_run(environ)
    if spec is not None:
        found = named(spec, everything)
        if isinstance(found, Unreadable):
            raise SurroundingsError(f"{found.sentence}; nothing was changed", hint=_BY_HAND)
        return found
    every = [run for run in everything if isinstance(run, RunFolder)]
    for run in everything:
        if prefix is not None and not run.is_of(prefix):
            continue
        if isinstance(run, Unreadable):
            if prefix is None:
                continue
            raise SurroundingsError(
                f"{run.sentence}; it is of `{prefix}`, and no older run is undone in its place; nothing was changed",
                hint=f"{_BY_HAND}; `tfrepair rollback RUN` takes an older run by its name",
            )
        if can_roll_back(run):
            return run
        if prefix is not None and _noted(run).get("status") in _CHANGED:
            older = any(other.is_of(prefix) and can_roll_back(other) for other in every)
            raise UsageError(
                f"the newest run on `{prefix}`, {run.id}, keeps no environment any more that it could be put back to; "
                "nothing was changed",
                hint="an older run undoes what came after it too: `tfrepair runs list` shows them, and "
                "`tfrepair rollback RUN` takes one by its name"
                if older
                else "no older run on it keeps one either: `tfrepair runs list` shows them",
            )
    where = f"on `{prefix}` " if prefix is not None else ""
    other = next((run.prefix for run in every if can_roll_back(run)), None)
    elsewhere = f"the newest that can be is on `{other}`: `--env` names it; " if other is not None else ""
    raise UsageError(
        f"there is no run {where}that can be rolled back",
        hint=f"{elsewhere}`tfrepair runs list` shows all runs and what they keep",
    )


def named(spec: str, every: Sequence[RunFolder | Unreadable]) -> RunFolder | Unreadable:
    """The one of these runs with this id, or whose id begins so. Raises UsageError."""
    if not spec:  # every run begins so, and there may be but one
        raise UsageError(
            "a run was given without a name; nothing was changed",
            hint="see what the variable of your shell holds that stands there; `tfrepair runs list` shows all runs",
        )
    found = [run for run in every if run.id.startswith(spec)]
    if len(found) == 1:
        return found[0]
    what = f"{len(found)} runs begin with `{spec}`" if found else f"there is no run `{spec}`"
    raise UsageError(what, hint="`tfrepair runs list` shows all runs")


def can_roll_back(run: RunFolder) -> bool:
    """The environment as it was before is still kept, or there was none and it is still the one that was made."""
    data = _noted(run)
    if data.get("status") == "rolled-back":  # what it may keep is what it took out again
        return False
    if data.get("kept"):
        return exists(run.tree)
    return bool(data.get("created")) and data.get("status") in {"repaired", "restored"} and exists(run.place)


def _noted(run: RunFolder) -> Mapping[str, Any]:
    """What is noted of a run. Raises SurroundingsError when it cannot be read for now."""
    try:
        return run.data
    except OSError as error:
        raise SurroundingsError(
            f"the record of run {run.id}, `{error.filename}`, cannot be read; nothing was changed",
            hint="close files or programs, or set its permission, then try again",
        ) from error


def require_kept(run: RunFolder) -> None:
    """Raise UsageError for a run that cannot be rolled back."""
    if not can_roll_back(run):
        raise UsageError(
            f"run {run.id} keeps no environment that `{run.prefix}` could be put back to; nothing was changed",
            hint="of a run that was rolled back, or failed, there is nothing to undo; `tfrepair runs list` shows which "
            "runs keep one",
        )


@dataclass(frozen=True, slots=True)
class Changes:
    """Relative paths that are not as a run left them."""

    lost: tuple[str, ...]
    """In the environment; rolling back loses these."""
    written: tuple[str, ...]
    """In the kept environment, because somebody wrote through a link."""


def changes_since(run: RunFolder) -> Changes:
    """What came, went or changed in the environment since a run, and what changed or went in what the run keeps.

    Raises SurroundingsError where not all of it may be looked at.
    """
    try:
        return _changes(run)
    except OSError as error:
        raise explained(error, "comparing the environment with what the run left") from error


def _changes(run: RunFolder) -> Changes:
    live = (run.read_manifest("live") if exists(run.place) else None) or {}
    lost = differences(live, run.place, run.scope) if live else ()
    for path in lost:
        live.pop(path, None)
    kept = (run.read_manifest("kept") if exists(run.tree) else None) or {}
    return Changes(lost=lost, written=changed_files(kept, run.tree, live))


def rollback(
    run: RunFolder,
    environ: Mapping[str, str],
    *,
    lock_timeout: float = 60.0,
    lost: Sequence[str] | None = None,
    first: Callable[[], None] = lambda: None,
) -> RunFolder:
    """Put the environment back as it was before a run; a run of its own, so that it can be rolled back too.

    `lost` is what `changes_since` named, when the caller asked already. `first` is called under the lock, when it has
    begun. An unfinished run is settled before; if it is this one, that was the rollback, and it is returned.
    Raises UsageError, SurroundingsError, RollbackError.
    """
    with environment_lock(run.beside, timeout=lock_timeout, run=f"rollback of {run.id}"):
        recovered = settle(run.beside)
        if recovered is not None and recovered.run == run.id and recovered.outcome != "finished":
            return run
        require_kept(run)
        scope = Scope(tuple(_noted(run).get("scope", ())))
        lost = changes_since(run).lost if lost is None else lost
        new = RunFolder.create(run.prefix, environ, command="rollback", of=run.id, scope=scope)
        _exchange(run, new, lost=lost, first=first)
    return new


def _exchange(run: RunFolder, new: RunFolder, *, lost: Sequence[str], first: Callable[[], None]) -> None:
    try:
        new.update(created=not exists(run.place), tensorflow=run.data.get("tensorflow"))
        new.begin(of=run.id)
        first()
        swap = exchange_for(new, tree=run.tree if exists(run.tree) else new.tree, keep_as=new.tree, disposable=False)
        if lost:
            write_durably(new.mark, b"", mode=0o600)
        swap, how = carry_out(swap, new)
        new.journal.append("swapped", how=how)
        new.journal.append("confirmed")
        complete(new, swap)
    except OSError as error:
        if holds(new):
            with suppress(RollbackError):  # what is left to be noted is noted by the next command that writes
                settle_run(new)
            return
        settle_run(new, reason=str(error))
        raise SurroundingsError(
            f"`{run.place}` cannot be put back: {error.strerror or error}; it is as it was before this command",
            hint="set the permission or free space, then try again",
        ) from error
    except BaseException as error:
        settle_run(new, reason=type(error).__name__)
        raise


def keep_count(keep: str) -> int:
    """How many old environments `--keep` asks for. Raises UsageError."""
    if keep in {"copy", "none"}:
        return 1 if keep == "copy" else 0
    if keep.isdecimal():
        return int(keep)
    raise UsageError(f"`--keep` takes a number, `copy` or `none`, not `{keep}`")


def superseded(prefix: Path, keep: int) -> tuple[str, ...]:
    """Ids of the runs on a prefix whose kept environments go when only the newest `keep` stay."""
    return tuple(path.name for path in _droppable(Beside.of(prefix), max(keep, 0)))


def prune(run: RunFolder, keep: int) -> int:
    """Remove the oldest kept environments of this run's place beyond `keep`, under its lock; bytes freed.

    What a rollback replaced stays when it holds files that are nowhere else.
    """
    gone = _droppable(run.beside, keep)
    empty = [path for path in _kept(run.beside) if not exists(path / "tree")]
    freed = size(gone).exclusive
    for path in (*gone, *empty):
        _forget(run.folder.parent / path.name, status=None if path.name == run.id else "cleaned")
        remove_tree(path)
    return freed


def _kept(beside: Beside) -> list[Path]:
    """The private folders of runs beside an environment, the newest first."""
    if not is_folder(beside.folder):
        return []
    return sorted((path for path in beside.folder.iterdir() if RUN_ID.match(path.name)), reverse=True)


def _droppable(beside: Beside, keep: int) -> list[Path]:
    full = [path for path in _kept(beside) if exists(path / "tree")]
    return [path for path in full[keep:] if not exists(path / PRECIOUS)]


@dataclass(frozen=True, slots=True)
class Cleaned:
    """What was removed, and what was not."""

    runs: tuple[str, ...]
    """Ids of the runs that keep nothing any more."""
    freed: int
    """Bytes."""
    left: tuple[str, ...]
    """Why what some runs keep is still there, a sentence for each environment."""


def clean(every: Iterable[RunFolder], *, lock_timeout: float = 10.0) -> Cleaned:
    """Remove what these runs keep. Raises SurroundingsError.

    Where a run did not end, nothing is removed: what it keeps may be all that there is of the environment.
    """
    places: dict[Path, list[RunFolder]] = {}
    for run in every:
        places.setdefault(run.place, []).append(run)
    cleaned, freed, left = [], 0, []
    for chosen in places.values():
        beside = chosen[0].beside
        if (waiting := unfinished(chosen[0].prefix)) is not None:
            left.append(waiting.sentence)
            continue
        if not is_folder(beside.folder):
            continue
        with environment_lock(beside, timeout=lock_timeout, run="cleaning"):
            if did_not_end(beside):  # it began and was killed while this waited
                left.append(f"a run on `{beside.place}` did not end: `tfrepair fix` or `tfrepair rollback` settles it")
                continue
            freed += size([run.tree for run in chosen]).exclusive
            for run in chosen:
                _forget(run.folder, status="cleaned")
                remove_tree(beside.run(run.id))
                cleaned.append(run.id)
    return Cleaned(runs=tuple(cleaned), freed=freed, left=tuple(left))


def _forget(folder: Path, *, status: RunStatus | None) -> None:
    """Note that a run keeps nothing any more, before it is so."""
    other = RunFolder.open(folder)
    if other is not None and other.data.get("kept"):
        other.update(kept=False, status=status or other.data["status"])


def size(folders: Iterable[Path]) -> Size:
    """How much these folders hold together."""
    seen: dict[tuple[int, int], list[int]] = {}
    for folder in folders:
        for found in _files(folder):
            row = seen.setdefault((found.st_dev, found.st_ino), [0, found.st_nlink, _bytes(found)])
            row[0] += 1
    rows = seen.values()
    return Size(
        total=sum(row[2] for row in rows),
        exclusive=sum(row[2] for row in rows if row[0] >= row[1]),
    )


def _files(folder: Path) -> Iterable[os.stat_result]:
    todo = [str(folder)]
    while todo:
        try:
            with os.scandir(todo.pop()) as entries:
                found = list(entries)
        except OSError:
            continue
        for entry in found:
            if entry.is_dir(follow_symlinks=False):
                todo.append(entry.path)
            else:
                yield entry.stat(follow_symlinks=False)


def _bytes(found: os.stat_result) -> int:
    if stat.S_ISLNK(found.st_mode):
        return 0
    blocks = getattr(found, "st_blocks", None)
    return blocks * _BLOCK if blocks is not None else found.st_size
