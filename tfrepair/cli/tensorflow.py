"""`tfrepair tensorflow list`."""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated

import typer

from tfrepair.cli import options as opt
from tfrepair.cli.streams import say, say_json

if TYPE_CHECKING:
    from tfrepair.app.tensorflow import ReleaseTable

app = typer.Typer(no_args_is_help=True, help="The releases of TensorFlow.")


@app.callback()
def _group() -> None:
    """Make `list` a command of its own."""


@app.command("list")
def list_(
    python: opt.Python = None,
    env: opt.Env = None,
    name: Annotated[
        str, typer.Option("--name", metavar="DISTRIBUTION", envvar="TFREPAIR_NAME", help="Releases of this name.")
    ] = "tensorflow",
    fitting: Annotated[bool, typer.Option("--fitting", envvar="TFREPAIR_FITTING", help="Only those that fit.")] = False,
    json: opt.Json = False,
    no_color: opt.NoColor = False,
) -> None:
    """Which releases fit, and why others do not.

    To this machine and to the Python of the target.
    """
    from tfrepair.app.tensorflow import release_table
    from tfrepair.cli.session import Output, session, target_request

    output = Output(
        command="tensorflow list", json=json, log_format="console", log_file=None, verbose=0, quiet=json,
        no_color=no_color,
    )  # fmt: skip
    with session(output) as (console, _):
        table = release_table(name, target_request(python, env), console)
    if json:
        _print_json(table, fitting=fitting)
    else:
        _print_text(table, fitting=fitting)


def _print_text(table: ReleaseTable, *, fitting: bool) -> None:
    for row in table.releases:
        if row.fits or not fitting:
            mark = "*" if row.version == table.newest else " "
            fits = "fits" if row.fits else "-"
            said = "; ".join(filter(None, (row.reason, row.note)))
            say(f"{mark} {row.version:<14}  {row.date}  {fits:<4}  {said}".rstrip())
    taken = (
        f"* {table.newest} is taken where no release is asked for and none is there; "
        if table.newest
        else "none fits; "
    )
    say(f"{taken}the data about releases is as of {table.measured}")


def _print_json(table: ReleaseTable, *, fitting: bool) -> None:
    from dataclasses import asdict

    from tfrepair.cli.render_json import target_json

    document = {
        "schema_version": 1,
        "command": "tensorflow list",
        "target": target_json(table.target),
        "newest": table.newest,
        "measured": table.measured,
        "releases": [
            {key: value for key, value in asdict(row).items() if value is not None}
            for row in table.releases
            if row.fits or not fitting
        ],
    }
    say_json(document)
