"""`tfrepair verify`."""

from __future__ import annotations

from typing import Annotated

import typer

from tfrepair.cli import options as opt


def verify(
    python: opt.Python = None,
    env: opt.Env = None,
    with_: Annotated[
        list[str] | None,
        typer.Option("--with", metavar="NAME", help="Also test tensorboard and the like; repeatable."),
    ] = None,
    timeout: opt.Timeout = 300.0,
    json: opt.Json = False,
    log_format: opt.LogFormat = "console",
    log_file: opt.LogFile = None,
    verbose: opt.Verbose = 0,
    quiet: opt.Quiet = False,
    no_color: opt.NoColor = False,
) -> None:
    """Only the smoke test: whether TensorFlow imports and computes."""
    from tfrepair.app.verify import verify as use_case
    from tfrepair.cli.session import Output, finish, listed, session, target_request

    output = Output(
        command="verify", json=json, log_format=log_format, log_file=log_file, verbose=verbose, quiet=quiet,
        no_color=no_color,
    )  # fmt: skip
    with session(output) as (console, log):
        finish(
            console,
            output,
            use_case(target_request(python, env), tuple(listed(with_, "TFREPAIR_WITH")), console, log, timeout=timeout),
        )
