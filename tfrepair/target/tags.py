"""Wheel tags of an interpreter, on this machine or as recorded on another one."""

from __future__ import annotations

from typing import TYPE_CHECKING

from packaging import tags

if TYPE_CHECKING:
    from collections.abc import Iterator

_LEGACY_MANYLINUX = {17: "manylinux2014", 12: "manylinux2010", 5: "manylinux1"}
_LEGACY_MACHINES = ("x86_64", "i686")
_MACHINES_32 = {"x86_64": "i686", "amd64": "i686", "aarch64": "armv7l"}
_LAST_ABI_WITH_M = (3, 7)
_FIRST_GLIBC_MINOR = {"x86_64": 5, "i686": 5}


def tags_for(
    version: tuple[int, ...],
    platform: str,
    *,
    libc: str | None = None,
    libc_version: str | None = None,
    os_version: str | None = None,
    free_threaded: bool = False,
    debug: bool = False,
    implementation: str = "CPython",
) -> tuple[str, ...]:
    """The wheel tags that an interpreter accepts, the best first.

    `platform` is what `sysconfig.get_platform()` says (`linux-x86_64`, `win-amd64`, `macosx-11.0-arm64`), or a platform
    tag such as `win_amd64`. `libc_version` is the C library's on Linux, `os_version` the system's on macOS.
    """
    platforms = tuple(platform_tags(platform, libc=libc, libc_version=libc_version, os_version=os_version))
    minor = (version[0], version[1])
    if implementation != "CPython":
        interpreter = f"{'pp' if implementation == 'PyPy' else implementation.lower()}{minor[0]}{minor[1]}"
        return tuple(str(tag) for tag in tags.compatible_tags(minor, interpreter, platforms))
    abi = f"cp{minor[0]}{minor[1]}{'m' if minor <= _LAST_ABI_WITH_M else ''}{'t' if free_threaded else ''}"
    abis = [f"{abi}d", abi] if debug else [abi]
    found = [*tags.cpython_tags(minor, abis, platforms)]
    found += tags.compatible_tags(minor, f"cp{minor[0]}{minor[1]}", platforms)
    return tuple(dict.fromkeys(str(tag) for tag in found))


def platform_tags(
    platform: str, *, libc: str | None = None, libc_version: str | None = None, os_version: str | None = None
) -> Iterator[str]:
    """The platform parts of the tags, the best first."""
    flat = platform.lower().replace("-", "_").replace(".", "_")
    if flat.startswith("linux_"):
        yield from _linux(flat.removeprefix("linux_"), libc, libc_version)
    elif flat.startswith("macosx_"):
        yield from _macos(flat, os_version)
    else:
        yield flat


def _linux(machine: str, libc: str | None, libc_version: str | None) -> Iterator[str]:
    yield f"linux_{machine}"
    major, _, minor = (libc_version or "").partition(".")
    if major.isdigit() and minor.split(".")[0].isdigit():
        newest = int(minor.split(".")[0])
        if libc == "musl":
            yield from (f"musllinux_{major}_{step}_{machine}" for step in range(newest, -1, -1))
        elif libc == "glibc":
            for step in range(newest, _FIRST_GLIBC_MINOR.get(machine, 17) - 1, -1):
                yield f"manylinux_2_{step}_{machine}"
                legacy = _LEGACY_MANYLINUX.get(step)
                if legacy and (legacy == "manylinux2014" or machine in _LEGACY_MACHINES):
                    yield f"{legacy}_{machine}"


def _macos(platform: str, os_version: str | None) -> Iterator[str]:
    parts = platform.split("_")
    machine = "_".join(parts[3:])
    text = os_version or f"{parts[1]}.{parts[2]}"
    numbers = [int(part) for part in text.split(".")[:2] if part.isdigit()]
    major, minor = (*numbers, 0, 0)[:2]
    if machine == "universal2":
        # A universal build runs as whatever the processor is; without more knowledge both are accepted.
        yield from dict.fromkeys(
            name for arch in ("arm64", "x86_64") for name in tags.mac_platforms((major, minor), arch)
        )
    else:
        yield from tags.mac_platforms((major, minor), machine)


def narrow_platform(platform: str, machine: str, bits: int) -> str:
    """The platform that an interpreter runs as: a 32-bit one on a 64-bit Linux, a universal build on macOS."""
    if platform.startswith("linux-") and bits == 32:  # noqa: PLR2004
        name = platform.removeprefix("linux-")
        return f"linux-{_MACHINES_32.get(name, name)}"
    if platform.startswith("macosx-") and platform.endswith("universal2"):
        return platform.removesuffix("universal2") + machine
    return platform


def libc_of_this_machine() -> tuple[str | None, str | None]:
    """The C library of this machine and its version, as the wheel tags that it accepts say; (None, None) off Linux."""
    for tag in tags.platform_tags():
        for prefix, name in (("manylinux_", "glibc"), ("musllinux_", "musl")):
            if tag.startswith(prefix):
                major, minor = tag.removeprefix(prefix).split("_")[:2]
                return name, f"{major}.{minor}"
    return None, None
