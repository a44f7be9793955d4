"""Fresh virtual environments; nothing is downloaded for them."""

from __future__ import annotations

import atexit
import os
import shutil
from contextlib import contextmanager
from functools import cache
from pathlib import Path
from typing import TYPE_CHECKING

from tfrepair.errors import StepError
from tfrepair.target.describe import child_environ
from tfrepair.target.interpreter import run
from tfrepair.target.temporary import lasting_folder

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from virtualenv.run.session import Session

    from tfrepair.target.bases import Base

OLDEST_FOR_VIRTUALENV = (3, 9)
_VENV_TIMEOUT = 180.0
_SHARED_MEMORY = "/dev/shm"  # noqa: S108  # a folder of its own is made in it
_ROOM = 64 * 2**20
"""Bytes; what docker gives a container."""


def create_venv(
    base: Base, destination: Path, *, prompt: str | None, system_site_packages: bool, seed: bool = True
) -> None:
    """Make a virtual environment in `destination` from a base interpreter, with pip in it if `seed`.

    Pip comes from the wheels that virtualenv carries, or, for Python 3.8 and older, from the base's own ensurepip;
    where a base has neither there is no pip. Raises StepError when it cannot be made.
    """
    build = _by_virtualenv if base.version[:2] >= OLDEST_FOR_VIRTUALENV else _by_venv
    options = _options(prompt, seed=seed, system=system_site_packages)
    build(base.executable, destination, _quiet(os.environ), options)


def _quiet(environ: Mapping[str, str]) -> dict[str, str]:
    """The environment without the user's settings for virtualenv, which are not meant for a repair."""
    return {name: value for name, value in child_environ(environ).items() if not name.startswith("VIRTUALENV_")}


def _options(prompt: str | None, *, seed: bool, system: bool) -> list[str]:
    options = ["--system-site-packages"] if system else []
    options += ["--prompt", prompt] if prompt else []
    return options if seed else [*options, "--without-pip"]


def prepare(base: str) -> None:
    """Let virtualenv ask a base interpreter what it needs to know of it, and unpack its pip: half a second.

    A `create_venv` of this process that follows has both. Raises StepError when it cannot be asked.
    """
    folder = Path(_app_data(), "never")
    with _session(base, folder, _quiet(os.environ), []) as session:
        session.run()
    shutil.rmtree(folder, ignore_errors=True)


def _by_virtualenv(base: str, destination: Path, environ: dict[str, str], options: list[str]) -> None:
    with _session(base, destination, environ, options) as session:
        session.run()


@contextmanager
def _session(base: str, folder: Path, environ: dict[str, str], options: list[str]) -> Iterator[Session]:
    """How virtualenv would make an environment. Raises StepError, also for what fails in the block."""
    from virtualenv import session_via_cli

    arguments = ["--python", base, "--no-periodic-update", "--no-download", "--app-data", _app_data()]
    if "--without-pip" not in options:
        # Its setuptools is too new for TensorBoard; whoever needs setuptools has it in the lock.
        arguments.append("--no-setuptools")
    settings = environ | {"VIRTUALENV_CONFIG_FILE": os.devnull, "VIRTUALENV_VENV_REDIRECT": "false"}
    settings["PYTHONDONTWRITEBYTECODE"] = "1"  # asking a base writes nothing into it
    try:
        yield session_via_cli([*arguments, *options, str(folder)], setup_logging=False, env=settings)
    except (Exception, SystemExit) as error:
        raise StepError(f"cannot build an environment in `{folder}` from `{base}`: {error}") from error


@cache
def _app_data() -> str:
    """A folder for what virtualenv remembers, as long as this process lives.

    It would be written into the user's data folder otherwise, and its settings read from the user's configuration.
    """
    folder = lasting_folder(within=_memory())
    atexit.register(shutil.rmtree, folder, ignore_errors=True)
    return str(folder)


def _memory() -> str | None:
    """A folder that is no disk and has room for the five hundred files of pip; None where there is none."""
    try:
        roomy = shutil.disk_usage(_SHARED_MEMORY).free >= _ROOM
    except OSError:
        return None
    return _SHARED_MEMORY if roomy and os.access(_SHARED_MEMORY, os.W_OK | os.X_OK) else None


def _by_venv(base: str, destination: Path, environ: dict[str, str], options: list[str]) -> None:
    command = [base, "-I", "-B", "-m", "venv", *options]
    done = run([*command, str(destination)], env=environ, timeout=_VENV_TIMEOUT)
    if not done.ok and "--without-pip" not in options:
        # Some distributors ship Python without ensurepip.
        done = run([*command, "--without-pip", "--clear", str(destination)], env=environ, timeout=_VENV_TIMEOUT)
    if not done.ok:
        text = (done.stderr or done.stdout).strip() or f"exit code {done.exit_code}"
        failed = StepError(f"cannot build an environment in `{destination}` from `{base}`: {text}")
        failed.quotes = True
        raise failed
