"""`diagnose`: looking without touching."""

from __future__ import annotations

import shlex
from concurrent.futures import ThreadPoolExecutor
from importlib import import_module
from typing import TYPE_CHECKING

from tfrepair.app.files import read_facts
from tfrepair.app.locate import found, tell, unfinished, warn_of_named
from tfrepair.app.look import MORE_TIME, look, smoke_of
from tfrepair.app.playbooks import bound_playbooks
from tfrepair.app.report import Report, Status
from tfrepair.errors import SurroundingsError
from tfrepair.model.facts import Unknown

if TYPE_CHECKING:
    from pathlib import Path

    from tfrepair.app.look import Look
    from tfrepair.app.requests import LookRequest, PlaybookRequest, Screen, TargetRequest
    from tfrepair.log import Log
    from tfrepair.model.facts import Facts
    from tfrepair.model.finding import Diagnosis
    from tfrepair.model.playbook import Playbook
    from tfrepair.model.target import Target


def diagnose(
    target_request: TargetRequest,
    playbook_request: PlaybookRequest,
    look_request: LookRequest,
    screen: Screen,
    log: Log,
    *,
    recorded: Path | None = None,
) -> Report:
    """Name what is wrong. Exit 0: it works, 1: it does not and a repair exists, 4: it does not and none exists."""
    if recorded is not None:
        return _judge(recorded, bound_playbooks(playbook_request, target_request), playbook_request, screen)
    warned = warn_of_named(target_request, screen)
    with ThreadPoolExecutor(max_workers=1) as pool:
        reading = pool.submit(_prepared, playbook_request, target_request)
        target = found(target_request)
        playbooks = reading.result()
    tell(target, screen, warned=warned)
    told = playbook_request.told
    seen = look(target, playbooks, look_request, target_request.environ, screen, log, told=told)
    warnings = unfinished(target)
    return judged(seen, playbooks, playbook_request, target_request, screen, messages=warnings)


def _prepared(request: PlaybookRequest, where: TargetRequest) -> tuple[Playbook, ...]:
    """The playbooks, with the modules that looking needs: read while the interpreter describes itself."""
    from tfrepair.probes.collector import all_probes

    playbooks = bound_playbooks(request, where)
    import_module("tfrepair.reason.diagnose")
    all_probes()
    return playbooks


def judged(
    seen: Look,
    playbooks: tuple[Playbook, ...],
    request: PlaybookRequest,
    where: TargetRequest,
    screen: Screen,
    *,
    messages: tuple[str, ...] = (),
) -> Report:
    """The report of a look."""
    from tfrepair.execute.scope import never_written

    diagnosis = chosen(seen.diagnosis, request)
    screen.diagnosis(diagnosis, seen.target)
    command = _next(seen.target, where.words + request.words)
    status, code, manual, more = _verdict(diagnosis, playbooks, seen.facts, command, works=seen.works)
    blind = None if diagnosis.errors else _blind(seen)
    if blind is not None:
        status, code, more = "failed", blind.exit_code, ()
    if status == "healthy" and never_written(seen.target.environment) is None:
        more += for_warnings(diagnosis, command)
    hidden = [finding.id for finding in seen.diagnosis.errors if finding not in diagnosis.errors]
    if hidden and not diagnosis.errors:
        more = (f"`--only` leaves out what is an error: {', '.join(hidden)}",)
    elif seen.works is False and not diagnosis.findings and request.skip:
        more = (f"TensorFlow does not work; what `--skip` names was not looked for: {', '.join(request.skip)}",)
    if seen.stopped:
        more = (f"{seen.stopped}; {MORE_TIME}",)
    return Report(
        command="diagnose",
        status=status,
        exit_code=code,
        target=seen.target,
        facts=seen.facts,
        diagnosis=diagnosis,
        works=seen.works,
        python=seen.target.interpreter.executable if seen.works else None,
        smoke=smoke_of(seen.facts),
        error=blind,
        manual=manual,
        messages=(*messages, *seen.second_witness, *more),
    )


