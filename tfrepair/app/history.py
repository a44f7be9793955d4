"""`rollback` and `runs`: the record of past runs, and the way back."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

from tfrepair.app.report import Report, RunInfo
from tfrepair.errors import UsageError

if TYPE_CHECKING:
    from tfrepair.app.requests import Screen, TargetRequest
    from tfrepair.log import Log


def roll_back(
    run: str | None, where: TargetRequest, screen: Screen, log: Log, *, yes: bool, lock_timeout: float
) -> Report:
    """Put the target back as it was before a run. Exit 0: restored, working or not."""
    from tfrepair.app.selfcopy import step_aside
    from tfrepair.execute.runs import changes_since, find_run, rollback

    prefix = _prefix(run, where, screen)
    found = find_run(where.environ, run=run, prefix=prefix)
    if found is None:
        what = f"the run `{run}`" if run else f"a run of tfrepair on `{prefix}`"
        raise UsageError(f"there is no record of {what}", hint="`tfrepair runs list` shows the runs")
    step_aside(Path(found.prefix), where.environ)
    lost = changes_since(found)
    question = f"put `{found.prefix}` back as it was before {found.id}?"
    if lost:
        question = f"{lost}; {question}"
        screen.say(f"note: {lost}; the state that is replaced is kept too")
    if not yes and not screen.ask(question):
        return Report(command="rollback", status="planned", exit_code=1, messages=("declined: nothing was changed",))
    screen.step(f"putting back `{found.prefix}`")
    record = rollback(found, environ=where.environ, lock_timeout=lock_timeout)
    log.info("restored", run=found.id, prefix=found.prefix)
    return Report(
        command="rollback",
        status="restored",
        exit_code=0,
        run=RunInfo(id=record.id, folder=str(record.folder), log=str(record.folder / "log.jsonl"), kept=None),
        messages=(f"restored: `{found.prefix}` is as it was before {found.id}",),
    )


def _prefix(run: str | None, where: TargetRequest, screen: Screen) -> Path | None:
    if run is not None:
        return None
    if where.env is not None:
        return Path(where.cwd, where.env)
    from tfrepair.app.diagnose import locate

    return Path(locate(where, screen).environment.prefix)
