"""What an interpreter is, from its own mouth when it starts, and from the files around it when it does not."""

from __future__ import annotations

import contextlib
import os
import re
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

from tfrepair.errors import TargetError
from tfrepair.target.interpreter import Completed, marked_json, new_mark, run
from tfrepair.target.paths import is_file, is_folder, is_there
from tfrepair.target.plain_file import read_plain

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

DESCRIBE_TIMEOUT = 15.0
_FLAGS = ("-I", "-B")
_FLAGS_BEFORE_ISOLATION = ("-E", "-s", "-B")
_OUTPUT_CAP = 1024 * 1024
_LEFT_OUT = ("__PYVENV_LAUNCHER__", "PYTHONHOME", "PYTHONSTARTUP")
_STDLIB_FOLDER = re.compile(r"python(\d+)\.(\d+)(t?)")


@dataclass(frozen=True, slots=True, kw_only=True)
class Answer:
    """What an interpreter said of itself, or why it said nothing."""

    data: Mapping[str, Any] | None
    error: str | None = None
    """What it printed, or how it ended, when there is no data."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Surroundings:
    """What the files around an interpreter say of its environment."""

    prefix: Path
    config: Mapping[str, str]
    """pyvenv.cfg, keys in lower case; empty when there is none."""
    version: tuple[int, int, int] | None
    purelib: Path | None
    stdlib: bool
    """The standard library lies in this prefix: it is a base interpreter's, or conda's."""
    free_threaded: bool = False

    @property
    def conda(self) -> bool:
        """It is a conda environment."""
        return is_folder(self.prefix / "conda-meta")

    @property
    def is_environment(self) -> bool:
        """It is a venv, a conda environment or a base installation; not just any folder."""
        return bool(self.config) or self.conda or self.purelib is not None

    @property
    def scripts(self) -> Path:
        """The folder of executables."""
        return self.prefix / ("Scripts" if self.windows else "bin")

    @property
    def windows(self) -> bool:
        """Laid out as on Windows."""
        return is_folder(self.prefix / "Scripts") and not is_folder(self.prefix / "bin")


def ask(
    executable: str,
    environ: Mapping[str, str],
    *,
    flags: Sequence[str] = (),
    timeout: float = DESCRIBE_TIMEOUT,
    tries: int = 2,
) -> Answer:
    """Start an interpreter, isolated and in an empty folder, and let it describe itself; it is tried again once.

    Raises TargetError for a Python that is too old to be repaired.
    """
    answer = Answer(data=None)
    isolation: tuple[str, ...] = _FLAGS
    for _ in range(tries):
        mark = new_mark()
        try:
            done = run(
                [executable, *isolation, *flags, script("describe_script.py"), mark],
                env=child_environ(environ),
                timeout=timeout,
                cap=_OUTPUT_CAP,
            )
        except OSError as error:
            return Answer(data=None, error=f"it cannot be executed: {error.strerror or error}")
        data = marked_json(done.stdout, mark)
        if isinstance(data, dict):
            return Answer(data=_supported(data, executable))
        answer = Answer(data=None, error=how_it_ended(done, timeout))
        if "Unknown option: -I" in done.stderr:
            isolation = _FLAGS_BEFORE_ISOLATION
        elif done.exit_code is None:
            break
    return answer


def _supported(data: Mapping[str, Any], executable: str) -> Mapping[str, Any]:
    if "unsupported" in data:
        version = ".".join(str(part) for part in data["unsupported"])
        raise TargetError(
            f"`{executable}` is Python {version}, and tfrepair knows Python 3.6 and newer",
            hint="name another interpreter with `--python`, or build a new environment with `tfrepair fix --venv DIR`",
        )
    return data


def how_it_ended(done: Completed, timeout: float) -> str:
    """The last lines an interpreter printed, and how it ended, as one text."""
    if done.exit_code is None:
        end = f"it did not end within {timeout:g} seconds"
    elif done.signal:
        end = f"it was ended by {done.signal}"
    elif done.exit_code:
        end = f"it ended with exit code {done.exit_code}"
    else:
        end = "it ended with exit code 0 and without an answer"
    lines = [line for line in (done.stderr or done.stdout).splitlines() if line.strip()]
    printed = "\n".join(line[:500] for line in lines[-15:])
    return f"{printed}\n{end}" if printed else end


def child_environ(environ: Mapping[str, str]) -> dict[str, str]:
    """The user's environment without what would make another interpreter believe it is somewhere else."""
    return {name: value for name, value in environ.items() if name not in _LEFT_OUT}


