"""CUDA and cuDNN: what the TensorFlow on disk was built with, what is installed, and what its loader finds."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

from tfrepair.model.facts import Unknown
from tfrepair.model.gpu import Capabilities, GpuData, at_least, lowest, one_serves
from tfrepair.probes.collector import Context, Probe, known, unknown
from tfrepair.target.build_info import BuildInfo, read_build_info
from tfrepair.target.cuda_files import (
    Installation,
    cudnn_version,
    cudnns,
    library_folders,
    other_versions,
    toolkits,
)
from tfrepair.target.loader import Found, Loader
from tfrepair.target.paths import is_file, is_folder
from tfrepair.target.release_data import load_gpu_data, load_releases

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from tfrepair.model.facts import Fact

_NAME = "cuda"


@dataclass(frozen=True, slots=True, kw_only=True)
class _Wanted:
    """What the TensorFlow on disk needs of CUDA."""

    version: str
    """Of TensorFlow."""
    cuda: str
    cudnn: str | None
    capabilities: Capabilities | None


def _collect(context: Context) -> Iterator[Fact]:
    host = context.target.host
    if host.system == "darwin":
        yield from known(_NAME, dict.fromkeys(PROBE.provides))
        return
    installed = toolkits(context.environ, host.system, root=context.root)
    folders = [folder.path for folder in installed] + [Path(site, "nvidia/cudnn") for site in _sites(context)]
    found_cudnn = cudnns(folders, root=context.root)
    yield from known(_NAME, {"cuda.toolkits": _rows(installed), "cuda.cudnns": _rows(found_cudnn)})
    name = context.facts.get("tensorflow.name")
    if isinstance(name, Unknown):
        rest = (path for path in PROBE.provides if path not in {"cuda.toolkits", "cuda.cudnns"})
        yield from unknown(_NAME, rest, name.reason)
        return
    info = read_build_info(_sites(context))
    build = _is_cuda_build(info, context)
    yield from known(_NAME, {"cuda.build": build, **_none()})
    wanted = _wanted(info, context, load_gpu_data()) if build else None
    if wanted is not None:
        yield from known(_NAME, _needs(wanted, context))
        yield from known(_NAME, _libraries(wanted, installed, found_cudnn, context))


def _sites(context: Context) -> tuple[str, ...]:
    return context.target.environment.site_folders


def _none() -> dict[str, Any]:
    return dict.fromkeys(path for path in PROBE.provides if path not in {"cuda.toolkits", "cuda.cudnns", "cuda.build"})


def _rows(installed: Sequence[Installation]) -> list[dict[str, Any]]:
    return [{"version": each.version, "path": str(each.path), "source": each.source} for each in installed]


def _is_cuda_build(info: BuildInfo | None, context: Context) -> bool | None:
    """The build's own word; without it that of the data about releases. None where there is no TensorFlow."""
    if info is not None:
        return info.cuda
    name, version = context.facts.value("tensorflow.name"), context.facts.value("tensorflow.version")
    if not name or not version:
        return None
    host = context.target.host
    return load_gpu_data().is_cuda_build(name, version, host.system, context.target.interpreter.machine)


def _wanted(info: BuildInfo | None, context: Context, data: GpuData) -> _Wanted | None:
    """What was tested with the release has the minor versions, which a build does not always tell.

    The build's own word counts where the two disagree: conda and NVIDIA build the same release with another CUDA.
    """
    version = str(context.facts.value("tensorflow.version", ""))
    release = load_releases().get("tensorflow", version)
    cuda = _agreed(release.cuda if release else None, info.cuda_version if info else None)
    if not version or cuda is None:
        return None
    own = _capabilities(info) if info and info.capabilities else None
    return _Wanted(
        version=version,
        cuda=cuda,
        cudnn=_agreed(release.cudnn if release else None, info.cudnn_version if info else None),
        capabilities=own or data.capabilities(version),
    )


def _agreed(tested: str | None, built: str | None) -> str | None:
    """The tested version, unless the build names another one; `10` and `12.5.1` agree with `10.0` and `12.5`."""
    if tested is None or built is None:
        return tested or built
    same = all(one == other for one, other in zip(tested.split("."), built.split("."), strict=False))
    return tested if same else built


def _capabilities(info: BuildInfo) -> Capabilities:
    def dotted(text: str) -> str:
        digits = text.rpartition("_")[2].rstrip("af")
        return f"{digits[:-1]}.{digits[-1]}"

    ptx = [dotted(text) for text in info.capabilities if text.startswith("compute_")]
    code = tuple(dotted(text) for text in info.capabilities if text.startswith("sm_"))
    return Capabilities(code=code, ptx=lowest(ptx))


def _needs(wanted: _Wanted, context: Context) -> dict[str, Any]:
    """The driver it needs on these GPUs, and the GPUs that it has no code for."""
    data, devices = load_gpu_data(), context.facts.value("gpu.devices", [])
    capabilities = [row["capability"] for row in devices if row["capability"]]
    own = wanted.capabilities
    compiles = own is not None and any(not own.has_code(each) for each in capabilities)
    wsl = context.facts.value("gpu.wsl", False)
    system = "windows" if wsl else context.target.host.system
    needed = data.driver_needed(wanted.cuda, system, compiles=compiles)
    serving = [text for path in ("gpu.driver", "gpu.compat") if (text := context.facts.value(path))]
    return {
        "cuda.version": wanted.cuda,
        "cuda.cudnn": wanted.cudnn,
        "cuda.driver_needed": needed,
        "cuda.driver_enough": any(at_least(each, needed) for each in serving) if serving and needed else None,
        "cuda.compiles": compiles,
        "cuda.no_code": [
            {**row, "why": why} for row in devices if (why := _why_not(wanted, row["capability"], data)) is not None
        ],
    }


