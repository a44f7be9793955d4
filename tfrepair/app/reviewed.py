"""A plan that was written, reviewed, and is now to be carried out."""

from __future__ import annotations

import json
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING

from tfrepair.app.wishes import is_wheel
from tfrepair.errors import UsageError
from tfrepair.reason.choose import Pin, Wanted, parse_wanted

if TYPE_CHECKING:
    from tfrepair.app.requests import FixRequest
    from tfrepair.app.subject import Subject
    from tfrepair.model.plan import Plan


def how_anew(subject: Subject) -> str:
    """How to come to a new plan, as a hint."""
    return f"make a new plan with `tfrepair fix --dry-run{subject.words} --plan-out FILE`"


def reviewed_plan(path: Path, subject: Subject, request: FixRequest, *, trusted: bool) -> Plan:
    """The plan in a file, for this target. Raises UsageError, also for an option that says otherwise."""
    from tfrepair.model.wire import plan_from_json

    try:
        plan = plan_from_json(json.loads(path.read_text(encoding="utf-8")))
    except (OSError, ValueError) as error:
        raise UsageError(f"`{path}` cannot be read as a plan: {error}") from error
    if Path(plan.prefix) != subject.prefix:
        raise UsageError(f"the plan `{path}` is for `{plan.prefix}`, not for `{subject.prefix}`")
    asked = request.tensorflow
    if asked is not None and (is_wheel(asked) or not _pin(asked).allows(plan.tensorflow.name, plan.tensorflow.version)):
        raise UsageError(
            f"the plan `{path}` installs {plan.tensorflow.name} {plan.tensorflow.version}, and `--tensorflow {asked}` "
            "asks for another; nothing was changed",
            hint=f"leave `--tensorflow` out, or {how_anew(subject)}",
        )
    if request.strategy not in {"auto", plan.strategy}:
        raise UsageError(
            f"the plan `{path}` says `{plan.strategy}`, and `--strategy {request.strategy}` asks for another way; "
            "nothing was changed",
            hint=f"leave `--strategy` out, or {how_anew(subject)}",
        )
    # what was reviewed is what files of the current folder wanted too; whether they may act is for this command to say
    return replace(plan, untrusted=()) if trusted else plan


def _pin(asked: str) -> Pin:
    return parse_wanted(Wanted(text=asked, source="--tensorflow"))
