"""What surrounds a transaction: signals held back on the way back, and folders above a new environment."""

from __future__ import annotations

import signal
import threading
from contextlib import contextmanager, suppress
from typing import TYPE_CHECKING

from tfrepair.errors import SurroundingsError
from tfrepair.execute.files import exists, remove_tree

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from tfrepair.execute.paths import Beside


@contextmanager
def uninterrupted() -> Iterator[None]:
    """Ctrl-C, SIGTERM and SIGHUP do not stop this: a second one the way back, a late one what holds already."""
    if threading.current_thread() is not threading.main_thread():
        yield
        return
    kinds = [getattr(signal, name) for name in ("SIGINT", "SIGTERM", "SIGHUP") if hasattr(signal, name)]
    before = {kind: signal.signal(kind, signal.SIG_IGN) for kind in kinds}
    try:
        yield
    finally:
        for kind, handler in before.items():
            signal.signal(kind, handler if handler is not None else signal.SIG_DFL)


def make_parents(folder: Path) -> list[Path]:
    """Make a folder and those above it; which were made, the deepest last."""
    made: list[Path] = []
    missing = [path for path in (folder, *folder.parents) if not path.exists()]
    try:
        for path in reversed(missing):
            path.mkdir()
            made.append(path)
    except OSError as error:
        raise SurroundingsError(
            f"`{folder}` cannot be made: {error.strerror or error}; nothing was changed",
            hint="name another folder with `--venv`",
        ) from error
    return made


def remove_parents(beside: Path, made: list[Path]) -> None:
    """Take back folders that were made for an environment that did not come to be."""
    if made:
        remove_tree(beside)
        for path in reversed(made):
            try:
                path.rmdir()
            except OSError:
                return


def forget_place(beside: Beside) -> None:
    """Remove the folder beside an environment that does not exist and of which nothing is kept."""
    if exists(beside.place) or not beside.folder.is_dir():
        return
    with suppress(OSError):
        if not any(path.is_dir() for path in beside.folder.iterdir()):
            remove_tree(beside.folder)
