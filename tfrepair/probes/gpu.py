"""NVIDIA GPUs: whether there is one, whether it can be reached, and which versions its driver has."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from tfrepair.model.facts import Absent, Fact, Known, State, Unknown
from tfrepair.probes.collector import Context, Probe, known, unknown
from tfrepair.target import nvidia
from tfrepair.target.loader import Loader
from tfrepair.target.nvidia_smi import Answer, ask, find_tool
from tfrepair.target.release_data import load_gpu_data

if TYPE_CHECKING:
    from collections.abc import Iterator

_NAME = "gpu"
_GPU = "gpu.nvidia"
_KERNEL = "gpu.kernel_driver"
_PARTS = (_KERNEL, "gpu.user_driver", "gpu.versions_differ", "gpu.compat")


def _collect(context: Context) -> Iterator[Fact]:
    system = context.target.host.system
    yield from known(_NAME, _surroundings(context, system))
    if system == "linux":
        yield from _linux(context)
        return
    found = system == "windows" and nvidia.has_windows_driver(context.environ)
    yield from known(_NAME, {_GPU: found, "gpu.usable": found})
    if found:
        yield from unknown(_NAME, _PARTS, f"the parts of the driver are not told apart on {system}")
    else:
        yield from known(_NAME, dict.fromkeys(_PARTS))
    yield from _asked(context, system, None, found=found)


def _surroundings(context: Context, system: str) -> dict[str, Any]:
    linux = system == "linux"
    return {
        "gpu.wsl": linux and nvidia.in_wsl(context.root),
        "gpu.container": nvidia.container(context.environ, context.root) if linux else None,
        "gpu.asked_for": nvidia.gpu_asked_for(context.environ),
        "gpu.hidden": nvidia.hidden(context.environ),
        "gpu.nodes": nvidia.has_nodes(context.root) if linux else None,
        "gpu.held_by": nvidia.held_by(context.root) if linux else None,
    }


def _linux(context: Context) -> Iterator[Fact]:
    found, wsl = nvidia.has_gpu(context.root), nvidia.in_wsl(context.root)
    kernel = nvidia.kernel_driver(context.root)
    loader = Loader.of("linux", context.target.host.machine, context.environ, root=context.root)
    library = loader.find("libcuda.so.1")
    compat = library is not None and "compat" in library.path.parts
    user = nvidia.user_driver(context.root, cached=library.path if library and not compat else None)
    outside = nvidia.container(context.environ, context.root) is None  # there the first program makes the device files
    usable = found and (outside or nvidia.has_nodes(context.root)) and (wsl or kernel is not None)
    differ = kernel != user if kernel and user else None
    values = {_GPU: found, "gpu.usable": usable, "gpu.user_driver": user, "gpu.versions_differ": differ}
    values["gpu.compat"] = nvidia.library_version(library.path) if library and compat else None
    yield from known(_NAME, {**values, _KERNEL: kernel})
    yield from _asked(context, "linux", kernel, found=usable)


def _asked(context: Context, system: str, driver: str | None, *, found: bool) -> Iterator[Fact]:
    """The facts that the driver's own tool tells; without a GPU that can be reached it is not asked."""
    states: dict[str, State] = dict.fromkeys(("gpu.driver", "gpu.devices", "gpu.cuda_supported"), Absent())
    if found:
        tool = find_tool(system, context.environ, context.root)
        answer = ask(tool) if tool else Answer(problem="`nvidia-smi` is not where drivers put it")
        states = _told(answer, driver, "linux" if system == "linux" else "windows")
    elif driver:
        states["gpu.driver"] = Known(driver)
    for path, state in states.items():
        yield Fact(path=path, state=state, source=_NAME)


def _told(answer: Answer, driver: str | None, system: str) -> dict[str, State]:
    reason = Unknown(answer.problem or "`nvidia-smi` did not tell")
    version = driver or answer.driver
    if system == "linux" and driver is None:  # in WSL it is the version of the driver of Windows
        system = "windows"
    supported = load_gpu_data().cuda_supported(version, system) if version else None
    devices = [{"name": device.name, "capability": device.capability} for device in answer.devices]
    return {
        "gpu.driver": Known(version) if version else reason,
        "gpu.devices": Known(devices) if devices else reason,
        "gpu.cuda_supported": Known(supported) if supported else (Absent() if version else reason),
    }


PROBE = Probe(
    name=_NAME,
    provides={
        _GPU: "True or false: there is an NVIDIA GPU.",
        "gpu.usable": (
            "True or false: programs can reach it, with the driver loaded and, in a container, its device files there."
        ),
        "gpu.hidden": "Text: `CUDA_VISIBLE_DEVICES=-1` or its like, which hides every GPU; absent without.",
        "gpu.compat": "Text: the version of NVIDIA's library for newer CUDA on an older driver, if that is loaded.",
        "gpu.nodes": "True or false: `/dev/nvidiactl` or, in WSL, `/dev/dxg` is there; absent off Linux.",
        "gpu.held_by": "Text: the kernel module that holds it (`nouveau`); absent when none does.",
        "gpu.wsl": "True or false: the kernel is that of WSL.",
        "gpu.container": "Text: what kind of container this is (`docker`); absent when it looks like none.",
        "gpu.asked_for": (
            "Text: `NVIDIA_VISIBLE_DEVICES=all` where an image or its user asks for GPUs; absent elsewhere."
        ),
        _KERNEL: "Text: the version of the NVIDIA kernel driver that is loaded; absent when none is, as always in WSL.",
        "gpu.user_driver": "Text: the version of its library `libcuda`; absent when there is none.",
        "gpu.versions_differ": "True or false: these two are not the same; absent unless both are there.",
        "gpu.driver": "Text: the version of the driver that serves programs here; absent without one.",
        "gpu.cuda_supported": "Text: the newest CUDA that this driver came with or before; absent for a very old one.",
        "gpu.devices": "List of `{name, capability}`: the GPUs that can be reached; absent when none can.",
    },
    collect=_collect,
)
