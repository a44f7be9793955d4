"""`tfrepair rollback`."""

from __future__ import annotations

from typing import Annotated

import typer

from tfrepair.cli import options as opt


def rollback(
    run: Annotated[
        str | None, typer.Argument(metavar="[RUN]", help="The run to undo; the newest on the target if not given.")
    ] = None,
    python: opt.Python = None,
    env: opt.Env = None,
    yes: Annotated[bool, typer.Option("--yes", "-y", envvar="TFREPAIR_YES", help="Ask nothing.")] = False,
    lock_timeout: opt.LockTimeout = 30.0,
    json: opt.Json = False,
    log_format: opt.LogFormat = "console",
    log_file: opt.LogFile = None,
    verbose: opt.Verbose = 0,
    quiet: opt.Quiet = False,
    no_color: opt.NoColor = False,
) -> None:
    """Put the target back as it was before a run."""
    from tfrepair.app.history import roll_back as use_case
    from tfrepair.cli.session import Output, finish, session, target_request

    output = Output(
        command="rollback", json=json, log_format=log_format, log_file=log_file, verbose=verbose, quiet=quiet,
        no_color=no_color,
    )  # fmt: skip
    with session(output) as (console, log):
        request = target_request(python, env)
        finish(console, output, use_case(run, request, console, log, yes=yes, lock_timeout=lock_timeout, describe=json))
