"""The base interpreters of this machine: what a fresh environment can be built from."""

from __future__ import annotations

import contextlib
import os
import platform
import re
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Any

from tfrepair.errors import TargetError
from tfrepair.target.describe import absolute, ask, executable_of
from tfrepair.target.paths import is_folder, is_there
from tfrepair.target.tags import narrow_platform

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping

_QUERY_TIMEOUT = 5.0
_WORKERS = 16
_NAME = re.compile(r"python(3(\.\d+t?)?)?")
_NAMED = re.compile(r"python(\d\.\d+)t?(?:\.exe)?")
_CONDA_FOLDERS = ("miniconda3", "anaconda3", "miniforge3", "mambaforge", "micromamba")


@dataclass(frozen=True, slots=True, kw_only=True)
class Base:
    """A CPython installation; never a venv."""

    executable: str
    version: tuple[int, int, int]
    source: str
    """How it was found: `pyenv`, `uv`, `conda`, `PATH`, `system`, `registry`, `option`."""
    platform: str
    machine: str
    free_threaded: bool = False
    answer: Mapping[str, Any] = field(repr=False, compare=False)
    """What it said of itself."""

    @property
    def minor(self) -> str:
        """`3.10`."""
        return f"{self.version[0]}.{self.version[1]}"

    @property
    def version_text(self) -> str:
        """`3.10.13`."""
        return ".".join(str(part) for part in self.version)


def find_bases(environ: Mapping[str, str], minor: str | None = None) -> tuple[Base, ...]:
    """Every CPython of this machine that starts, the newest first; a final release before a free-threaded build.

    With `minor` (`3.10`) those whose file names say that they are of another one are not asked.
    """
    seen: dict[str, tuple[str, str]] = {}
    for source, path in _candidates(environ):
        real = os.path.realpath(path)
        named = _NAMED.fullmatch(Path(real).name)
        if minor is None or named is None or named[1] == minor:
            seen.setdefault(real, (source, str(path)))
    found: dict[str, Base] = {}
    with ThreadPoolExecutor(_WORKERS) as pool:
        answers = pool.map(lambda item: _query(item[1], item[0], environ), seen.values())
        for base in answers:
            if base is not None:
                found.setdefault(os.path.realpath(base.executable), base)
    return tuple(sorted(found.values(), key=_newest_first))


def find_base(spec: str, environ: Mapping[str, str]) -> Base:
    """The base interpreter that a version (`3.10`, `3.10.13`), an interpreter or a venv (then its base) names.

    Raises TargetError when there is none, and says what there is.
    """
    if re.fullmatch(r"\d+(\.\d+){1,2}t?", spec):
        return _by_version(spec, environ)
    path = absolute(Path(spec).expanduser())
    executable = executable_of(path) if is_folder(path) else path
    base = _query(str(executable), "option", environ) if executable is not None and is_there(executable) else None
    if base is None:
        raise TargetError(
            f"`{spec}` is not a CPython that starts",
            hint="give an interpreter's path, a venv's folder, or a version such as `3.10`",
        )
    return base


def _by_version(spec: str, environ: Mapping[str, str]) -> Base:
    free_threaded = spec.endswith("t")
    wanted = tuple(int(part) for part in spec.removesuffix("t").split("."))
    for base in find_bases(environ, ".".join(map(str, wanted[:2]))):
        if base.version[: len(wanted)] == wanted and base.free_threaded == free_threaded:
            return base
    bases = find_bases(environ)
    have = ", ".join(f"{base.version_text}{'t' if base.free_threaded else ''} (`{base.executable}`)" for base in bases)
    raise TargetError(
        f"there is no Python {spec} on this machine; there is: {have or 'none'}",
        hint=f"install Python {spec}, or name an interpreter by its path",
    )


def _newest_first(base: Base) -> tuple[bool, tuple[int, ...], str]:
    return base.free_threaded, tuple(-part for part in base.version), base.executable


def _query(executable: str, source: str, environ: Mapping[str, str], *, deeper: bool = True) -> Base | None:
    try:
        data = ask(executable, environ, timeout=_QUERY_TIMEOUT, tries=1).data
    except TargetError:
        return None
    if data is None or data["implementation"] != "CPython" or data["release_level"] != "final":
        return None
    if data["prefix"] != data["base_prefix"]:
        below = _executable_in(Path(data["base_prefix"]), data["version"])
        return _query(str(below), source, environ, deeper=False) if deeper and below is not None else None
    major, minor, patch = data["version"]
    return Base(
        executable=data["executable"] or executable,
        version=(major, minor, patch),
        source=source,
        platform=narrow_platform(data["platform"], data["machine"], data["bits"]),
        machine=data["machine"],
        free_threaded=data["free_threaded"],
        answer=data,
    )


