"""`tfrepair playbook`: the group, and its commands that show what is there."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from tfrepair.cli import options as opt
from tfrepair.cli import playbook_check

app = typer.Typer(no_args_is_help=True, help="Work with playbooks.")


@app.command("list")
def list_(playbook: opt.Playbook = None, trust: opt.Trust = False, json: opt.Json = False) -> None:
    """Every playbook: name, what it is about, how it repairs, where it comes from."""
    import json as encoder

    from tfrepair.app.playbooks import gather
    from tfrepair.cli.session import playbook_request

    found = gather(playbook_request(playbook, None, None, None, trust=trust), Path.cwd())
    if json:
        rows = [
            {"name": p.name, "title": p.title, "repair": p.repair, "origin": p.source.origin, "path": p.source.path}
            for p in found
        ]
        print(encoder.dumps({"schema_version": 1, "command": "playbook list", "playbooks": rows}, indent=2))
        return
    width = max(len(p.name) for p in found)
    for p in found:
        print(f"{p.name:<{width}}  {p.repair:<9}  {p.title} ({p.source.origin})")


@app.command()
def show(name: Annotated[str, typer.Argument(metavar="NAME|FILE")]) -> None:
    """The text of one playbook."""
    from tfrepair.app.playbooks import gather
    from tfrepair.cli.session import playbook_request
    from tfrepair.errors import UsageError

    extra = [name] if Path(name).is_file() else None
    found = gather(playbook_request(extra, None, None, None, trust=False), Path.cwd())
    for p in found:
        if name in {p.name, p.source.path}:
            print(Path(p.source.path).read_text(encoding="utf-8"), end="")
            return
    raise UsageError(f"there is no playbook `{name}`", hint="`tfrepair playbook list` shows the names")


app.command()(playbook_check.validate)
app.command("test")(playbook_check.run_cases)
