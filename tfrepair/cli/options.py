"""The options that commands share, each with its environment variable."""

from __future__ import annotations

import math
from pathlib import Path
from typing import Annotated

import typer


def finite(value: float | None) -> float | None:
    """The number of an option. Raises BadParameter for one that nothing can be measured against."""
    if value is not None and not math.isfinite(value):
        raise typer.BadParameter(f"{value} is not a finite number.")
    return value


Python = Annotated[
    str | None, typer.Option("--python", metavar="PATH", envvar="TFREPAIR_PYTHON", help="The interpreter to look at.")
]
Env = Annotated[
    str | None, typer.Option("--env", metavar="DIR", envvar="TFREPAIR_ENV", help="The environment's folder.")
]
Json = Annotated[
    bool,
    typer.Option("--json", envvar="TFREPAIR_JSON", help="One JSON document on standard output, nothing else there."),
]
LogFormat = Annotated[
    str,
    typer.Option(
        "--log-format",
        metavar="console|json",
        envvar="TFREPAIR_LOG_FORMAT",
        help="How the log reads; with `json` all of standard error is JSON lines.",
    ),
]
LogFile = Annotated[
    Path | None,
    typer.Option(
        "--log-file", metavar="FILE", envvar="TFREPAIR_LOG_FILE", help="Also write the log here, as JSON lines."
    ),
]
Verbose = Annotated[
    int, typer.Option("--verbose", "-v", count=True, envvar="TFREPAIR_VERBOSE", help="Show the log on standard error.")
]
Quiet = Annotated[bool, typer.Option("--quiet", "-q", envvar="TFREPAIR_QUIET", help="Only the result.")]
NoColor = Annotated[bool, typer.Option("--no-color", envvar="TFREPAIR_NO_COLOR", help="No colours (also NO_COLOR).")]
Playbook = Annotated[
    list[str] | None,
    typer.Option("--playbook", metavar="NAME|FILE|DIR", help="Add or override playbooks; repeatable."),
]
Only = Annotated[
    list[str] | None,
    typer.Option("--only", metavar="ID", help="Only these findings; repeatable."),
]
Skip = Annotated[
    list[str] | None,
    typer.Option("--skip", metavar="ID", help="Not these findings; repeatable."),
]
Var = Annotated[
    list[str] | None,
    typer.Option("--var", metavar="NAME=VALUE", help="A variable of a playbook; repeatable."),
]
Trust = Annotated[bool, typer.Option("--trust", help="Let playbooks found in the current folder act.")]
Timeout = Annotated[
    float,
    typer.Option(
        "--timeout",
        min=1,
        callback=finite,
        metavar="SECONDS",
        envvar="TFREPAIR_TIMEOUT",
        help="Limit of each import, not of everything.",
    ),
]
LockTimeout = Annotated[
    float,
    typer.Option(
        "--lock-timeout",
        min=0,
        callback=finite,
        metavar="SECONDS",
        envvar="TFREPAIR_LOCK_TIMEOUT",
        help="Wait for another repair.",
    ),
]
