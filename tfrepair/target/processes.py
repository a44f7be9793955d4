"""Processes that use an environment."""

from __future__ import annotations

import os
import shutil
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Protocol

from tfrepair.target.interpreter import STARTED_BY
from tfrepair.target.paths import is_there

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    import psutil

SHOWN = 5
"""How many a message names."""


@dataclass(frozen=True, slots=True)
class User:
    """A process that uses an environment."""

    shown: str
    """`python train.py (pid 4711)`."""
    tfrepair: int | None
    """The other tfrepair, which runs, that started it to look at the environment; None for any other process."""


class Within(Protocol):
    """Some of the paths below a prefix."""

    def __contains__(self, relative: str, /) -> bool:
        """A path, relative and with `/`, is one of them."""
        ...


def using(prefix: Path, within: Within) -> tuple[User, ...]:
    """Every other process that runs from this environment.

    `within` are the paths that count.
    What the operating system does not let us see is not reported.
    """
    import psutil

    try:
        ours = {os.getpid(), *(parent.pid for parent in psutil.Process().parents())}
    except (psutil.Error, OSError):  # a chroot mostly has no `/proc`: not even ourselves are seen
        return ()
    homes = {f"{prefix}{os.sep}", f"{prefix.resolve()}{os.sep}"}

    def counts(path: str) -> bool:
        return any(path.startswith(home) and path[len(home) :].replace(os.sep, "/") in within for home in homes)

    return tuple(
        User(f"{_shown(process)} (pid {process.pid})", _started_by(process))
        for process in psutil.process_iter()
        if process.pid not in ours and any(map(counts, _paths(process)))
    )


def shown(users: Sequence[User]) -> str:
    """Some processes for a message."""
    more = f" and {len(users) - SHOWN} more" if len(users) > SHOWN else ""
    return "; ".join(user.shown for user in users[:SHOWN]) + more


def _started_by(process: psutil.Process) -> int | None:
    """The tfrepair that started it, where that runs still; its number may be another process's by now."""
    import psutil

    try:
        number = int(process.environ().get(STARTED_BY, ""))
        return number if psutil.Process(number).create_time() <= process.create_time() else None
    except (psutil.Error, OSError, ValueError):
        return None


def _paths(process: psutil.Process) -> Iterator[str]:
    import psutil

    try:
        program = process.exe()
        yield program
        words = process.cmdline()[:2]
        yield from words
        if "python" in Path(program).name.lower():
            yield from _spelled(words, process)
        yield from _mapped(process)
    except (psutil.Error, OSError, AttributeError):
        return


def _spelled(words: Sequence[str], process: psutil.Process) -> Iterator[str]:
    """Where the interpreter and its script are, when they were started by a relative name or as the first on PATH.

    The interpreter of a venv is a link, so that the program itself says nothing of it.
    """
    for number, word in enumerate(words):
        path = Path(word)
        if path.is_absolute():
            continue
        if len(path.parts) > 1:
            yield os.path.normpath(Path(process.cwd(), path))
        elif number == 0 and (found := shutil.which(word, path=process.environ().get("PATH", ""))) is not None:
            yield found


def _mapped(process: psutil.Process) -> Iterator[str]:
    """Files that it has in its memory; read directly on Linux, where the library also asks how much of each."""
    maps = Path(f"/proc/{process.pid}/maps")
    if not is_there(maps):
        yield from (region.path for region in process.memory_maps())
        return
    for line in maps.read_bytes().splitlines():
        *_, path = line.split(maxsplit=5)
        if path.startswith(b"/"):
            yield os.fsdecode(path)


def _shown(process: psutil.Process) -> str:
    import psutil

    try:
        words = [Path(word).name for word in process.cmdline()[:3]]
    except (psutil.Error, OSError):
        return "a process"
    return " ".join(words) or process.name()
