"""`rollback` and `runs`: the record of past runs, and the way back."""

from __future__ import annotations

import shlex
from contextlib import ExitStack
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from tfrepair.app.report import Report, RunInfo
from tfrepair.errors import RollbackError, SurroundingsError, TfrepairError, UsageError
from tfrepair.target.paths import is_there

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence

    from tfrepair.app.requests import Screen, TargetRequest
    from tfrepair.execute.run_folder import RunFolder
    from tfrepair.execute.runs import Cleaned
    from tfrepair.log import Log
    from tfrepair.model.run import JournalEntry, RunRecord
    from tfrepair.model.target import Target

SHOWN = 5


def roll_back(
    run: str | None,
    where: TargetRequest,
    screen: Screen,
    log: Log,
    *,
    yes: bool,
    lock_timeout: float,
    describe: bool = True,
) -> Report:
    """Put the target back as it was before a run. Exit 0: restored, working or not.

    `describe` asks the interpreter that is back what it is, for who reads the report's `target`.
    """
    from tfrepair.app.selfcopy import step_aside
    from tfrepair.execute.recover import undos, unfinished
    from tfrepair.execute.runs import changes_since, find_run, require_kept

    named = find_run(run, where.environ) if run is not None else None
    if named is not None:
        _same_target(named, where, screen)
    prefix = named.place if named is not None else _named_prefix(where, screen)
    if named is None or named.record().status == "unfinished":
        undone = _undo_unfinished(
            prefix, named, where, screen, log, yes=yes, lock_timeout=lock_timeout, describe=describe
        )
        if undone is not None:
            return undone
    try:
        found = named or find_run(None, where.environ, prefix=prefix)
        require_kept(found)
        if named is None:
            _tell_of_unplaced(found, where, screen)
    except UsageError as error:
        busy = unfinished(prefix)
        if busy is not None:  # by another process; where something is kept, it is waited for
            error.message = f"{busy.sentence}; {error.message}"
        raise
    step_aside(found.prefix, found.scope, where.environ)
    commands = undos(found.entries)
    also = f", and run {'; '.join(f'`{shlex.join(argv)}`' for argv in commands)}" if commands else ""
    question = f"put `{found.prefix}` back as it was before {found.id}{also}?"
    since = changes_since(found)
    if since.lost:
        screen.say(
            f"note: {_listed(since.lost)} came or changed since then and will not be there; that state is kept too"
        )
    if since.written:
        screen.say(f"note: {_listed(since.written)} was written through a link since, and comes back as it is now")
    if not yes and not screen.ask(question):
        return Report(command="rollback", status="planned", exit_code=1, messages=("declined: nothing was changed",))
    return _put_back(found, commands, since.lost, where, screen, log, lock_timeout=lock_timeout, describe=describe)


def _tell_of_unplaced(run: RunFolder, where: TargetRequest, screen: Screen) -> None:
    """Say which newer runs may be of the same environment: nothing that can be read says of which they are."""
    from tfrepair.execute.runs import unreadable_runs

    for other in unreadable_runs(where.environ):
        if other.id > run.id and not other.prefix:
            screen.say(f"note: {other.sentence}; nothing says of which environment it is, and {run.id} is undone")


def _put_back(
    run: RunFolder,
    commands: Sequence[tuple[str, ...]],
    lost: Sequence[str],
    where: TargetRequest,
    screen: Screen,
    log: Log,
    *,
    lock_timeout: float,
    describe: bool,
) -> Report:
    from tfrepair.execute.guards import uninterrupted
    from tfrepair.execute.runs import rollback

    screen.step(f"putting back `{run.prefix}`")
    undone: list[_Undone] = []
    with ExitStack() as begun:

        def begin() -> None:
            """From here on it is put back: whoever is told that it was interrupted relies on nothing being changed."""
            begun.enter_context(uninterrupted())
            undone.extend(_take_back(commands, run.prefix, where, screen))

        try:
            record = rollback(run, where.environ, lock_timeout=lock_timeout, lost=lost, first=begin)
        except SurroundingsError as error:
            error.message += "".join(f"; `{one.command}` was run" for one in undone)
            raise
        log.info("restored", run=run.id, prefix=str(run.prefix))
        if failed := [one for one in undone if one.problem]:
            raise RollbackError(
                f"`{run.prefix}` is as it was before {run.id}, but what its steps did elsewhere was not all undone: "
                f"{failed[0].problem}",
                hint=f"run by hand: {'; '.join(one.command for one in failed)}",
            )
        return Report(
            command="rollback",
            status="restored",
            exit_code=0,
            target=_target(run.prefix, where) if describe else None,
            run=RunInfo.of(record),
            messages=(_restored(run), *(f"what a step did elsewhere is taken back: `{one.command}`" for one in undone)),
        )


