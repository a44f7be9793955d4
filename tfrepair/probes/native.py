"""Whether the native libraries of TensorFlow and what it uses can be loaded by this interpreter on this system."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from packaging.version import InvalidVersion, Version

from tfrepair.probes.collector import Context, Probe, known, unknown
from tfrepair.target.native import (
    Library,
    libstdcxx,
    missing_sonames,
    no_libraries,
    openmp_libraries,
    telling_libraries,
)  # fmt: skip

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

    from tfrepair.model.facts import Fact

_NAME = "native"
_LACKING = "native.missing_libraries"
_SAME = {"amd64": "x86_64", "arm64": "aarch64"}


def _collect(context: Context) -> Iterable[Fact]:
    host = context.target.host
    if host.system != "linux":
        return unknown(_NAME, PROBE.provides, f"libraries of {host.system} are not read")
    machine = _SAME.get(context.target.interpreter.machine, context.target.interpreter.machine)
    libraries = telling_libraries(context.target.environment.site_folders)
    return (*_needs(libraries, machine, context), *_seen(libraries, machine, context))


def _needs(libraries: Iterable[Library], machine: str, context: Context) -> Iterable[Fact]:
    """What is found nowhere; a library of another processor looks for others."""
    own = [library for library in libraries if library.machine == machine]
    try:
        lacking = [
            {"path": str(library.path), "name": name}
            for library, name in missing_sonames(own, context.target.environment, context.environ)
        ]
    except OSError as error:
        return unknown(_NAME, [_LACKING], str(error))
    return known(_NAME, {_LACKING: lacking})


def _seen(libraries: tuple[Library, ...], machine: str, context: Context) -> Iterable[Fact]:
    threaded = (*libraries, *openmp_libraries(context.target.environment.site_folders))
    return known(
        _NAME,
        {
            "native.wrong_machine": [
                {"path": str(library.path), "found": library.machine, "wanted": machine}
                for library in libraries
                if library.machine is not None and library.machine != machine
            ],
            "native.no_library": [str(path) for path in no_libraries(context.target.environment.site_folders)],
            "native.executable_stack": [str(library.path) for library in libraries if library.executable_stack],
            "native.static_tls": [
                {"path": str(library.path), "bytes": library.static_tls} for library in threaded if library.static_tls
            ],
            "native.missing_versions": list(_missing(libraries, machine, context)),
        },
    )


def _missing(libraries: Iterable[Library], machine: str, context: Context) -> Iterator[dict[str, Any]]:
    """Each symbol version that a library for this machine needs and that is not there; the highest of each kind."""
    glibc = context.target.host.glibc
    runtime = libstdcxx(machine, context.environ)
    for library in libraries:
        if library.machine != machine:
            continue
        if glibc is not None:
            above = [text for text in library.needs if _number(text, "GLIBC_") > Version(glibc)]
            if above:
                yield _row(library, max(above, key=lambda text: _number(text, "GLIBC_")), f"glibc {glibc}")
        if runtime is not None:
            lacking = [v for v in library.needs if v.startswith(("GLIBCXX_", "CXXABI_")) and v not in runtime.offers]
            if lacking:
                yield _row(library, max(lacking), str(runtime.path))


def _row(library: Library, version: str, found: str) -> dict[str, Any]:
    return {"path": str(library.path), "version": version, "library": found}


def _number(text: str, prefix: str) -> Version:
    try:
        return Version(text.removeprefix(prefix)) if text.startswith(prefix) else Version("0")
    except InvalidVersion:  # GLIBC_PRIVATE
        return Version("0")


PROBE = Probe(
    name=_NAME,
    provides={
        "native.wrong_machine": (
            "List of `{path, found, wanted}`: libraries of TensorFlow and what it uses that are for another processor."
        ),
        "native.no_library": "List of texts: paths of files with the name of such a library whose content is none.",
        "native.executable_stack": "List of texts: paths of libraries that ask for an executable stack.",
        "native.static_tls": (
            "List of `{path, bytes}`: libraries whose thread data must go into the block that is laid out at the start."
        ),
        _LACKING: ("List of `{path, name}`: libraries that need another one by a name which the loader finds nowhere."),
        "native.missing_versions": (
            "List of `{path, version, library}`: libraries that need a symbol version which the C or C++ library that "
            "is found does not have."
        ),
    },
    collect=_collect,
)
