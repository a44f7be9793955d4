"""NVIDIA GPUs: whether there is one, and which versions of the driver are loaded and installed."""

from __future__ import annotations

from typing import TYPE_CHECKING

from tfrepair.probes.collector import Context, Probe, known, unknown
from tfrepair.target.nvidia import has_gpu, has_windows_driver, in_wsl, kernel_driver, user_driver

if TYPE_CHECKING:
    from collections.abc import Iterator

    from tfrepair.model.facts import Fact

_NAME = "gpu"
_GPU = "gpu.nvidia"
_KERNEL = "gpu.kernel_driver"


def _collect(context: Context) -> Iterator[Fact]:
    system = context.target.host.system
    if system != "linux":
        yield from known(_NAME, {_GPU: system == "windows" and has_windows_driver(context.environ)})
        others = (path for path in PROBE.provides if path != _GPU)
        yield from unknown(_NAME, others, f"the parts of the driver are not told apart on {system}")
        return
    kernel, user = kernel_driver(), user_driver()
    differ = kernel != user if kernel and user else None
    yield from known(_NAME, {_GPU: has_gpu(), "gpu.user_driver": user, "gpu.versions_differ": differ})
    if in_wsl():
        yield from unknown(_NAME, [_KERNEL], "in WSL the driver is that of Windows")
    else:
        yield from known(_NAME, {_KERNEL: kernel})


PROBE = Probe(
    name=_NAME,
    provides={
        _GPU: "True or false: there is an NVIDIA GPU.",
        _KERNEL: "Text: the version of the NVIDIA kernel driver that is loaded; absent when none is.",
        "gpu.user_driver": "Text: the version of its library `libcuda`; absent when there is none.",
        "gpu.versions_differ": "True or false: these two are not the same; absent unless both are there.",
    },
    collect=_collect,
)
