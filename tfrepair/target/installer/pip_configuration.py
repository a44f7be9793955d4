"""pip's configuration as pip reads it: files of every level, then `PIP_*` variables."""

from __future__ import annotations

import configparser
import os
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Literal

from tfrepair.target.paths import is_folder, is_there

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

System = Literal["linux", "darwin", "windows"]

NAMES = (
    "index-url",
    "extra-index-url",
    "find-links",
    "no-index",
    "cert",
    "client-cert",
    "proxy",
    "trusted-host",
    "timeout",
    "retries",
    "constraint",
    "keyring-provider",
)
"""The names that say where distributions come from; everything else in these files is left alone."""
_ALIASES = {"default-timeout": "timeout", "pypi-url": "index-url"}


@dataclass(frozen=True, slots=True, kw_only=True)
class PipConfiguration:
    """What pip would use, by its long option names, and where that stands."""

    values: Mapping[str, str]
    sources: tuple[str, ...] = ()
    """Files and variables, in the order in which they were read."""
    notes: tuple[str, ...] = ()


def home(environ: Mapping[str, str]) -> Path:
    """The user's home folder."""
    named = environ.get("HOME") or environ.get("USERPROFILE")
    return Path(named) if named else Path.home()


def configuration_files(
    environ: Mapping[str, str], prefix: Path | None, system: System, root: Path = Path("/")
) -> Iterator[Path]:
    """Where pip looks, the weakest first (pip's documentation, "Configuration files")."""
    named = environ.get("PIP_CONFIG_FILE")
    if named == os.devnull:
        return
    name = "pip.ini" if system == "windows" else "pip.conf"
    yield from (folder / name for folder in _global_folders(environ, system, root))
    if not (named and is_there(Path(named))):
        yield from (folder / name for folder in _user_folders(environ, system))
    if prefix is not None:
        yield prefix / name
    if named:
        yield Path(named)


def _global_folders(environ: Mapping[str, str], system: System, root: Path) -> Iterator[Path]:
    match system:
        case "windows":
            yield Path(environ.get("PROGRAMDATA") or "C:\\ProgramData") / "pip"
        case "darwin":
            yield root / "Library" / "Application Support" / "pip"
        case "linux":
            folders = [item for item in environ.get("XDG_CONFIG_DIRS", "").split(os.pathsep) if item]
            yield from (Path(folder) / "pip" for folder in folders or [str(root / "etc" / "xdg")])
            yield root / "etc"


def _user_folders(environ: Mapping[str, str], system: System) -> Iterator[Path]:
    base = home(environ)
    match system:
        case "windows":
            yield base / "pip"
            yield Path(environ.get("APPDATA") or base / "AppData" / "Roaming") / "pip"
        case "darwin":
            yield base / ".pip"
            native = base / "Library" / "Application Support" / "pip"
            yield native if is_folder(native) else base / ".config" / "pip"
        case "linux":
            yield base / ".pip"
            yield Path(environ.get("XDG_CONFIG_HOME") or base / ".config") / "pip"


def read_pip_configuration(
    environ: Mapping[str, str], prefix: Path | None, system: System, root: Path = Path("/")
) -> PipConfiguration:
    """What `pip install` would use: `[global]`, then `[install]`, then the variables. Never raises for a bad file."""
    sections: dict[str, dict[str, str]] = {"global": {}, "install": {}}
    sources: list[str] = []
    notes: list[str] = []
    for path in configuration_files(environ, prefix, system, root):
        parser = configparser.RawConfigParser()
        try:
            parser.read_string(path.read_text(encoding="utf-8"), str(path))
        except (FileNotFoundError, NotADirectoryError):
            continue
        except (OSError, UnicodeDecodeError, configparser.Error) as error:
            notes.append(f"`{path}` cannot be read and was left out: {str(error).splitlines()[0]}")
            continue
        used = [_take(parser, section, values) for section, values in sections.items()]
        if any(used):
            sources.append(str(path))
    variables = dict(_variables(environ))
    sources += [f"PIP_{name.upper().replace('-', '_')}" for name in variables]
    return PipConfiguration(
        values={**sections["global"], **sections["install"], **variables}, sources=tuple(sources), notes=tuple(notes)
    )


def _take(parser: configparser.RawConfigParser, section: str, values: dict[str, str]) -> bool:
    if not parser.has_section(section):
        return False
    found = {
        name: value.strip()
        for key, value in parser.items(section)
        if (name := _name(key)) in NAMES and value and value.strip()
    }
    values.update(found)
    return bool(found)


def _variables(environ: Mapping[str, str]) -> Iterator[tuple[str, str]]:
    for key, value in environ.items():
        if key.startswith("PIP_") and value.strip() and (name := _name(key[4:])) in NAMES:
            yield name, value.strip()


def _name(key: str) -> str:
    name = key.lower().replace("_", "-").removeprefix("--")
    return _ALIASES.get(name, name)