def script(name: str) -> str:
    """The path of one of the scripts that run inside a target."""
    return str(Path(__file__).parent / "scripts" / name)


def look_around(prefix: Path) -> Surroundings:
    """Describe the environment in a folder from its files alone; nothing is started."""
    config = read_config(prefix / "pyvenv.cfg")
    library, free_threaded, version = _library(prefix)
    stated = _version(config.get("version_info") or config.get("version") or "")
    if stated is not None and (version is None or stated[:2] == version[:2]):
        version = stated
    purelib = library / "site-packages" if library is not None else None
    return Surroundings(
        prefix=prefix,
        config=config,
        version=version,
        purelib=purelib,
        stdlib=library is not None and is_file(library / "os.py"),
        free_threaded=free_threaded,
    )


def read_config(path: Path) -> dict[str, str]:
    """The keys of a pyvenv.cfg in lower case; empty when it cannot be read."""
    try:
        text = read_plain(path).decode(errors="replace")
    except OSError:
        return {}
    pairs = (line.partition("=") for line in text.splitlines())
    return {key.strip().lower(): value.strip() for key, sep, value in pairs if sep}


def _library(prefix: Path) -> tuple[Path | None, bool, tuple[int, int, int] | None]:
    windows = prefix / "Lib"
    if os.name == "nt" or (is_folder(prefix / "Scripts") and is_folder(windows / "site-packages")):
        return (windows, False, None) if is_folder(windows) else (None, False, None)
    found = []
    with contextlib.suppress(OSError):
        for folder in (prefix / "lib").iterdir():
            match = _STDLIB_FOLDER.fullmatch(folder.name)
            if match and is_folder(folder):
                filled = is_folder(folder / "site-packages") or is_file(folder / "os.py")
                found.append((filled, (int(match[1]), int(match[2])), bool(match[3]), folder))
    if not found:
        return None, False, None
    _, (major, minor), free_threaded, folder = max(found, key=lambda item: item[:2])
    return folder, free_threaded, (major, minor, 0)


def _version(text: str) -> tuple[int, int, int] | None:
    match = re.match(r"(\d+)\.(\d+)(?:\.(\d+))?", text)
    return (int(match[1]), int(match[2]), int(match[3] or 0)) if match else None


def absolute(path: Path) -> Path:
    """The absolute path with its symbolic links kept, because a venv is recognised by the unresolved path."""
    return Path(os.path.abspath(path))  # noqa: PTH100


def executable_of(prefix: Path) -> Path | None:
    """The interpreter of an environment's folder, a broken link included; None when there is none."""
    names = ("bin/python", "bin/python3", "Scripts/python.exe", "python.exe")
    for name in names:
        if os.path.lexists(prefix / name):
            return prefix / name
    with contextlib.suppress(OSError):
        for path in sorted((prefix / "bin").glob("python3.*")):
            if re.fullmatch(r"python3\.\d+t?", path.name):
                return path
    return None


def prefix_of(executable: Path) -> Path:
    """The folder of the environment that an interpreter would belong to, judged by its path alone."""
    folder = executable.parent
    return folder.parent if folder.name in ("bin", "Scripts") else folder


def base_of(surroundings: Surroundings) -> str | None:
    """The interpreter that a venv was made from, as its pyvenv.cfg says; it may be gone."""
    config = surroundings.config
    for key in ("base-executable", "executable"):
        if config.get(key):
            return config[key]
    home = config.get("home")
    if not home:
        return None
    if surroundings.windows:
        return str(Path(home) / "python.exe")
    names = ["python3", "python"]
    if surroundings.version is not None:
        names.insert(0, f"python{surroundings.version[0]}.{surroundings.version[1]}")
    paths = [Path(home) / name for name in names]
    return str(next((path for path in paths if is_there(path)), paths[0]))
