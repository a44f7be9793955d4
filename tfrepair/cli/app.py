"""The command line as a whole, and the one place where errors become exit codes."""

from __future__ import annotations

import gc
import os
import sys
from importlib import import_module
from typing import TYPE_CHECKING, Annotated, Any, NoReturn

import typer
from typer.core import TyperOption

from tfrepair import __version__
from tfrepair.cli.interruption import Interruption, end
from tfrepair.cli.streams import in_utf8, is_lost, prepare, say, tell_in_events
from tfrepair.errors import InterruptedRunError, SurroundingsError, TfrepairError, UsageError

if TYPE_CHECKING:
    from collections.abc import Sequence


_COMMANDS = ("diagnose", "explain", "fix", "verify", "report", "rollback", "schema")
_CHANGING = (["fix"], ["rollback"])
"""Commands whose code tells what became of the environment, whoever hears the rest."""
_GROUPS = ("runs", "tensorflow", "playbook")


def _version(value: bool) -> None:
    if value:
        say(f"tfrepair {__version__}")
        raise typer.Exit


def _root(
    version: Annotated[  # typer calls it
        bool, typer.Option("--version", callback=_version, is_eager=True, help="Print the version and stop.")
    ] = False,
) -> None:
    """Find out why TensorFlow does not load, and repair the environment without risk."""


def command_line(arguments: Sequence[str]) -> typer.Typer:
    """The command line, with the command that these name alone, else with all: reading every option takes 40 ms."""
    whole = typer.Typer(
        no_args_is_help=True,
        pretty_exceptions_enable=False,
        rich_markup_mode=None,
        add_completion=False,
        context_settings={"max_content_width": 110},
        help="Finds out why TensorFlow does not load, and repairs the environment without risk.",
    )
    whole.callback()(_root)
    named = [name for name in (*_COMMANDS, *_GROUPS) if name in arguments[:1]]
    for name in named or (*_COMMANDS, *_GROUPS):
        module = import_module(f"tfrepair.cli.{name}")
        if name in _GROUPS:
            whole.add_typer(module.app, name=name)
        else:
            whole.command(name)(getattr(module, name))
    return whole


def _say_help(context: typer.Context, _option: object, wanted: bool) -> None:
    if wanted and not context.resilient_parsing:
        say(context.get_help())
        context.exit()


def _own_help(command: Any) -> None:
    """Let the help of a command and of those below it be said as all else is: typer's way fails with a full stream."""
    command.add_help_option = False
    names, text = ["-h", "--help"], "Show this message and exit."
    command.params.append(
        TyperOption(param_decls=names, is_flag=True, is_eager=True, expose_value=False, callback=_say_help, help=text)
    )
    for below in getattr(command, "commands", {}).values():
        _own_help(below)


def main() -> NoReturn:
    """Run the command line and exit. What a command makes is mostly needed to its end: no garbage is looked for."""
    gc.disable()
    in_utf8()
    prepare()
    code = run(sys.argv[1:])
    if not code and is_lost() and sys.argv[1:2] not in _CHANGING:  # another code says more of how it ended
        code = SurroundingsError.exit_code
    end(code)
    gc.freeze()
    sys.exit(code)


def run(arguments: list[str]) -> int:
    """Run one command line and return its exit code; never raises."""
    tell_in_events(_wants_events(arguments))
    interruption = Interruption()
    interruption.install()
    try:
        return _run(arguments)
    except KeyboardInterrupt:
        return _failed(arguments, InterruptedRunError())
    finally:
        interruption.close()


def _run(arguments: list[str]) -> int:
    try:
        command = typer.main.get_command(command_line(arguments))
        _own_help(command)
        code = command.main(args=arguments, prog_name="tfrepair", standalone_mode=False)
    except TfrepairError as error:
        return _failed(arguments, error)
    except typer.Abort:
        return _failed(arguments, InterruptedRunError())
    except Exception as error:  # noqa: BLE001  # the border: everything else is a mistake of ours
        shown = getattr(error, "format_message", None)
        if shown is None:
            return _crashed(arguments, error)
        if shown().startswith("Usage:"):  # no command was given: the help is the answer
            say(shown(), error=True)
            return UsageError.exit_code
        return _failed(arguments, UsageError(shown(), hint=_hint(shown(), arguments)))
    return code if isinstance(code, int) else 0


def _wants_events(arguments: list[str]) -> bool:
    """Standard error is for a log in JSON, which is known before the command line can be read, or where it cannot."""
    format_ = os.environ.get("TFREPAIR_LOG_FORMAT")
    for word, following in zip(arguments, [*arguments, ""][1:], strict=True):
        name, found, value = word.partition("=")
        if name == "--log-format":
            format_ = value if found else following
    return format_ == "json"


def _is_yes(value: str) -> bool:
    """An environment variable switches an option on, as the command line reads it."""
    return value.strip().lower() in {"1", "true", "t", "yes", "y", "on"}


def _command(arguments: list[str]) -> str:
    """The command of a command line, with a space before it."""
    return f" {arguments[0]}" if arguments and arguments[0] in {*_COMMANDS, *_GROUPS} else ""


def _hint(message: str, arguments: list[str]) -> str:
    """What to do about a command line that cannot be read."""
    hint = f"`tfrepair{_command(arguments)} --help` lists the options"
    if "unexpected extra argument" in message:
        return f"an environment is named with `--env DIR`, an interpreter with `--python PATH`; {hint}"
    if "'RUN'" in message:
        return f"`tfrepair runs list` shows the runs; {hint}"
    return hint


def _crashed(arguments: list[str], error: Exception) -> int:
    import traceback

    say("".join(traceback.format_exception(error)), error=True)
    problem = TfrepairError(
        f"an error in tfrepair itself: {type(error).__name__}: {error}",
        hint="the target is as it was; please report this with the lines above",
    )
    return _failed(arguments, problem)


def _failed(arguments: list[str], error: TfrepairError) -> int:
    from tfrepair.cli.session import fail

    words = [word for word in arguments[:2] if not word.startswith("-")]
    command = " ".join(words if set(_GROUPS).intersection(words[:1]) else words[:1]) or "tfrepair"
    wanted = "--json" in arguments or _is_yes(os.environ.get("TFREPAIR_JSON", ""))
    try:
        fail(error, command=command, json=wanted)
    except typer.Exit as end:
        return end.exit_code
    return error.exit_code
