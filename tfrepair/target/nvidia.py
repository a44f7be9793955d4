"""NVIDIA GPUs and their driver, as the files of a Linux system tell."""

from __future__ import annotations

import re
from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Mapping

_VENDOR = "0x10de"
_DISPLAY = "0x03"
"""The class of display controllers begins so, GPUs without a display included."""
_VERSION = re.compile(r"Kernel Module(?: for \w+)?\s+(\d+\.[\d.]+)")
_LIBRARY = re.compile(r"libcuda\.so\.(\d+\.[\d.]+)")
_FOLDERS = ("usr/lib/x86_64-linux-gnu", "usr/lib/aarch64-linux-gnu", "usr/lib64", "usr/lib", "usr/local/nvidia/lib64")
_WSL = "usr/lib/wsl/lib"


def has_gpu(root: Path = Path("/")) -> bool:
    """There is an NVIDIA GPU, or Windows lends one to WSL."""
    if in_wsl(root):
        return any((root / _WSL).glob("libcuda.so*"))
    for device in (root / "sys/bus/pci/devices").glob("*"):
        if _text(device / "vendor").strip() == _VENDOR and _text(device / "class").startswith(_DISPLAY):
            return True
    return False


def has_windows_driver(environ: Mapping[str, str]) -> bool:
    """Windows has the NVIDIA driver's CUDA library."""
    return Path(environ.get("SystemRoot", "C:\\Windows"), "System32", "nvcuda.dll").is_file()


def in_wsl(root: Path = Path("/")) -> bool:
    """The kernel is Microsoft's."""
    return "microsoft" in _text(root / "proc/version").lower()


def kernel_driver(root: Path = Path("/")) -> str | None:
    """The version of the kernel driver that is loaded; None when none is."""
    found = _VERSION.search(_text(root / "proc/driver/nvidia/version"))
    return found[1] if found else None


def user_driver(root: Path = Path("/")) -> str | None:
    """The version of the driver's library `libcuda` that the loader finds; None when there is none."""
    for folder in _FOLDERS:
        link = root / folder / "libcuda.so.1"
        for path in (link.resolve(), *sorted((root / folder).glob("libcuda.so.*.*"))):
            found = _LIBRARY.fullmatch(path.name)
            if found:
                return found[1]
    return None


def _text(path: Path) -> str:
    try:
        return path.read_text(encoding="utf-8", errors="replace")
    except OSError:
        return ""
