"""Puts a Target together: from an interpreter's own answer, or from the files around one that does not start."""

from __future__ import annotations

import os
import platform
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

from tfrepair.errors import TargetError
from tfrepair.model.target import Environment, EnvironmentKind, Host, Interpreter, Target
from tfrepair.target.describe import Surroundings, base_of, look_around, prefix_of
from tfrepair.target.paths import is_file, is_folder, is_there
from tfrepair.target.tags import libc_of_this_machine, narrow_platform, tags_for
from tfrepair.target.user_site import user_environment

if TYPE_CHECKING:
    from collections.abc import Mapping


def host_of_this_machine() -> Host:
    """The machine this runs on."""
    libc, version = libc_of_this_machine()
    return Host(system=platform.system().lower(), machine=platform.machine().lower(), libc=libc, libc_version=version)


def target_from_answer(
    data: Mapping[str, Any], executable: Path, spec: str, reason: str, *, user_site: bool = False
) -> Target:
    """A target that starts, as it described itself; with `user_site` that of the user, not the interpreter's own."""
    host = host_of_this_machine()
    named = data["executable"]
    prefix = Path(data["prefix"])
    version = tuple(data["version"])
    narrow = narrow_platform(data["platform"], data["machine"], data["bits"])
    around = look_around(prefix)
    kind = _kind(prefix, data["base_prefix"])
    tags = tags_for(
        version,
        narrow,
        libc=host.libc,
        libc_version=host.libc_version,
        os_version=data["mac_version"] or None,
        free_threaded=data["free_threaded"],
        debug=data["debug"],
        implementation=data["implementation"],
    )
    interpreter = Interpreter(
        executable=named if named and is_there(Path(named)) else str(executable),
        version=(version[0], version[1], version[2]),
        implementation=data["implementation"],
        platform=narrow,
        machine=data["machine"],
        bits=data["bits"],
        markers=data["markers"],
        tags=tags,
        base_executable=_base_executable(data, around, kind),
        free_threaded=data["free_threaded"],
    )
    paths = data["paths"]
    environment = Environment(
        prefix=str(prefix),
        base_prefix=data["base_prefix"],
        kind=kind,
        purelib=paths["purelib"],
        platlib=paths["platlib"],
        scripts=paths["scripts"],
        sys_path=tuple(data["sys_path"]),
        writable=_writable(prefix, Path(paths["purelib"])),
        externally_managed=bool(data["externally_managed"]) and kind == "system",
        system_site_packages=_system_site_packages(around),
    )
    if user_site:
        environment = user_environment(environment, data["user"])
        environment = replace(environment, writable=_writable(Path(environment.prefix), Path(environment.purelib)))
    return Target(spec=spec, reason=reason, interpreter=interpreter, environment=environment, host=host)


def _base_executable(data: Mapping[str, Any], around: Surroundings, kind: EnvironmentKind) -> str | None:
    if kind != "venv":
        return str(data["executable"])
    stated = data["base_executable"]
    # Up to Python 3.10 it may be the venv's own executable.
    if stated and Path(stated).parent != Path(data["executable"]).parent:
        return str(stated)
    return base_of(around) or os.path.realpath(data["executable"])


def _kind(prefix: Path, base_prefix: str) -> EnvironmentKind:
    if is_folder(prefix / "conda-meta"):
        return "conda"
    return "system" if str(prefix) == base_prefix else "venv"


def _writable(prefix: Path, purelib: Path) -> bool:
    return os.access(purelib if is_folder(purelib) else prefix, os.W_OK)


def _system_site_packages(around: Surroundings) -> bool:
    return around.config.get("include-system-site-packages", "").lower() == "true"


def target_from_files(executable: Path, around: Surroundings, spec: str, reason: str, error: str) -> Target:
    """A target that does not start, as the files around it describe it."""
    if around.version is None:
        raise TargetError(
            f"`{executable}` does not start, and nothing in `{around.prefix}` tells its version: {error.strip()}",
            hint="to build a new environment use `tfrepair fix --venv DIR --base-python X.Y`",
        )
    host = host_of_this_machine()
    system = platform_of_host(host, windows=around.windows)
    base = base_of(around)
    kind: EnvironmentKind = "conda" if around.conda else "venv" if around.config or not around.stdlib else "system"
    purelib = str(around.purelib or _default_purelib(around))
    interpreter = Interpreter(
        executable=str(executable),
        version=around.version,
        implementation=around.config.get("implementation", "CPython"),
        platform=system,
        machine=host.machine,
        markers=_markers(around.version),
        tags=tags_for(
            around.version,
            system,
            libc=host.libc,
            libc_version=host.libc_version,
            os_version=platform.mac_ver()[0] or None,
            free_threaded=around.free_threaded,
        ),
        base_executable=base if kind == "venv" else str(executable),
        free_threaded=around.free_threaded,
        starts=False,
        start_error=error,
    )
    environment = Environment(
        prefix=str(around.prefix),
        base_prefix=around.config.get("base-prefix") or (str(prefix_of(Path(base))) if base else str(around.prefix)),
        kind=kind,
        purelib=purelib,
        platlib=purelib,
        scripts=str(around.scripts),
        sys_path=(),
        writable=_writable(around.prefix, Path(purelib)),
        system_site_packages=_system_site_packages(around),
        externally_managed=kind == "system" and is_file(Path(purelib).parent / "EXTERNALLY-MANAGED"),
    )
    return Target(spec=spec, reason=reason, interpreter=interpreter, environment=environment, host=host)


def _default_purelib(around: Surroundings) -> Path:
    if around.windows or around.version is None:
        return around.prefix / "Lib" / "site-packages"
    return around.prefix / "lib" / f"python{around.version[0]}.{around.version[1]}" / "site-packages"


def platform_of_host(host: Host, *, windows: bool = False) -> str:
    """What `sysconfig.get_platform()` most likely says on this machine."""
    if windows or host.system == "windows":
        return {"amd64": "win-amd64", "x86_64": "win-amd64", "arm64": "win-arm64"}.get(host.machine, "win32")
    if host.system == "darwin":
        return f"macosx-11.0-{host.machine}"
    return f"{host.system}-{host.machine}"


def _markers(version: tuple[int, int, int]) -> dict[str, str]:
    from packaging.markers import default_environment

    full = ".".join(str(part) for part in version)
    own = {name: str(value) for name, value in default_environment().items()}
    return own | {
        "implementation_version": full,
        "python_full_version": full,
        "python_version": f"{version[0]}.{version[1]}",
        "implementation_name": "cpython",
        "platform_python_implementation": "CPython",
    }
