"""`tfrepair playbook`: the group, and its commands that show what is there."""

from __future__ import annotations

import os
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from tfrepair.cli import options as opt
from tfrepair.cli import playbook_author, playbook_check
from tfrepair.cli.streams import say, say_json, say_line

if TYPE_CHECKING:
    from tfrepair.app.playbooks import Standing
    from tfrepair.model.playbook import Source

app = typer.Typer(no_args_is_help=True, help="Work with playbooks.")


@app.command("list")
def list_(playbook: opt.Playbook = None, trust: opt.Trust = False, json: opt.Json = False) -> None:
    """Every playbook, and where it comes from.

    Its name, what it is about, how it repairs, and what it takes the place of.

    A later source wins: built-in, plug-ins, the user's configuration folder, the current folder's, --playbook.
    """
    from dataclasses import asdict

    from tfrepair.app.playbooks import standing
    from tfrepair.app.plugins import plugins
    from tfrepair.cli.session import current_folder, playbook_request

    found = standing(playbook_request(playbook, None, None, None, trust=trust), current_folder())
    failed = plugins().failed
    if json:
        body = {
            "schema_version": 1,
            "command": "playbook list",
            "playbooks": [_row(one) for one in found],
            "failed_plugins": [asdict(failure) for failure in failed],
        }
        say_json(body)
        return
    width = max(len(one.playbook.name) for one in found)
    for one in found:
        p = one.playbook
        say_line(f"{p.name:<{width}}  {p.repair:<9}  {p.title} ({_from(p.source)})")
        for source in one.replaces:
            say_line(f"{'':<{width}}  takes the place of {_from(source, shown=True)}")
    for failure in failed:
        say_line(f"the plug-in `{failure.name}` of {failure.distribution} did not load: {failure.why}", error=True)


def _row(one: Standing) -> dict[str, object]:
    p = one.playbook
    return {
        "name": p.name,
        "title": p.title,
        "repair": p.repair,
        "origin": p.source.origin,
        "path": p.source.path,
        "trusted": p.source.trusted,
        "replaces": [{"origin": source.origin, "path": source.path} for source in one.replaces],
    }


def _from(source: Source, *, shown: bool = False) -> str:
    """The origin of a playbook, with its file unless it is a built-in one."""
    if source.origin == "built-in" and not shown:
        return source.origin
    mark = "" if source.trusted else ", acts only with --trust"
    return f"{source.origin}: {source.path}{mark}"


@app.command()
def show(name: Annotated[str, typer.Argument(metavar="NAME|FILE")]) -> None:
    """The text of one playbook."""
    from tfrepair.app.playbooks import gather
    from tfrepair.cli.session import current_folder, playbook_request
    from tfrepair.errors import UsageError

    extra = [name] if os.path.isfile(name) else None  # noqa: PTH113 - no error behind a folder that lets nobody in
    found = gather(playbook_request(extra, None, None, None, trust=False), current_folder())
    for p in found:
        if name in {p.name, p.source.path}:
            say(Path(p.source.path).read_text(encoding="utf-8"))
            return
    raise UsageError(f"there is no playbook `{name}`", hint="`tfrepair playbook list` shows the names")


app.command()(playbook_check.validate)
app.command("test")(playbook_check.run_cases)
app.command()(playbook_author.new)
app.command()(playbook_author.record)
app.command()(playbook_author.facts)
app.command()(playbook_author.docs)
