"""The console scripts of an environment: which interpreter they name, and whether they start."""

from __future__ import annotations

import os
import re
from pathlib import Path
from typing import TYPE_CHECKING

from tfrepair.target.interpreter import run
from tfrepair.target.paths import is_file, is_folder, is_there

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from tfrepair.model.target import Environment

HARMLESS = (("normalizer", "--version"), ("markdown_py", "--version"), ("wheel", "version"), ("pip", "--version"))
"""Scripts that are often there, with arguments that only make them say who they are; the one that loads most last."""
DIRECT = re.compile(rb"\A#!(?P<python>/[^\r\n]*?)(?P<rest>[ \t]+-[^\r\n]*)?\r?\n")
"""How a script names its interpreter in its first line."""
THROUGH_SHELL = re.compile(
    rb"""\A#!/bin/sh\r?\n'''exec' (?P<python>"[^"\n]+"|'[^'\n]+'|[^\s'"]+) "\$0" "\$@"\n' '''\n"""
)
"""How it does where the path is too long for that, or has spaces."""
_PYTHON = re.compile(r"(python|pypy)[\d.]*t?", re.IGNORECASE)
_LONGEST = 4200
"""Bytes: the longest path, and what stands around it."""


def interpreter_of(script: bytes) -> str | None:
    """The interpreter that a script names with an absolute path, directly or through `/bin/sh`; None otherwise."""
    through = THROUGH_SHELL.match(script)
    if through:
        return os.fsdecode(through["python"].strip(b"\"'"))
    direct = DIRECT.match(script)
    return os.fsdecode(direct["python"].strip()) if direct else None


def foreign_scripts(environment: Environment) -> Iterator[tuple[Path, Path]]:
    """Scripts that name a Python which is not there, or one of another environment; each with that Python.

    So they do in an environment that was moved or copied. One that names the Python of the system is somebody's own.
    """
    scripts = Path(environment.scripts)
    here = {Path(folder).resolve() for folder in environment.script_folders}
    for path, python in _interpreters(scripts):
        if _PYTHON.fullmatch(python.name) is None or python.parent.resolve() in here:
            continue
        if not is_there(python) or is_file(python.parent.parent / "pyvenv.cfg"):
            yield path, python


def console_script_problem(environment: Environment, environ: Mapping[str, str]) -> str | None:
    """What is wrong: a script names an interpreter of the environment that is not there, or one does not start.

    None when nothing is.
    """
    scripts = Path(environment.scripts)
    quiet = environment.variables(environ) | {"PYTHONDONTWRITEBYTECODE": "1"}
    for path, interpreter in _interpreters(scripts):
        if interpreter.is_relative_to(environment.prefix) and not is_there(interpreter):
            return f"`{path}` names the interpreter `{interpreter}`, which is not there"
    for name, argument in HARMLESS:
        path = scripts / name
        if is_file(path):
            try:
                done = run([str(path), argument], env=quiet, timeout=60)
            except OSError as error:
                return f"`{path}` cannot be run: {error.strerror or error}"
            said = (done.stderr or done.stdout).strip()[-300:]
            return None if done.ok else f"`{path} {argument}` does not start: {said}"
    return None


def _interpreters(scripts: Path) -> Iterator[tuple[Path, Path]]:
    """Each script and the interpreter that its first line names."""
    if not is_folder(scripts):
        return
    for path in sorted(scripts.iterdir()):
        if is_file(path) and not path.is_symlink():
            try:
                with path.open("rb") as file:
                    named = interpreter_of(file.read(_LONGEST))
            except OSError:
                continue
            if named is not None:
                yield path, Path(named)
