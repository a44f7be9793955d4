"""What one native library says of itself (ELF, by pyelftools): machine, stack, thread data, needs."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping
    from pathlib import Path

    from elftools.elf.elffile import ELFFile

MACHINES = {
    "EM_X86_64": "x86_64", "EM_AARCH64": "aarch64", "EM_386": "i686", "EM_ARM": "armv7l", "EM_PPC64": "ppc64le",
    "EM_S390": "s390x", "EM_RISCV": "riscv64",
}  # fmt: skip
_STATIC_TLS = 0x10
"""DF_STATIC_TLS among the flags of the dynamic section."""
_SECTIONS = ("SHT_DYNAMIC", "SHT_GNU_verneed", "SHT_GNU_verdef")


@dataclass(frozen=True, slots=True, kw_only=True)
class Library:
    """One native library."""

    path: Path
    machine: str | None
    """As `platform.machine()` names it; None for one we have no name for."""
    bits: int
    executable_stack: bool
    static_tls: int
    """Bytes of thread data that it wants in the block which is laid out at the start of the process; mostly 0."""
    needs: frozenset[str]
    """Symbol versions it needs: `GLIBC_2.17`, `GLIBCXX_3.4.21`."""
    offers: frozenset[str]
    """Symbol versions it defines."""
    sonames: tuple[str, ...]
    """Names of the libraries it needs: `libstdc++.so.6`."""
    folders: tuple[str, ...]
    """Where it says they are (RPATH, RUNPATH), `$ORIGIN` filled in."""


def read_library(path: Path) -> Library | None:
    """What an ELF file says; None for another kind of file, or one that cannot be read."""
    from elftools.common.exceptions import ELFError
    from elftools.elf.elffile import ELFFile

    try:
        with path.open("rb") as stream:
            return _read(ELFFile(stream), path)
    except (ELFError, OSError, UnicodeDecodeError, ValueError, LookupError, AttributeError, TypeError):
        return None  # cut short or scrambled: that is for the comparison with RECORD to say


def _read(elf: ELFFile, path: Path) -> Library:
    stack, thread_data = False, 0
    for part in _segments(elf):
        stack = stack or (part["p_type"] == "PT_GNU_STACK" and bool(part["p_flags"] & 1))
        thread_data = part["p_memsz"] if part["p_type"] == "PT_TLS" else thread_data
    needs: set[str] = set()
    offers: set[str] = set()
    sonames: list[str] = []
    folders: list[str] = []
    flags = 0
    for section in _sections(elf):
        match section["sh_type"]:
            case "SHT_GNU_verneed":
                needs.update(each.name for _, rest in section.iter_versions() for each in rest)
            case "SHT_GNU_verdef":
                offers.update(next(rest).name for _, rest in section.iter_versions())
            case _:
                for tag in section.iter_tags():
                    match tag.entry.d_tag:
                        case "DT_NEEDED":
                            sonames.append(tag.needed)
                        case "DT_RPATH" | "DT_RUNPATH":
                            folders += (tag.rpath if tag.entry.d_tag == "DT_RPATH" else tag.runpath).split(":")
                        case "DT_FLAGS":
                            flags = tag.entry.d_val
    origin = str(path.parent)
    return Library(
        path=path,
        machine=MACHINES.get(elf["e_machine"]),
        bits=elf.elfclass,
        executable_stack=stack,
        static_tls=thread_data if flags & _STATIC_TLS else 0,
        needs=frozenset(needs),
        offers=frozenset(offers),
        sonames=tuple(sonames),
        folders=tuple(each.replace("${ORIGIN}", origin).replace("$ORIGIN", origin) for each in folders if each),
    )


def _segments(elf: ELFFile) -> Iterator[Mapping[str, Any]]:
    """The program headers alone: the library's own objects for them read whole hash tables, a second for each file."""
    from elftools.common.utils import struct_parse

    for number in range(elf.num_segments()):
        yield struct_parse(elf.structs.Elf_Phdr, elf.stream, stream_pos=elf["e_phoff"] + number * elf["e_phentsize"])


def _sections(elf: ELFFile) -> Iterator[Any]:
    """The sections that say what is needed; the others are passed over unread, for the same reason."""
    from elftools.common.exceptions import ELFError

    for number in range(elf.num_sections()):
        try:
            yield elf.get_section(number, type=_SECTIONS)
        except ELFError:
            continue
