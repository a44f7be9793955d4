"""`diagnose` and `verify`: looking without touching."""

from __future__ import annotations

import json
import os
import shlex
from concurrent.futures import ThreadPoolExecutor
from importlib import import_module
from pathlib import Path
from typing import TYPE_CHECKING

from tfrepair.app.look import MORE_TIME, look, smoke_of
from tfrepair.app.playbooks import bound_playbooks
from tfrepair.app.report import Report, Status
from tfrepair.errors import UsageError

if TYPE_CHECKING:
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
    warned = _warn_of_named(target_request, screen)
    with ThreadPoolExecutor(max_workers=1) as pool:
        reading = pool.submit(_prepared, playbook_request, target_request)
        target = _found(target_request)
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


def locate(request: TargetRequest, screen: Screen) -> Target:
    """Find the target and tell which it is. Raises TargetError."""
    warned = _warn_of_named(request, screen)
    target = _found(request)
    tell(target, screen, warned=warned)
    return target


def tell(target: Target, screen: Screen, *, warned: bool = False) -> None:
    """Which target it is; to root also whose code runs as root now, where that was not said yet."""
    screen.target(target)
    for path in (target.environment.prefix, target.interpreter.executable):
        warned = warned or _warn(Path(path), screen)


def _warn_of_named(request: TargetRequest, screen: Screen) -> bool:
    """Say whose code will run as root, before any of it does; whether there was something to say."""
    variables = (request.environ.get(name) for name in ("VIRTUAL_ENV", "CONDA_PREFIX"))
    named = next((text for text in (request.env, request.python, *variables) if text), None)
    return named is not None and _warn(Path(request.cwd, Path(named).expanduser()), screen)


def _warn(path: Path, screen: Screen) -> bool:
    """To root, whose code it runs as root."""
    if not hasattr(os, "geteuid") or os.geteuid() != 0:
        return False
    try:
        uid = path.stat().st_uid
    except OSError:
        return False
    if uid == 0:
        return False
    owner = _user(uid)
    screen.say(
        f"warning: `{path}` is {owner}'s, and to look at it and to repair it runs code of it, as root: as {owner} "
        f"(`sudo -u {shlex.quote(owner)} tfrepair ...`) it could do no more than {owner} may"
    )
    return True


def _user(uid: int) -> str:
    import pwd

    try:
        return pwd.getpwuid(uid).pw_name
    except KeyError:
        return f"#{uid}"


def _found(request: TargetRequest) -> Target:
    from tfrepair.target.discover import find_target

    return find_target(
        python=request.python,
        env=request.env,
        environ=request.environ,
        cwd=request.cwd,
        interactive=request.interactive,
    )


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
    diagnosis = chosen(seen.diagnosis, request)
    screen.diagnosis(diagnosis, seen.target)
    command = _next(seen.target, where.words + request.words)
    status, code, manual, more = _verdict(diagnosis, playbooks, seen.facts, command, works=seen.works)
    hidden = [finding.id for finding in seen.diagnosis.errors if finding not in diagnosis.errors]
    if hidden and not diagnosis.errors:
        more = (f"`--only` leaves out what is an error: {', '.join(hidden)}",)
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
        manual=manual,
        messages=(*messages, *seen.second_witness, *more),
    )


def chosen(diagnosis: Diagnosis, request: PlaybookRequest) -> Diagnosis:
    """The diagnosis with only the findings that `--only` names, when it does."""
    from dataclasses import replace

    if not request.only:
        return diagnosis
    return replace(diagnosis, findings=tuple(f for f in diagnosis.findings if f.id in request.only))


def verify(
    target_request: TargetRequest, names: tuple[str, ...], screen: Screen, log: Log, *, timeout: float
) -> Report:
    """Only the smoke test. Exit 0: it works, 1: it does not. Raises UsageError for a name that is not known."""
    from tfrepair.target.extras import extras_of
    from tfrepair.target.smoke import smoke_test

    target = locate(target_request, screen)
    extras = extras_of(names, target.environment)
    screen.step("importing TensorFlow and computing")
    smoke = smoke_test(
        target.interpreter.executable,
        environ=target.environment.variables(target_request.environ),
        timeout=timeout,
        extras=extras,
        on_rung=screen.line,
    )
    log.info("smoke", ok=smoke.ok, rung=smoke.rung, seconds=smoke.seconds)
    messages = unfinished(target)
    if not smoke.ok and smoke.rung.startswith("with "):
        name = smoke.rung.removeprefix("with ")
        messages += (
            f"TensorFlow works at `{target.interpreter.executable}`, but `{name}` does not:",
            *(f"  {text}" for text in smoke.exceptions[:3]),
        )
    elif smoke.ok and extras:
        messages += tuple(f"`{extra.name}` works beside it" for extra in extras)
    elif not smoke.ok:
        how = "fails" if smoke.exit_code is not None else f"did not end within {timeout:g} s (`--timeout`)"
        messages += (
            f"TensorFlow does not work at `{target.interpreter.executable}`: it {how} at the rung `{smoke.rung}`",
            *(f"  {text}" for text in smoke.exceptions[:3]),
            f"next: `tfrepair diagnose{target_request.words}` names the cause; nothing was changed",
        )
    return Report(
        command="verify",
        status="healthy" if smoke.ok else "broken",
        exit_code=0 if smoke.ok else 1,
        target=target,
        works=smoke.ok,
        python=target.interpreter.executable if smoke.ok else None,
        smoke=smoke,
        messages=messages,
    )


def unfinished(target: Target) -> tuple[str, ...]:
    """A sentence about a repair of this target that did not end, when there is one."""
    from tfrepair.execute.files import exists
    from tfrepair.execute.paths import Beside

    prefix = Path(target.environment.prefix)
    if not exists(Beside.of(prefix).pointer):  # as nearly always: what reads a record need not be imported
        return ()
    from tfrepair.execute.recover import unfinished as find

    left = find(prefix)
    if left is None:
        return ()
    return (f"warning: {left.sentence}",)


def _judge(recorded: Path, playbooks: tuple[Playbook, ...], request: PlaybookRequest, screen: Screen) -> Report:
    from tfrepair.model.wire import target_from_facts
    from tfrepair.reason.diagnose import diagnose as reason

    facts = read_facts(recorded)
    diagnosis = chosen(reason(facts, playbooks), request)
    screen.diagnosis(diagnosis, target_from_facts(facts))
    works = False if diagnosis.errors else facts.value("import.ok")
    prefix = facts.value("environment.prefix")
    command = "tfrepair fix --dry-run" + (f" --env {shlex.quote(prefix)}" if prefix else "")
    status, code, manual, messages = _verdict(
        diagnosis, playbooks, facts, command, works=works, there="on that machine "
    )
    return Report(
        command="diagnose", status=status, exit_code=code, facts=facts, diagnosis=diagnosis, works=works,
        manual=manual, messages=messages,
    )  # fmt: skip


def read_facts(recorded: Path) -> Facts:
    """Facts from a file. Raises UsageError."""
    from tfrepair.model.wire import facts_from_json

    try:
        return facts_from_json(json.loads(recorded.read_text(encoding="utf-8")))
    except (OSError, ValueError, KeyError, TypeError, AttributeError) as error:
        raise UsageError(f"`{recorded}` cannot be read as recorded facts: {error}") from error


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


def write_text(path: Path, text: str) -> None:
    """Write a file that the command line names. Raises UsageError."""
    try:
        path.write_text(text, encoding="utf-8")
    except OSError as error:
        raise UsageError(f"`{path}` cannot be written: {error.strerror or error}; nothing was changed") from error
