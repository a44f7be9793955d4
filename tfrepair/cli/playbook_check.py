"""`tfrepair playbook validate / test`."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from tfrepair.cli import options as opt
from tfrepair.cli.streams import say, say_json


def validate(
    files: Annotated[list[Path], typer.Argument(metavar="FILE|DIR...")],
    json: opt.Json = False,
    sarif: Annotated[
        bool, typer.Option("--sarif", envvar="TFREPAIR_SARIF", help="The problems as SARIF 2.1.0, for code review.")
    ] = False,
) -> None:
    """Every mistake in playbooks, with its place.

    As file:line:column: message; exit 2 when there are any.
    """
    from tfrepair.app.playbooks import named_files, problems_of
    from tfrepair.errors import UsageError

    if json and sarif:
        raise UsageError("`--json` and `--sarif` both want standard output", hint="give one of them")
    named = named_files(files)
    problems = list(problems_of(named))
    if sarif:
        from tfrepair.cli.sarif import sarif_log

        say_json(sarif_log(problems))
    elif json:
        body = {
            "schema_version": 1,
            "command": "playbook validate",
            "status": "failed" if problems else "healthy",
            "files": [str(file) for file in named],
            "problems": problems,
        }
        say_json(body)
    else:
        say("\n".join(problems) if problems else f"{len(named)} valid")
    if problems:
        raise typer.Exit(2)


def run_cases(
    folder: Annotated[Path, typer.Argument(metavar="DIR", help="Holds playbooks, and cases/PLAYBOOK/CASE.yaml.")],
    playbook: opt.Playbook = None,
    json: opt.Json = False,
) -> None:
    """Run the cases beside playbooks.

    Facts in, findings and operations out; exit 1 when one came out otherwise.
    """
    from dataclasses import asdict

    from tfrepair.app.playbook_test import run_folder
    from tfrepair.cli.session import current_folder, playbook_request

    found = run_folder(folder, playbook_request(playbook, None, None, None, trust=False), current_folder())
    failed = [outcome for outcome in found if outcome.problems]
    if json:
        body = {
            "schema_version": 1,
            "command": "playbook test",
            "status": "failed" if failed else "healthy",
            "cases": [asdict(outcome) for outcome in found],
        }
        say_json(body)
    else:
        for outcome in failed:
            say("\n".join(outcome.problems))
        say(f"{len(found) - len(failed)} of {len(found)} cases came out as expected")
    if failed:
        raise typer.Exit(1)
