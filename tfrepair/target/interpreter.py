"""Starting other programs: the one place that does."""

from __future__ import annotations

import contextlib
import json
import math
import os
import select
import shutil
import signal
import subprocess
import sys
import threading
import time
from collections import deque
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field, replace
from typing import IO, TYPE_CHECKING, Any, NoReturn

from tfrepair.target.temporary import temporary_folder

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Mapping, Sequence
    from pathlib import Path

DEFAULT_CAP = 8 * 1024 * 1024
_CHUNK = 64 * 1024
_GRACE = 2.0
_GLANCE = 0.2
"""Seconds: a signal that came just before a wait began, or to another thread, does not end it; so it is a short one."""
_WINDOWS = os.name == "nt"
_LEASH = (
    "import ctypes, os, signal, sys\n"
    "signal.signal(signal.SIGTERM, lambda *_: os.killpg(0, signal.SIGKILL))\n"
    "ctypes.CDLL(None).prctl(1, signal.SIGTERM)\n"  # PR_SET_PDEATHSIG
    "os.getppid() == int(sys.argv[1]) or sys.exit(1)\n"  # the parent died before
    "try:\n"
    "    child = os.posix_spawn(sys.argv[2], sys.argv[3:], os.environ, setsigdef=[signal.SIGTERM])\n"
    "except OSError as error:\n"
    "    sys.exit(f'`{sys.argv[2]}` cannot be executed: {error.strerror}')\n"
    "_, status = os.waitpid(child, 0)\n"
    "code = os.waitstatus_to_exitcode(status)\n"
    "code >= 0 and sys.exit(code)\n"
    "signal.signal(-code, signal.SIG_DFL) if -code not in (9, 19) else None\n"
    "os.kill(os.getpid(), -code)\n"
)
"""Waits for a program, and when our process dies ends it with all that it started in its process group.

A program of its own and not a function between fork and exec, where a process with threads may block.
"""
_WINDOWS_STATUS = {0xC000001D: "SIGILL", 0xC0000005: "SIGSEGV", 0xC0000409: "SIGABRT", 0xC000013A: "SIGINT"}


STARTED_BY = "TFREPAIR_STARTED_BY"
"""The variable that tells of a program which tfrepair started it: the number of that process."""
_running: set[subprocess.Popen[bytes]] = set()


@dataclass(frozen=True, slots=True, kw_only=True)
class Completed:
    """How a program ended and what it printed."""

    argv: tuple[str, ...]
    exit_code: int | None
    """None when the time limit ended it; negative when a signal did."""
    signal: str | None
    """The signal that ended it (`SIGILL`), for Windows its nearest relative."""
    stdout: str
    stderr: str
    seconds: float

    @property
    def ok(self) -> bool:
        """It ended by itself with exit code 0."""
        return self.exit_code == 0


def hand_over(argv: Sequence[str], env: Mapping[str, str]) -> NoReturn:
    """Go on as another program, with its exit code: in this one's place, or on Windows, which has no such thing, after.

    Raises OSError when it does not start.
    """
    sys.stdout.flush()
    sys.stderr.flush()
    if os.name == "nt":
        raise SystemExit(subprocess.run(argv, env=env, check=False).returncode)
    os.execve(argv[0], list(argv), env)  # noqa: S606  # no shell is wanted


def run(
    argv: Sequence[str],
    *,
    env: Mapping[str, str] | None = None,
    cwd: Path | str | None = None,
    timeout: float = 60.0,
    cap: int = DEFAULT_CAP,
    on_line: Callable[[str], None] | None = None,
    merge: bool = False,
) -> Completed:
    """Run a program in a process group of its own, with closed input, and wait for it.

    Without `cwd` it runs in a fresh empty folder, so that nothing in the current folder can be imported or read.
    Of each stream the first and the last `cap / 2` bytes are kept. `merge` sends standard error into standard output;
    `on_line` gets each line of standard error (or of the merged output) from a reader thread as it comes.
    At `timeout` seconds, and on any exception (Ctrl-C included), the whole group is killed.
    Raises OSError when the program cannot be started.
    """
    with contextlib.ExitStack() as stack:
        folder = str(cwd) if cwd is not None else str(stack.enter_context(temporary_folder()))
        started = time.monotonic()
        readers: list[_Reader] = []
        process = _start(argv, env, folder, merge=merge)
        try:
            _running.add(process)
            streams = [stream for stream in (process.stdout, process.stderr) if stream is not None]
            readers += [_Reader(stream, cap, on_line if stream is streams[-1] else None) for stream in streams]
            exit_code = _wait(process, readers, timeout)
        except BaseException:
            _kill(process)
            process.wait()
            raise
        finally:
            _running.discard(process)
            _drain(process, readers)
        for reader in readers:
            if reader.failure is not None:
                raise reader.failure
        return Completed(
            argv=tuple(argv),
            exit_code=exit_code,
            signal=signal_name(exit_code),
            stdout=readers[0].text(),
            stderr="" if merge else readers[1].text(),
            seconds=time.monotonic() - started,
        )


