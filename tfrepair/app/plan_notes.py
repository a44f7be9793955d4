"""What a plan tells beside its operations."""

from __future__ import annotations

from typing import TYPE_CHECKING

from tfrepair.app.wishes import is_wheel

if TYPE_CHECKING:
    from tfrepair.app.subject import Subject
    from tfrepair.app.workbench import Workbench
    from tfrepair.model.plan import Plan
    from tfrepair.model.target import Target


def why_this_python(python: Target, subject: Subject, bench: Workbench, plan: Plan) -> tuple[str, ...]:
    """Why a fresh environment gets its Python, where neither an option nor another environment says."""
    named = bench.request.base_python is not None or subject.looked_at is not None
    if plan.strategy != "create" or named or is_wheel(bench.request.tensorflow or ""):
        return ()
    said = (
        f"Python {python.interpreter.version_text} is the newest here that has a wheel of {plan.tensorflow.name} "
        f"{plan.tensorflow.version}; `--base-python` names another"
    )
    return (said,)


def way(subject: Subject) -> tuple[str, ...]:
    """What the user should know when the environment cannot be exchanged in one step."""
    from tfrepair.execute.exchange import in_one_step
    from tfrepair.execute.paths import Beside

    beside = Beside.of(subject.prefix)
    if in_one_step(beside, subject.scope):
        return ()
    said = (
        f"`{subject.prefix}` cannot be exchanged in one step: its files are exchanged one by one, after the repaired "
        f"ones were verified in `{beside.folder}`; if that is cut off, the next `tfrepair fix` or `tfrepair rollback` "
        "completes it or puts everything back"
    )
    return (said,)


def users_of(subject: Subject) -> tuple[str, ...]:
    """That processes use the environment; another tfrepair, which only looks at it, is waited for."""
    from tfrepair.target.processes import shown, using

    users = [user for user in using(subject.prefix, subject.scope) if user.tfrepair is None]
    if not users:
        return ()
    said = f"processes use this environment: {shown(users)}; end them first, or go on with `--allow-running`"
    return (f"{said}: they keep the old files until they end",)
