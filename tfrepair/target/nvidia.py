"""NVIDIA GPUs and their driver, as the files of a Linux system and the environment variables tell."""

from __future__ import annotations

import re
from pathlib import Path
from typing import TYPE_CHECKING

from tfrepair.target.paths import is_file, is_there

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

_VENDOR = "0x10de"
_DISPLAY = "0x03"
"""The class of display controllers begins so, GPUs without a display included."""
_VERSION = re.compile(r"Kernel Module(?: for \w+)?\s+(\d+\.[\d.]+)")
_LIBRARY = re.compile(r"libcuda\.so\.(\d{3,4}\.[\d.]+)")
"""Of Linux; in WSL there is a `libcuda.so.1.1`, which is no version of a driver."""
_FOLDERS = ("usr/lib/x86_64-linux-gnu", "usr/lib/aarch64-linux-gnu", "usr/lib64", "usr/lib", "usr/local/nvidia/lib64")
_WSL = "usr/lib/wsl/lib"
_NODES = ("dev/nvidiactl", "dev/dxg")
_LENT = "vfio-pci"
"""The driver that holds a device for a virtual machine: this system does not use it."""
_MARKS = {".dockerenv": "docker", "run/.containerenv": "podman", ".singularity.d": "apptainer"}
_NO_DEVICES = frozenset({"", "void", "none"})


def has_gpu(root: Path = Path("/")) -> bool:
    """There is an NVIDIA GPU that is not lent to a virtual machine, or Windows lends one to WSL."""
    if in_wsl(root):
        return any((root / _WSL).glob("libcuda.so*"))
    return any(True for _ in _devices(root))


def held_by(root: Path = Path("/")) -> str | None:
    """The kernel module that holds the first GPU (`nvidia`, `nouveau`); None when none does."""
    return next((name for device in _devices(root) if (name := _driver(device))), None)


def _devices(root: Path) -> Iterator[Path]:
    for device in sorted((root / "sys/bus/pci/devices").glob("*")):
        if _text(device / "vendor").strip() != _VENDOR or not _text(device / "class").startswith(_DISPLAY):
            continue
        if _driver(device) != _LENT:
            yield device


def _driver(device: Path) -> str | None:
    link = device / "driver"
    return link.resolve().name if link.is_symlink() else None


def has_nodes(root: Path = Path("/")) -> bool:
    """The device files that programs reach the GPU through are there."""
    return any(is_there(root / node) for node in _NODES)


def container(environ: Mapping[str, str], root: Path = Path("/")) -> str | None:
    """What kind of container this is, as far as it can be told; None when it looks like none."""
    if environ.get("KUBERNETES_SERVICE_HOST"):
        return "kubernetes"
    for mark, name in _MARKS.items():
        if is_there(root / mark):
            return name
    return environ.get("container") or None  # systemd's word for it


def gpu_asked_for(environ: Mapping[str, str]) -> str | None:
    """The variable by which an image or its user asks for GPUs, with its value; None without one."""
    value = environ.get("NVIDIA_VISIBLE_DEVICES")
    if value is None or value.lower() in _NO_DEVICES:
        return None
    shown = (
        value if value == "all" or value.replace(",", "").isdigit() else "..."
    )  # serial numbers are nobody's business
    return f"NVIDIA_VISIBLE_DEVICES={shown}"


def has_windows_driver(environ: Mapping[str, str]) -> bool:
    """Windows has the NVIDIA driver's CUDA library."""
    return is_file(Path(environ.get("SystemRoot", "C:\\Windows"), "System32", "nvcuda.dll"))


def hidden(environ: Mapping[str, str]) -> str | None:
    """The variable that hides every GPU from CUDA, with its value; None when none does."""
    value = environ.get("CUDA_VISIBLE_DEVICES")
    return f"CUDA_VISIBLE_DEVICES={value}" if value is not None and value.strip() in {"", "-1"} else None


def in_wsl(root: Path = Path("/")) -> bool:
    """The kernel is Microsoft's."""
    return "microsoft" in _text(root / "proc/version").lower()


def kernel_driver(root: Path = Path("/")) -> str | None:
    """The version of the kernel driver that is loaded; None when none is."""
    found = _VERSION.search(_text(root / "proc/driver/nvidia/version"))
    return found[1] if found else None


def user_driver(root: Path = Path("/"), *, cached: Path | None = None) -> str | None:
    """The version of the driver's library `libcuda` that the loader finds; None when there is none.

    `cached` is where the loader's cache says it is.
    """
    links = (*([cached] if cached else []), *(root / folder / "libcuda.so.1" for folder in _FOLDERS))
    for link in links:
        for path in (link.resolve(), *sorted(link.parent.glob("libcuda.so.*.*"))):
            found = _LIBRARY.fullmatch(path.name)
            if found:
                return found[1]
    return None


def library_version(link: Path) -> str | None:
    """The version in the full name of a `libcuda.so.1`; None when its name has none."""
    found = _LIBRARY.fullmatch(link.resolve().name)
    return found[1] if found else None


def _text(path: Path) -> str:
    try:
        return path.read_text(encoding="utf-8", errors="replace")
    except OSError:
        return ""
