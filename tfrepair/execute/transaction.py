"""Stage, apply, seal, verify, swap: at every instant the target is as it was, or repaired and verified."""

from __future__ import annotations

import os
import time
from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack, contextmanager, suppress
from pathlib import Path
from typing import TYPE_CHECKING

from tfrepair.errors import ChangedError, RollbackError, StepError, SurroundingsError
from tfrepair.execute.exchange import carry_out, exchange_for
from tfrepair.execute.files import exists, explained, remove_tree, sync_file_system, sync_folder
from tfrepair.execute.fingerprint import digest_of, fingerprint, manifest
from tfrepair.execute.guards import forget_place, make_parents, remove_parents, uninterrupted
from tfrepair.execute.linking import link_tree
from tfrepair.execute.lock import environment_lock
from tfrepair.execute.operations import Stage
from tfrepair.execute.owners import adopt, adopt_beside
from tfrepair.execute.ownership import private_rule, sites
from tfrepair.execute.recover import complete, holds, settle, settle_run
from tfrepair.execute.relocate import drop_bytecode, relocate
from tfrepair.execute.runs import keep_count, prune
from tfrepair.execute.steps import Steps

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Mapping, Sequence
    from types import TracebackType

    from typing_extensions import Self

    from tfrepair.execute.exchange import Exchange
    from tfrepair.execute.performing import Outcome
    from tfrepair.execute.ports import Ports
    from tfrepair.execute.recover import Recovered
    from tfrepair.execute.run_folder import RunFolder
    from tfrepair.model.plan import Operation, Plan
    from tfrepair.model.run import Smoke

_CLOCK_GRAIN = 1.0
"""Seconds by which a file's time may lag behind ours."""