def run_on_leash(argv: Sequence[str], **options: Any) -> Completed:
    """The same for a program that writes: on Linux it and what it started end when this process is killed.

    Raises OSError when the program cannot be started.
    """
    return replace(run(_leashed(argv, options.get("env")), **options), argv=tuple(argv))


class Helper:
    """A program that works beside us, on a leash, with closed streams; what it prints is lost.

    Raises OSError when it cannot be started.
    """

    def __init__(self, argv: Sequence[str], *, env: Mapping[str, str], cwd: Path | str) -> None:
        self._process = _start(_leashed(argv, env), env, str(cwd), output=subprocess.DEVNULL)

    def wait(self) -> None:
        """Until it has ended; `stop` is to follow."""
        _ends(self._process, math.inf)

    def stop(self) -> int:
        """End it and what it started, if it has not ended; it is gone afterwards. Its exit code."""
        if self._process.returncode is None:
            _kill(self._process)
        return self._process.wait()


def _leashed(argv: Sequence[str], env: Mapping[str, str] | None) -> Sequence[str]:
    program = shutil.which(argv[0], path=(os.environ if env is None else env).get("PATH"))
    if sys.platform != "linux" or program is None:
        return argv
    return [sys.executable, "-I", "-S", "-c", _LEASH, str(os.getpid()), program, *argv]


@contextlib.contextmanager
def side_by_side(workers: int) -> Iterator[ThreadPoolExecutor]:
    """Threads that run programs. An exception, which Ctrl-C is in the main thread alone, ends these programs."""
    pool = ThreadPoolExecutor(max_workers=workers)
    try:
        yield pool
        pool.shutdown()
    except BaseException:
        pool.shutdown(wait=False, cancel_futures=True)
        for process in tuple(_running):
            _kill(process)
        pool.shutdown()
        raise


def signal_name(exit_code: int | None) -> str | None:
    """The name of the signal an exit code stands for, or None."""
    if exit_code is None:
        return None
    if exit_code < 0:
        with contextlib.suppress(ValueError):
            return signal.Signals(-exit_code).name
        return f"signal {-exit_code}"
    return _WINDOWS_STATUS.get(exit_code)


def new_mark() -> str:
    """What a program puts around its answer, and prints nowhere else."""
    return f"-----{os.urandom(12).hex()}-----"


def marked_json(text: str, mark: str) -> Any:
    """The JSON document between two marks in a program's output; None when it is not there or cut short."""
    parts = text.split(mark)
    for part in parts[1::2]:
        with contextlib.suppress(ValueError):
            return json.loads(part)
    return None


def _start(
    argv: Sequence[str], env: Mapping[str, str] | None, cwd: str, *, merge: bool = False, output: int = subprocess.PIPE
) -> subprocess.Popen[bytes]:
    return subprocess.Popen(
        list(argv),
        stdin=subprocess.DEVNULL,
        stdout=output,
        stderr=subprocess.STDOUT if merge else output,
        env={**(os.environ if env is None else env), STARTED_BY: str(os.getpid())},
        cwd=cwd,
        start_new_session=not _WINDOWS,
        creationflags=getattr(subprocess, "CREATE_NEW_PROCESS_GROUP", 0) if _WINDOWS else 0,
    )


def _wait(process: subprocess.Popen[bytes], readers: Sequence[_Reader], timeout: float) -> int | None:
    deadline = time.monotonic() + timeout
    if not _ends(process, timeout):
        _kill(process)
        process.wait()
        return None
    exit_code = process.wait()
    # A grandchild may still hold the pipes: it belongs to the group and has had its chance.
    for reader in readers:
        reader.thread.join(max(0.0, min(_GRACE, deadline - time.monotonic())))
    if any(reader.thread.is_alive() for reader in readers):
        _kill(process)
    return exit_code


