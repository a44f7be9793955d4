"""The steps of one repair: each in the journal before it takes effect, what they say, and what takes them back."""

from __future__ import annotations

import shlex
from typing import TYPE_CHECKING, Any

from tfrepair.errors import StepError, SurroundingsError, TfrepairError
from tfrepair.execute.files import explained
from tfrepair.execute.operations import run_in
from tfrepair.execute.performing import Performer
from tfrepair.model.operations import Tell

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from tfrepair.execute.performing import Outcome
    from tfrepair.execute.ports import Ports
    from tfrepair.execute.run_folder import RunFolder
    from tfrepair.model.operations import Keywords
    from tfrepair.model.plan import Operation

UNDO_LIMIT = 600.0
"""Seconds for the `undo` of a step that has no `timeout`."""


class Steps:
    """Carries out the operations of plans, round after round."""

    def __init__(self, apply: Callable[[Operation], Outcome], ports: Ports, record: RunFolder) -> None:
        self.said: list[str] = []
        """The messages of steps, and what was said about failures that the rest went on from."""
        self._ports = ports
        self._record = record
        self._performer = Performer(apply=apply, progress=ports.progress)
        self._undo: list[Keywords] = []

    @property
    def registered(self) -> dict[str, Any]:
        """What the steps have registered, as facts; None where there is nothing."""
        results = self._performer.registered
        return {f"registered.{name}.{key}": value for name, one in results.items() for key, value in one.facts.items()}

    def carry_out(self, operation: Operation, *, number: int, index: int) -> None:
        """One operation of the round with this number. Raises StepError, SurroundingsError, OSError."""
        journal, keywords = self._record.journal, operation.keywords
        undo = {"undo": list(keywords.undo)} if keywords.undo else {}
        journal.append(
            "operation", round=number, index=index, action=operation.action, summary=operation.summary, **undo
        )
        if keywords.undo:
            self._undo.append(keywords)
        try:
            outcome = self._performer.perform(operation)
        except (StepError, SurroundingsError, OSError) as error:
            if not keywords.message:
                raise
            raise self._with_message(error, keywords) from error
        if isinstance(operation, Tell):
            self._say(operation.text)
        if outcome.ok:
            journal.append("applied", round=number, index=index)
            return
        journal.append("failed", round=number, index=index, reason=outcome.error)
        self._say(f"the step `{keywords.step}` failed, and the rest went on: {outcome.error}")
        if keywords.message:
            self._say(keywords.message)

    def take_back(self, tree: Path) -> list[tuple[str, str]]:
        """Run the `undo` of every step that was begun, the last one first; those that failed, and why."""
        failed = []
        while self._undo:
            keywords = self._undo.pop()
            command = shlex.join(keywords.undo)
            self._ports.progress(f"undoing the step `{keywords.step}`: {command}")
            try:
                run_in(tree, self._ports.describe(tree), keywords.undo, keywords.timeout or UNDO_LIMIT, self._ports)
            except (TfrepairError, OSError) as error:
                failed.append((command, str(error)))
        return failed

    def _say(self, text: str) -> None:
        filled = self._ports.fill(text, self.registered)
        self.said.extend(filled.splitlines())
        self._ports.progress(filled)

    def _with_message(self, error: TfrepairError | OSError, keywords: Keywords) -> TfrepairError:
        """The error of a step with what the playbook says about its failing."""
        known = error if isinstance(error, TfrepairError) else explained(error, f"the step `{keywords.step}`")
        known.message = f"{known.message}; {self._ports.fill(keywords.message, self.registered)}"
        known.args = (known.message,)
        return known
