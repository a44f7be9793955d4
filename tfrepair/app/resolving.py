"""The resolver of a plan: the installer, the index as the user has it, and the day as of which it is asked."""

from __future__ import annotations

import re
from dataclasses import replace
from typing import TYPE_CHECKING

from packaging.requirements import Requirement
from packaging.utils import canonicalize_name

from tfrepair.app.preload import preload

if TYPE_CHECKING:
    from collections.abc import Iterator

    from tfrepair.app.subject import Subject
    from tfrepair.app.workbench import Workbench
    from tfrepair.model.plan import Choice
    from tfrepair.model.resolution import Resolve
    from tfrepair.model.target import Target
    from tfrepair.target.installer.base import Installer
    from tfrepair.target.installer.settings import IndexSettings

GRACE_DAYS = 30
"""A release is resolved as of its upload day and this much: what it was made for is there, what broke it is not."""


def resolver(bench: Workbench, subject: Subject, python: Target, *, wheels_only: bool = False) -> Resolve:
    """The port of planning, bound to the user's index configuration.

    With `wheels_only` nothing is built, which would run code of what is built only to learn what it requires.
    Raises UsageError when the plan is to be asked about and there is nobody to ask.
    """
    if not bench.request.yes and not bench.request.dry_run:
        bench.screen.will_ask()
    bench.screen.step(f"resolving versions for Python {python.interpreter.version_text}")
    if not bench.request.dry_run:
        preload(base=python.interpreter.executable if subject.target is None else None)
    resolve = make_installer_for(bench, subject, python).resolve
    return (lambda request: resolve(replace(request, wheels_only=True))) if wheels_only else resolve


def make_installer_for(bench: Workbench, subject: Subject, python: Target, *, limit: float | None = None) -> Installer:
    """The installer for an interpreter, with the user's index configuration; `limit` is the most seconds of a call."""
    from tfrepair.target.installer.base import make_installer

    return make_installer(
        bench.request.installer,
        settings_for(bench, subject),
        bench.environ,
        python.interpreter.version,
        on_wait=lambda why, left: bench.screen.line(f"trying again in {left:.0f} s: {why}"),
        limit=limit,
    )


def settings_for(bench: Workbench, subject: Subject) -> IndexSettings:
    """The user's index configuration. Raises UsageError."""
    from tfrepair.target.installer.settings import index_settings

    index = bench.request.index
    return index_settings(
        environ=bench.environ,
        prefix=subject.prefix,
        cwd=bench.cwd,
        index_url=index.index_url,
        extra_index_urls=index.extra_index_urls,
        find_links=index.find_links,
        offline=index.offline,
    )


def cutoff(choice: Choice, bench: Workbench) -> str | None:
    """The day as of which the release is resolved; None when its own day is not known or that day is to come."""
    import datetime as dt

    uploaded = bench.releases.date(choice.name, choice.version)
    if uploaded is None:
        return None
    day = dt.date.fromisoformat(uploaded) + dt.timedelta(days=GRACE_DAYS)
    today = dt.datetime.now(dt.timezone.utc).date()
    return day.isoformat() if day < today else None


def blamed(message: str, bench: Workbench) -> Iterator[str]:
    """Which lines of the user's files are about a name in the explanation of a resolver, which does not say."""
    for option, lines in (("--constraint", bench.constraints), ("--requirement", bench.requirements)):
        for line, name in lines:
            asked = Requirement(line)
            mentioned = re.search(rf"(?i)(?<![\w-]){re.escape(canonicalize_name(asked.name))}(?![\w-])", message)
            if mentioned and asked.specifier and canonicalize_name(asked.name) not in bench.releases.family:
                yield f"`{option} {name}` asks for `{line}`"
