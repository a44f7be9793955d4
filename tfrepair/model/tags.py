"""Wheel tags: which wheels an interpreter takes, and which kind of machine a tag is for."""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping, Sequence

_PYTHON = re.compile(r"^cp(\d)(\d+)$")
_MACHINE = re.compile(r"(x86_64|amd64|aarch64|arm64|i686|armv7l|ppc64le|s390x|win32|universal2|intel)$")


@dataclass(frozen=True, slots=True)
class Accepted:
    """The tags of an interpreter, ready for many questions."""

    by_platform: Mapping[str, frozenset[tuple[str, str]]]
    """Pairs of Python tag and ABI tag, by platform tag."""
    minor: str
    """`3.10`; empty when no tag says it."""
    platform: str
    """The kind of machine: `linux-x86_64`, `musllinux-aarch64`, `macosx-arm64`, `win-amd64`; empty when unknown."""
    free_threaded: bool

    @classmethod
    def of(cls, tags: Sequence[str]) -> Accepted:
        """From tags as `cp310-cp310-manylinux_2_17_x86_64`, the best first."""
        found: dict[str, set[tuple[str, str]]] = {}
        for tag in tags:
            python, _, rest = tag.partition("-")
            abi, _, platform = rest.partition("-")
            found.setdefault(platform, set()).add((python, abi))
        first = tags[0].split("-") if tags else ["", ""]
        return cls(
            {platform: frozenset(pairs) for platform, pairs in found.items()},
            minor_of(first[0]) or "",
            _kind(found),
            free_threaded=first[1].endswith("t"),
        )

    def takes(self, platform: str, pythons: str) -> bool:
        """Whether one of the wheels for a compressed platform tag and these Python tags (`cp39 cp310`) fits."""
        for single in platform.split("."):
            pairs = self.by_platform.get(single)
            if pairs and any(pair in pairs for pair in _pairs(pythons)):
                return True
        return False


def _pairs(pythons: str) -> Iterable[tuple[str, str]]:
    for tag in pythons.replace(".", " ").split():
        if tag.startswith("cp"):
            yield from ((tag, tag), (tag, f"{tag}m"), (tag, f"{tag}mu"))
        else:
            yield tag, "none"


def _kind(platforms: Iterable[str]) -> str:
    kinds = list(dict.fromkeys(kind for platform in platforms if (kind := kind_of(platform))))
    generic = [kind for kind in kinds if not kind.startswith("linux-")]
    # An interpreter on musl also lists the plain `linux_x86_64`.
    return next((kind for kind in generic if kind.startswith("musllinux")), kinds[0] if kinds else "")


def kind_of(platform: str) -> str:
    """The kind of machine of a platform tag or of `sysconfig.get_platform()`; empty for `any` and the unknown."""
    name = platform.partition(".")[0] if platform.startswith("many") else platform
    name = name.replace("-", "_").replace(".", "_").lower()
    match = _MACHINE.search(name)
    if match is None:
        return ""
    system = "linux" if name.startswith("manylinux") else name.split("_")[0]
    return "win-32" if name == "win32" else f"{system}-{match[1]}"


def same_kind(wheel: str, kind: str) -> bool:
    """Whether a wheel's platform tag is for this kind of machine, versions of its system aside."""
    own = kind_of(wheel)
    if kind.startswith("macosx-"):
        shared = {"macosx-universal2"} | ({"macosx-intel"} if kind == "macosx-x86_64" else set())
        return wheel == "any" or own == kind or own in shared
    return wheel == "any" or (bool(own) and own == kind)


def minor_of(python: str) -> str | None:
    """The Python version of a tag: `3.10` of `cp310`; None for `py3` and the like."""
    match = _PYTHON.match(python)
    return f"{match[1]}.{match[2]}" if match else None
