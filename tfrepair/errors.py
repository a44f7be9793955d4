"""Every error tfrepair raises on purpose. Each is a complete sentence, with a hint what to do next."""

from __future__ import annotations


class TfrepairError(Exception):
    """Something the user must know. Ends the command with `exit_code` (see the table in README.md)."""

    code = "internal"
    exit_code = 70

    def __init__(self, message: str, *, hint: str | None = None) -> None:
        super().__init__(message)
        self.message = message
        self.hint = hint
        self.quotes = False
        """The message has several lines on purpose: what a program printed, or one for each problem."""
        self.known: object | None = None
        """The report of what was known when it was raised; None when nothing was."""

    @property
    def lines(self) -> tuple[str, ...]:
        """The message for the screen: one line, unless it quotes."""
        return tuple(self.message.split("\n")) if self.quotes else (self.message,)


class UsageError(TfrepairError):
    """The command line or a file given is wrong; nothing was started."""

    code = "usage"
    exit_code = 2


class TargetError(UsageError):
    """There is no such target, or it is not a Python environment."""

    code = "target"


class PlaybookError(UsageError):
    """One or more playbooks are wrong. `problems` are lines `file:line:column: message`."""

    code = "playbook"

    def __init__(self, problems: tuple[str, ...]) -> None:
        super().__init__("\n".join(problems), hint="nothing was started")
        self.quotes = True
        self.problems = problems


class NoRepairError(TfrepairError):
    """No automatic repair exists, or the pin cannot be met here; nothing was changed."""

    code = "no-repair"
    exit_code = 4


class SurroundingsError(TfrepairError):
    """The index, a lock, space, permissions or running processes prevented it; nothing was changed."""

    code = "surroundings"
    exit_code = 6


class ChangedError(SurroundingsError):
    """Somebody else changed the target while it was being repaired; it was not touched."""

    code = "changed"


class StepError(TfrepairError):
    """An operation on the stage failed; the target was not touched."""

    code = "step"
    exit_code = 3


class TimeLimitError(StepError):
    """A step took longer than it may."""

    code = "timeout"


class CommandError(StepError):
    """A command of a playbook failed."""

    code = "command"

    def __init__(
        self, message: str, *, exit_code: int | None = None, output: str = "", hint: str | None = None
    ) -> None:
        super().__init__(message, hint=hint)
        self.ended_with = exit_code
        """None when it could not be started."""
        self.output = output


class RollbackError(TfrepairError):
    """Putting things back failed: the message says what is where."""

    code = "rollback"
    exit_code = 5


class InterruptedRunError(TfrepairError):
    """Ctrl-C or SIGTERM: rolled back."""

    code = "interrupted"
    exit_code = 130

    def __init__(self) -> None:
        super().__init__("interrupted: everything is as it was")


class UnresolvableError(NoRepairError):
    """No set of versions meets all that is asked for. `reason` is the resolver's own explanation."""

    code = "unresolvable"

    def __init__(
        self, message: str, *, reason: str, hint: str | None = None, missing: frozenset[str] = frozenset()
    ) -> None:
        super().__init__(message, hint=hint)
        self.reason = reason
        self.missing = missing
        """What is not to be had, whatever else is asked for: canonical names, and `name==version`."""


class OfflineError(SurroundingsError, UnresolvableError):
    """No set of versions among what is on hand without the network meets all that is asked for."""

    code = "surroundings"
    exit_code = 6
