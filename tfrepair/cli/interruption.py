"""What Ctrl-C, SIGTERM and SIGHUP do: raise KeyboardInterrupt in the main thread, once, where that does no harm."""

from __future__ import annotations

import _thread
import os
import signal
import sys
import threading
import time
from typing import TYPE_CHECKING

from tfrepair.errors import InterruptedRunError

if TYPE_CHECKING:
    from types import FrameType

KINDS = tuple(getattr(signal, name) for name in ("SIGINT", "SIGTERM", "SIGHUP") if hasattr(signal, name))
"""Ctrl-C, and what ends a command as it does: somebody asks for it, or its terminal is closed."""
_WHOLE = frozenset({"__exit__", "__del__", "cleanup", "rmtree", "_execute_child", "_start"})
"""Functions, by name, that are not cut short: what they hold would be lost, or given back twice."""
_FOLDERS = f"{os.sep}tempfile.py"
"""The module whose functions are not either; loading it for its name would take longer than the name."""
_IMPORTS = "<frozen importlib._"
_RUNS_A_MODULE = "_call_with_frames_removed"
_AGAIN = 0.02
"""Seconds until the next look at whether it may be raised."""
_PATIENCE = 2.0
"""Seconds that a module, or what is named above, has to come to its end."""
_FOR_THREADS = 10.0
"""Seconds that threads have to end after an interruption."""
_LAST = 60.0
"""Seconds after which one more signal ends a process that did not end by the first one."""


class Interruption:
    """The answer to the signals of one command.

    An exception within the import system's own code would leave its locks held for ever, so there it is not raised.
    After it was raised further signals do nothing: `timeout` sends its own to the process and to its group, and the
    second would disturb what the first began.
    """

    def __init__(self) -> None:
        self._first: float | None = None
        self._number = 0
        self._sending = False
        self._raised = False
        self._unraisable = sys.unraisablehook

    def install(self) -> None:
        """Answer from now on, except to what is ignored already, as `nohup` has it."""
        for number in KINDS:
            if signal.getsignal(number) is not signal.SIG_IGN:
                signal.signal(number, self._answer)
        sys.unraisablehook = self._lost

    def close(self) -> None:
        """The command has ended: a first signal comes too late."""
        self._raised = True
        sys.unraisablehook = self._unraisable

    def _answer(self, number: int, frame: FrameType | None) -> None:
        now = time.monotonic()
        if self._first is None:
            self._first = now
        waited = now - self._first
        if not self._raised and not _is_delicate(frame, patient=waited < _PATIENCE):
            self._number = number
            self._raised = True
            raise KeyboardInterrupt
        if waited > _LAST:
            os._exit(InterruptedRunError.exit_code)
        if not self._raised:
            self._send_again(number)

    def _send_again(self, number: int) -> None:
        if not self._sending:
            self._sending = True
            _thread.start_new_thread(self._send, (number,))  # without the locks of `threading`, which may be held here

    def _send(self, number: int) -> None:
        """To the main thread, in a moment; nothing comes of it where the signal is ignored by then."""
        time.sleep(_AGAIN)
        self._sending = False
        if hasattr(signal, "pthread_kill"):
            signal.pthread_kill(threading.main_thread().ident or 0, number)
        else:
            _thread.interrupt_main(signal.Signals(number))

    def _lost(self, unraisable: sys.UnraisableHookArgs) -> None:
        """It was raised where nobody can catch it, as in the callback of a weak reference: once more."""
        if self._raised and issubclass(unraisable.exc_type, KeyboardInterrupt):
            self._raised = False
            self._send_again(self._number)
        else:
            self._unraisable(unraisable)


def end(code: int) -> None:
    """No signal is answered any more: the command has ended, and its code tells how.

    After an interruption threads have a few seconds to end; a process with one that does not ends without it.
    """
    for number in KINDS:
        signal.signal(number, signal.SIG_IGN)
    if code != InterruptedRunError.exit_code:
        return
    deadline = time.monotonic() + _FOR_THREADS
    for thread in threading.enumerate():
        if thread is threading.main_thread() or thread.daemon:
            continue
        thread.join(max(0.0, deadline - time.monotonic()))
        if thread.is_alive():
            sys.stdout.flush()
            sys.stderr.flush()
            os._exit(code)


def _is_delicate(frame: FrameType | None, *, patient: bool) -> bool:
    """The import system itself is at work; or, for whoever is patient, a module or one of those that are named."""
    nearest = True
    while frame is not None:
        code = frame.f_code
        if code.co_filename.startswith(_IMPORTS):
            if patient or (nearest and code.co_name != _RUNS_A_MODULE):
                return True
            nearest = False
        if patient and (code.co_name in _WHOLE or code.co_filename.endswith(_FOLDERS)):
            return True
        frame = frame.f_back
    return False
