"""The machine: operating system, C library, and what the processor can do."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

from tfrepair.model.facts import Absent, Fact, Known, State, Unknown
from tfrepair.probes.collector import Context, Probe, known, unknown
from tfrepair.target.interpreter import run
from tfrepair.target.paths import is_file

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

_NAME = "host"
_MSVC = ("msvcp140.dll", "msvcp140_1.dll", "vcruntime140.dll", "vcruntime140_1.dll")
_ROSETTA = "host.rosetta"
_SYSCTL_TIMEOUT = 5.0
_X86 = ("x86_64", "amd64", "i386", "i686", "x86")


def _collect(context: Context) -> Iterator[Fact]:
    host = context.target.host
    yield from known(
        _NAME,
        {
            "host.system": host.system,
            "host.machine": host.machine,
            "host.libc": host.libc,
            "host.libc_version": host.libc_version,
            "host.msvc_missing": _msvc_missing(context),
        },
    )
    yield from _processor(host.machine)
    yield from _rosetta(context)


def _rosetta(context: Context) -> Iterable[Fact]:
    """An interpreter for Intel on a Mac with Apple's processor; what the system says of this process is not asked."""
    if context.target.host.system != "darwin":
        return known(_NAME, {_ROSETTA: None})
    intel = context.target.interpreter.machine in _X86
    try:
        done = run(["/usr/sbin/sysctl", "-n", "hw.optional.arm64"], timeout=_SYSCTL_TIMEOUT)
    except OSError as error:
        return unknown(_NAME, [_ROSETTA], f"`sysctl` cannot be asked: {error.strerror or error}")
    return known(_NAME, {_ROSETTA: intel and done.stdout.strip() == "1"})


def _msvc_missing(context: Context) -> list[str] | None:
    """Files of the Visual C++ runtime that are not in the system folder; None off Windows."""
    if context.target.host.system != "windows":
        return None
    folder = Path(context.environ.get("SystemRoot", "C:\\Windows"), "System32")
    return [name for name in _MSVC if not is_file(folder / name)]


def _processor(machine: str) -> Iterator[Fact]:
    name, flags = _ask_archspec()
    yield Fact(path="host.cpu_name", state=name, source=_NAME)
    yield Fact(path="host.cpu_flags", state=flags, source=_NAME)
    has_avx: State = Absent()
    if machine in _X86:
        has_avx = Known("avx" in flags.value) if isinstance(flags, Known) else flags
    yield Fact(path="host.has_avx", state=has_avx, source=_NAME)


def _ask_archspec() -> tuple[State, State]:
    """The processor's name and its features, as archspec reads them on every platform."""
    try:
        from archspec.cpu import brand_string, host
        from archspec.cpu.detect import detected_info

        # The host's own list is longer than that of the named family it belongs to.
        flags = sorted(detected_info().features | host().features)
        name = brand_string() or host().name
    except Exception as error:  # noqa: BLE001 - a processor nobody has described is no reason to stop
        reason = Unknown(f"archspec cannot tell: {type(error).__name__}: {error}")
        return reason, reason
    return Known(name), Known(flags) if flags else Unknown("archspec knows no features of this processor")


PROBE = Probe(
    name=_NAME,
    provides={
        "host.system": "Text: `linux`, `darwin` or `windows`.",
        "host.machine": "Text: `x86_64`, `aarch64`, `arm64`, `amd64`.",
        "host.libc": "Text: `glibc` or `musl`; absent off Linux.",
        "host.libc_version": "Text: its version; absent off Linux.",
        "host.cpu_name": "Text: the processor's name.",
        "host.cpu_flags": "List of texts: the instruction sets that the processor offers.",
        "host.msvc_missing": "List of texts: files of the Visual C++ runtime that Windows lacks; absent elsewhere.",
        _ROSETTA: "True or false: this Python is for Intel and runs translated on Apple's processor; absent elsewhere.",
        "host.has_avx": "True or false: the processor offers AVX; absent where the question does not arise.",
    },
    collect=_collect,
)
