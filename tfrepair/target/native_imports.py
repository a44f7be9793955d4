"""What a distribution with native libraries is imported as."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

from tfrepair.target.records import is_native, read_record

if TYPE_CHECKING:
    from collections.abc import Collection, Iterator, Sequence

    from tfrepair.model.distribution import Distribution

MOST = 12
"""Modules of one distribution at most: SciPy has nine public packages with native code."""
_NOT_PUBLIC = frozenset({"tests", "test", "testing"})
_EXTENSIONS = (".so", ".pyd")


def native_imports(distribution: Distribution) -> tuple[str, ...]:
    """Its import packages that hold native libraries, and their public subpackages that do; empty when none does.

    A package that loads its libraries only when a subpackage is used (`scipy.linalg`) would look well without these.
    """
    entries = read_record(Path(distribution.metadata_path)) or ()
    paths = [entry.path for entry in entries]
    native = [path for path in paths if is_native(path) and not path.startswith(("..", "/"))]
    if not native:
        return ()
    packages = {path.rpartition("/")[0] for path in paths if path.endswith(("/__init__.py", "/__init__.pyc"))}
    found = dict.fromkeys(module for path in native for module in _modules(path, packages))
    return tuple(sorted(found, key=lambda module: module.count("."))[:MOST])


def _modules(path: str, packages: Collection[str]) -> Iterator[str]:
    """The modules that a native library stands for, the outermost first."""
    folders = path.split("/")[:-1]
    if not folders:
        name, _, _ = path.partition(".")
        if path.endswith(_EXTENSIONS) and name.isidentifier():
            yield name
        return
    # a namespace (`google/`) is no package of this distribution: what lies in it is
    start = next((depth for depth in range(1, len(folders) + 1) if "/".join(folders[:depth]) in packages), None)
    if start is None:
        return
    for depth in (start, start + 1):
        parts = folders[:depth]
        if len(parts) == depth and "/".join(parts) in packages and _public(parts, outermost=start):
            yield ".".join(parts)


def _public(parts: Sequence[str], *, outermost: int) -> bool:
    inner = parts[outermost:]
    hidden = any(part.startswith("_") or part in _NOT_PUBLIC for part in inner)
    return not hidden and all(part.isidentifier() for part in parts)