def _blind(seen: Look) -> SurroundingsError | None:
    """Neither the files nor an import say anything: that is not health."""
    files = seen.facts.get("inventory.names")
    if seen.works is not None or not isinstance(files, Unknown):
        return None
    return SurroundingsError(
        f"what is installed could not be read, so nothing can be said of it: {files.reason}; nothing was changed",
        hint="`tfrepair diagnose` without `--no-import` tries TensorFlow itself",
    )


def chosen(diagnosis: Diagnosis, request: PlaybookRequest) -> Diagnosis:
    """The diagnosis with only the findings that `--only` names, when it does."""
    from dataclasses import replace

    if not request.only:
        return diagnosis
    return replace(diagnosis, findings=tuple(f for f in diagnosis.findings if f.id in request.only))


def for_warnings(diagnosis: Diagnosis, command: str) -> tuple[str, ...]:
    """What shows the repair of what is no error, which `fix` leaves alone where TensorFlow works; a sentence each kind.

    What is less than a warning is not offered to be repaired.
    """
    automatic = {f.id for f in diagnosis.findings if f.severity == "warning" and f.repair == "automatic"}
    manual = {f.id for f in diagnosis.findings if f.severity != "error" and f.repair == "manual"}
    kinds = ((automatic, "shows the repair of"), (manual, "shows what to do by hand about"))
    return tuple(
        f"next: `{command}{''.join(f' --only {name}' for name in sorted(names))}` {shows} what is no error"
        for names, shows in kinds
        if names
    )


def _judge(recorded: Path, playbooks: tuple[Playbook, ...], request: PlaybookRequest, screen: Screen) -> Report:
    from tfrepair.model.wire import target_from_facts
    from tfrepair.reason.diagnose import diagnose as reason

    facts = read_facts(recorded)
    diagnosis = chosen(reason(facts, playbooks), request)
    screen.diagnosis(diagnosis, target_from_facts(facts))
    works = False if diagnosis.errors else facts.value("import.ok")
    prefix = facts.value("environment.prefix")
    command = "tfrepair fix --dry-run" + (f" --env {shlex.quote(prefix)}" if prefix else "") + request.words
    status, code, manual, messages = _verdict(
        diagnosis, playbooks, facts, command, works=works, there="on that machine "
    )
    return Report(
        command="diagnose", status=status, exit_code=code, facts=facts, diagnosis=diagnosis, works=works,
        manual=manual, messages=messages,
    )  # fmt: skip


def _next(target: Target, words: str) -> str:
    """The command that shows the repair of this target."""
    from tfrepair.execute.scope import never_written

    if never_written(target.environment) is not None:
        return f"tfrepair fix --dry-run --venv DIR{words}"
    return f"tfrepair fix --dry-run{words}"


def _verdict(
    diagnosis: Diagnosis,
    playbooks: tuple[Playbook, ...],
    facts: Facts,
    command: str,
    *,
    works: bool | None,
    there: str = "",
) -> tuple[Status, int, tuple[str, ...], tuple[str, ...]]:
    """Status, exit code, manual steps and closing sentences; `there` says where the command is to be run."""
    if not diagnosis.errors:
        if works is False:
            return "broken", 1, (), ("TensorFlow does not work; the causes shown are not errors by themselves",)
        said = "it works" if works else "no error was found; TensorFlow was not imported"
        return "healthy", 0, (), (said,)
    from tfrepair.reason.goals import in_the_way, manual_steps

    roots = tuple(finding for finding in diagnosis.errors if finding.caused_by is None) or diagnosis.errors
    by_hand = in_the_way(roots)
    if by_hand:
        return "manual", 4, manual_steps(by_hand, playbooks, facts), ("nothing was changed",)
    return "broken", 1, (), (f"next: {there}`{command}` shows the repair; nothing was changed",)
