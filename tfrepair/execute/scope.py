"""Which part of a prefix a repair is about: all of a venv, of an installation of Python only what is Python's.

And which environments it never writes to.
"""

from __future__ import annotations

import os
import re
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from tfrepair.execute.paths import STASH

if TYPE_CHECKING:
    from tfrepair.model.target import Environment


@dataclass(frozen=True, slots=True)
class Scope:
    """Paths relative to a prefix, with `/`; without any, everything in it."""

    parts: tuple[str, ...] = ()

    def __contains__(self, relative: str) -> bool:
        """A path lies in the scope, or on the way to it. What a repair keeps inside a prefix never does."""
        if relative == STASH or relative.startswith(f"{STASH}/"):
            return False
        return not self.parts or any(
            relative == part or relative.startswith(f"{part}/") or part.startswith(f"{relative}/")
            for part in self.parts
        )


EVERYTHING = Scope()
_APPLES = re.compile(r"/System/|/Library/Developer/|/Applications/Xcode[^/]*\.app/")
"""Where Apple's own Pythons lie; python.org's are below /Library/Frameworks."""


def scope_of(environment: Environment) -> Scope:
    """The scope of repairs of an environment.

    An installation of Python may share its prefix (`/usr/local`) with much else: its scripts, its standard library
    with the site folders in it, and the library that its interpreter loads are its own. So may a user base.
    """
    if environment.kind not in {"system", "user"}:
        return EVERYTHING
    prefix = Path(os.path.realpath(environment.prefix))
    folders = [environment.scripts, *(str(Path(site).parent) for site in environment.site_folders)]
    parts = {Path(os.path.realpath(folder)).relative_to(prefix).as_posix() for folder in folders}
    if environment.kind == "system":
        libraries = (path for path in prefix.glob("lib*/libpython*") if not path.parent.is_symlink())
        parts.update(path.relative_to(prefix).as_posix() for path in libraries)
    return Scope(tuple(sorted(parts)))


def never_written(environment: Environment) -> str | None:
    """Why a repair never writes to an environment; None when it may."""
    prefix = Path(environment.prefix)
    if environment.kind == "conda" and (prefix / "condabin").is_dir():
        return f"`{prefix}` is conda's base environment, from which conda itself runs and which holds all others"
    if environment.kind in {"venv", "conda"}:
        return None
    if environment.externally_managed:
        return f"`{environment.prefix}` is managed by the operating system (it has an EXTERNALLY-MANAGED file)"
    if not _own_folders(environment) or prefix.as_posix() == "/usr" or _APPLES.match(prefix.as_posix()):
        return f"`{environment.prefix}` is the Python of an operating system, whose own programs need it as it is"
    return None


def _own_folders(environment: Environment) -> bool:
    """What is installed into an installation of Python lies within its prefix."""
    prefix = Path(environment.prefix).resolve()
    folders = (*environment.site_folders, environment.scripts)
    return all(Path(folder).resolve().is_relative_to(prefix) for folder in folders)
