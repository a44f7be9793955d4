"""`tfrepair report`."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from tfrepair.cli import options as opt
from tfrepair.cli.streams import say, say_json_text

if TYPE_CHECKING:
    from collections.abc import Mapping

    from tfrepair.app.environment_report import Format, Identity


def report(
    python: opt.Python = None,
    env: opt.Env = None,
    format_: Annotated[
        str, typer.Option("--format", metavar="markdown|html|json", envvar="TFREPAIR_FORMAT", help="How it is written.")
    ] = "markdown",
    output: Annotated[
        Path | None,
        typer.Option("--output", metavar="FILE", envvar="TFREPAIR_OUTPUT", help="Write it here, not to the screen."),
    ] = None,
    no_import: Annotated[
        bool,
        typer.Option("--no-import", envvar="TFREPAIR_NO_IMPORT", help="Look at files only; run nothing of TensorFlow."),
    ] = False,
    timeout: opt.Timeout = 300.0,
    playbook: opt.Playbook = None,
    var: opt.Var = None,
    trust: opt.Trust = False,
    json: opt.Json = False,
    log_format: opt.LogFormat = "console",
    log_file: opt.LogFile = None,
    verbose: opt.Verbose = 0,
    quiet: opt.Quiet = False,
    no_color: opt.NoColor = False,
) -> None:
    """Describe the environment for a bug report.

    It holds no credentials, user, host or home folder. Changes nothing.

    `--json` (as `--format json`) gives the facts, which `diagnose --facts` and `explain --facts` read elsewhere.
    """
    import os

    from tfrepair.app.environment_report import report as use_case
    from tfrepair.app.requests import LookRequest
    from tfrepair.cli.session import Output, one_of, playbook_request, session, target_request

    shown = Output(
        command="report", json=json, document=True, log_format=log_format, log_file=log_file, verbose=verbose,
        quiet=quiet, no_color=no_color,
    )  # fmt: skip
    with session(shown) as (console, log):
        kind: Format = "json" if json else one_of("--format", format_, "markdown", "html", "json")
        text = use_case(
            target_request(python, env),
            playbook_request(playbook, None, None, var, trust=trust),
            LookRequest(imports=not no_import, timeout=timeout),
            console,
            log,
            kind=kind,
            identity=identity(os.environ),
            output=output,
        )
        if output is None or json:  # which promises a document there, whatever is written elsewhere
            (say_json_text if kind == "json" else say)(text)


def identity(environ: Mapping[str, str]) -> Identity:
    """Who writes this, and where: what is taken out of it."""
    import getpass
    import platform

    from tfrepair.app.environment_report import Identity

    try:
        user = getpass.getuser()
    except (OSError, KeyError, ImportError):  # no such user, as in a container with a foreign number
        user = environ.get("USERNAME", "")
    return Identity(home=str(Path.home()), user=user, host=platform.node())
