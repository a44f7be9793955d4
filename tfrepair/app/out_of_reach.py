"""Steps that this environment has no place for: said before anything is staged."""

from __future__ import annotations

from typing import TYPE_CHECKING

from tfrepair.errors import NoRepairError
from tfrepair.model.operations import RegisterKernel, SetEnvironment, WriteFile

if TYPE_CHECKING:
    from collections.abc import Sequence

    from tfrepair.execute.scope import Scope
    from tfrepair.model.plan import Operation
    from tfrepair.model.target import Environment


def refuse_out_of_reach(operations: Sequence[Operation], environment: Environment, scope: Scope) -> None:
    """Raise NoRepairError for a file outside what a repair may change here, and for variables without scripts."""
    for operation in operations:
        match operation:
            case WriteFile(path=path) if path not in scope:
                problem = f"writes `{path}`, which is no part of what a repair of `{environment.prefix}` may change"
            case RegisterKernel(path=path) if path not in scope:
                problem = f"registers a kernel in `{path}`, which is no part of what a repair may change there"
            case SetEnvironment() if environment.kind != "venv":
                problem = (
                    f"sets variables in activation scripts, and `{environment.prefix}` ({environment.kind}) has none"
                )
            case _:
                continue
        raise NoRepairError(
            f"the step `{operation.keywords.step}` {problem}; nothing was changed",
            hint="`when: {fact: environment.kind, equals: venv}` leaves the step out there",
        )
