"""Carrying out a plan: stage, apply, verify, round after round, then swap."""

from __future__ import annotations

from contextlib import contextmanager
from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING

from tfrepair.app.bytecode import Bytecode
from tfrepair.app.confirm import Confirmed, Final, confirm
from tfrepair.app.diagnose import for_warnings
from tfrepair.app.kept import Keeper
from tfrepair.app.look import MORE_TIME, Look, look, smoke_of
from tfrepair.app.planning import Round, plan_round
from tfrepair.app.ports import ports_for
from tfrepair.app.report import RunInfo
from tfrepair.app.running import refuse_while_used
from tfrepair.errors import StepError, TfrepairError, UsageError

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping
    from pathlib import Path

    from tfrepair.app.kept import Lost
    from tfrepair.app.report import Report
    from tfrepair.app.requests import Screen
    from tfrepair.app.subject import Subject
    from tfrepair.app.workbench import Workbench
    from tfrepair.execute.runs import RunFolder
    from tfrepair.execute.transaction import Transaction
    from tfrepair.model.plan import Plan
    from tfrepair.model.run import Smoke

MAX_ROUNDS = 4


@dataclass(slots=True)
class _Progress:
    """Where the rounds have come to."""

    plan: Plan
    keeper: Keeper
    tried: set[tuple[str, str]] = field(default_factory=set)
    lost: dict[str, Lost] = field(default_factory=dict)
    """What a round before has broken, by canonical name: it may not stay at its version."""


def repair(plan: Plan, seen: Look, subject: Subject, bench: Workbench, base: Report) -> Report:
    """Carry out a plan. The environment is repaired and verified afterwards, or as it was.

    Raises ChangedError when somebody else changed it meanwhile.
    """
    refuse_while_used(subject, bench)
    from tfrepair.execute.paths import bytecode_dir
    from tfrepair.execute.run_folder import RunFolder
    from tfrepair.execute.transaction import Transaction
    from tfrepair.target.console_scripts import console_script_problem

    record = RunFolder.create(subject.prefix, bench.environ, scope=subject.scope)
    confirmed: list[Confirmed] = []
    said: list[str] = []
    # what did not start before is no reason to refuse a TensorFlow that works
    scripts_started = (
        subject.target is None or console_script_problem(subject.target.environment, bench.environ) is None
    )
    bytecode = Bytecode(
        place=record.scratch,
        final=subject.prefix,
        kept=bytecode_dir(bench.environ),
        tensorflow=plan.tensorflow.name,
    )
    with record.log_path.open("a", encoding="utf-8") as stream:
        bench.log.add(stream)
        before = smoke_of(seen.facts)
        if before is not None:
            record.write_smoke("before", before)
        try:
            ports = ports_for(bench, subject, seen, bytecode)
            transaction = Transaction(
                subject.prefix, record, ports, lock_timeout=bench.request.lock_timeout, keep=bench.request.keep
            )
            with transaction, bytecode, _told_when_interrupted(bench.screen):
                said = transaction.steps.said
                final, gained = _rounds(plan, seen, subject, bench, transaction, record, bytecode)
                bench.screen.step("putting it in place and verifying it there")
                there = Final(staged=transaction.stage_path, bytecode=bytecode, scripts=scripts_started)
                transaction.commit(
                    lambda: confirm(subject, bench, confirmed, there, whole=transaction.whole),
                    lambda: None if transaction.whole else bytecode.settle(confirmed[-1].target, bench.environ),
                )
        except (StepError, UsageError) as error:
            bench.log.info("rolled back", reason=error.message)
            bench.screen.say("rolled back: the environment is as it was")
            return replace(
                base,
                status="rolled-back",
                exit_code=StepError.exit_code,
                error=error,
                run=RunInfo.of(record),
                messages=tuple(said),
            )
        finally:
            bench.log.remove(stream)
    return replace(
        base,
        status="repaired",
        exit_code=0,
        works=True,
        plan=final,
        run=RunInfo.of(record, made=subject.target is None),
        python=confirmed[-1].target.interpreter.executable,
        smoke=confirmed[-1].smoke,
        messages=("repaired", *said, *gained),
    )


