"""NVIDIA GPUs: whether there is one, and which versions of the driver are loaded and installed."""

from __future__ import annotations

from typing import TYPE_CHECKING

from tfrepair.model.facts import Absent, Fact, Known, State, Unknown
from tfrepair.probes.collector import Context, Probe, unknown
from tfrepair.target.nvidia import has_gpu, has_windows_driver, in_wsl, kernel_driver, user_driver

if TYPE_CHECKING:
    from collections.abc import Iterator

_NAME = "gpu"


def _collect(context: Context) -> Iterator[Fact]:
    system = context.target.host.system
    if system != "linux":
        others = (path for path in PROBE.provides if path != "gpu.nvidia")
        yield Fact(
            path="gpu.nvidia", state=Known(system == "windows" and has_windows_driver(context.environ)), source=_NAME
        )
        yield from unknown(_NAME, others, f"the parts of the driver are not told apart on {system}")
        return
    kernel, user = kernel_driver(), user_driver()
    states: dict[str, State] = {
        "gpu.nvidia": Known(has_gpu()),
        "gpu.kernel_driver": Unknown("in WSL the driver is that of Windows") if in_wsl() else _state(kernel),
        "gpu.user_driver": _state(user),
        "gpu.versions_differ": Known(kernel != user) if kernel and user else Absent(),
    }
    for path, state in states.items():
        yield Fact(path=path, state=state, source=_NAME)


def _state(value: str | None) -> State:
    return Absent() if value is None else Known(value)


PROBE = Probe(
    name=_NAME,
    provides={
        "gpu.nvidia": "True or false: there is an NVIDIA GPU.",
        "gpu.kernel_driver": "Text: the version of the NVIDIA kernel driver that is loaded; absent when none is.",
        "gpu.user_driver": "Text: the version of its library `libcuda`; absent when there is none.",
        "gpu.versions_differ": "True or false: these two are not the same; absent unless both are there.",
    },
    collect=_collect,
)