@dataclass(frozen=True, slots=True)
class _Undone:
    """A command that takes back what a step did outside the environment, and how it went."""

    command: str
    problem: str = ""
    """Why it failed; empty when it did not."""


def _take_back(
    commands: Sequence[tuple[str, ...]], prefix: Path, where: TargetRequest, screen: Screen
) -> Iterator[_Undone]:
    """Run what undoes the steps of a run outside the environment."""
    from tfrepair.app.ports import run_command_in
    from tfrepair.execute.operations import program_in
    from tfrepair.execute.steps import UNDO_LIMIT

    target = _target(prefix, where) if commands else None
    for argv in commands:
        command = shlex.join(argv)
        if target is None:
            yield _Undone(command, f"`{prefix}` does not start")
            continue
        screen.step(f"running {command}")
        words = program_in(target.environment.scripts, argv)
        try:
            run_command_in(words, prefix, target.environment, where.environ, timeout=UNDO_LIMIT, on_line=screen.line)
        except TfrepairError as error:
            yield _Undone(command, error.message)
        else:
            yield _Undone(command)


def _undo_unfinished(
    prefix: Path,
    named: RunFolder | None,
    where: TargetRequest,
    screen: Screen,
    log: Log,
    *,
    yes: bool,
    lock_timeout: float,
    describe: bool,
) -> Report | None:
    """Settle a run that was killed: that is the rollback, unless the run turns out to be complete.

    A rollback that was killed is finished instead, unless it is `named`: it is what is asked for now.
    None when there is more to do.
    """
    from tfrepair.execute.recover import recover, unfinished
    from tfrepair.execute.run_folder import RunFolder

    left = unfinished(prefix)
    if left is None or left.holder is not None:
        return None
    record = RunFolder.open(Path(left.folder))
    if not yes and not screen.ask(f"{left.sentence}; settle it now?"):
        return Report(command="rollback", status="planned", exit_code=1, messages=("declined: nothing was changed",))
    done = recover(prefix, lock_timeout=lock_timeout)
    if done is None:
        return None
    log.info("recovered", run=done.run, outcome=done.outcome)
    goes_on = named is None and record is not None and bool(record.data.get("of"))
    if goes_on != (done.outcome == "finished"):
        screen.say(done.sentence)
        return None
    return Report(
        command="rollback",
        status="restored",
        exit_code=0,
        target=_target(prefix, where) if describe else None,
        run=RunInfo.of(record) if record is not None else None,
        messages=(done.sentence,),
    )


def _same_target(run: RunFolder, where: TargetRequest, screen: Screen) -> None:
    """Raise UsageError when the run belongs to another environment than the one that was named."""
    named = where.env or where.python
    if named is None:
        return
    if not run.is_of(_named_prefix(where, screen)):
        raise UsageError(
            f"the run {run.id} is of `{run.prefix}`, not of `{named}`; nothing was changed",
            hint="`tfrepair runs list` shows which run is of which environment",
        )


def _named_prefix(where: TargetRequest, screen: Screen) -> Path:
    """The environment's folder, which may not be there any more where `--env` names it. Raises TargetError."""
    if where.env is not None:
        return Path(where.cwd, where.env)
    from tfrepair.app.locate import locate

    return Path(locate(where, screen).environment.prefix)


def _target(prefix: Path, where: TargetRequest) -> Target | None:
    """What is there now; None when nothing is."""
    from tfrepair.errors import TargetError
    from tfrepair.target.discover import describe_environment

    try:
        return describe_environment(prefix, where.environ)
    except TargetError:
        return None


def _restored(run: RunFolder) -> str:
    if not is_there(run.place):
        return f"removed: `{run.prefix}` did not exist before {run.id}; what was there is kept"
    undone = ", which was a rollback: what that had put away is back" if run.data.get("of") else ""
    return f"restored: `{run.prefix}` is as it was before {run.id}{undone}"


