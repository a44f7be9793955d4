"""Where playbooks come from. A later source takes the place of an earlier one, by the name of the playbook."""

from __future__ import annotations

import sys
from typing import TYPE_CHECKING, Any

from tfrepair.errors import PlaybookError, UsageError
from tfrepair.target.paths import is_file, is_folder

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence
    from pathlib import Path

PROJECT_FOLDER = ".tfrepair"
PROJECT_TABLE = "[tool.tfrepair]"
MAX_FILES = 500
"""How many playbooks one folder may hold."""
_MAX_BYTES = 4 << 20


def user_files(folder: Path | None) -> Sequence[Path]:
    """The playbooks of the user's configuration folder."""
    return () if folder is None else folder_files(folder)


def project_files(cwd: Path) -> Sequence[Path]:
    """The playbooks that the current folder brings along: those in `.tfrepair/`, then those that pyproject.toml names.

    Raises UsageError for a path that leads out of the folder, PlaybookError for a pyproject.toml that names them badly.
    """
    found = [*folder_files(cwd / PROJECT_FOLDER), *_named_in_pyproject(cwd)]
    root = cwd.resolve()
    for path in found:
        if not path.resolve().is_relative_to(root):
            raise UsageError(
                f"`{path}` leads out of the current folder, to `{path.resolve()}`: it is not read",
                hint="name it with `--playbook`, which also trusts it",
            )
    return tuple(dict.fromkeys(found))


def folder_files(folder: Path) -> Sequence[Path]:
    """The playbooks of a folder, by name; none when it is not there. Raises UsageError for a very large one."""
    files = sorted(folder.glob("*.yaml"))
    if len(files) > MAX_FILES:
        raise UsageError(f"`{folder}` holds {len(files)} playbooks, more than {MAX_FILES}: none is read")
    return files


def passed_over(user_folder: Path | None, cwd: Path) -> Iterator[str]:
    """What lies where playbooks are looked for and is not read, in sentences; nobody named it, so it is no error."""
    for folder in (user_folder, cwd / PROJECT_FOLDER):
        if names := sorted(folder.glob("*.yml")) if folder is not None else ():
            more = f" (and {len(names) - 1} more)" if len(names) > 1 else ""
            yield f"`{names[0]}`{more} is passed over: the names of playbooks end with `.yaml`"
    pyproject = cwd / "pyproject.toml"
    try:
        _table(pyproject, _raw(pyproject))
    except PlaybookError as error:
        yield f"what `{PROJECT_TABLE}` says may be passed over: {error.message}"


def none_passed_over(folder: Path, pattern: str) -> None:
    """Raise UsageError for a file of a folder that was named, and that nobody would read for the end of its name."""
    first = min(folder.glob(pattern), default=None)
    if first is not None:
        raise UsageError(
            f"`{first}` would be passed over: the names of playbooks and cases end with `.yaml`", hint="rename it"
        )


def _named_in_pyproject(cwd: Path) -> Iterator[Path]:
    """What `playbooks` in the table `[tool.tfrepair]` names: files, or folders of them, below the current folder."""
    for name in _names(cwd / "pyproject.toml"):
        path = cwd / name
        if is_folder(path):
            yield from folder_files(path)
        else:
            yield path


def _names(pyproject: Path) -> list[str]:
    raw = _raw(pyproject)
    try:
        table = _table(pyproject, raw)
    except PlaybookError:
        if PROJECT_TABLE.encode() in raw:
            raise
        return []  # `passed_over` tells of it
    names = table.pop("playbooks", [])
    if table:
        raise _problem(pyproject, f"unknown key `{min(table)}` in `{PROJECT_TABLE}`: it has only `playbooks`")
    if not isinstance(names, list) or not all(isinstance(name, str) and name for name in names):
        raise _problem(pyproject, f"`playbooks` in `{PROJECT_TABLE}` must be a list of files and folders")
    return names


def _raw(pyproject: Path) -> bytes:
    try:
        return pyproject.read_bytes() if is_file(pyproject) and pyproject.stat().st_size <= _MAX_BYTES else b""
    except OSError:
        return b""


def _table(pyproject: Path, raw: bytes) -> dict[str, Any]:
    """Our table; empty where there is none. Raises PlaybookError for what is no TOML and may have one."""
    if b"tfrepair" not in raw:
        return {}
    if sys.version_info >= (3, 11):
        import tomllib
    else:
        import tomli as tomllib

    try:
        table = tomllib.loads(raw.decode())["tool"]["tfrepair"]
    except (tomllib.TOMLDecodeError, UnicodeDecodeError, RecursionError) as error:
        raise _problem(pyproject, f"this is not TOML: {error}") from error
    except (KeyError, TypeError):  # the words stand in a text or a comment
        return {}
    return dict(table) if isinstance(table, dict) else {}


def _problem(pyproject: Path, text: str) -> PlaybookError:
    return PlaybookError((f"{pyproject}:1:1: {text}",))
