"""One command from its options to its exit code: screen, log, JSON, errors."""

from __future__ import annotations

import os
import re
import sys
from contextlib import ExitStack, contextmanager, suppress
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any

import typer

from tfrepair.cli.streams import ask_for_log, lose_log, lose_log_file, say_json, say_line
from tfrepair.errors import InterruptedRunError, TfrepairError, UsageError

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence
    from pathlib import Path

    from tfrepair.app.report import Report
    from tfrepair.app.requests import PlaybookRequest, TargetRequest
    from tfrepair.cli.console import Console
    from tfrepair.log import Log


@dataclass(frozen=True, slots=True, kw_only=True)
class Output:
    """How a command shows what it does."""

    command: str
    json: bool = False
    log_format: str = "console"
    log_file: Path | None = None
    verbose: int = 0
    quiet: bool = False
    no_color: bool = False
    show_lock: bool = False
    """Show the exact versions with a plan."""
    document: bool = False
    """Standard output is for a document, though not for JSON."""
    ask_first: bool = False
    """A plan is shown even when quiet, because a question follows or because it is the result."""


@contextmanager
def session(output: Output) -> Iterator[tuple[Console, Log]]:
    """The screen and the log of one command. An error of ours becomes the document or two lines, and the exit code."""
    from tfrepair.cli.console import Console
    from tfrepair.log import Log

    if output.log_format not in {"console", "json"}:
        raise UsageError(f"`--log-format {output.log_format}` is not known", hint="it is `console` or `json`")
    color = not output.no_color and not os.environ.get("NO_COLOR")
    log = Log()
    with ExitStack() as stack:
        if output.verbose or output.log_format == "json":
            ask_for_log()
            log.add(sys.stderr, pretty=output.log_format == "console", lost=lose_log)
        if output.log_file is not None:
            stack.enter_context(_file_of(log, output.log_file))
        console = stack.enter_context(
            Console(
                json=output.json or output.document,
                quiet=output.quiet,
                color=color,
                show_lock=output.show_lock,
                ask_first=output.ask_first,
            )
        )
        try:
            yield console, log
        except typer.Exit as end:
            if output.log_file is not None:
                log.info("ended", command=output.command, exit_code=end.exit_code, **console.outcome)
            raise
        except (TfrepairError, KeyboardInterrupt) as found:
            error = found if isinstance(found, TfrepairError) else InterruptedRunError()
            if output.log_file is not None:
                log.info("ended", command=output.command, exit_code=error.exit_code, error=error.message)
            fail(error, command=output.command, json=output.json)


@contextmanager
def _file_of(log: Log, path: Path) -> Iterator[None]:
    """The log goes to a file too. Raises UsageError for one that cannot be opened."""
    try:
        stream = path.open("a", encoding="utf-8")
    except OSError as error:
        raise UsageError(f"the log file `{path}` cannot be written: {error.strerror}") from error
    told: list[OSError] = []

    def lost(error: OSError) -> None:
        if not told:
            lose_log_file(str(path), error)
        told.append(error)

    log.add(stream, lost=lost)
    try:
        yield
    finally:
        log.remove(stream)
        try:
            stream.close()
        except OSError as error:  # what it still holds
            lost(error)


def finish(console: Console, output: Output, report: Report) -> None:
    """Show the report and end with its exit code."""
    console.outcome = {
        "status": report.status,
        **({"run": report.run.id} if report.run is not None else {}),
        **({"error": report.error.message} if report.error is not None else {}),
    }
    if output.json:
        from tfrepair.cli.render_json import envelope

        console.document(envelope(report))
    else:
        from tfrepair.cli.render_text import cause_lines, result_lines

        if output.quiet and report.command in {"diagnose", "explain"} and report.diagnosis is not None:
            console.show(cause_lines(report.diagnosis))  # they are its result
        console.show(result_lines(report))
    raise typer.Exit(report.exit_code)


def fail(error: TfrepairError, *, command: str, json: bool) -> None:
    """Show an error and end with its exit code."""
    if isinstance(error, UsageError) and (variables := set_by_variable(error.message, sys.argv[1:], os.environ)):
        error.message += f" (set by {', '.join(variables)})"
    if json:
        from tfrepair.app.report import Report
        from tfrepair.cli.render_json import envelope

        known = (
            error.known if isinstance(error.known, Report) else Report(command=command, status="failed", exit_code=0)
        )
        say_json(envelope(replace(known, status="failed", exit_code=error.exit_code, error=error)))
    else:
        from tfrepair.cli.render_text import error_lines

        for line in error_lines(error):
            say_line(line, error=True)
    raise typer.Exit(error.exit_code) from error


