"""`fix`: diagnose, plan, show, ask, apply, verify."""

from __future__ import annotations

import json
from contextlib import contextmanager
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING

from tfrepair.app.as_wanted import is_as_wanted
from tfrepair.app.diagnose import chosen, for_warnings
from tfrepair.app.files import write_text
from tfrepair.app.locate import unfinished
from tfrepair.app.look import MORE_TIME, look, smoke_of
from tfrepair.app.manual import ManualError
from tfrepair.app.new_environment import look_at_nothing
from tfrepair.app.planning import Round, plan_round
from tfrepair.app.playbooks import bound_playbooks
from tfrepair.app.repair import repair
from tfrepair.app.report import Report
from tfrepair.app.reviewed import how_anew, reviewed_plan
from tfrepair.app.selfcopy import step_aside
from tfrepair.app.space import check_space, copied_of, not_writable
from tfrepair.app.subject import find_subject
from tfrepair.app.wishes import is_wheel
from tfrepair.app.workbench import Workbench
from tfrepair.errors import ChangedError, NoRepairError, SurroundingsError, TfrepairError, UsageError
from tfrepair.reason.choose import Wanted, parse_wish
from tfrepair.target.paths import is_file, is_there

if TYPE_CHECKING:
    from collections.abc import Iterator

    from tfrepair.app.look import Look
    from tfrepair.app.requests import FixRequest, LookRequest, PlaybookRequest, Screen, TargetRequest
    from tfrepair.app.subject import Subject
    from tfrepair.log import Log
    from tfrepair.model.plan import Plan
    from tfrepair.model.target import Target


def fix(
    request: FixRequest,
    where: TargetRequest,
    playbook_request: PlaybookRequest,
    look_request: LookRequest,
    screen: Screen,
    log: Log,
) -> Report:
    """Repair the environment. See the table of exit codes in README.md."""
    from tfrepair.execute.runs import keep_count
    from tfrepair.target.release_data import load_releases

    bench = Workbench(
        request=request,
        look=look_request,
        chosen=playbook_request,
        playbooks=bound_playbooks(playbook_request, where),
        releases=load_releases(),
        environ=where.environ,
        cwd=where.cwd,
        screen=screen,
        log=log,
    )
    if request.tensorflow is not None and not is_wheel(request.tensorflow):
        parse_wish(Wanted(text=request.tensorflow, source="--tensorflow"), bench.releases.family)
    keep_count(request.keep)
    _refuse_missing(request, where.cwd)
    subject = find_subject(request, where, screen)
    reviewed = None
    if request.plan_in is not None:
        reviewed = reviewed_plan(request.plan_in, subject, request, trusted=playbook_request.trust)
    if request.dry_run:
        report = _turn(subject, bench, reviewed)
        left = unfinished(subject.target) if subject.target is not None else ()
        return replace(report, messages=(*left, *report.messages))
    if subject.target is not None:
        step_aside(subject.prefix, subject.scope, where.environ)
        _recover(subject, subject.target, bench)
    try:
        return _turn(subject, bench, reviewed)
    except ChangedError as error:
        if reviewed is not None or subject.target is None or _ran_commands(error):
            raise
        screen.say(f"{error.message}; looking again")
        return _turn(subject, bench, None)


def _ran_commands(error: ChangedError) -> bool:
    """Commands of playbooks were run before it was noticed: to run them once more is not for us to decide."""
    plan = error.known.plan if isinstance(error.known, Report) else None
    return plan is not None and plan.runs_commands


def _turn(subject: Subject, bench: Workbench, reviewed: Plan | None) -> Report:
    """Look, decide, and carry out. Raises ChangedError when somebody else changed the environment meanwhile."""
    request, screen = bench.request, bench.screen
    seen = _look(subject, bench)
    diagnosis = chosen(seen.diagnosis, bench.chosen)
    screen.diagnosis(diagnosis, seen.target)
    for sentence in seen.second_witness:
        screen.say(sentence)
    base = Report(
        command="fix", status="healthy", exit_code=0, target=seen.target, facts=seen.facts, diagnosis=diagnosis,
        works=seen.works,
    )  # fmt: skip
    if reviewed is None and not diagnosis.findings and bench.chosen.only:
        said = f"nothing was found of {', '.join(bench.chosen.only)}; nothing was done"
        works = bool(seen.works)
        return replace(base, status="healthy" if works else "broken", exit_code=0 if works else 1, messages=(said,))
    if reviewed is None and not bench.chosen.only and seen.works and is_as_wanted(seen, bench):
        command = f"tfrepair fix --dry-run{subject.words}{bench.chosen.words}"
        messages = ("it works; nothing was done", *for_warnings(diagnosis, command))
        python = seen.target.interpreter.executable
        return replace(base, python=python, smoke=smoke_of(seen.facts), messages=messages)
    if seen.stopped and request.strategy != "rebuild":
        raise SurroundingsError(f"{seen.stopped}; nothing was changed", hint=MORE_TIME)
    with _telling(base):
        try:
            plan = _plan(seen, subject, bench, reviewed)
        except ManualError as error:
            return replace(base, status="manual", exit_code=4, error=error, manual=error.steps)
        return _carry_out(plan, seen, subject, bench, base)


@contextmanager
def _telling(base: Report) -> Iterator[None]:
    """What was known when something failed goes into the document: what is wrong is no less wrong."""
    try:
        yield
    except TfrepairError as error:
        error.known = error.known or base
        raise