def _ends(process: subprocess.Popen[bytes], timeout: float) -> bool:
    """Wait for the end of a program: told by the system where it can (Linux), else by asking again and again."""
    try:
        descriptor = os.pidfd_open(process.pid)
    except (AttributeError, OSError):
        with contextlib.suppress(subprocess.TimeoutExpired):
            process.wait(timeout)
        return process.returncode is not None
    try:
        poll = select.poll()
        poll.register(descriptor, select.POLLIN)
        deadline = time.monotonic() + timeout
        while (left := deadline - time.monotonic()) > _GLANCE:
            if poll.poll(_GLANCE * 1000):
                return True
        return bool(poll.poll(max(0.0, left) * 1000))
    finally:
        os.close(descriptor)


def _kill(process: subprocess.Popen[bytes]) -> None:
    if not _WINDOWS:
        with contextlib.suppress(ProcessLookupError, PermissionError):
            os.killpg(process.pid, signal.SIGKILL)
        return
    import psutil

    with contextlib.suppress(psutil.Error):
        for child in psutil.Process(process.pid).children(recursive=True):
            with contextlib.suppress(psutil.Error):
                child.kill()
    with contextlib.suppress(OSError):
        process.kill()


def _drain(process: subprocess.Popen[bytes], readers: Sequence[_Reader]) -> None:
    for reader in readers:
        reader.thread.join(_GRACE)
    for reader, stream in zip(readers, (process.stdout, process.stderr), strict=False):
        # Closing under a reader that is blocked by an escaped daemon would block too.
        if stream is not None and not reader.thread.is_alive():
            stream.close()


@dataclass(slots=True)
class _Reader:
    """Reads one stream to its end in a thread, and keeps its head and its tail."""

    stream: IO[bytes]
    cap: int
    on_line: Callable[[str], None] | None
    failure: BaseException | None = None
    head: bytearray = field(default_factory=bytearray)
    tail: deque[bytes] = field(default_factory=deque)
    tail_size: int = 0
    dropped: int = 0
    line: bytearray = field(default_factory=bytearray)
    lock: threading.Lock = field(default_factory=threading.Lock)
    thread: threading.Thread = field(init=False)

    def __post_init__(self) -> None:
        self.thread = threading.Thread(target=self._read, daemon=True)
        self.thread.start()

    def text(self) -> str:
        """What was read, with a note where the middle was left out."""
        with self.lock:  # an escaped daemon may still be writing
            tail = b"".join(self.tail)
        note = f"\n[... {self.dropped} bytes left out ...]\n".encode() if self.dropped else b""
        return (bytes(self.head) + note + tail).decode("utf-8", "backslashreplace").replace("\r\n", "\n")

    def _read(self) -> None:
        descriptor = self.stream.fileno()
        with contextlib.suppress(OSError, ValueError):
            while chunk := os.read(descriptor, _CHUNK):
                with self.lock:
                    self._keep(chunk)
                self._lines(chunk)
        if self.line:
            self._emit(bytes(self.line))

    def _keep(self, chunk: bytes) -> None:
        room = max(0, self.cap // 2 - len(self.head))
        self.head += chunk[:room]
        rest = chunk[room:]
        if not rest:
            return
        self.tail.append(rest)
        self.tail_size += len(rest)
        while self.tail_size - len(self.tail[0]) >= self.cap // 2 and len(self.tail) > 1:
            gone = len(self.tail.popleft())
            self.tail_size -= gone
            self.dropped += gone

    def _lines(self, chunk: bytes) -> None:
        if self.on_line is None:
            return
        self.line += chunk
        *complete, rest = bytes(self.line).split(b"\n")
        for line in complete:
            self._emit(line)
        self.line = bytearray(rest)
        if len(self.line) > _CHUNK:
            self._emit(bytes(self.line))
            self.line.clear()

    def _emit(self, line: bytes) -> None:
        if self.on_line is None or self.failure is not None:
            return
        try:
            self.on_line(line.decode("utf-8", "backslashreplace").rstrip("\r"))
        except BaseException as error:  # noqa: BLE001 - raised again by run()
            self.failure = error
