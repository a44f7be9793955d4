"""The screen: results on standard output, progress, logs and questions on standard error."""

from __future__ import annotations

import sys
import time
from threading import Event, Thread
from typing import TYPE_CHECKING, Any

from tfrepair.cli.streams import one_line, say_json, say_line
from tfrepair.errors import UsageError

if TYPE_CHECKING:
    from collections.abc import Iterable
    from types import TracebackType

    from typing_extensions import Self

    from tfrepair.model.finding import Diagnosis
    from tfrepair.model.plan import Plan
    from tfrepair.model.target import Target


BESIDE = 10
"""Columns that the spinner and the time take on a line of progress."""


SILENCE = 30.0
"""Seconds after which a log hears that a step goes on: a job that says nothing for long is ended by some."""


class _Pulse:
    """Tells a log that a step still goes on, and what was heard of it last."""

    def __init__(self, message: str, begun: float) -> None:
        self.heard = ""
        self._message, self._begun = message, begun
        self._ended = Event()
        Thread(target=self._beat, name="pulse", daemon=True).start()

    def _beat(self) -> None:
        while not self._ended.wait(SILENCE):
            heard = f": {self.heard}" if self.heard else ""
            seconds = time.monotonic() - self._begun
            say_line(f"{self._message}: still at it after {seconds:.0f} s{heard}", error=True)

    def stop(self) -> None:
        """The step is over."""
        self._ended.set()


class Console:
    """Shows what happens as it happens. With `json`, standard output stays empty until the document."""

    def __init__(
        self, *, json: bool, quiet: bool, color: bool, show_lock: bool = False, ask_first: bool = False
    ) -> None:
        self._json = json
        self._quiet = quiet
        self._color = color
        self._show_lock = show_lock
        self._ask_first = ask_first
        self._status: Any = None
        self._step: tuple[str, float] | None = None
        self._pulse: _Pulse | None = None
        self.outcome: dict[str, str] = {}
        """How the command ended, for the log."""

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._end_step()

    def target(self, target: Target) -> None:
        """The target and the reason for it."""
        from tfrepair.cli.render_text import target_lines

        self._tell(target_lines(target))

    def diagnosis(self, diagnosis: Diagnosis, target: Target) -> None:
        """The findings."""
        from tfrepair.cli.render_text import diagnosis_lines

        del target
        self._tell(diagnosis_lines(diagnosis))

    def plan(self, plan: Plan) -> None:
        """The plan; with the exact versions when they were asked for."""
        from tfrepair.cli.render_text import lock_lines, plan_lines

        self._end_step()
        quiet, self._quiet = self._quiet, self._quiet and not self._ask_first
        self._tell(plan_lines(plan))
        if self._show_lock:
            self._tell(lock_lines(plan))
        self._quiet = quiet

    def say(self, message: str) -> None:
        """A sentence."""
        self._tell([message])

    def warn(self, message: str) -> None:
        """A sentence that is heard when quiet too."""
        self._end_step()
        say_line(message, error=self._json or self._quiet)

    def step(self, message: str) -> None:
        """A long step begins; on a terminal a line shows its time, a log hears now and then that it goes on."""
        self._end_step()
        self._step = (message, time.monotonic())
        if self._quiet:
            return
        if not sys.stderr.isatty():
            self._pulse = _Pulse(*self._step)
            return
        from rich.console import Console as RichConsole
        from rich.progress import Progress, SpinnerColumn, TextColumn, TimeElapsedColumn

        console = RichConsole(stderr=True, highlight=False, no_color=not self._color)
        columns = (SpinnerColumn(), TextColumn("{task.description}", markup=False), TimeElapsedColumn())
        self._status = Progress(*columns, console=console, transient=True)
        self._status.start()
        self._status.add_task(self._fitting(message), total=None)

    def line(self, text: str) -> None:
        """A line of a child: shown beside the step."""
        if self._status is not None and self._step is not None:
            description = self._fitting(f"{self._step[0]}: {text.strip()}")
            self._status.update(self._status.task_ids[0], description=description)
        elif self._pulse is not None:
            self._pulse.heard = text.strip()

    def _fitting(self, text: str) -> str:
        """What fits between the spinner and the time."""
        from tfrepair.cli.render_text import fitting

        assert self._status is not None  # noqa: S101
        return fitting(one_line(text), self._status.console.width - BESIDE)

    def will_ask(self) -> None:
        """A question is to come. Raises UsageError where there is no terminal."""
        if not sys.stdin.isatty():
            raise UsageError(
                "there is no terminal to ask on, so nothing was done",
                hint="`--yes` answers every question",
            )

    def ask(self, question: str) -> bool:
        """Ask on the terminal. Raises UsageError where there is none."""
        self._end_step()
        self.will_ask()
        sys.stderr.write(f"{one_line(question)} [y/N] ")
        sys.stderr.flush()
        return sys.stdin.readline().strip().lower() in {"y", "yes"}

    def show(self, lines: Iterable[str]) -> None:
        """The result of a command, even when quiet."""
        self._end_step()
        if not self._json:
            for line in lines:
                say_line(line)

    def document(self, body: Any) -> None:
        """The JSON document."""
        self._end_step()
        say_json(body)

    def _tell(self, lines: Iterable[str]) -> None:
        self._end_step()
        if self._quiet:
            return
        for line in lines:
            say_line(line, error=self._json)

    def _end_step(self) -> None:
        if self._status is not None:
            self._status.stop()
            self._status = None
        if self._pulse is not None:
            self._pulse.stop()
            self._pulse = None
        if self._step is not None:
            message, begun = self._step
            self._step = None
            if not self._quiet:
                say_line(f"{message}: {time.monotonic() - begun:.1f} s", error=True)