def _listed(paths: Sequence[str]) -> str:
    more = f" and {len(paths) - SHOWN} more" if len(paths) > SHOWN else ""
    return ", ".join(f"`{path}`" for path in paths[:SHOWN]) + more


def recorded(environ: Mapping[str, str]) -> tuple[tuple[RunRecord, int], ...]:
    """Every run, the newest first, with the bytes that dropping what it keeps would free. Raises SurroundingsError."""
    from tfrepair.execute.runs import list_runs, size

    return tuple((run, size([Path(run.kept)]).exclusive if run.kept else 0) for run in list_runs(environ))


def detail(spec: str, environ: Mapping[str, str]) -> tuple[RunRecord, tuple[JournalEntry, ...], tuple[str, ...]]:
    """A run, its journal and the names of its files. Raises UsageError when there is no such run, SurroundingsError."""
    from tfrepair.execute.runs import every_run, named

    found = named(spec, every_run(environ))
    try:
        return found.record(), found.entries, tuple(sorted(path.name for path in found.folder.iterdir()))
    except OSError as error:
        raise SurroundingsError(
            f"`{error.filename or found.folder}`, of the record of a run, cannot be read: {error.strerror or error}",
            hint="set its permission, or look as the user it belongs to",
        ) from error


def kept(specs: Sequence[str], environ: Mapping[str, str]) -> tuple[RunFolder, ...]:
    """The runs that keep an old environment: the named ones, or all.

    Raises UsageError for a name that is not known, SurroundingsError for a record that cannot be read.
    """
    from tfrepair.execute.runs import find_run, runs

    chosen = [find_run(spec, environ) for spec in specs] if specs else runs(environ)
    return tuple(run for run in chosen if run.record().kept)


def kept_unread(environ: Mapping[str, str]) -> tuple[str, ...]:
    """Why what some runs keep cannot be dropped: a sentence for each whose record cannot be read."""
    from tfrepair.execute.runs import unreadable_runs

    return tuple(run.sentence for run in unreadable_runs(environ))


def chosen_for_cleaning(
    runs: Sequence[RunFolder], *, older_than: float | None, keep: int | None, max_size: float | None
) -> tuple[RunFolder, ...]:
    """Those of these runs that go: by age, beyond the newest of each environment, or until the rest fits a size.

    `older_than` is in days, `keep` a count, `max_size` in bytes. `runs` are the newest first; without a limit all go.
    """
    if older_than is None and keep is None and max_size is None:
        return tuple(runs)
    gone = set() if keep is None else _beyond_newest(runs, keep)
    if older_than is not None:
        gone |= {run.id for run in runs if _days_since(run) > older_than}
    if max_size is not None:
        gone |= _beyond(runs, max_size)
    return tuple(run for run in runs if run.id in gone)


def spare_count(keep: str) -> int:
    """How many runs `--keep` spares, in the words of `fix --keep`. Raises UsageError."""
    from tfrepair.execute.runs import keep_count

    return keep_count(keep)


def _days_since(run: RunFolder) -> float:
    import datetime as dt

    started = dt.datetime.fromisoformat(str(run.data["started"]).replace("Z", "+00:00"))
    return (dt.datetime.now(dt.timezone.utc) - started).total_seconds() / 86400


def _beyond_newest(runs: Sequence[RunFolder], keep: int) -> set[str]:
    """What is left when each environment has its newest ones."""
    by_place: dict[Path, list[str]] = {}
    for run in runs:
        by_place.setdefault(run.place, []).append(run.id)
    return {run for ids in by_place.values() for run in ids[keep:]}


def _beyond(runs: Sequence[RunFolder], max_size: float) -> set[str]:
    """The oldest ones, so that what the others keep takes at most so many bytes together."""
    from tfrepair.execute.runs import size

    for count in range(len(runs), 0, -1):
        if size([run.tree for run in runs[:count]]).exclusive <= max_size:
            return {run.id for run in runs[count:]}
    return {run.id for run in runs}


def clean(chosen: Sequence[RunFolder]) -> Cleaned:
    """Drop what these runs keep."""
    from tfrepair.execute.runs import clean as drop

    return drop(chosen)
