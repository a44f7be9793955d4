"""After a crash: what an unfinished run left, and how the journal says to finish or undo it."""

from __future__ import annotations

import shlex
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any, Literal

from tfrepair.errors import RollbackError, SurroundingsError
from tfrepair.execute.exchange import exchange_from
from tfrepair.execute.files import exists, read_json, remove_tree, write_durably
from tfrepair.execute.fingerprint import differences
from tfrepair.execute.guards import uninterrupted
from tfrepair.execute.journal import FORMAT, announced, confirmed
from tfrepair.execute.lock import environment_lock, holder
from tfrepair.execute.paths import Beside
from tfrepair.execute.run_folder import SCHEMA_VERSION, RunFolder
from tfrepair.execute.swap import Swap, inode, move
from tfrepair.execute.unreadable import Unreadable

if TYPE_CHECKING:
    from collections.abc import Sequence

    from tfrepair.execute.exchange import Exchange
    from tfrepair.execute.lock import Holder
    from tfrepair.model.run import JournalEntry, RunStatus

Outcome = Literal["dropped", "restored", "finished"]


@dataclass(frozen=True, slots=True, kw_only=True)
class Unfinished:
    """A run that began on an environment and did not end."""

    run: str
    folder: str
    """Its record in the state folder of the user who started it."""
    holder: Holder | None
    """Who is at it right now; None when its process is gone."""
    will: Outcome | None
    """What `fix` and `rollback` do about it first; None while it is running or when its journal cannot be read."""
    sentence: str
    """For the screen."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Recovered:
    """What was done about an unfinished run."""

    run: str
    outcome: Outcome
    undo: tuple[tuple[str, ...], ...] = ()
    """Commands that take back what steps of the run may have done outside the environment; they were not run."""
    kept: Path | None = None
    """Where what had been in place is, because somebody changed it since."""

    @property
    def sentence(self) -> str:
        """For the screen."""
        done = {
            "dropped": "its stage was removed; the environment had not been touched",
            "restored": "the environment is back as it was before it",
            "finished": "it had been verified, and is now complete",
        }
        by_hand = "; ".join(f"`{shlex.join(argv)}`" for argv in self.undo)
        more = f"; what its steps did elsewhere is taken back by hand: {by_hand}" if by_hand else ""
        kept = (
            f"; what was there until now may have been changed since, and is kept at `{self.kept}`" if self.kept else ""
        )
        return f"the unfinished run {self.run} was found: {done[self.outcome]}{kept}{more}"


def unfinished(prefix: Path) -> Unfinished | None:
    """The unfinished run on an environment, for commands that only read: nothing is written, nobody waits."""
    beside = Beside.of(prefix)
    try:
        pointer = _pointer(beside)
    except SurroundingsError as error:
        sentence = f"{error.message}; {error.hint}"
        return Unfinished(run="unknown", folder="", holder=holder(beside), will=None, sentence=sentence)
    if pointer is None or pointer.get("state") != "unfinished":
        return None
    run_id, folder = str(pointer.get("run")), str(pointer.get("folder"))
    busy = holder(beside)
    if busy is not None:
        sentence = f"`{beside.place}` is being repaired right now by {busy}"
        return Unfinished(run=run_id, folder=folder, holder=busy, will=None, sentence=sentence)
    will = _foreseen(Path(folder))
    what = {
        "dropped": "removes its stage; the environment was not touched",
        "restored": "puts the environment back as it was before",
        "finished": "completes it; the environment is repaired and verified",
        None: f"needs its record in `{folder}`, which cannot be read, and says what to do by hand",
    }[will]
    sentence = f"run {run_id} on `{beside.place}` did not end; the next `tfrepair fix` or `tfrepair rollback` {what}"
    return Unfinished(run=run_id, folder=folder, holder=None, will=will, sentence=sentence)


def did_not_end(beside: Beside) -> bool:
    """The same question of who holds the lock. Raises SurroundingsError when it cannot be answered."""
    return (_pointer(beside) or {}).get("state") == "unfinished"


def recover(prefix: Path, *, lock_timeout: float) -> Recovered | None:
    """Finish or undo the unfinished run on an environment. Raises SurroundingsError (locked), RollbackError."""
    beside = Beside.of(prefix)
    if not exists(beside.pointer):
        return None
    with environment_lock(beside, timeout=lock_timeout, run="recovery"), uninterrupted():
        return settle(beside)


def settle(beside: Beside) -> Recovered | None:
    """The same for who holds the lock."""
    pointer = _pointer(beside)
    if pointer is None or pointer.get("state") != "unfinished":
        return None
    folder = Path(str(pointer.get("folder")))
    run = RunFolder.open(folder)
    damaged = Unreadable.open(folder) if run is None and folder.name == pointer.get("run") else None
    if damaged is not None and damaged.is_own and damaged.is_of(beside.place):
        raise _by_hand(damaged, beside)
    if run is None or run.id != pointer.get("run") or not run.is_of(beside.place):
        raise SurroundingsError(
            f"run {pointer.get('run')} on `{beside.place}` did not end, and `{pointer.get('folder')}` is no record of "
            f"it that this user has made; it was started by {pointer.get('user')}; nothing was changed",
            hint=f"run `tfrepair rollback` as {pointer.get('user')}; where nobody has begun a repair here, remove "
            f"`{beside.pointer}`",
        )
    try:
        _known_format(run)
    except OSError as error:
        raise SurroundingsError(
            f"run {run.id} on `{run.place}` did not end, and its record cannot be read: {error.strerror or error}; "
            "nothing was changed",
            hint=f"try again when `{run.folder}` can be read",
        ) from error
    outcome = settle_run(run, sparing=True)
    # a journal that another user may have written is no reason to run what stands in it
    undo = () if outcome == "finished" else undos(run.entries)
    kept = run.tree if outcome == "restored" and exists(run.tree) else None
    return Recovered(run=run.id, outcome=outcome, undo=undo, kept=kept)


def _pointer(beside: Beside) -> dict[str, Any] | None:
    """Which run is unfinished, or was the last; None when there was none. Raises SurroundingsError."""
    pointer = read_json(beside.pointer)
    if pointer is None and exists(beside.pointer):
        raise SurroundingsError(
            f"`{beside.pointer}` cannot be read: whether a run on `{beside.place}` did not end is not known; "
            "nothing was changed",
            hint=f"try again; if it stays so, see which of `{beside.place}` and what lies beside that file is whole, "
            "and remove the file",
        )
    return pointer


def _by_hand(run: Unreadable, beside: Beside) -> SurroundingsError:
    """What to do about an unfinished run whose record is damaged: nothing is moved by what else is known of it."""
    private, pointer = beside.run(run.id), beside.pointer
    if not run.entries:
        what = f"its journal cannot be read either; `{private}` holds the environment as it was before, or a copy of it"
        hint = f"see which of both is whole and leave that at `{beside.place}`, then remove `{pointer}`"
    elif run.holds:
        what, hint = f"`{beside.place}` is as the run was to leave it", f"remove `{pointer}`: nothing else is missing"
    elif run.untouched:
        what = "the environment was not touched, or is back as it was"
        hint = f"remove `{private}` and `{pointer}`, and `tfrepair fix` begins anew"
    else:
        what = f"`{beside.place}` may be half changed"
        hint = f"move what was there before back to `{beside.place}`, then remove `{pointer}`"
    return SurroundingsError(
        f"run {run.id} on `{beside.place}` did not end; {run.sentence}; {what}; nothing was changed", hint=hint
    )


def undos(entries: Sequence[JournalEntry]) -> tuple[tuple[str, ...], ...]:
    """The `undo` of every step that a run began, the last one first."""
    found = [tuple(map(str, e.detail["undo"])) for e in entries if e.event == "operation" and e.detail.get("undo")]
    return tuple(reversed(found))


def _known_format(run: RunFolder) -> None:
    """Raise SurroundingsError for a record of a newer tfrepair: reading it wrongly could lose what it keeps."""
    begin = next((entry.detail.get("format", FORMAT) for entry in run.entries if entry.event == "begin"), FORMAT)
    for what, found, known in (
        ("run.json", run.data.get("schema_version"), SCHEMA_VERSION),
        ("journal", begin, FORMAT),
    ):
        if found != known:
            raise SurroundingsError(
                f"run {run.id} on `{run.place}` did not end, and its {what} has the format {found}, which this "
                "tfrepair does not know; nothing was changed",
                hint="finish it with the tfrepair that began it, or a newer one",
            )


def settle_run(run: RunFolder, *, reason: str = "found unfinished", sparing: bool = False) -> Outcome:
    """Bring a run to its end by its journal. May be repeated. Raises RollbackError that says what is where.

    What is `sparing` keeps what was put in place and is taken out again, if somebody changed it meanwhile.
    """
    try:
        return _settled(run, reason, sparing=sparing)
    except OSError as error:
        raise stuck(run, error) from error


def stuck(run: RunFolder, error: BaseException) -> RollbackError:
    """Where everything is when putting it back failed."""
    entries = run.entries
    swapping = announced(entries)
    if swapping is None:
        return RollbackError(
            f"the stage of run {run.id} could not be removed: {error}; the environment `{run.place}` was not touched",
            hint=f"remove `{run.beside.run(run.id)}`",
        )
    try:
        where = exchange_from(swapping).whereabouts
    except (KeyError, FileNotFoundError):
        where = f"its files as they were are below `{run.tree}`"
    return RollbackError(
        f"`{run.place}` could not be put back after run {run.id}: {error}; {where}",
        hint="remove the obstacle and run `tfrepair rollback`: it goes on from here",
    )


def last_swap(entries: Sequence[JournalEntry]) -> Exchange | None:
    """The exchange that was announced last and not taken back. Raises FileNotFoundError when its list is gone."""
    swapping = announced(entries)
    return exchange_from(swapping) if swapping is not None else None


def holds(run: RunFolder) -> bool:
    """The last swap of a run was confirmed: whatever fails after that, the environment is the new one."""
    return confirmed(run.entries)


def _foreseen(folder: Path) -> Outcome | None:
    run = RunFolder.open(folder)
    if run is None:
        return None
    try:
        entries = run.entries
        if (end := _end(entries)) is not None:
            return _ended(end, entries)
        if confirmed(entries):
            return "finished"
        swap = last_swap(entries)
    except OSError:
        return None
    return "dropped" if (swap is None or swap.is_back) and not exists(run.mark) else "restored"


def _end(entries: Sequence[JournalEntry]) -> JournalEntry | None:
    """The entry of a run that came to its end, of which only the notes may be missing; None for one that did not."""
    return next((entry for entry in entries if entry.event == "end"), None)


def _ended(end: JournalEntry, entries: Sequence[JournalEntry]) -> Outcome:
    """How a run came to this end."""
    if end.detail.get("status") != "rolled-back":
        return "finished"
    return "restored" if any(entry.event == "swapping" for entry in entries) else "dropped"


def _settled(run: RunFolder, reason: str, *, sparing: bool) -> Outcome:
    entries = run.entries
    if (end := _end(entries)) is not None:
        run.note_end(end.detail["status"], kept=end.detail["kept"])
        return _ended(end, entries)
    swap = last_swap(entries)
    if swap is not None and confirmed(entries):
        complete(run, swap)
        return "finished"
    outcome: Outcome = "dropped"
    if swap is not None:
        if not swap.is_back:
            outcome = "restored"
            if sparing and isinstance(swap, Swap) and swap.disposable and _was_changed(run, swap):
                write_durably(run.mark, b"", mode=0o600)
        swap.back()
        with suppress(OSError):  # a full disk must not keep us from going on; what is not noted is done again
            run.journal.append("restored", reason=reason)
    kept = exists(run.mark) and exists(run.tree)
    if kept:
        outcome = "restored"
        remove_tree(run.scratch)
    else:
        run.drop()
    with suppress(OSError):
        if not kept:
            run.journal.append("dropped", reason=reason)
        run.finish("rolled-back", kept=kept)
    return outcome


def _was_changed(run: RunFolder, swap: Swap) -> bool:
    """Somebody may have changed what a run put in place: nobody knew that it was to be taken out again."""
    if inode(swap.place) != swap.after:
        return False
    live = run.read_manifest("live")
    try:
        return live is None or bool(differences(live, swap.place, run.scope))
    except OSError:
        return True


def complete(run: RunFolder, swap: Exchange) -> None:
    """What remains to be done after a swap was confirmed. May be repeated. Raises OSError."""
    swap.forward()
    if swap.tree != swap.keep_as and exists(swap.tree) and not exists(swap.keep_as):
        move(swap.tree, swap.keep_as)
    remove_tree(run.scratch)
    status: RunStatus = "repaired"
    undone = run.data.get("of")
    if undone:
        status = "restored"
        other = RunFolder.open(run.folder.parent / undone)
        if other is not None:
            other.update(kept=False, status="restored")
            other.drop()
    run.finish(status, kept=swap.had and exists(swap.keep_as))
