"""`tfrepair playbook new / record / facts / docs`: for those who write one."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from tfrepair.cli import options as opt
from tfrepair.cli.streams import say, say_json, say_line

if TYPE_CHECKING:
    from tfrepair.app.playbook_facts import Row

NoImport = Annotated[
    bool,
    typer.Option("--no-import", envvar="TFREPAIR_NO_IMPORT", help="Look at files only; run nothing of TensorFlow."),
]


def new(
    name: Annotated[str, typer.Argument(help="Lower-case words joined by hyphens.")],
    folder: Annotated[
        Path, typer.Option("--folder", metavar="DIR", envvar="TFREPAIR_FOLDER", help="Where it is written.")
    ] = Path(),
) -> None:
    """Write a commented, valid playbook.

    The schema that editors complete it from is written beside it.
    """
    from tfrepair.app.playbook_new import new_playbook

    for path in new_playbook(name, folder):
        say_line(f"written: {path}")


def record(
    file: Annotated[Path, typer.Argument(help="The case to write: cases/PLAYBOOK/CASE.yaml, or - for the screen.")],
    python: opt.Python = None,
    env: opt.Env = None,
    no_import: NoImport = False,
    timeout: opt.Timeout = 300.0,
    playbook: opt.Playbook = None,
    var: opt.Var = None,
    trust: opt.Trust = False,
) -> None:
    """Make a case from a machine.

    It holds the machine's facts, redacted, and what is found there today. Changes nothing there.
    """
    import os

    from tfrepair.app.playbook_record import record as use_case
    from tfrepair.app.requests import LookRequest
    from tfrepair.cli.report import identity
    from tfrepair.cli.session import Output, playbook_request, session, target_request

    with session(Output(command="playbook record", document=True)) as (console, log):
        text = use_case(
            target_request(python, env),
            playbook_request(playbook, None, None, var, trust=trust),
            LookRequest(imports=not no_import, timeout=timeout),
            console,
            log,
            identity=identity(os.environ),
            output=None if str(file) == "-" else file,
        )
        if str(file) == "-":
            say(text)


def facts(
    words: Annotated[
        list[str] | None, typer.Argument(metavar="[WORD]...", help="Only facts that have these words.")
    ] = None,
    python: opt.Python = None,
    env: opt.Env = None,
    no_import: NoImport = False,
    timeout: opt.Timeout = 300.0,
    var: opt.Var = None,
    json: opt.Json = False,
) -> None:
    """Every fact that a condition can name.

    Its type, what it means, and its value for a target today; texts can name them too.
    """
    from dataclasses import asdict

    from tfrepair.app.playbook_facts import facts as use_case
    from tfrepair.app.requests import LookRequest
    from tfrepair.cli.session import Output, playbook_request, session, target_request

    with session(Output(command="playbook facts", json=json, document=True)) as (console, log):
        rows = use_case(
            target_request(python, env),
            playbook_request(None, None, None, var, trust=False),
            LookRequest(imports=not no_import, timeout=timeout),
            console,
            log,
            words=tuple(words or ()),
        )
        if json:
            body = {"schema_version": 1, "command": "playbook facts", "facts": [asdict(row) for row in rows]}
            say_json(body)
        else:
            say("\n\n".join("\n".join(_lines(row)) for row in rows))


def docs(
    names: Annotated[list[str] | None, typer.Argument(metavar="[NAME]...", help="Only these playbooks.")] = None,
    playbook: opt.Playbook = None,
    table: Annotated[
        bool, typer.Option("--table", envvar="TFREPAIR_TABLE", help="Only the table: id, what it is, repair.")
    ] = False,
) -> None:
    """Markdown from the playbooks themselves.

    A table of all, and a section for each.
    """
    from tfrepair.app import playbook_docs
    from tfrepair.app.playbooks import gather
    from tfrepair.cli.session import current_folder, playbook_request

    found = gather(playbook_request(playbook, names, None, None, trust=False), current_folder())
    chosen = [one for one in found if not names or one.name in names]
    say(playbook_docs.table(chosen) if table else playbook_docs.pages(chosen))


SHOWN_MEMBERS = 3
SHOWN_CHARACTERS = 100


def _lines(row: Row) -> list[str]:
    lines = [f"{row.path}  ({row.kind}; {row.source})", f"  {row.meaning}"]
    family = "*" in row.path
    for value in row.values[:SHOWN_MEMBERS]:
        shown = _shown(value.value) if value.state == "known" else value.state
        why = f": {value.reason}" if value.reason else ""
        lines.append(f"  {value.path} = {shown}" if family else f"  = {shown}{why}")
    if len(row.values) > SHOWN_MEMBERS:
        lines.append(f"  and {len(row.values) - SHOWN_MEMBERS} more")
    return lines


def _shown(value: object) -> str:
    import json

    text = json.dumps(value, ensure_ascii=False)
    return text if len(text) <= SHOWN_CHARACTERS else f"{text[:SHOWN_CHARACTERS]}..."
