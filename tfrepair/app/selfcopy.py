"""tfrepair inside its own target: go on from a private copy, so that the ground is not pulled from under it."""

from __future__ import annotations

import os
import shutil
import sys
import tempfile
from pathlib import Path
from typing import TYPE_CHECKING

from tfrepair.errors import NoRepairError, SurroundingsError
from tfrepair.target.interpreter import hand_over
from tfrepair.target.paths import is_file, is_folder
from tfrepair.target.temporary import PREFIX, lasting_folder

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping
    from importlib.metadata import Distribution

    from tfrepair.execute.scope import Scope

_KIND = "self-"
_START = "import sys; sys.path.insert(0, sys.argv.pop(1)); from tfrepair.cli.app import main; main()"


def step_aside(prefix: Path, scope: Scope, environ: Mapping[str, str]) -> None:
    """When this process runs from what is repaired, copy tfrepair to a private folder and start again from there.

    Does not return then. Otherwise does nothing, except to arrange that a private copy is removed at the end.
    """
    _clean_up_at_end()
    if not _runs_from(prefix.resolve(), scope):
        return
    base = _base_interpreter()
    if Path(base).is_relative_to(prefix) or Path(sys.base_prefix).resolve() == prefix.resolve():
        raise NoRepairError(
            f"tfrepair runs from `{prefix}` and there is no other Python it could go on from; nothing was changed",
            hint="install tfrepair elsewhere (for example with pipx) and name the environment with `--env`",
        )
    private = lasting_folder(_KIND)
    try:
        copy_self(private)
    except BaseException as error:
        shutil.rmtree(private, ignore_errors=True)
        if isinstance(error, OSError):
            raise SurroundingsError(
                f"tfrepair runs from `{prefix}` and cannot be copied to `{private}`: {error.strerror or error}; "
                "nothing was changed",
                hint="free space there, or set TMPDIR to another folder",
            ) from error
        raise
    arguments = [base, "-I", "-c", _START, str(private), *sys.argv[1:]]
    hand_over(arguments, {**environ, "PYTHONDONTWRITEBYTECODE": "1"})


def _runs_from(prefix: Path, scope: Scope) -> bool:
    """The process was started in the environment, or tfrepair lies in the part of a shared prefix that is repaired."""
    import tfrepair
    from tfrepair.execute.scope import EVERYTHING

    if Path(sys.prefix).resolve() == prefix:
        return True
    home = Path(tfrepair.__file__).resolve()
    return scope != EVERYTHING and home.is_relative_to(prefix) and home.relative_to(prefix).as_posix() in scope


def _base_interpreter() -> str:
    """The interpreter that this venv was made from.

    Before Python 3.11 `sys._base_executable` may name the one of the venv.
    """
    names = ("python.exe",) if os.name == "nt" else (f"bin/python{sys.version_info[0]}.{sys.version_info[1]}",)
    found = next((path for name in names if is_file(path := Path(sys.base_prefix, name))), None)
    return str(found or Path(sys.executable).resolve())


def copy_self(destination: Path) -> None:
    """Every file of tfrepair and of what it requires, as `pip install --target` would lay them out."""
    for distribution in _needed():
        for file in distribution.files or ():
            source = Path(str(distribution.locate_file(file)))
            if not is_file(source):
                continue
            parts = [part for part in file.parts if part != ".."]
            outside = file.parts[:1] == ("..",)
            place = destination.joinpath(*(parts[-2:] if outside else parts))
            place.parent.mkdir(parents=True, exist_ok=True)
            shutil.copy2(source, place)
    _editable(destination)


def _editable(destination: Path) -> None:
    """An editable install has no files of its own: take the package folder."""
    import tfrepair

    if not is_folder(destination / "tfrepair"):
        shutil.copytree(
            Path(tfrepair.__file__).parent, destination / "tfrepair", ignore=shutil.ignore_patterns("*.pyc")
        )
        playbooks = Path(tfrepair.__file__).parent.parent / "playbooks"
        if is_folder(playbooks):
            shutil.copytree(playbooks, destination / "tfrepair" / "_playbooks")


def _needed() -> Iterator[Distribution]:
    from importlib.metadata import PackageNotFoundError, distribution

    from packaging.requirements import Requirement
    from packaging.utils import canonicalize_name

    seen: set[str] = set()
    todo = ["tfrepair", "pip"]
    while todo:
        name = canonicalize_name(todo.pop())
        if name in seen:
            continue
        seen.add(name)
        try:
            found = distribution(name)
        except PackageNotFoundError:
            continue
        yield found
        for line in found.requires or ():
            requirement = Requirement(line)
            if requirement.marker is None or requirement.marker.evaluate({"extra": ""}):
                todo.append(requirement.name)


def _clean_up_at_end() -> None:
    import atexit

    import tfrepair

    home = Path(tfrepair.__file__).parent.parent
    if home.name.startswith(PREFIX + _KIND) and home.parent == Path(tempfile.gettempdir()):
        atexit.register(shutil.rmtree, home, ignore_errors=True)
