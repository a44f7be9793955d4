"""What a use-case returns: enough for the screen and for JSON, and the exit code."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Literal

from tfrepair.target.paths import is_there

if TYPE_CHECKING:
    from tfrepair.errors import TfrepairError
    from tfrepair.execute.run_folder import RunFolder
    from tfrepair.model.facts import Facts
    from tfrepair.model.finding import Diagnosis
    from tfrepair.model.plan import Plan
    from tfrepair.model.run import Smoke
    from tfrepair.model.target import Target

Status = Literal["healthy", "broken", "planned", "repaired", "restored", "rolled-back", "manual", "failed"]


@dataclass(frozen=True, slots=True, kw_only=True)
class RunInfo:
    """Where the record of a run is, and how to go back."""

    id: str
    folder: str
    log: str
    """Its log; of a run that only put something back, its journal."""
    kept: str | None = None
    """The environment as it was before; None where there was none, or it is not kept."""
    made: bool = False
    """There was no environment before: to go back removes it."""

    @classmethod
    def of(cls, run: RunFolder, *, made: bool = False) -> RunInfo:
        """What is known of a run."""
        log = run.log_path if is_there(run.log_path) else run.journal_path
        return cls(id=run.id, folder=str(run.folder), log=str(log), kept=run.record().kept, made=made)


@dataclass(frozen=True, slots=True, kw_only=True)
class Report:
    """The outcome of one command."""

    command: str
    status: Status
    exit_code: int
    target: Target | None = None
    facts: Facts | None = None
    diagnosis: Diagnosis | None = None
    works: bool | None = None
    plan: Plan | None = None
    run: RunInfo | None = None
    python: str | None = None
    """The interpreter that works now."""
    smoke: Smoke | None = None
    error: TfrepairError | None = None
    manual: tuple[str, ...] = ()
    messages: tuple[str, ...] = ()
    """Sentences for the user, in order."""
