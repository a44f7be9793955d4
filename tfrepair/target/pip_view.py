"""Pip's own view, through pip_api: always in a child process, because pip_api starts pip as soon as it is imported."""

from __future__ import annotations

import json
import os
import sys
from dataclasses import dataclass
from importlib.util import find_spec
from pathlib import Path
from typing import TYPE_CHECKING, Any

from tfrepair.errors import UsageError
from tfrepair.model.facts import Unknown
from tfrepair.target.describe import absolute, child_environ, how_it_ended, script
from tfrepair.target.interpreter import marked_json, new_mark, run

if TYPE_CHECKING:
    from collections.abc import Mapping

_TIMEOUT = 60.0


@dataclass(frozen=True, slots=True, kw_only=True)
class PipView:
    """What pip says is installed."""

    version: str
    """Pip's own version."""
    distributions: Mapping[str, str]
    """Name, as pip writes it, to version."""


@dataclass(frozen=True, slots=True, kw_only=True)
class RequirementsFile:
    """What a requirements file asks for, the files that it includes among it."""

    requirements: tuple[str, ...]
    """As PEP 508 writes them, markers kept."""
    constraints: tuple[str, ...]
    """The same, from files included with `-c`."""


def pip_view(python: str, environ: Mapping[str, str], *, timeout: float = _TIMEOUT) -> PipView | Unknown:
    """What the pip of an interpreter lists; Unknown with the reason when it has none or pip fails."""
    answer = _ask({"inventory": True}, python, environ, timeout)
    if isinstance(answer, str):
        return Unknown(_last_line(answer))
    return PipView(version=answer["pip"], distributions=answer["distributions"])


def read_requirements(path: Path, environ: Mapping[str, str], *, constraint: bool = False) -> tuple[str, ...]:
    """The requirements of a file, included files followed; with `constraint`, everything it constrains.

    A constraints file constrains with each of its lines. Raises UsageError that names the file and the line.
    """
    found = read_requirements_file(path, environ)
    return (*found.requirements, *found.constraints) if constraint else found.requirements


def read_requirements_file(path: Path, environ: Mapping[str, str]) -> RequirementsFile:
    """The requirements and the constraints of a file. Raises UsageError that names the file and the line."""
    order = {"requirements": str(absolute(path)), "folder": os.getcwd()}  # noqa: PTH109 - pip, too, starts from there
    answer = _ask(order, sys.executable, environ, _TIMEOUT)
    if isinstance(answer, str):
        raise UsageError(f"`{path}` cannot be read: {_last_line(answer)}")
    if "problem" in answer:
        raise UsageError(answer["problem"], hint="a requirements file holds one requirement a line, as pip reads it")
    return RequirementsFile(
        requirements=tuple(answer["requirements"]),
        constraints=tuple(answer["constraints"]),
    )


def _ask(order: Mapping[str, Any], python: str, environ: Mapping[str, str], timeout: float) -> Any:
    """The script's answer, or as text why there is none."""
    mark = new_mark()
    order = {**order, "home": _home()}
    env = child_environ(environ) | {"PIPAPI_PYTHON_LOCATION": python, "PYTHONDONTWRITEBYTECODE": "1"}
    try:
        argv = [sys.executable, "-I", "-B", script("pip_script.py"), mark, json.dumps(order)]
        done = run(argv, env=env, timeout=timeout)
    except OSError as error:
        return str(error)
    if "No module named pip\n" in done.stderr:
        return f"there is no pip in `{python}`"
    answer = marked_json(done.stdout, mark)
    return how_it_ended(done, timeout) if answer is None else answer


def _home() -> str | None:
    """The folder that pip_api lies in: of a private copy of tfrepair the interpreter does not know it."""
    spec = find_spec("pip_api")
    return str(Path(spec.origin).parent.parent) if spec is not None and spec.origin else None


def _last_line(text: str) -> str:
    """The line of a traceback that says what went wrong."""
    lines = [line.strip() for line in text.splitlines() if line.strip()]
    return lines[-2] if len(lines) > 1 else "".join(lines)