@contextmanager
def _told_when_interrupted(screen: Screen) -> Iterator[None]:
    """Say so at once: to take back what was begun can take a while."""
    try:
        yield
    except KeyboardInterrupt:
        screen.say("interrupted: what was begun is taken back")
        raise


def _rounds(
    plan: Plan,
    seen: Look,
    subject: Subject,
    bench: Workbench,
    transaction: Transaction,
    record: RunFolder,
    bytecode: Bytecode,
) -> tuple[Plan, tuple[str, ...]]:
    """Apply plans to the stage until TensorFlow works in it, and what worked before too.

    The plan that did it, and what is to be said of what else works now and of what is left. Raises StepError when a
    round brings no progress.
    """
    progress = _Progress(plan=plan, keeper=Keeper(seen=seen, bench=bench))
    while True:
        current = progress.plan
        bench.log.info("round", number=current.round, strategy=current.strategy, tensorflow=current.tensorflow.version)
        progress.keeper.learn(current)
        bench.screen.step(f"round {current.round}: staging")
        record.write_plan(current)
        stage = transaction.stage_path
        if current.round == 1 or current.strategy != "in-place":
            transaction.stage(current)
        count = len(current.operations)
        operations = f"{count} operation{'s' if count > 1 else ''}"
        bench.screen.step(f"round {current.round}: applying {operations} to the copy")
        transaction.apply(current)
        staged = _look_at_sealed(stage, subject, bench, transaction, bytecode)
        lost = progress.keeper.lost(staged)
        smoke = smoke_of(staged.facts)
        if smoke is not None:
            transaction.verified(_with(smoke, lost))
        if staged.works and not lost:
            _check(current, staged, transaction)
            gained = progress.keeper.gained(staged)
            left = for_warnings(staged.diagnosis, f"tfrepair fix --dry-run{subject.words}")
            return current, (
                *((f"could not be imported before and can now: {', '.join(gained)}",) if gained else ()),
                *left,
            )
        bench.log.info("round failed", number=current.round, output=staged.facts.value("import.output"))
        if staged.stopped:
            raise StepError(f"{staged.stopped}; the environment is as it was", hint=MORE_TIME)
        for one in lost:
            bench.screen.say(one.sentence)
        progress.tried.add((current.strategy, _signature(current)))
        progress.plan = _next(progress, lost, staged, stage, seen, subject, bench)
        if not staged.works:
            bench.screen.diagnosis(staged.diagnosis, staged.target)
        bench.screen.plan(progress.plan)
        if progress.plan.untrusted and bench.request.yes:
            files = ", ".join(f"`{path}`" for path in progress.plan.untrusted)
            raise StepError(f"a further round needs {files}, of the current folder, which acts only with `--trust`")
        if not bench.request.yes and not bench.screen.ask("carry out this further round?"):
            raise StepError("the further round was declined; the environment is as it was")


def _check(plan: Plan, staged: Look, transaction: Transaction) -> None:
    """What the playbooks' `verify` asks for holds on the stage. Raises StepError that names all that does not."""
    from tfrepair.app.checks import failures
    from tfrepair.app.ports import registered_facts

    failed = failures(plan.checks, staged.facts.merged(registered_facts(transaction.steps.registered)))
    transaction.checked([check.name for check in plan.checks], failed)
    if failed:
        raise StepError(
            f"TensorFlow works, but not everything that the playbook verifies: {'; '.join(failed)}; "
            "the environment is as it was"
        )


def _with(smoke: Smoke, lost: tuple[Lost, ...]) -> Smoke:
    """The verification as a whole: what no longer can be imported makes it fail."""
    if not lost:
        return smoke
    return replace(smoke, ok=False, rung="kept distributions")


