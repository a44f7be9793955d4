"""The native libraries of an environment that tell whether it can work here, and what the loader finds for them."""

from __future__ import annotations

import contextlib
import os
import re
from functools import cache
from pathlib import Path
from typing import TYPE_CHECKING

from tfrepair.target.elf import Library, read_library
from tfrepair.target.interpreter import run
from tfrepair.target.loader import system_folders
from tfrepair.target.paths import is_file, is_there
from tfrepair.target.plain_file import without_waiting

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator, Mapping

    from tfrepair.model.target import Environment

__all__ = [
    "Library", "libstdcxx", "missing_sonames", "no_libraries", "openmp_libraries", "read_library", "telling_libraries",
]  # fmt: skip

TELLING = (
    "tensorflow/libtensorflow_*.so*",
    "tensorflow/python/_pywrap_tensorflow_*.so",
    "tensorflow_core/libtensorflow_*.so*",
    "tensorflow_core/python/_pywrap_tensorflow_*.so",
    "numpy/core/_multiarray_umath*.so",
    "numpy/_core/_multiarray_umath*.so",
    "google/_upb/_message*.so",
    "google/protobuf/pyext/_message*.so",
    "h5py/defs*.so",
    "ml_dtypes/_ml_dtypes_ext*.so",
    "grpc/_cython/cygrpc*.so",
)
"""The libraries that are loaded first and that tell whether a distribution fits, relative to a site folder."""
_ELF = b"\x7fELF"
_LIBSTDCXX = "libstdc++.so.6"
_OPENMP = ("*.libs/lib*omp*.so*", "torch/lib/lib*omp*.so*")
_CARRIED = ("*.libs/*.so*", "tensorflow*/*.so*", "tensorflow*/*/*.so*", "nvidia/*/lib/*.so*", "*/.libs/*.so*")
_LDCONFIG_TIMEOUT = 5.0


def openmp_libraries(site_folders: Iterable[str]) -> tuple[Library, ...]:
    """The OpenMP libraries that other distributions bring along: they want thread data laid out at the start."""
    paths = (path for site in site_folders for pattern in _OPENMP for path in sorted(Path(site).glob(pattern)))
    return tuple(found for path in paths if (found := read_library(path)) is not None)


def telling_libraries(site_folders: Iterable[str]) -> tuple[Library, ...]:
    """The telling libraries of an environment; files that are no ELF files are left out."""
    return tuple(found for path in _telling(site_folders) if (found := read_library(path)) is not None)


def no_libraries(site_folders: Iterable[str]) -> Iterator[Path]:
    """The telling files that do not begin as a library does: the system went down before their content was written."""
    for path in _telling(site_folders):
        with contextlib.suppress(OSError), open(path, "rb", opener=without_waiting) as stream:
            if stream.read(len(_ELF)) != _ELF:
                yield path


def _telling(site_folders: Iterable[str]) -> Iterator[Path]:
    return (path for site in site_folders for pattern in TELLING for path in sorted(Path(site).glob(pattern)))


def libstdcxx(machine: str, environ: Mapping[str, str]) -> Library | None:
    """The C++ library that the loader finds first: LD_LIBRARY_PATH, then the system's folders."""
    named = (folder for folder in environ.get("LD_LIBRARY_PATH", "").split(":") if folder)
    for folder in (*named, *system_folders(machine)):
        path = Path(folder, _LIBSTDCXX)
        if is_file(path):
            return read_library(path)
    return None


def missing_sonames(
    libraries: Iterable[Library],
    environment: Environment,
    environ: Mapping[str, str],
    known: Callable[[], frozenset[str]] | None = None,
) -> Iterator[tuple[Library, str]]:
    """What a library needs and the loader finds nowhere, in the order that the loader looks; each library once a name.

    What lies anywhere among the libraries of the environment counts as there: it may be loaded before it is needed. So
    does what lies beside the interpreter, whose own way of looking others inherit (conda builds it so).
    `known` gives the names that the system's loader knows; it is asked only when a name is found nowhere else.
    """
    named = tuple(folder for folder in environ.get("LD_LIBRARY_PATH", "").split(":") if folder)
    beside = tuple(str(Path(prefix, "lib")) for prefix in (environment.prefix, environment.base_prefix))
    carried: frozenset[str] | None = None
    cached: frozenset[str] | None = None
    listed = cache(_listed)  # hundreds of libraries look in the same folders
    for library in libraries:
        system = system_folders(library.machine)
        for name in library.sonames:
            folders = (*library.folders, *named, *beside, *system)
            if "/" in name or any(name in listed(folder) and is_there(Path(folder, name)) for folder in folders):
                continue
            carried = _carried(environment.site_folders) if carried is None else carried
            if name in carried:
                continue
            cached = (known or _loader_cache)() if cached is None else cached
            if name not in cached:
                yield library, name


def _listed(folder: str) -> frozenset[str]:
    try:
        return frozenset(os.listdir(folder))  # noqa: PTH208
    except OSError:
        return frozenset()


def _carried(site_folders: Iterable[str]) -> frozenset[str]:
    """Names of the shared libraries that the distributions of an environment bring along."""
    return frozenset(
        path.name for site in site_folders for pattern in _CARRIED for path in Path(site).glob(pattern) if is_file(path)
    )


def _loader_cache() -> frozenset[str]:
    """Every name in the cache of the system's loader. Raises OSError where there is no `ldconfig` to ask."""
    done = run(["/sbin/ldconfig", "-p"], timeout=_LDCONFIG_TIMEOUT)
    if not done.ok:
        raise OSError("`ldconfig -p` does not say which libraries the loader knows")
    return frozenset(re.findall(r"^\t(\S+) \(", done.stdout, re.MULTILINE))
