"""`tfrepair runs list / show / clean`."""

from __future__ import annotations

import os
from typing import TYPE_CHECKING, Annotated

import typer

from tfrepair.cli import options as opt
from tfrepair.cli.streams import say_json, say_line

if TYPE_CHECKING:
    from collections.abc import Sequence

app = typer.Typer(no_args_is_help=True, help="The record of past runs.")


@app.command("list")
def list_(json: opt.Json = False) -> None:
    """Every run, how it ended and what it keeps.

    What it keeps is the environment as it was before.
    """
    from dataclasses import asdict

    from tfrepair.app.history import recorded

    runs = recorded(os.environ)
    if json:
        rows = [{**asdict(run), "kept_bytes": size} for run, size in runs]
        say_json({"schema_version": 1, "command": "runs list", "runs": rows})
        return
    if not runs:
        say_line("no run is recorded")
    for run, size in runs:
        kept = f"kept, {size / 1e6:.0f} MB of its own" if run.kept else "not kept"
        if run.problem is not None:
            kept = f"{kept if run.kept else 'what it keeps is not known'}; record `{run.folder}`: {run.problem}"
        say_line(f"{run.id}  {run.command:<8}  {run.status:<11}  {run.prefix or '?'}  ({kept})")


@app.command()
def show(run: Annotated[str, typer.Argument(metavar="RUN")], json: opt.Json = False) -> None:
    """One run: its record, journal and end."""
    from tfrepair.app.history import detail as details

    found, entries, files = details(run, os.environ)
    if json:
        from dataclasses import asdict

        body = {**asdict(found), "journal": [asdict(entry) for entry in entries], "files": files}
        say_json({"schema_version": 1, "command": "runs show", "run": body})
        return
    say_line(f"run {found.id}: {found.command} on {found.prefix or '?'}, {found.status}")
    if found.problem is not None:
        say_line(f"its record cannot be read: {found.problem}")
        say_line(f"what was in place before it: {f'`{found.kept}`' if found.kept else 'not known'}")
    say_line(f"record: {found.folder} ({', '.join(files)})")
    for entry in entries:
        detail = ", ".join(f"{key}: {value}" for key, value in entry.detail.items())
        say_line(f"  {entry.at}  {entry.event}  {detail}")


@app.command()
def clean(
    run: Annotated[
        list[str] | None, typer.Argument(metavar="[RUN]...", help="These runs; every run if none is given.")
    ] = None,
    older_than: Annotated[
        float | None,
        typer.Option(
            "--older-than",
            callback=opt.finite,
            metavar="DAYS",
            envvar="TFREPAIR_OLDER_THAN",
            help="Only what is older than so many days.",
        ),
    ] = None,
    keep: Annotated[
        str | None,
        typer.Option("--keep", metavar="N", envvar="TFREPAIR_KEEP", help="Spare the newest N of each environment."),
    ] = None,
    max_size: Annotated[
        float | None,
        typer.Option(
            "--max-size",
            min=0,
            callback=opt.finite,
            metavar="MB",
            envvar="TFREPAIR_MAX_SIZE",
            help="Drop the oldest until the rest fits.",
        ),
    ] = None,
    yes: Annotated[bool, typer.Option("--yes", "-y", envvar="TFREPAIR_YES", help="Ask nothing.")] = False,
    json: opt.Json = False,
) -> None:
    """Drop old environments that are kept.

    Their space is free then, and going back is not possible.
    """
    from tfrepair.app.history import chosen_for_cleaning, kept, kept_unread, spare_count
    from tfrepair.app.history import clean as use_case
    from tfrepair.cli.console import Console

    limit = None if max_size is None else max_size * 1e6
    spared = None if keep is None else spare_count(keep)
    known = chosen_for_cleaning(kept(run or (), os.environ), older_than=older_than, keep=spared, max_size=limit)
    if known and not yes:
        for each in known:
            say_line(f"{each.id}  {each.prefix}", error=True)
        if not Console(json=json, quiet=False, color=False).ask(f"drop what these {len(known)} keep?"):
            if json:
                say_json(_cleaned((), 0, ("declined: nothing was changed",)))
            else:
                say_line("declined: nothing was changed")
            raise typer.Exit(1)
    done = use_case(known)
    left = (*done.left, *(() if run else kept_unread(os.environ)))
    if json:
        say_json(_cleaned(done.runs, done.freed, left))
        return
    for sentence in left:
        say_line(f"not dropped: {sentence}", error=True)
    prefixes = {each.id: each.prefix for each in known}
    for name in done.runs:
        say_line(f"dropped: {name}  {prefixes[name]}")
    environments = "environment" if len(done.runs) == 1 else "environments"
    say_line(f"{len(done.runs)} kept {environments} dropped, {done.freed / 1e6:.0f} MB freed")


def _cleaned(runs: Sequence[str], freed: int, messages: Sequence[str]) -> dict[str, object]:
    """The document of `runs clean`."""
    return {
        "schema_version": 1,
        "command": "runs clean",
        "cleaned": list(runs),
        "freed_bytes": freed,
        "messages": list(messages),
    }