def _executable_in(prefix: Path, version: Iterable[int]) -> Path | None:
    major, minor = tuple(version)[:2]
    exact = prefix / "bin" / f"python{major}.{minor}"
    return exact if is_there(exact) else executable_of(prefix)


def _candidates(environ: Mapping[str, str]) -> Iterator[tuple[str, Path]]:
    home = Path(environ.get("HOME") or environ.get("USERPROFILE") or Path.home())
    pyenv = Path(environ.get("PYENV_ROOT") or home / ".pyenv")
    yield from (("pyenv", path) for path in _in_each(pyenv / "versions"))
    for root in _uv_folders(environ, home):
        yield from (("uv", path) for path in _in_each(root))
    yield from (("conda", path) for path in _conda(environ, home))
    yield from (("PATH", path) for path in _on_path(environ, shims=pyenv / "shims"))
    if os.name == "nt":
        yield from (("registry", path) for path in _registered(environ))
    else:
        yield from (("system", path) for path in _system())


def _in_each(root: Path) -> Iterator[Path]:
    """The interpreter of every folder in a folder. What is a link there is another name for a neighbour, or a venv."""
    with contextlib.suppress(OSError):
        for folder in sorted(root.iterdir()):
            if is_folder(folder) and not folder.name.startswith("."):
                executable = executable_of(folder)
                if executable is not None and is_there(executable):
                    yield executable


def _uv_folders(environ: Mapping[str, str], home: Path) -> Iterator[Path]:
    if folder := environ.get("UV_PYTHON_INSTALL_DIR"):
        yield Path(folder)
        return
    data = environ.get("XDG_DATA_HOME")
    yield (Path(data) if data and Path(data).is_absolute() else home / ".local" / "share") / "uv" / "python"
    if roaming := environ.get("APPDATA"):
        yield Path(roaming) / "uv" / "python"


def _conda(environ: Mapping[str, str], home: Path) -> Iterator[Path]:
    roots = [home / name for name in _CONDA_FOLDERS] + [Path("/opt/conda")]
    if conda := environ.get("CONDA_EXE"):
        roots.insert(0, Path(conda).parent.parent)
    for root in dict.fromkeys(roots):
        executable = executable_of(root)
        if executable is not None and is_there(executable):
            yield executable
            yield from _in_each(root / "envs")


def _on_path(environ: Mapping[str, str], *, shims: Path) -> Iterator[Path]:
    for entry in environ.get("PATH", "").split(os.pathsep):
        folder = Path(entry)
        # A shim starts a shell to find what the versions folder already shows.
        if not entry or not folder.is_absolute() or folder == shims or folder.name == "shims":
            continue
        with contextlib.suppress(OSError):
            for path in sorted(folder.glob("python*")):
                if (
                    _NAME.fullmatch(path.name.lower().removesuffix(".exe"))
                    and os.access(path, os.X_OK)
                    and is_harmless(path)
                ):
                    yield path


def _system() -> Iterator[Path]:
    folders = [Path("/usr/bin"), Path("/usr/local/bin"), Path("/opt/homebrew/bin")]
    folders += sorted(Path("/Library/Frameworks/Python.framework/Versions").glob("3.*/bin"))
    for folder in folders:
        for path in sorted(folder.glob("python3*")):
            if _NAME.fullmatch(path.name) and is_harmless(path):
                yield path


def is_harmless(path: Path) -> bool:
    """On macOS `/usr/bin/python3` without the developer tools opens a dialog instead of running."""
    if platform.system() != "Darwin" or path.parent != Path("/usr/bin"):
        return True
    return is_folder(Path("/Library/Developer/CommandLineTools")) or is_folder(Path("/Applications/Xcode.app"))


def _registered(environ: Mapping[str, str]) -> Iterator[Path]:
    """What the launcher and the registry of Windows know."""
    from python_discovery import iter_interpreters

    for info in iter_interpreters("cpython", env=environ):
        if info.system_executable:
            yield Path(info.system_executable)
