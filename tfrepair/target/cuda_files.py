"""Installed CUDA toolkits and cuDNN libraries, and what their files say of their version."""

from __future__ import annotations

import json
import re
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from tfrepair.target.paths import is_folder

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping

_PLACES = ("usr/local/cuda", "usr/local/cuda-*", "opt/cuda*", "usr/lib/cuda", "usr/lib/nvidia-cuda-toolkit")
_VARIABLES = ("CUDA_HOME", "CUDA_PATH", "CUDA_ROOT")
_INCLUDES = ("usr/include", "usr/include/x86_64-linux-gnu", "usr/local/include")
_TEXT_VERSION = re.compile(r"CUDA Version (\d+\.\d+(?:\.\d+)?)")
_HEADER_VERSION = re.compile(r"#define\s+CUDA_VERSION\s+(\d+)")
_NVCC_VERSION = re.compile(rb"release (\d{1,2}\.\d{1,2}), V\d")
_CUDNN = re.compile(r"#define\s+CUDNN_(MAJOR|MINOR|PATCHLEVEL)\s+(\d+)")
_CUDNN_FILE = re.compile(r"libcudnn\.so\.(\d+\.\d+(?:\.\d+)*)")
_LIBRARIES = ("lib64", "lib", "targets/x86_64-linux/lib", "bin", "bin/x64")
_NVCC_READ = 4_000_000


@dataclass(frozen=True, slots=True, kw_only=True)
class Installation:
    """A CUDA toolkit or a cuDNN."""

    version: str
    path: Path
    """The toolkit's folder; of cuDNN, the file that tells."""
    source: str
    """Which file tells the version."""


def toolkits(environ: Mapping[str, str], system: str, *, root: Path = Path("/")) -> tuple[Installation, ...]:
    """Every CUDA toolkit in the usual folders and where the variables point; a link and its target count once."""
    found: dict[Path, Installation] = {}
    for folder in _toolkit_folders(environ, system, root):
        real = folder.resolve()
        if real not in found and (told := _toolkit_version(folder)) is not None:
            found[real] = Installation(version=told[0], path=real, source=told[1])
    return tuple(found.values())


def _toolkit_folders(environ: Mapping[str, str], system: str, root: Path) -> Iterator[Path]:
    yield from (Path(value) for name in _VARIABLES if (value := environ.get(name)))
    if system == "windows":
        base = Path(environ.get("ProgramFiles", "C:\\Program Files"), "NVIDIA GPU Computing Toolkit", "CUDA")
        yield from sorted(base.glob("v*"))
        return
    for place in _PLACES:
        yield from sorted(root.glob(place))


def _toolkit_version(folder: Path) -> tuple[str, str] | None:
    """The version, and the file that tells it."""
    try:
        document = json.loads(_text(folder / "version.json"))
        return str(document["cuda"]["version"]), "version.json"
    except (ValueError, KeyError, TypeError, RecursionError):
        pass
    if found := _TEXT_VERSION.search(_text(folder / "version.txt")):
        return found[1], "version.txt"
    for header in ("include/cuda.h", "targets/x86_64-linux/include/cuda.h"):
        if found := _HEADER_VERSION.search(_text(folder / header)):
            number = int(found[1])
            return f"{number // 1000}.{number % 1000 // 10}", header
    for nvcc in ("bin/nvcc", "bin/nvcc.exe"):
        if told := _NVCC_VERSION.search(_bytes(folder / nvcc)):
            return told[1].decode(), nvcc
    return None


def cudnns(folders: Iterable[Path], *, root: Path = Path("/")) -> tuple[Installation, ...]:
    """Every cuDNN whose header lies in the usual folders or below one of these."""
    places = (*(root / place for place in _INCLUDES), *(folder / "include" for folder in folders))
    found: dict[Path, Installation] = {}
    for place in places:
        for name in ("cudnn_version.h", "cudnn_version_v9.h", "cudnn_version_v8.h", "cudnn.h"):
            path = place / name
            version = _cudnn_header(path)
            if version is not None:
                found.setdefault(path.resolve(), Installation(version=version, path=path, source=name))
                break
    return tuple(found.values())


def cudnn_version(library: Path) -> str | None:
    """The version of a cuDNN library: from its full file name, else from the header beside its folder."""
    if named := _CUDNN_FILE.fullmatch(library.resolve().name):
        return named[1]
    for place in (library.parent.parent / "include", library.resolve().parent.parent / "include"):
        if (version := _cudnn_header(place / "cudnn_version.h")) is not None:
            return version
    return None


def _cudnn_header(path: Path) -> str | None:
    parts = dict(_CUDNN.findall(_text(path)))
    return f"{parts['MAJOR']}.{parts['MINOR']}.{parts['PATCHLEVEL']}" if len(parts) == 3 else None  # noqa: PLR2004


def library_folders(toolkit: Path) -> tuple[Path, ...]:
    """The folders of a toolkit that hold libraries."""
    return tuple(folder for name in _LIBRARIES if is_folder(folder := toolkit / name))


def other_versions(name: str, folders: Iterable[Path]) -> tuple[Path, ...]:
    """Files of the same library with another number than `name` has: `libcudart.so.11.0` beside `libcudart.so.12`.

    Of several links to one file the first, whose name is the shortest.
    """
    stem, _, _ = name.partition(".so.") if ".so." in name else name.partition("64_")
    pattern = f"{stem}.so.*" if ".so." in name else f"{stem}64_*.dll"
    found: dict[Path, Path] = {}
    for folder in folders:
        for path in sorted(folder.glob(pattern)) if is_folder(folder) else ():
            if path.name != name and not path.name.startswith(f"{name}."):
                found.setdefault(path.resolve(), path)
    return tuple(found.values())


def _text(path: Path) -> str:
    return _bytes(path).decode("utf-8", errors="replace")


def _bytes(path: Path) -> bytes:
    try:
        with path.open("rb") as stream:
            return stream.read(_NVCC_READ)
    except OSError:
        return b""
