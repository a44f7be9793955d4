"""`tfrepair fix`."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from tfrepair.cli import options as opt


def fix(
    python: opt.Python = None,
    env: opt.Env = None,
    dry_run: Annotated[
        bool, typer.Option("--dry-run", envvar="TFREPAIR_DRY_RUN", help="Show the exact plan and change nothing.")
    ] = False,
    yes: Annotated[bool, typer.Option("--yes", "-y", envvar="TFREPAIR_YES", help="Ask nothing.")] = False,
    tensorflow: Annotated[
        str | None,
        typer.Option(
            "--tensorflow",
            metavar="VERSION|SPEC|WHEEL|URL",
            envvar="TFREPAIR_TENSORFLOW",
            help="The pin; `2.15` is its newest patch.",
        ),
    ] = None,
    strategy: Annotated[
        str,
        typer.Option(
            "--strategy",
            metavar="auto|in-place|rebuild",
            envvar="TFREPAIR_STRATEGY",
            help="Mend a copy of the environment, or build it anew.",
        ),
    ] = "auto",
    venv: Annotated[
        str | None,
        typer.Option(
            "--venv", metavar="DIR", envvar="TFREPAIR_VENV", help="A working TensorFlow in DIR, new or repaired."
        ),
    ] = None,
    base_python: Annotated[
        str | None,
        typer.Option(
            "--base-python", metavar="PATH|X.Y", envvar="TFREPAIR_BASE_PYTHON", help="The interpreter of a fresh venv."
        ),
    ] = None,
    allow_python_change: Annotated[
        bool, typer.Option("--allow-python-change", help="A fresh venv may have another Python minor version.")
    ] = False,
    installer: Annotated[
        str,
        typer.Option("--installer", metavar="auto|uv|pip", envvar="TFREPAIR_INSTALLER", help="What installs wheels."),
    ] = "auto",
    index_url: Annotated[
        str | None, typer.Option("--index-url", metavar="URL", envvar="TFREPAIR_INDEX_URL", help="The package index.")
    ] = None,
    extra_index_url: Annotated[
        list[str] | None,
        typer.Option("--extra-index-url", metavar="URL", help="A further index."),
    ] = None,
    find_links: Annotated[
        list[str] | None,
        typer.Option("--find-links", metavar="DIR|URL", help="A place with wheels."),
    ] = None,
    offline: Annotated[
        bool, typer.Option("--offline", envvar="TFREPAIR_OFFLINE", help="Use what is cached or local.")
    ] = False,
    constraint: Annotated[
        list[str] | None,
        typer.Option("--constraint", metavar="FILE", help="A constraints file."),
    ] = None,
    requirement: Annotated[
        list[str] | None,
        typer.Option("--requirement", metavar="FILE", help="A requirements file."),
    ] = None,
    timeout: opt.Timeout = 300.0,
    lock_timeout: opt.LockTimeout = 30.0,
    gpu: Annotated[
        str,
        typer.Option(
            "--gpu", metavar="auto|require|ignore", envvar="TFREPAIR_GPU", help="Whether TensorFlow must use the GPU."
        ),
    ] = "auto",
    allow_running: Annotated[
        bool, typer.Option("--allow-running", help="Go on although processes use the environment.")
    ] = False,
    keep: Annotated[
        str, typer.Option("--keep", metavar="N|copy|none", envvar="TFREPAIR_KEEP", help="Old environments kept.")
    ] = "1",
    plan_out: Annotated[
        Path | None, typer.Option("--plan-out", metavar="FILE", envvar="TFREPAIR_PLAN_OUT", help="Write the plan here.")
    ] = None,
    plan: Annotated[
        Path | None, typer.Option("--plan", metavar="FILE", envvar="TFREPAIR_PLAN", help="Apply exactly this plan.")
    ] = None,
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
    """Diagnose, plan, ask, apply and verify.

    Everything is as it was if the result does not work.
    """
    from tfrepair.app.fix import fix as use_case
    from tfrepair.app.requests import FixRequest, IndexRequest, LookRequest
    from tfrepair.cli.session import (
        Output,
        finish,
        listed,
        one_of,
        playbook_request,
        refuse_empty,
        session,
        target_request,
    )
    from tfrepair.errors import UsageError

    output = Output(
        command="fix", json=json, log_format=log_format, log_file=log_file, verbose=verbose, quiet=quiet,
        no_color=no_color, show_lock=dry_run, ask_first=not json if dry_run else not yes,
    )  # fmt: skip
    with session(output) as (console, log):
        if str(plan_out) == "-":
            raise UsageError(
                "`--plan-out -`: standard output has the result of `fix`; nothing was started",
                hint="name a file, such as `--plan-out plan.json`",
            )
        refuse_empty(
            {
                "--venv": venv,
                "--index-url": index_url,
                "--extra-index-url": extra_index_url,
                "--find-links": find_links,
            }
        )
        index = IndexRequest(
            index_url=index_url,
            extra_index_urls=tuple(listed(extra_index_url, "TFREPAIR_EXTRA_INDEX_URL")),
            find_links=tuple(listed(find_links, "TFREPAIR_FIND_LINKS")),
            offline=offline,
        )
        request = FixRequest(
            tensorflow=tensorflow,
            strategy=one_of("--strategy", strategy, "auto", "in-place", "rebuild"),
            venv=venv,
            base_python=base_python,
            allow_python_change=allow_python_change,
            installer=one_of("--installer", installer, "auto", "uv", "pip"),
            index=index,
            constraints=tuple(listed(constraint, "TFREPAIR_CONSTRAINT")),
            requirements=tuple(listed(requirement, "TFREPAIR_REQUIREMENT")),
            lock_timeout=lock_timeout,
            gpu=one_of("--gpu", gpu, "auto", "require", "ignore"),
            allow_running=allow_running,
            keep=keep,
            dry_run=dry_run,
            yes=yes,
            plan_out=plan_out,
            plan_in=plan,
        )
        report = use_case(
            request,
            target_request(python, env),
            playbook_request(playbook, only, skip, var, trust=trust),
            LookRequest(timeout=timeout, gpu=gpu == "require", hash_native=True, pip_view=True),
            console,
            log,
        )
        finish(console, output, report)
