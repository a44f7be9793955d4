"""What a project's own files ask of TensorFlow. They are read, never run, and nothing they name is fetched."""

from __future__ import annotations

import posixpath
import re
from dataclasses import replace
from typing import TYPE_CHECKING

from packaging.requirements import Requirement
from packaging.utils import canonicalize_name

from tfrepair.model.dependencies import active
from tfrepair.target.paths import is_file
from tfrepair.target.plain_file import read_plain
from tfrepair.target.project.conda import conda_environment
from tfrepair.target.project.locks import locked_packages
from tfrepair.target.project.pin import Included, ProjectPin
from tfrepair.target.project.pyproject import depends_on_others, pyproject
from tfrepair.target.project.requirements import asks_for_others, requirement_lines

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator, Mapping
    from pathlib import Path

    Reader = Callable[[str, str], Iterable[ProjectPin | Included]]

_MAX_BYTES = 4 << 20
_USUAL = {"tensorflow", "tensorflow-gpu"}
"""What is installed where nobody names a distribution, and the name that it once had with GPUs."""
_EXACT = re.compile(r"==\s*[^*,;]+(?:;|$)")
_READERS: dict[str, Reader] = {
    "pyproject.toml": pyproject,
    "environment.yml": conda_environment,
    "environment.yaml": conda_environment,
    "uv.lock": locked_packages("package"),
    "poetry.lock": locked_packages("package"),
    "pylock.toml": locked_packages("packages"),
}


def read_pins(folder: Path) -> tuple[ProjectPin, ...]:
    """Every line about TensorFlow in the files of a folder, and what could not be read. Never raises."""
    readers = dict.fromkeys(_requirement_files(folder), requirement_lines) | _READERS
    readers |= dict.fromkeys(_named(folder, r"pylock\.[^.]+\.toml"), _READERS["pylock.toml"])
    seen: set[str] = set()
    return tuple(pin for name, reader in readers.items() for pin in _followed(folder, name, reader, seen))


def asking(pins: Iterable[ProjectPin], markers: Mapping[str, str] | None = None) -> tuple[ProjectPin, ...]:
    """The lines of a project that count, the one that decides first.

    An exact version that somebody wrote counts before a lock file, that before a range, and last a name without a
    version, where it is more than that of the usual distribution (another one, or with extras) and not only in an extra
    or a group. With the `markers` of a target, lines for other targets are left out.
    """
    here = [pin for pin in pins if not pin.requirement or markers is None or any(active([pin.requirement], markers))]
    names = [pin for pin in here if _is_name(pin)]
    telling = [pin for pin in names if not pin.optional]
    if not telling or _is_usual(Requirement(telling[0].requirement)):
        telling = []
    here = [pin for pin in here if pin in telling or pin not in names]
    return tuple(sorted((_without_marker(pin) if markers is not None else pin for pin in here), key=_rank))


def files_with_others(folder: Path) -> tuple[str, ...]:
    """The requirements files of a folder that ask for something else than TensorFlow. Never raises."""
    names = (name for name in _requirement_files(folder) if name.startswith("requirements"))
    return tuple(name for name in names if asks_for_others(_text(folder / name)))


def project_depends_on_others(folder: Path) -> bool:
    """The pyproject.toml of a folder names dependencies besides TensorFlow. Never raises."""
    try:
        return depends_on_others(_text(folder / "pyproject.toml"))
    except (ValueError, AttributeError, TypeError, RecursionError):  # not as such a file is; a pin says so
        return False


def _text(file: Path) -> str:
    """Empty where it cannot be read: a pin says so."""
    try:
        return _decoded(read_plain(file)) if file.stat().st_size <= _MAX_BYTES else ""
    except (OSError, ValueError):
        return ""


def _is_name(pin: ProjectPin) -> bool:
    return bool(pin.requirement) and not Requirement(pin.requirement).specifier


def _is_usual(requirement: Requirement) -> bool:
    return canonicalize_name(requirement.name) in _USUAL and not requirement.extras


def _without_marker(pin: ProjectPin) -> ProjectPin:
    return replace(pin, requirement=pin.requirement.partition(";")[0].strip())


def _rank(pin: ProjectPin) -> int:
    if pin.locked:
        return 1
    if not pin.requirement:
        return 4
    return 0 if _EXACT.search(pin.requirement) else 2 + _is_name(pin)


def _named(folder: Path, pattern: str) -> list[str]:
    try:
        names = sorted(path.name for path in folder.iterdir())
    except OSError:
        return []
    return [name for name in names if re.fullmatch(pattern, name)]


def _requirement_files(folder: Path) -> list[str]:
    """Those of the folder, the one that counts first."""
    wanted = _named(folder, r"(?:requirements|constraints)[\w.-]*\.txt")
    return sorted(wanted, key=lambda name: (name != "requirements.txt", not name.startswith("requirements"), name))


def _followed(folder: Path, name: str, reader: Reader, seen: set[str]) -> Iterator[ProjectPin]:
    """The pins of a file, then those of the files that it includes and that lie in the folder; each file once."""
    if name in seen:
        return
    seen.add(name)
    found = _read(folder, name, reader)
    yield from (each for each in found if isinstance(each, ProjectPin))
    for each in found:
        if isinstance(each, Included):
            path = posixpath.normpath(posixpath.join(posixpath.dirname(name), each.path))
            if why := _not_followed(each.path, path):
                note = f"names `{each.path}`, {why}"
                yield ProjectPin(requirement="", source=each.source, note=note, optional=each.optional)
            else:
                pins = _followed(folder, path, requirement_lines, seen)
                yield from (replace(pin, optional=pin.optional or each.optional) for pin in pins)


def _not_followed(written: str, path: str) -> str:
    if "${" in written:
        return "and variables are not filled in"
    if "://" in written:
        return "and nothing is fetched for this"
    return "which lies outside of this folder" if path.startswith(("../", "/")) else ""


def _read(folder: Path, name: str, reader: Reader) -> list[ProjectPin | Included]:
    file = folder / name
    try:
        if not is_file(file):
            return []
        if file.stat().st_size > _MAX_BYTES:
            return [ProjectPin(requirement="", source=name, note="is larger than 4 MiB and was not read")]
        return list(reader(_decoded(read_plain(file)), name))
    except (OSError, ValueError, TypeError, AttributeError, RecursionError) as error:
        reason = (str(error).splitlines() or [type(error).__name__])[0]
        return [ProjectPin(requirement="", source=name, note=f"could not be read: {reason}")]


def _decoded(data: bytes) -> str:
    # `pip freeze > requirements.txt` in PowerShell writes UTF-16 with a byte order mark.
    if data.startswith((b"\xff\xfe", b"\xfe\xff")):
        return data.decode("utf-16")
    return data.decode("utf-8-sig", errors="replace")