def _carry_out(plan: Plan, seen: Look, subject: Subject, bench: Workbench, base: Report) -> Report:
    request = bench.request
    if request.plan_in is None:
        plan = replace(plan, notes=(*plan.notes, *_given_up(subject, request)))
    base = replace(base, plan=plan)
    bench.screen.plan(plan)
    if plan.operations:
        copied = copied_of(subject, everything=request.keep == "copy" or plan.runs_commands)
        bench.screen.say(f"  {check_space(plan, subject.prefix, copied=copied)}")
    if request.plan_out is not None:
        from tfrepair.model.wire import plan_to_json

        write_text(request.plan_out, json.dumps(plan_to_json(plan), indent=1) + "\n")
    if not plan.operations:
        return replace(
            base, status="failed", exit_code=4,
            error=NoRepairError(
                "every version is as it should be and still TensorFlow does not work",
                hint="`tfrepair diagnose --deep` looks closer, `--strategy rebuild` builds the environment anew; "
                "nothing was changed",
            ),
        )  # fmt: skip
    if request.dry_run:
        refused = not_writable(subject.prefix)
        trusting = " and with `--trust`" if plan.untrusted else ""
        messages = (
            "dry run: nothing was changed; more rounds may follow if TensorFlow does not work after this one",
            f"next: the same command without `--dry-run`{trusting} carries it out",
            *([f"as things are it could not: {refused}"] if refused else []),
        )
        return replace(base, status="planned", exit_code=1, messages=messages)
    if plan.untrusted and request.yes:
        files = ", ".join(f"`{path}`" for path in plan.untrusted)
        said = f"nothing was changed: {files}, of the current folder, acts only with `--trust`"
        return replace(base, status="planned", exit_code=1, messages=(said,))
    if not request.yes and not bench.screen.ask(_question(plan)):
        return replace(base, status="planned", exit_code=1, messages=("declined: nothing was changed",))
    with _telling(base):
        return repair(plan, seen, subject, bench, base)


def _question(plan: Plan) -> str:
    if not plan.untrusted:
        return "carry out this plan?"
    return f"carry out this plan, with what {', '.join(plan.untrusted)} of the current folder asks for?"


def _given_up(subject: Subject, request: FixRequest) -> tuple[str, ...]:
    """Which kept environments this repair drops when it has succeeded, a sentence each."""
    from tfrepair.execute.runs import keep_count, superseded

    if subject.target is None:
        return ()
    dropped = superseded(subject.prefix, keep_count(request.keep) - 1)
    return tuple(
        f"what is kept of the environment before run {name} will be dropped; a larger `--keep` keeps it"
        for name in dropped
    )


def _plan(seen: Look, subject: Subject, bench: Workbench, reviewed: Plan | None) -> Plan:
    """The plan of the first round, or the one that was reviewed. Raises SurroundingsError for one that is stale."""
    mark = _mark(subject) if subject.target is not None else None
    if reviewed is not None:
        if reviewed.fingerprint != mark:
            raise SurroundingsError(
                f"`{subject.prefix}` has changed since the plan `{bench.request.plan_in}` was made; nothing was "
                "changed",
                hint=how_anew(subject),
            )
        return reviewed
    plan = plan_round(seen, subject, bench, Round(number=1, fingerprint=mark))
    whole = seen.target.environment.kind == "venv" and bench.request.strategy == "auto"
    if plan.operations or subject.target is None or not whole:
        return plan
    # nothing is out of place that we can see: what is left to try is the environment's own scaffolding
    return plan_round(seen, subject, bench, Round(number=1, strategy="rebuild", fingerprint=mark))


def _mark(subject: Subject) -> str:
    """What the environment looks like. Raises SurroundingsError where not all of it may be looked at."""
    from tfrepair.execute.files import explained
    from tfrepair.execute.fingerprint import fingerprint

    try:
        return fingerprint(subject.prefix, subject.scope)
    except OSError as error:
        raise explained(error, "looking at the environment as a whole") from error


def _refuse_missing(request: FixRequest, cwd: Path) -> None:
    """A file that was named and is not there is a mistake, whatever is found. Raises UsageError."""
    for option, names in (("--constraint", request.constraints), ("--requirement", request.requirements)):
        for name in names:
            path = Path(cwd, name)
            if "://" not in name and not is_file(path):
                what = "it is not a file that may be read" if is_there(path) else "there is no such file"
                raise UsageError(f"`{option} {name}`: {what}; nothing was started")
    for name in request.index.find_links:
        if "://" not in name and not is_there(Path(cwd, name)):
            raise UsageError(f"`--find-links {name}`: there is no such file or folder; nothing was started")


def _look(subject: Subject, bench: Workbench) -> Look:
    if subject.target is None:
        return look_at_nothing(subject, bench)
    return look(subject.target, bench.playbooks, bench.look, bench.environ, bench.screen, bench.log, told=bench.told)


def _recover(subject: Subject, target: Target, bench: Workbench) -> None:
    """Finish or undo what a repair of this environment that was killed has left.

    Raises UsageError where the plan that follows could not be asked about: then nothing is begun either.
    """
    from tfrepair.execute.recover import recover

    if not bench.request.yes and unfinished(target):
        bench.screen.will_ask()
    done = recover(subject.prefix, lock_timeout=bench.request.lock_timeout)
    if done is not None:
        bench.screen.say(done.sentence)
        bench.log.info("recovered", outcome=done.sentence)
