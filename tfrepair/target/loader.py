"""Where the system's loader finds a shared library by its name."""

from __future__ import annotations

import re
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from tfrepair.target.paths import is_file

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence

_CACHE = "etc/ld.so.cache"
_CACHED = re.compile(rb"/(?:[^\0\n]{1,4096}/)?lib(?:cu|nv|nccl)[^\0/\n]{0,64}\.so[^\0/\n]{0,64}(?=\0)")
"""Paths of NVIDIA's libraries in the cache, whose strings end with a zero."""
_SYSTEM = ("/lib/{m}-linux-gnu", "/usr/lib/{m}-linux-gnu", "/lib64", "/usr/lib64", "/lib", "/usr/lib")


def system_folders(machine: str | None) -> tuple[str, ...]:
    """Where the loader of a Linux system on this kind of machine looks last, in its order."""
    return tuple(folder.format(m=machine) for folder in _SYSTEM)


@dataclass(frozen=True, slots=True, kw_only=True)
class Found:
    """A library that the loader finds."""

    path: Path
    via: str
    """Why there: `LD_LIBRARY_PATH`, `PATH`, `wheels`, `loader cache` or `system folder`."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Loader:
    """The folders that are searched, in the loader's order."""

    folders: tuple[tuple[str, Path], ...]
    """Why it is searched, and the folder."""
    cached: Mapping[str, Path]
    """By file name, what the loader's cache holds."""

    @classmethod
    def of(
        cls,
        system: str,
        machine: str,
        environ: Mapping[str, str],
        *,
        wheels: Sequence[Path] = (),
        root: Path = Path("/"),
    ) -> Loader:
        """The search of a system. `wheels` are folders that the library which asks names itself."""
        own = [("wheels", folder) for folder in wheels]
        if system == "windows":
            return cls(folders=(*own, *(("PATH", folder) for folder in _listed(environ, "PATH", ";"))), cached={})
        named = [("LD_LIBRARY_PATH", folder) for folder in _listed(environ, "LD_LIBRARY_PATH", ":")]
        usual = [("system folder", root / folder[1:]) for folder in system_folders(machine)]
        return cls(folders=(*named, *own, *usual), cached=read_cache(root))

    def find(self, name: str) -> Found | None:
        """Where the loader finds this name; None when it does not."""
        for via, folder in self.folders:
            if via == "system folder" and name in self.cached:
                break
            if is_file(folder / name):
                return Found(path=folder / name, via=via)
        cached = self.cached.get(name)
        return Found(path=cached, via="loader cache") if cached else None

    def all_folders(self) -> tuple[Path, ...]:
        """Every folder that a library was found in or may be."""
        cached = (path.parent for path in self.cached.values())
        return tuple(dict.fromkeys((*(folder for _, folder in self.folders), *cached)))


def read_cache(root: Path = Path("/")) -> dict[str, Path]:
    """What `ldconfig` wrote down, by file name, as far as it is still there; empty where there is no cache."""
    try:
        data = (root / _CACHE).read_bytes()
    except OSError:
        return {}
    paths = (root / match[0].decode(errors="replace").lstrip("/") for match in _CACHED.finditer(data))
    found: dict[str, Path] = {}
    for path in paths:
        if is_file(path):
            found.setdefault(path.name, path)
    return found


def _listed(environ: Mapping[str, str], name: str, separator: str) -> Iterator[Path]:
    return (Path(part) for part in environ.get(name, "").split(separator) if part)
