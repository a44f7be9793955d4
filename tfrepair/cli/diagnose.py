"""`tfrepair diagnose`."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from tfrepair.cli import options as opt
from tfrepair.cli.streams import say_json

if TYPE_CHECKING:
    from tfrepair.model.facts import Facts


def diagnose(
    python: opt.Python = None,
    env: opt.Env = None,
    no_import: Annotated[
        bool,
        typer.Option("--no-import", envvar="TFREPAIR_NO_IMPORT", help="Look at files only; run nothing of TensorFlow."),
    ] = False,
    deep: Annotated[
        bool, typer.Option("--deep", envvar="TFREPAIR_DEEP", help="Also hash every file and ask pip for its view.")
    ] = False,
    facts: Annotated[
        Path | None,
        typer.Option(
            "--facts", metavar="FILE", envvar="TFREPAIR_FACTS", help="Judge recorded facts instead of a target."
        ),
    ] = None,
    facts_out: Annotated[
        Path | None,
        typer.Option(
            "--facts-out",
            metavar="FILE",
            envvar="TFREPAIR_FACTS_OUT",
            help="Also write the facts as JSON (`-`: standard output).",
        ),
    ] = None,
    timeout: opt.Timeout = 300.0,
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
    """Name what is wrong with the target, with evidence. Changes nothing."""
    from tfrepair.app.diagnose import diagnose as use_case
    from tfrepair.app.requests import LookRequest
    from tfrepair.cli.session import Output, finish, playbook_request, session, target_request, was_typed
    from tfrepair.errors import UsageError

    output = Output(
        command="diagnose", json=json, log_format=log_format, log_file=log_file, verbose=verbose, quiet=quiet,
        no_color=no_color, document=str(facts_out) == "-",
    )  # fmt: skip
    with session(output) as (console, log):
        if json and str(facts_out) == "-":
            raise UsageError("`--json` and `--facts-out -` both want standard output", hint="give `--facts-out` a file")
        if facts is not None and (was_typed("TFREPAIR_ENV", env) or was_typed("TFREPAIR_PYTHON", python)):
            raise UsageError(
                "`--facts` tells of another machine, and `--env` and `--python` name what is here",
                hint="give one of them; nothing was looked at",
            )
        report = use_case(
            target_request(python, env),
            playbook_request(playbook, only, skip, var, trust=trust),
            LookRequest(imports=not no_import, deep=deep, timeout=timeout, hash_native=deep),
            console,
            log,
            recorded=facts,
        )
        if facts_out is not None and report.facts is not None:
            _write(report.facts, facts_out)
        finish(console, output, report)


def _write(facts: Facts, path: Path) -> None:
    import json

    from tfrepair.app.files import write_text
    from tfrepair.model.wire import facts_to_json

    if str(path) == "-":
        say_json(facts_to_json(facts))
    else:
        write_text(path, json.dumps(facts_to_json(facts), indent=1, ensure_ascii=False) + "\n")
