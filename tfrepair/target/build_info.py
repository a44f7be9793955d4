"""How the TensorFlow on disk was built, read from its build_info.py without running it."""

from __future__ import annotations

import ast
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

from tfrepair.target.plain_file import read_plain

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

_PLACES = ("tensorflow/python/platform/build_info.py", "tensorflow_core/python/platform/build_info.py")
_MODERN = "is_cuda_build"


@dataclass(frozen=True, slots=True, kw_only=True)
class BuildInfo:
    """What the build says of itself."""

    path: str
    cuda: bool
    cuda_version: str | None = None
    """As the build has it: `12.5.1`, in 1.15 and 2.2 just `10`."""
    cudnn_version: str | None = None
    """The major version, mostly."""
    capabilities: tuple[str, ...] = ()
    """`sm_60`, `compute_90`."""


def read_build_info(site_folders: Iterable[str]) -> BuildInfo | None:
    """The first one found; None when there is none, or it says nothing about CUDA."""
    for site in site_folders:
        for place in _PLACES:
            path = Path(site, place)
            try:
                tree = ast.parse(read_plain(path).decode(errors="replace"))
            except (OSError, SyntaxError, ValueError, RecursionError):
                continue
            values = dict(_values(tree))
            if isinstance(values.get(_MODERN), bool):
                return _build(str(path), values)
    return None


def _build(path: str, values: dict[str, Any]) -> BuildInfo:
    capabilities = values.get("cuda_compute_capabilities")
    return BuildInfo(
        path=path,
        cuda=values[_MODERN],
        cuda_version=_text(values.get("cuda_version") or values.get("cuda_version_number")),
        cudnn_version=_text(values.get("cudnn_version") or values.get("cudnn_version_number")),
        capabilities=tuple(str(each) for each in capabilities) if isinstance(capabilities, list | tuple) else (),
    )


def _text(value: Any) -> str | None:
    return str(value) if value else None


def _values(tree: ast.AST) -> Iterator[tuple[str, Any]]:
    """Every name with a literal value: pairs in a list, items of a mapping, and plain assignments."""
    for node in ast.walk(tree):
        match node:
            case ast.Tuple(elts=[ast.Constant(value=str(name)), value]):
                yield from _literal(name, value)
            case ast.Dict(keys=keys, values=values):
                for key, value in zip(keys, values, strict=True):
                    if isinstance(key, ast.Constant) and isinstance(key.value, str):
                        yield from _literal(key.value, value)
            case ast.Assign(targets=[ast.Name(id=name)], value=value):
                yield from _literal(name, value)
            case _:
                continue


def _literal(name: str, node: ast.expr) -> Iterator[tuple[str, Any]]:
    try:
        yield name, ast.literal_eval(node)
    except (ValueError, TypeError, MemoryError, RecursionError):
        return
