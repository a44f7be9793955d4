"""Where an interpreter looks for modules, each folder with its origin, and what it would find there first."""

from __future__ import annotations

import contextlib
import os
import sys
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from tfrepair.target.paths import is_file, is_folder

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from tfrepair.model.target import Target

MODULES = (
    "tensorflow", "numpy", "google/protobuf", "keras", "h5py", "six", "wrapt", "ml_dtypes", "typing_extensions", "absl",
    "grpc", "termcolor", "flatbuffers", "opt_einsum", "gast", "astunparse", "tensorboard",
)  # fmt: skip
"""What TensorFlow imports, as paths below a folder of the search path."""
HIDDEN = (
    "tensorflow", "numpy", "keras", "google", "six", "typing", "types", "random", "string", "copy", "platform", "enum",
    "queue", "signal", "inspect", "logging", "abc", "code", "calendar", "select", "socket", "tokenize",
)  # fmt: skip
"""Modules that a file of the same name hides from TensorFlow."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Entry:
    """One folder of the search path."""

    path: str
    origin: str
    """`PYTHONPATH`, `user site`, `.pth file`, `environment`."""


def search_path(target: Target, environ: Mapping[str, str]) -> tuple[Entry, ...]:
    """The search path of a program started with the user's variables, in order; the script's own folder left out."""
    named = (folder for folder in environ.get("PYTHONPATH", "").split(os.pathsep) if folder)
    entries = [Entry(path=folder, origin="PYTHONPATH") for folder in named]
    environment = target.environment
    homes = tuple(os.path.realpath(folder) for folder in (environment.prefix, environment.base_prefix))
    sites = {os.path.realpath(folder) for folder in environment.site_folders}
    user = _user_site(target, environ)
    for path in environment.sys_path:
        real = os.path.realpath(path)
        if user is not None and real in sites:
            entries.append(Entry(path=user, origin="user site"))
            user = None
        own = real.startswith(tuple(f"{home}{os.sep}" for home in homes))
        entries.append(Entry(path=path, origin="environment" if own else ".pth file"))
    return tuple(entries)


def _user_site(target: Target, environ: Mapping[str, str]) -> str | None:
    environment, home = target.environment, environ.get("HOME")
    apart = environment.kind == "user" or (environment.kind == "venv" and not environment.system_site_packages)
    if apart or environ.get("PYTHONNOUSERSITE") or target.host.system != "linux":
        return None
    base = environ.get("PYTHONUSERBASE") or (f"{home}/.local" if home else None)
    folder = Path(base, "lib", f"python{target.interpreter.minor}", "site-packages") if base else None
    return str(folder) if folder is not None and is_folder(folder) else None


def has_module(folder: str, module: str) -> bool:
    """Something with the name of a module can be imported from a folder."""
    path = Path(folder, module)
    if is_folder(path):
        return is_file(path / "__init__.py") or module == "google/protobuf"
    return is_file(path.with_name(f"{path.name}.py"))


def leaking(target: Target, environ: Mapping[str, str]) -> Iterator[tuple[str, Entry]]:
    """Modules that the environment has, and that are found in a folder of another origin first."""
    entries = search_path(target, environ)
    sites = target.environment.site_folders
    for module in MODULES:
        first = next((entry for entry in entries if has_module(entry.path, module)), None)
        if first is None or first.origin == "environment" or os.path.realpath(first.path) in sites:
            continue
        if any(has_module(site, module) for site in sites):
            yield module.replace("/", "."), first


def copies(target: Target, environ: Mapping[str, str]) -> Iterator[tuple[str, tuple[Entry, ...]]]:
    """Modules that lie in more than one folder of the search path, with these folders in order."""
    unique = {os.path.realpath(entry.path): entry for entry in reversed(search_path(target, environ))}
    entries = tuple(reversed(unique.values()))
    for module in MODULES:
        found = tuple(entry for entry in entries if has_module(entry.path, module))
        if len(found) > 1:
            yield module.replace("/", "."), found


def current_folder(environ: Mapping[str, str]) -> str:
    """The current folder, by the name that the shell has for it where it is that; a program may start us elsewhere."""
    named = environ.get("PWD", "")
    with contextlib.suppress(OSError):
        if os.path.samefile(named, "."):  # noqa: PTH121
            return named
    with contextlib.suppress(OSError):
        return os.getcwd()  # noqa: PTH109
    return "."


def shadowing(folders: tuple[str, ...]) -> Iterator[tuple[str, str]]:
    """Files and folders, in places that are searched first, that have the name of a module TensorFlow needs."""
    for folder in dict.fromkeys(folders):
        for module in HIDDEN:
            path = Path(folder, f"{module}.py")
            if is_file(path) and not _installed(path, module):
                yield module, str(path)


def _installed(path: Path, module: str) -> bool:
    """It is the module itself, with its metadata beside it (`pip install --target`); a backport hides all the same."""
    kinds = ("dist-info", "egg-info")
    return module not in sys.stdlib_module_names and any(next(path.parent.glob(f"{module}-*.{k}"), None) for k in kinds)
