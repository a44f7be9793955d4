"""`tfrepair playbook validate / test`."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from tfrepair.cli import options as opt


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
    import json as encoder

    from tfrepair.app.playbooks import named_files, problems_of
    from tfrepair.errors import UsageError

    if json and sarif:
        raise UsageError("`--json` and `--sarif` both want standard output", hint="give one of them")
    named = named_files(files)
    problems = list(problems_of(named))
    if sarif:
        from tfrepair.cli.sarif import sarif_log

        print(encoder.dumps(sarif_log(problems), indent=2, ensure_ascii=False))
    elif json:
        body = {
            "schema_version": 1,
            "command": "playbook validate",
            "status": "failed" if problems else "healthy",
            "files": [str(file) for file in named],
            "problems": problems,
        }
        print(encoder.dumps(body, indent=2, ensure_ascii=False))
    else:
        print("\n".join(problems) if problems else f"{len(named)} valid")
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
    import json as encoder
    from dataclasses import asdict

    from tfrepair.app.playbook_test import run_folder
    from tfrepair.cli.session import playbook_request

    found = run_folder(folder, playbook_request(playbook, None, None, None, trust=False), Path.cwd())
    failed = [outcome for outcome in found if outcome.problems]
    if json:
        body = {
            "schema_version": 1,
            "command": "playbook test",
            "status": "failed" if failed else "healthy",
            "cases": [asdict(outcome) for outcome in found],
        }
        print(encoder.dumps(body, indent=2, ensure_ascii=False))
    else:
        for outcome in failed:
            print("\n".join(outcome.problems))
        print(f"{len(found) - len(failed)} of {len(found)} cases came out as expected")
    if failed:
        raise typer.Exit(1)
