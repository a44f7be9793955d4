"""`tfrepair explain`."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from tfrepair.cli import options as opt


def explain(
    file: Annotated[
        str, typer.Argument(metavar="[FILE|-]", help="The text; without it, or `-`: standard input.")
    ] = "-",
    os: Annotated[
        str | None, typer.Option("--os", metavar="NAME", envvar="TFREPAIR_OS", help="linux, windows or macos.")
    ] = None,
    arch: Annotated[
        str | None,
        typer.Option("--arch", metavar="NAME", envvar="TFREPAIR_ARCH", help="x86_64, arm64, aarch64, x86 and so on."),
    ] = None,
    python_version: Annotated[
        str | None,
        typer.Option("--python-version", metavar="X.Y", envvar="TFREPAIR_PYTHON_VERSION", help="The Python there."),
    ] = None,
    tensorflow: Annotated[
        str | None,
        typer.Option("--tensorflow", metavar="VERSION", envvar="TFREPAIR_TENSORFLOW", help="The TensorFlow there."),
    ] = None,
    cpu: Annotated[
        str | None,
        typer.Option("--cpu", metavar="NAME|FLAGS", envvar="TFREPAIR_CPU", help="The processor there."),
    ] = None,
    facts: Annotated[
        Path | None,
        typer.Option(
            "--facts", metavar="FILE", envvar="TFREPAIR_FACTS", help="Facts recorded there (`tfrepair report --json`)."
        ),
    ] = None,
    python: opt.Python = None,
    env: opt.Env = None,
    playbook: opt.Playbook = None,
    only: opt.Only = None,
    skip: opt.Skip = None,
    var: opt.Var = None,
    trust: opt.Trust = False,
    json: opt.Json = False,
    log_format: opt.LogFormat = "console",
    log_file: opt.LogFile = None,
    verbose: opt.Verbose = 0,
    quiet: opt.Quiet = False,
    no_color: opt.NoColor = False,
) -> None:
    """Name the cause of a pasted traceback or log, likeliest first. Needs no environment, runs nothing.

    The options say what is known of the machine where the text was printed. Exit 1: a cause was found, 0: none was.
    """
    from tfrepair.app.explain import ExplainRequest
    from tfrepair.app.explain import explain as use_case
    from tfrepair.cli.session import (
        Output,
        finish,
        one_of,
        playbook_request,
        session,
        target_request,
        was_typed,
    )

    output = Output(
        command="explain", json=json, log_format=log_format, log_file=log_file, verbose=verbose, quiet=quiet,
        no_color=no_color,
    )  # fmt: skip
    with session(output) as (console, log):
        if tensorflow is not None and not was_typed("TFREPAIR_TENSORFLOW", tensorflow) and not tensorflow[0].isdigit():
            tensorflow = None  # what `fix` is to install tells nothing of the machine of the text
        if os is not None:
            one_of("--os", os.lower(), "linux", "windows", "macos", "darwin")
        report = use_case(
            ExplainRequest(
                file=file,
                system=os,
                machine=arch,
                python_version=python_version,
                tensorflow=tensorflow,
                cpu=cpu,
                facts=facts,
            ),
            target_request(python, env),
            playbook_request(playbook, only, skip, var, trust=trust),
            console,
            log,
        )
        finish(console, output, report)