def set_by_variable(message: str, arguments: Sequence[str], environ: Mapping[str, str]) -> tuple[str, ...]:
    """The environment variables that gave options which a message names and the command line does not hold."""
    typed = {word.partition("=")[0] for word in arguments}
    options = dict.fromkeys(option for option in re.findall(r"--[a-z][a-z-]*", message) if option not in typed)
    variables = (f"TFREPAIR_{option.removeprefix('--').replace('-', '_').upper()}" for option in options)
    return tuple(name for name in variables if environ.get(name) and name not in message)


def target_request(python: str | None, env: str | None) -> TargetRequest:
    """The target options together with the surroundings. Raises UsageError for one that was given and is empty."""
    from tfrepair.app.requests import TargetRequest

    refuse_empty({"--python": python, "--env": env})
    if python is not None and env is not None:
        python, env = _typed(python, env)
    return TargetRequest(
        python=python, env=env, environ=dict(os.environ), cwd=current_folder(), interactive=sys.stdin.isatty()
    )


def refuse_empty(options: Mapping[str, str | list[str] | None]) -> None:
    """Raise UsageError for an option that was given and is empty: without it something else would be taken.

    An environment variable that is empty counts as unset.
    """
    for option, value in options.items():
        if value == "" or (isinstance(value, list) and "" in value):
            raise UsageError(
                f"`{option}` was given without a name; nothing was started",
                hint="see what the variable of your shell holds that stands there, or leave the option out",
            )


def _typed(python: str, env: str) -> tuple[str | None, str | None]:
    """The one of both that was typed, which counts more than a variable. Raises UsageError when both were, or none."""
    typed = was_typed("TFREPAIR_PYTHON", python)
    if typed == was_typed("TFREPAIR_ENV", env):
        raise UsageError("`--python` and `--env` both name a target", hint="give one of them")
    return (python, None) if typed else (None, env)


def was_typed(variable: str, value: str | None) -> bool:
    """The value of an option is not the one that its environment variable gives."""
    return value is not None and value != os.environ.get(variable)


def current_folder() -> Path:
    """Where the command was started. Raises UsageError when that is gone."""
    from pathlib import Path

    try:
        return Path.cwd()
    except OSError as error:
        raise UsageError(
            f"the current folder cannot be read: {error.strerror or error}; nothing was started",
            hint="go to a folder that exists (`cd`), then run it again",
        ) from error


def playbook_request(
    playbook: list[str] | None, only: list[str] | None, skip: list[str] | None, var: list[str] | None, *, trust: bool
) -> PlaybookRequest:
    """The playbook options, with a warning of what lies beside playbooks and is none.

    Raises UsageError that names every `--var` without `=`.
    """
    from tfrepair.app.requests import PlaybookRequest

    variables, wrong = {}, []
    for pair in listed(var, "TFREPAIR_VAR"):
        name, found, value = pair.partition("=")
        if not found or not name.isidentifier():
            wrong.append(pair)
        variables[name] = value
    if wrong:
        raise UsageError("; ".join(f"`--var {pair}` is not NAME=VALUE" for pair in wrong))
    _warn_of_passed_over()
    return PlaybookRequest(
        extra=tuple(listed(playbook, "TFREPAIR_PLAYBOOK")),
        only=tuple(listed(only, "TFREPAIR_ONLY")),
        skip=tuple(listed(skip, "TFREPAIR_SKIP")),
        trust=trust,
        variables=variables,
        user_folder=user_folder(os.environ),
    )


def _warn_of_passed_over() -> None:
    from pathlib import Path

    from tfrepair.app.sources import passed_over

    with suppress(OSError):  # a current folder that is gone is told of elsewhere
        for text in passed_over(user_folder(os.environ), Path.cwd()):
            say_line(f"warning: {text}", error=True)


CONFIG_VARIABLE = "TFREPAIR_CONFIG_DIR"


def user_folder(environ: Mapping[str, str]) -> Path:
    """The user's folder of playbooks, below the configuration folder; `TFREPAIR_CONFIG_DIR` names another one."""
    from pathlib import Path

    from platformdirs import user_config_path

    named = environ.get(CONFIG_VARIABLE)
    base = Path(named).absolute() if named else user_config_path("tfrepair", appauthor=False)
    return base / "playbooks"


_SEPARATOR = re.compile(rf"{re.escape(os.pathsep)}(?=[a-zA-Z][\w+.-]*://|/(?!/)|[^/\d])")
"""As PATH is separated, but not inside a URL: not before its `//`, and not before a port."""


def listed(values: list[str] | None, variable: str) -> list[str]:
    """The values of a repeatable option, or of its environment variable when it was not given."""
    text = os.environ.get(variable, "")
    return values or [part for part in _SEPARATOR.split(text) if part]


def one_of(option: str, value: str, *known: str) -> Any:
    """The value when it is one of the known words. Raises UsageError otherwise."""
    if value not in known:
        raise UsageError(f"`{option} {value}` is not known", hint=f"it is one of: {', '.join(known)}")
    return value
