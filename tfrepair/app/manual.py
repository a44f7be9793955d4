"""What only the user can do."""

from __future__ import annotations

from tfrepair.errors import NoRepairError


class ManualError(NoRepairError):
    """Only the user can do what is needed; `steps` say what."""

    code = "manual"

    def __init__(self, message: str, *, steps: tuple[str, ...]) -> None:
        super().__init__(message, hint="nothing was changed")
        self.steps = steps
