"""What native libraries say of themselves: machine, stack, and the symbol versions they need (ELF, by pyelftools)."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping

MACHINES = {
    "EM_X86_64": "x86_64", "EM_AARCH64": "aarch64", "EM_386": "i686", "EM_ARM": "armv7l", "EM_PPC64": "ppc64le",
    "EM_S390": "s390x", "EM_RISCV": "riscv64",
}  # fmt: skip
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
_LIBSTDCXX = "libstdc++.so.6"
_SYSTEM_FOLDERS = ("/lib/{m}-linux-gnu", "/usr/lib/{m}-linux-gnu", "/lib64", "/usr/lib64", "/lib", "/usr/lib")


@dataclass(frozen=True, slots=True, kw_only=True)
class Library:
    """One native library."""

    path: Path
    machine: str | None
    """As `platform.machine()` names it; None for one we have no name for."""
    executable_stack: bool
    needs: frozenset[str]
    """Symbol versions it needs: `GLIBC_2.17`, `GLIBCXX_3.4.21`."""
    offers: frozenset[str]
    """Symbol versions it defines."""


def telling_libraries(site_folders: Iterable[str]) -> tuple[Library, ...]:
    """The telling libraries of an environment; files that are no ELF files are left out."""
    paths = (path for site in site_folders for pattern in TELLING for path in sorted(Path(site).glob(pattern)))
    return tuple(found for path in paths if (found := read_library(path)) is not None)


def read_library(path: Path) -> Library | None:
    """What an ELF file says; None for another kind of file, or one that cannot be read."""
    from elftools.common.exceptions import ELFError
    from elftools.elf.elffile import ELFFile

    try:
        with path.open("rb") as stream:
            elf = ELFFile(stream)
            stacks = [part for part in elf.iter_segments() if part["p_type"] == "PT_GNU_STACK"]
            return Library(
                path=path,
                machine=MACHINES.get(elf["e_machine"]),
                executable_stack=any(part["p_flags"] & 1 for part in stacks),
                needs=frozenset(_versions(elf, ".gnu.version_r")),
                offers=frozenset(_versions(elf, ".gnu.version_d")),
            )
    except (ELFError, OSError, UnicodeDecodeError, ValueError, KeyError, AttributeError):
        return None  # cut short or scrambled: that is for the comparison with RECORD to say


def _versions(elf: object, section: str) -> Iterator[str]:
    table = elf.get_section_by_name(section)  # type: ignore[attr-defined]
    if table is None:
        return
    for entry, rest in table.iter_versions():
        if section == ".gnu.version_r":
            yield from (needed.name for needed in rest)
        else:
            first = next(iter(rest), None)
            yield first.name if first is not None else entry.name


def libstdcxx(machine: str, environ: Mapping[str, str]) -> Library | None:
    """The C++ library that the loader finds first: LD_LIBRARY_PATH, then the system's folders."""
    named = (folder for folder in environ.get("LD_LIBRARY_PATH", "").split(":") if folder)
    for folder in (*named, *(folder.format(m=machine) for folder in _SYSTEM_FOLDERS)):
        path = Path(folder, _LIBSTDCXX)
        if path.is_file():
            return read_library(path)
    return None
