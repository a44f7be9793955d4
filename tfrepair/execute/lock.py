"""One writer per environment, across processes, users and spellings of its path."""

from __future__ import annotations

import getpass
import os
import socket
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from tfrepair.errors import SurroundingsError
from tfrepair.execute.files import read_json, write_json
from tfrepair.execute.journal import now

if TYPE_CHECKING:
    from collections.abc import Iterator

    from filelock import BaseFileLock

    from tfrepair.execute.paths import Beside


@dataclass(frozen=True, slots=True, kw_only=True)
class Holder:
    """Who repairs an environment right now."""

    pid: int
    user: str
    host: str
    since: str
    """UTC, ISO 8601."""
    run: str

    def __str__(self) -> str:
        return f"process {self.pid} of user {self.user} on {self.host}, since {self.since} (run {self.run})"


@contextmanager
def environment_lock(beside: Beside, *, timeout: float, run: str) -> Iterator[None]:
    """Hold the lock of an environment. Waits `timeout` seconds, then raises SurroundingsError that names the holder."""
    beside.create()
    lock = _acquired(beside, timeout)
    try:
        _write_holder(beside, run)
        yield
    finally:
        with suppress(OSError):
            beside.holder.unlink()
        lock.release()


def holder(beside: Beside) -> Holder | None:
    """Who holds the lock; None when nobody does. Writes nothing and keeps nobody waiting."""
    if not _is_held(beside):
        return None
    return _recorded(beside) or Holder(pid=0, user="unknown", host="unknown", since="unknown", run="unknown")


def user_name() -> str:
    """The user this process runs as."""
    try:
        return getpass.getuser()
    except (KeyError, OSError, ImportError):
        return str(os.getuid()) if hasattr(os, "getuid") else "unknown"


def _acquired(beside: Beside, timeout: float) -> BaseFileLock:
    from filelock import FileLock, Timeout

    while True:
        lock = FileLock(beside.lock, timeout=max(timeout, 0.0), mode=0o666)
        try:
            lock.acquire(poll_interval=0.1)
        except Timeout as error:
            who = _recorded(beside)
            raise SurroundingsError(
                f"`{beside.place}` is being repaired by {who or 'another process'}, and the lock `{beside.lock}` was "
                f"not free within {timeout:g} s; nothing was changed",
                hint="wait for it, or give `--lock-timeout` more seconds",
            ) from error
        except OSError as error:
            raise SurroundingsError(
                f"the lock `{beside.lock}` cannot be taken: {error.strerror or error}; nothing was changed",
                hint="the folder belongs to whoever repaired this environment first; run tfrepair as that user",
            ) from error
        if _is_current(beside, lock):
            return lock
        lock.release()
        beside.create()


def _is_current(beside: Beside, lock: BaseFileLock) -> bool:
    """The locked file still has its name: cleaning may have removed it while we waited."""
    context: Any = getattr(lock, "_context", None)
    descriptor = getattr(context, "lock_file_fd", None)
    try:
        named = beside.lock.stat()
    except OSError:
        return False
    return descriptor is None or os.path.samestat(os.fstat(descriptor), named)


def _is_held(beside: Beside) -> bool:
    if os.name == "nt":
        return beside.holder.exists()
    import fcntl

    try:
        descriptor = os.open(beside.lock, os.O_RDONLY)
    except OSError:
        return False
    try:
        fcntl.flock(descriptor, fcntl.LOCK_SH | fcntl.LOCK_NB)
    except BlockingIOError:
        return True
    except OSError:
        return False
    finally:
        os.close(descriptor)
    return False


def _write_holder(beside: Beside, run: str) -> None:
    document = {"pid": os.getpid(), "user": user_name(), "host": socket.gethostname(), "since": now(), "run": run}
    with suppress(OSError):
        write_json(beside.holder, document)


def _recorded(beside: Beside) -> Holder | None:
    document = read_json(beside.holder)
    try:
        return Holder(**document) if document else None
    except TypeError:
        return None