def _why_not(wanted: _Wanted, capability: str | None, data: GpuData) -> str | None:
    own = wanted.capabilities
    if capability is None or own is None:
        return None
    if own.lacks(capability):
        return f"the build has code for {', '.join(own.code)} and, from {own.ptx} on, for newer ones"
    return data.too_new(wanted.version, capability)


def _libraries(
    wanted: _Wanted, installed: Sequence[Installation], found_cudnn: Sequence[Installation], context: Context
) -> dict[str, Any]:
    host = context.target.host
    wheels = _wheel_folders(wanted, context)
    loader = Loader.of(host.system, host.machine, context.environ, wheels=wheels, root=context.root)
    found = {name: loader.find(name) for name in load_gpu_data().libraries(wanted.cuda, wanted.cudnn, host.system)}
    missing = [name for name, where in found.items() if where is None]
    beside = [folder for each in (*installed, *found_cudnn) for folder in _folders_of(each)]
    elsewhere = tuple(dict.fromkeys((*beside, *loader.all_folders()))) if missing else ()
    return {
        "cuda.found": [
            {"library": name, "path": str(where.path), "via": where.via} for name, where in found.items() if where
        ],
        "cuda.fits": one_serves(wanted.cuda, (each.version for each in installed)),
        "cuda.cudnn_fits": one_serves((wanted.cudnn or "").partition(".")[0], (each.version for each in found_cudnn)),
        "cuda.missing": missing,
        "cuda.misplaced": [
            {"library": name, "path": str(folder / name)}
            for name in missing
            for folder in beside
            if is_file(folder / name)
        ],
        "cuda.others": [
            {"library": name, "path": str(path)} for name in missing for path in other_versions(name, elsewhere)
        ],
        "cuda.old_cudnn": list(_old_cudnn(wanted, found)),
    }


def _folders_of(each: Installation) -> tuple[Path, ...]:
    """The folders with libraries of a toolkit, or beside a cuDNN's header."""
    return library_folders(each.path if is_folder(each.path) else each.path.parent.parent)


def _wheel_folders(wanted: _Wanted, context: Context) -> list[Path]:
    """Where this build looks into the nvidia-* wheels itself; and in conda's own folder of libraries."""
    looks = load_gpu_data().finds_wheels(wanted.version)
    folders = [path for site in _sites(context) for path in sorted(Path(site).glob("nvidia/*/lib"))]
    prefix = Path(context.target.environment.prefix)
    conda = (prefix / "lib", prefix / "Library/bin") if context.target.environment.kind == "conda" else ()
    return [*(folders if looks else ()), *conda]


def _old_cudnn(wanted: _Wanted, found: dict[str, Found | None]) -> Iterator[dict[str, str]]:
    """The cuDNN that is loaded, when it is older than the one of the build; a newer minor version is fine."""
    library = next((where for name, where in found.items() if where and "cudnn" in name), None)
    version = cudnn_version(library.path) if library else None
    if library and version and wanted.cudnn and at_least(version, wanted.cudnn) is False:
        yield {"version": version, "path": str(library.path), "via": library.via}


PROBE = Probe(
    name=_NAME,
    provides={
        "cuda.toolkits": "List of `{version, path, source}`: the CUDA toolkits that are installed.",
        "cuda.cudnns": "List of `{version, path, source}`: the cuDNN headers that are installed.",
        "cuda.build": "True or false: the TensorFlow on disk is built with CUDA; absent without TensorFlow.",
        "cuda.version": "Text: the CUDA it is built with (`12.5`); absent for a build without, as are all that follow.",
        "cuda.cudnn": "Text: the cuDNN it is built with (`9.3`).",
        "cuda.fits": "True or false: one of the installed toolkits is of that CUDA; absent where none is installed.",
        "cuda.cudnn_fits": "True or false: one of the installed cuDNNs is of that major version; absent where none is.",
        "cuda.driver_needed": "Text: the oldest driver for that CUDA on the GPUs that are there.",
        "cuda.driver_enough": "True or false: the driver is as new; absent where either is not known.",
        "cuda.compiles": "True or false: on a GPU that is there the driver must compile code first.",
        "cuda.no_code": "List of `{name, capability, why}`: GPUs that this build does not work with.",
        "cuda.found": "List of `{library, path, via}`: the CUDA libraries it needs, and where the loader finds them.",
        "cuda.missing": "List of texts: those that the loader does not find.",
        "cuda.misplaced": "List of `{library, path}`: of these, what is installed where the loader does not look.",
        "cuda.others": "List of `{library, path}`: of these, which other versions are installed.",
        "cuda.old_cudnn": "List of `{version, path, via}`: the cuDNN that is loaded, if it is older than the build's.",
    },
    after=("tensorflow", "gpu"),
    collect=_collect,
)