class Transaction:
    """One repair of one environment folder; leaving the block without `commit` leaves the target as it was."""

    def __init__(
        self, prefix: Path, record: RunFolder, ports: Ports, *, lock_timeout: float = 60.0, keep: str = "1"
    ) -> None:
        self.record = record
        self.recovered: Recovered | None = None
        """What was done about an unfinished run that was found."""
        self.committed = False
        self.whole = True
        """What was swapped was exchanged in one step, not file by file."""
        self._final = Path(os.path.abspath(prefix))  # noqa: PTH100
        self._ports = ports
        self._lock_timeout = lock_timeout
        self._keep = keep
        self._stack = ExitStack()
        self._made: list[Path] = []
        self._since = 0.0
        self._plan: Plan | None = None
        self._stage: Stage | None = None
        self._begun = False
        self._swapped = False
        self._durable = False
        self.steps = Steps(self._apply, ports, record)

    def __enter__(self) -> Self:
        """Take the lock, settle what a crash left, make the folders. Raises SurroundingsError, RollbackError."""
        keep_count(self._keep)
        self._made = make_parents(self.record.place.parent)
        try:
            self._stack.enter_context(
                environment_lock(self.record.beside, timeout=self._lock_timeout, run=self.record.id)
            )
            self.recovered = settle(self.record.beside)
            self.record.update(created=not exists(self.record.place))
            self._begun = True
            self.record.begin(keep=self._keep)
            adopt_beside(self.record.beside, self.record.id)
        except BaseException as error:
            self._leave(str(error) or type(error).__name__)
            if isinstance(error, OSError):
                raise explained(error, "preparing the repair") from error
            raise
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        """Put everything back unless it was committed. Raises RollbackError that says what is where."""
        self._leave(str(error) or type(error).__name__ if error is not None else "nothing was committed")

    @property
    def stage_path(self) -> Path:
        """Where the stage is built."""
        return self.record.tree

    def stage(self, plan: Plan) -> Path:
        """Make the stage anew: a linked copy for a repair in place, nothing yet for a fresh venv.

        Raises SurroundingsError when the target is not what the plan was made for, StepError.
        """
        self._compare(plan)
        tree, place = self.record.tree, self.record.place
        with _explaining("staging the environment"):
            remove_tree(tree)
            self._since = time.time() - _CLOCK_GRAIN
            share = self._keep != "copy"
            detail = {}
            if plan.strategy == "in-place":
                environment = self._ports.describe(place).environment
                rule = private_rule(environment, everything=not share)
                linked = link_tree(place, tree, rule, spellings=(str(self._final),), scope=self.record.scope)
                detail = {"linked": linked.linked, "copied": linked.copied, "copied_bytes": linked.copied_bytes}
            self._stage = Stage(tree, place, self._final, self._ports, share=share)
            self.record.journal.append("staged", round=plan.round, strategy=plan.strategy, **detail)
        self._plan = plan
        return tree

    def apply(self, plan: Plan) -> None:
        """Do the plan's operations on the stage, in order. Raises StepError, SurroundingsError."""
        self._plan = plan
        self._staged()
        for index, operation in enumerate(plan.operations):
            self._ports.progress(operation.summary)
            with _explaining(f"the step to {operation.summary}"):
                self.steps.carry_out(operation, number=plan.round, index=index)

    def _apply(self, operation: Operation) -> Outcome:
        plan = self._plan
        assert plan is not None  # noqa: S101
        return self._staged().apply(operation, plan.lock)

    def seal(self, finish: Callable[[], None] = lambda: None) -> None:
        """Make the stage fit for its final path; `finish` ends what is still put into it, for its owner to get it too.

        Raises StepError when a file still names the stage.
        """
        stage = self._staged()
        tree = self.record.tree
        self._durable = False
        with _explaining("sealing the stage"):
            named = relocate(tree, self._final, sites(stage.target.environment), since=self._since).left
            if named:
                more = f" and {len(named) - 1} more files name" if len(named) > 1 else " names"
                raise StepError(f"`{named[0]}`{more} the folder that it was staged in; the target was not touched")
            finish()
            adopt(tree, self.record.place)

    def compare(self) -> Mapping[str, str]:
        """The distributions whose files are not as their RECORD says after they were installed, and what is wrong.

        What is in the stage is durable afterwards. It takes a while and writes nothing: TensorFlow may be imported from
        the stage meanwhile. Raises StepError.
        """
        if not self._durable:
            with _explaining("writing the stage to the disk"):
                sync_file_system(self.record.tree)
            self._durable = True
        with _explaining("comparing what was installed with its RECORD"):
            return self._staged().compare()

    def mend(self, altered: Mapping[str, str]) -> None:
        """Install these again, past the installer's cache; the stage is to be sealed anew. Raises StepError."""
        plan = self._plan
        assert plan is not None  # noqa: S101
        with _explaining("installing what differs from its RECORD again"):
            self._staged().mend(altered, plan.lock)

    def verified(self, smoke: Smoke) -> None:
        """Note that the stage passed, or failed, its smoke test."""
        self.record.journal.append("verified", ok=smoke.ok, rung=smoke.rung, tensorflow=smoke.tensorflow)

    def checked(self, names: Sequence[str], failed: Sequence[str]) -> None:
        """Note what playbooks verify beside the smoke test, and what of it does not hold."""
        if names:
            self.record.journal.append("checked", names=list(names), failed=list(failed))

    def commit(self, confirm: Callable[[], Smoke], held: Callable[[], None] = lambda: None) -> None:
        """Swap, run `confirm` at the final path, then `held`, and keep the old environment for rollback.

        Raises SurroundingsError when the target changed meanwhile or cannot be moved, StepError when something that was
        installed is not as recorded or `confirm` does not pass; in all these cases, and for anything that `confirm`
        raises, leaving the block puts the target back.
        """
        altered = self.compare()
        if altered:
            name, what = min(altered.items())
            raise StepError(f"`{name}` is not as its RECORD says: {what}; the target was not touched")
        plan = self._plan
        assert plan is not None  # noqa: S101
        self._compare(plan)
        record = self.record
        with _explaining("comparing the stage with the environment"):
            drop_bytecode(record.tree, since=self._since)
            sync_folder(record.tree.parent)
            swap = exchange_for(record, tree=record.tree, keep_as=record.tree)
            if swap.whole:  # killed later, it can be told what in it is somebody else's
                self._note_live(record.tree)
        with _explaining("putting the repaired environment in place"):
            swap, kept = self._swap(swap, plan)
        with ThreadPoolExecutor(max_workers=1) as pool:  # what comes while it is confirmed is not of the repair
            noted = pool.submit(self._note_live, record.place) if not self.whole else None
            smoke = confirm()
        with uninterrupted():  # whoever is told that it was interrupted relies on everything being as it was
            try:
                if noted is not None:
                    noted.result()
                self._conclude(swap, kept, smoke, held)
            except OSError as error:
                if not holds(self.record):
                    raise explained(error, "recording the repair") from error
                self._note_later(error)
            self.committed = True
            with suppress(OSError):  # it works; what could not be removed goes with the next `runs clean`
                prune(record, keep_count(self._keep))

    def _note_live(self, tree: Path) -> None:
        """Note what is, or comes, in place."""
        self.record.write_manifest("live", manifest(tree, self.record.scope))

    def _note_later(self, why: OSError) -> None:
        """It holds, and not all of it could be noted: try once more; else the next command that writes does it."""
        try:
            settle_run(self.record)
        except RollbackError:
            said = f"it works, and its record is not complete: {why}; the next `tfrepair fix` completes it"
            self.steps.said.append(said)

    def _conclude(
        self,
        swap: Exchange,
        kept: dict[str, str] | None,
        smoke: Smoke,
        held: Callable[[], None],
    ) -> None:
        """Note how it went at the final path; then it holds. Raises StepError, OSError."""
        record = self.record
        record.write_smoke("after", smoke)
        if not smoke.ok:
            raise StepError(
                f"the repaired environment failed its smoke test at `{self._final}` ({smoke.rung}); it is as it was",
                hint=f"see `{record.folder / 'smoke-after.txt'}`",
            )
        if kept is not None:
            record.write_manifest("kept", kept)
        record.journal.append("confirmed", tensorflow=smoke.tensorflow, seconds=smoke.seconds)
        held()
        complete(record, swap)

    def abandon(self, reason: str) -> None:
        """Drop the stage, or swap back what was swapped; the block may be left afterwards. Raises RollbackError."""
        if self._begun and not self.committed:
            self._begun = False
            with uninterrupted():
                left = self.steps.take_back(self._final if self._swapped else self.record.tree)
                settle_run(self.record, reason=reason)
            if left:
                raise RollbackError(
                    f"`{self._final}` is as it was, but what its steps did elsewhere was not all undone: {left[0][1]}",
                    hint=f"run by hand: {'; '.join(command for command, _ in left)}",
                )

    def _swap(self, swap: Exchange, plan: Plan) -> tuple[Exchange, dict[str, str] | None]:
        """Exchange the folders, or what is in them; the manifest of the old one."""
        try:
            swap, how = carry_out(swap, self.record)
        except OSError as error:
            raise SurroundingsError(
                f"`{swap.place}` cannot be exchanged for the repaired environment: {error.strerror or error}; "
                "it is as it was",
                hint="it may be a mount point, or belong to somebody else; build a new environment with `--venv`",
            ) from error
        self.record.journal.append("swapped", how=how)
        self._swapped = True
        self.whole = swap.whole
        if not swap.had:
            return swap, None
        kept = manifest(swap.keep_as, self.record.scope)
        # the folders of a tree whose contents were exchanged are others than those that were looked at
        if swap.whole and plan.fingerprint is not None and digest_of(kept.items()) != plan.fingerprint:
            raise _changed(swap.place)
        return swap, kept

    def _compare(self, plan: Plan) -> None:
        """The target is still what the plan was made for."""
        place = self.record.place
        if plan.fingerprint is None:
            if exists(place) and (not place.is_dir() or any(place.iterdir())):
                raise _changed(place)
            return
        try:
            found = fingerprint(place, self.record.scope)
        except OSError as error:
            raise _changed(place) from error
        if found != plan.fingerprint:
            raise _changed(place)

    def _staged(self) -> Stage:
        if self._stage is None:
            raise RuntimeError("stage() comes first")
        return self._stage

    def _leave(self, reason: str) -> None:
        try:
            self.abandon(reason)
        finally:
            self._stack.close()
        if not self.committed:
            remove_parents(self.record.beside.folder, self._made)
            forget_place(self.record.beside)


def _changed(place: Path) -> ChangedError:
    return ChangedError(
        f"`{place}` was changed while it was being repaired, or since the plan was made; it is as it was",
        hint="wait until nothing else installs into it, then run `tfrepair fix` again",
    )


@contextmanager
def _explaining(doing: str) -> Iterator[None]:
    try:
        yield
    except OSError as error:
        raise explained(error, doing) from error
