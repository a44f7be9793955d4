"""Jupyter kernels: whether a notebook that is opened with this environment also runs in it."""

from __future__ import annotations

import json
import os
from pathlib import Path
from typing import TYPE_CHECKING, Any

from tfrepair.probes.collector import Context, Probe, known, unknown
from tfrepair.target.paths import is_there
from tfrepair.target.plain_file import read_plain

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from tfrepair.model.facts import Fact

_NAME = "jupyter"
_PYTHONS = ("python", "python3", "pythonw", "python.exe", "pythonw.exe")


def _collect(context: Context) -> Iterator[Fact]:
    prefix = Path(context.target.environment.prefix)
    found: list[dict[str, Any]] = []
    unread: list[str] = []
    for folder, own in _folders(prefix, context):
        for file in sorted(folder.glob("*/kernel.json")):
            try:
                kernel = _kernel(file, context, own=own)
            except (OSError, ValueError, RecursionError) as error:
                why = getattr(error, "strerror", None) or "it is no JSON object"
                unread += [f"`{file}` cannot be read: {why}"] if own else []
                continue
            found += [kernel] if kernel is not None else []
    foreign = [kernel for kernel in found if kernel["own"] and not kernel["here"]]
    yield from known(_NAME, {"jupyter.kernels": found})
    if unread and not foreign:
        yield from unknown(_NAME, ("jupyter.foreign",), "; ".join(unread))
    else:
        yield from known(_NAME, {"jupyter.foreign": foreign})


def _folders(prefix: Path, context: Context) -> Iterator[tuple[Path, bool]]:
    """The folders of kernels, and whether they are the environment's own."""
    yield prefix / "share" / "jupyter" / "kernels", True
    home = context.environ.get("HOME") or context.environ.get("USERPROFILE")
    data = {
        "darwin": "Library/Jupyter",
        "windows": "AppData/Roaming/jupyter",
    }.get(context.target.host.system, ".local/share/jupyter")
    named = context.environ.get("JUPYTER_PATH", "").split(os.pathsep)
    others = [*(Path(folder) for folder in named if folder), *([Path(home, data)] if home else [])]
    yield from ((folder / "kernels", False) for folder in others)


def _kernel(file: Path, context: Context, *, own: bool) -> dict[str, Any] | None:
    """A kernel of Python; None for one of another language. Raises OSError, ValueError, RecursionError."""
    data = json.loads(read_plain(file).decode(errors="replace"))
    if not isinstance(data, dict):
        raise ValueError  # noqa: TRY004  # as for any other text that describes no kernel
    argv = data.get("argv")
    if not isinstance(argv, list) or not argv or not isinstance(argv[0], str) or not _is_python(data, argv[0]):
        return None
    python = argv[0]
    # A bare name is replaced by the interpreter that Jupyter itself runs in.
    plain = os.sep not in python and "/" not in python
    return {
        "name": file.parent.name,
        "path": str(file),
        "python": python,
        "own": own,
        "here": plain or _same_folder(python, context),
        "exists": plain or is_there(Path(python)),
    }


def _is_python(data: Mapping[str, Any], command: str) -> bool:
    return data.get("language") == "python" or Path(command).name in _PYTHONS


def _same_folder(python: str, context: Context) -> bool:
    """Whether it lies among the environment's own scripts; the links of environments lead to one file."""
    here = (*context.target.environment.script_folders, str(Path(context.target.interpreter.executable).parent))
    return os.path.realpath(Path(python).parent) in {os.path.realpath(folder) for folder in here}


PROBE = Probe(
    name=_NAME,
    provides={
        "jupyter.kernels": (
            "List of `{name, path, python, own, here, exists}`: the Python kernels that Jupyter sees; `own`: it lies "
            "in this environment, `here`: it runs this environment's interpreter."
        ),
        "jupyter.foreign": (
            "List like jupyter.kernels: those that lie in this environment and run another interpreter, or none."
        ),
    },
    collect=_collect,
)
