"""Whether the console scripts of an environment start."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

from tfrepair.target.interpreter import run

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from tfrepair.model.target import Environment

HARMLESS = (("normalizer", "--version"), ("markdown_py", "--version"), ("wheel", "version"), ("pip", "--version"))
"""Scripts that are often there, with arguments that only make them say who they are; the one that loads most last."""
_LONGEST = 512


def console_script_problem(environment: Environment, environ: Mapping[str, str]) -> str | None:
    """What is wrong: a script names an interpreter of the environment that is not there, or one does not start.

    None when nothing is.
    """
    scripts = Path(environment.scripts)
    quiet = environment.variables(environ) | {"PYTHONDONTWRITEBYTECODE": "1"}
    for path, interpreter in _interpreters(scripts):
        if interpreter.is_relative_to(environment.prefix) and not interpreter.exists():
            return f"`{path}` names the interpreter `{interpreter}`, which is not there"
    for name, argument in HARMLESS:
        path = scripts / name
        if path.is_file():
            try:
                done = run([str(path), argument], env=quiet, timeout=60)
            except OSError as error:
                return f"`{path}` cannot be run: {error.strerror or error}"
            said = (done.stderr or done.stdout).strip()[-300:]
            return None if done.ok else f"`{path} {argument}` does not start: {said}"
    return None


def _interpreters(scripts: Path) -> Iterator[tuple[Path, Path]]:
    """Each script and the interpreter that its first line names."""
    if not scripts.is_dir():
        return
    for path in sorted(scripts.iterdir()):
        if path.is_file() and not path.is_symlink():
            with path.open("rb") as file:
                first = file.readline(_LONGEST)
            words = first[2:].decode("utf-8", "surrogateescape").split() if first.startswith(b"#!") else []
            if words:
                yield path, Path(words[0])
