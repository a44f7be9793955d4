"""Which startup file keeps an interpreter from starting: each is tried alone."""

from __future__ import annotations

import contextlib
from pathlib import Path
from typing import TYPE_CHECKING

from tfrepair.errors import TargetError
from tfrepair.target.describe import ask, child_environ, script
from tfrepair.target.interpreter import new_mark, run

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from tfrepair.model.target import Target

_TIMEOUT = 10.0
_OUTPUT_CAP = 256 * 1024


def starts_without_site(executable: str, environ: Mapping[str, str]) -> bool:
    """The interpreter starts when its `.pth` files, sitecustomize and usercustomize are not read."""
    with contextlib.suppress(TargetError):
        return ask(executable, environ, flags=("-S",), timeout=_TIMEOUT, tries=1).data is not None
    return False


def failing_startup_file(target: Target, environ: Mapping[str, str]) -> str | None:
    """The path of the first startup file that ends, hangs or crashes the interpreter; None when none does."""
    folders = target.environment.site_folders
    for name in _startup_files(folders):
        stopper = _try(target.interpreter.executable, name, folders, environ)
        if stopper is not None:
            return stopper
    return None


def _startup_files(folders: tuple[str, ...]) -> Iterator[str]:
    for folder in folders:
        yield from (str(path) for path in sorted(Path(folder).glob("*.pth")))
    yield from ("sitecustomize", "usercustomize")


def _try(executable: str, name: str, folders: tuple[str, ...], environ: Mapping[str, str]) -> str | None:
    mark = new_mark()
    argv = [executable, "-I", "-S", "-B", script("startup_script.py"), mark, name, *folders]
    done = run(argv, env=child_environ(environ), timeout=_TIMEOUT, cap=_OUTPUT_CAP)
    said = done.stdout.split(mark)[1::2]
    if "survived" in said:
        return None
    return next((text.removeprefix("origin:") for text in said if text.startswith("origin:")), name)
