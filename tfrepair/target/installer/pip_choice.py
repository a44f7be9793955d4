"""Which pip to use for an interpreter: its own, or the newest one that virtualenv brings and that runs on it."""

from __future__ import annotations

import re
import zipfile
from dataclasses import dataclass
from email.parser import HeaderParser
from importlib.util import find_spec
from pathlib import Path
from typing import TYPE_CHECKING, Any

from packaging.specifiers import InvalidSpecifier, SpecifierSet
from packaging.version import InvalidVersion, Version

from tfrepair.errors import SurroundingsError
from tfrepair.target.interpreter import marked_json

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from tfrepair.target.installer.base import Surroundings

REPORTS = Version("22.2")
"""The first pip with `--dry-run` and `--report`."""
CUTS_OFF = Version("26.0")
"""The first pip with `--uploaded-prior-to`."""

_MARK = "tfrepair-7c1d"
_ASK = f"""
import json, sys
try:
    import pip
    found = pip.__version__
except Exception:
    found = None
print({_MARK!r} + json.dumps({{"python": list(sys.version_info[:3]), "pip": found}}) + {_MARK!r})
"""


@dataclass(frozen=True, slots=True, kw_only=True)
class Pip:
    """A pip and how to start it for the target."""

    command: tuple[str, ...]
    version: Version


def choose_pip(python: str, outside: Surroundings, env: Mapping[str, str], *, resolves: bool) -> Pip:
    """The target's own pip when it can do all that is needed, else virtualenv's, else what there is.

    Raises SurroundingsError when the interpreter does not answer, or no pip on hand can do it.
    """
    found = _ask(python, outside, env)
    own = _own(python, found.get("pip"))
    if own is not None and own.version >= CUTS_OFF:
        return own
    version = ".".join(str(part) for part in found["python"])
    fitting = [pip for pip in brought_along(python) if _fits(pip, version)]
    best = max((pip for pip, _ in fitting), key=lambda pip: pip.version, default=own)
    if best is None:
        raise SurroundingsError(
            f"`{python}` has no pip, and none that is on hand runs on Python {version}", hint="use `--installer uv`"
        )
    if resolves and best.version < REPORTS:
        raise SurroundingsError(
            f"pip {best.version} of `{python}` cannot say what it would install: that needs pip {REPORTS}",
            hint="use `--installer uv`",
        )
    return best


def _ask(python: str, outside: Surroundings, env: Mapping[str, str]) -> dict[str, Any]:
    try:
        done = outside.run([python, "-c", _ASK], env=env, timeout=60.0)
    except OSError as error:
        raise SurroundingsError(f"`{python}` cannot be started: {error}") from error
    answer = marked_json(done.stdout, _MARK)
    if not isinstance(answer, dict):
        last = (done.stderr.strip().splitlines() or ["it printed nothing"])[-1]
        raise SurroundingsError(f"`{python}` does not tell its version: {last}")
    return answer


def _own(python: str, version: str | None) -> Pip | None:
    try:
        return Pip(command=(python, "-m", "pip"), version=Version(version)) if version else None
    except InvalidVersion:
        return None


def brought_along(python: str) -> Iterator[tuple[Pip, SpecifierSet]]:
    """The pip wheels inside virtualenv, each run by `python` from its wheel, and the Pythons they run on."""
    spec = find_spec("virtualenv")
    for folder in (spec.submodule_search_locations or ()) if spec else ():
        for wheel in sorted(Path(folder, "seed", "wheels", "embed").glob("pip-*.whl")):
            version = re.match(r"pip-([^-]+)-", wheel.name)
            supported = _requires_python(wheel)
            if version and supported is not None:
                yield Pip(command=(python, str(wheel / "pip")), version=Version(version[1])), supported


def _requires_python(wheel: Path) -> SpecifierSet | None:
    try:
        with zipfile.ZipFile(wheel) as archive:
            name = next(item for item in archive.namelist() if item.endswith(".dist-info/METADATA"))
            headers = HeaderParser().parsestr(archive.read(name).decode())
        return SpecifierSet(headers.get("Requires-Python", ""))
    except (OSError, StopIteration, zipfile.BadZipFile, InvalidSpecifier):
        return None


def _fits(candidate: tuple[Pip, SpecifierSet], version: str) -> bool:
    return candidate[1].contains(version, prereleases=True)