def _next(
    progress: _Progress,
    lost: tuple[Lost, ...],
    staged: Look,
    stage: Path,
    seen: Look,
    subject: Subject,
    bench: Workbench,
) -> Plan:
    """The plan of the next round: in place on the stage, then a rebuild. Raises StepError."""
    number = progress.plan.round + 1
    again = [one for one in lost if one.name in progress.lost]
    progress.lost |= {one.name: one for one in lost}
    if number <= MAX_ROUNDS and bench.request.plan_in is None and not again:
        for turn, view in _turns(progress, staged, stage, seen, number, subject, bench):
            plan = _tried(turn, view, subject, bench)
            if plan is not None and plan.operations and (plan.strategy, _signature(plan)) not in progress.tried:
                return plan
    if lost:
        choice = progress.plan.tensorflow
        works = "works, but" if staged.works else "does not work here, and"
        raise StepError(
            f"{choice.name} {choice.version} {works} {'; '.join(one.sentence for one in lost)}; "
            "the environment is as it was",
            hint="the record of the run has the output; another release (`--tensorflow`) may suit both, "
            "`--venv DIR` makes an environment beside this one",
        )
    roots = [f"{finding.title} [{finding.id}]" for finding in staged.diagnosis.errors if finding.caused_by is None]
    why = "; ".join(roots) or "no cause was found"
    smoke = smoke_of(staged.facts)
    if smoke is not None and smoke.ok:
        raise StepError(
            f"TensorFlow works after round {progress.plan.round}, and these are there still: {why}; "
            "the environment is as it was",
            hint="what a rule of a playbook finds must be gone when its steps are done; the record of the run has more",
        )
    raise StepError(
        f"TensorFlow still does not work after round {progress.plan.round}: {why}; the environment is as it was",
        hint="the record of the run has the output; another release (`--tensorflow`) or `--strategy rebuild` may help",
    )


def _turns(
    progress: _Progress, staged: Look, stage: Path, seen: Look, number: int, subject: Subject, bench: Workbench
) -> Iterator[tuple[Round, Look]]:
    plan = progress.plan
    in_place = Round(
        number=number,
        strategy="in-place",
        choice=plan.tensorflow,
        stage=stage,
        fingerprint=plan.fingerprint,
        lost={name: one.sentence for name, one in progress.lost.items()},
    )
    yield in_place, staged
    exists = subject.target is not None and subject.target.environment.kind == "venv"
    if exists and plan.strategy == "in-place" and bench.request.strategy == "auto":
        yield replace(in_place, strategy="rebuild", stage=None), seen


def _tried(turn: Round, view: Look, subject: Subject, bench: Workbench) -> Plan | None:
    try:
        return plan_round(view, subject, bench, turn)
    except TfrepairError as error:
        bench.log.info("no plan", number=turn.number, strategy=turn.strategy, reason=error.message)
        return None


def _look_at_sealed(
    stage: Path, subject: Subject, bench: Workbench, transaction: Transaction, bytecode: Bytecode
) -> Look:
    """What the sealed stage looks like, everything that was installed being as recorded.

    That is compared while TensorFlow is imported, as soon as nothing is compiled ahead any more: then a processor is
    free. What differs is installed again, and everything is looked at anew.
    """
    from tfrepair.target.interpreter import side_by_side

    while True:
        transaction.seal(bytecode.ready)
        with side_by_side(1) as pool:
            comparing = pool.submit(_compare, transaction, bytecode)
            staged = _look_at_stage(stage, subject, bench, bytecode)
            altered = comparing.result()
        if not altered:
            return staged
        transaction.mend(altered)


def _compare(transaction: Transaction, bytecode: Bytecode) -> Mapping[str, str]:
    bytecode.wait()
    return transaction.compare()


def _look_at_stage(stage: Path, subject: Subject, bench: Workbench, bytecode: Bytecode) -> Look:
    from tfrepair.target.discover import describe_environment

    target = describe_environment(stage, bench.environ, interpreter=subject.interpreter)
    target = replace(target, environment=replace(target.environment, stands_for=str(subject.prefix)))
    request = replace(bench.look, hash_native=False, deep=False, pip_view=False, bytecode=bytecode.folder)
    try:
        return look(target, bench.playbooks, request, bench.environ, bench.screen, bench.log, told=bench.told)
    finally:
        bytecode.end()


def _signature(plan: Plan) -> str:
    return repr((plan.operations, plan.lock.pins))
