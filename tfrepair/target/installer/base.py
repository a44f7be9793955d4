"""One protocol for installers, and what both need: a runner, a clean environment, a private folder."""

from __future__ import annotations

import re
import time
from contextlib import contextmanager
from dataclasses import dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING, Literal, Protocol
from urllib.parse import urlsplit

from packaging.utils import InvalidWheelFilename, canonicalize_name, parse_wheel_filename

from tfrepair.errors import StepError, SurroundingsError, TimeLimitError, UnresolvableError
from tfrepair.model.resolution import ResolveRequest
from tfrepair.target.temporary import temporary_folder

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence

    from tfrepair.model.plan import Lock
    from tfrepair.target.installer.settings import IndexSettings
    from tfrepair.target.interpreter import Completed

__all__ = ["Installer", "InstallerKind", "ResolveRequest", "UnresolvableError", "make_installer"]

InstallerKind = Literal["auto", "uv", "pip"]

WITHOUT_TIMES = "without upload times"
BOUNDS_ONLY = ": measured bounds only"

RESOLVE_LIMIT = 1800.0
INSTALL_LIMIT = 7200.0
"""Seconds. Wheels of half a gigabyte over a slow line take this long; a silent index ends much earlier."""

_MISLEADING = (
    "PYTHONPATH",
    "PYTHONHOME",
    "PYTHONSTARTUP",
    "PYTHONSAFEPATH",
    "VIRTUAL_ENV",
    "CONDA_PREFIX",
    "__PYVENV_LAUNCHER__",
)


class Run(Protocol):
    """Starts a program and waits for it: `target.interpreter.run`."""

    def __call__(
        self,
        argv: Sequence[str],
        *,
        env: Mapping[str, str] | None = None,
        cwd: Path | str | None = None,
        timeout: float = 60.0,
        on_line: Callable[[str], None] | None = None,
        merge: bool = False,
    ) -> Completed:
        """How it ended."""
        ...


class Installer(Protocol):
    """Resolves for an interpreter, and installs exactly what was resolved."""

    @property
    def name(self) -> str:
        """`uv` or `pip`."""
        ...

    def resolve(self, request: ResolveRequest) -> Lock:
        """The exact versions. Reads indexes, changes nothing. Raises UnresolvableError, SurroundingsError."""
        ...

    def install(
        self,
        python: str,
        lock: Lock,
        names: Sequence[str],
        *,
        reinstall: bool,
        past_cache: bool = False,
        user_base: str | None = None,
        on_line: Callable[[str], None] | None = None,
    ) -> None:
        """Install these canonical names of the lock, without their dependencies. Raises StepError, SurroundingsError.

        `past_cache` fetches the files again, because those in the installer's cache may be damaged.
        They go into the user site below `user_base`, when there is one, and else where the interpreter has its own.
        """
        ...


@dataclass(frozen=True, slots=True, kw_only=True)
class Surroundings:
    """What an installer needs of the outside."""

    settings: IndexSettings
    environ: Mapping[str, str]
    run: Run
    sleep: Callable[[float], None] = time.sleep
    on_wait: Callable[[str, float], None] | None = None
    """Told why it waits, and the seconds left, once a second."""
    limit: float | None = None
    """The most seconds that one call may take, when that is less than what it may by itself."""

    def start(
        self,
        argv: Sequence[str],
        *,
        env: Mapping[str, str],
        cwd: Path,
        timeout: float,
        on_line: Callable[[str], None] | None = None,
    ) -> Completed:
        """Run an installer. Raises SurroundingsError when it cannot be started or does not end in time.

        Where the limit is that of a step it is a TimeLimitError.
        """
        clean = self.settings.clean
        limit = timeout if self.limit is None else min(timeout, self.limit)
        listener = None if on_line is None else (lambda line: on_line(clean(line)))
        try:
            done = self.run(argv, env=env, cwd=cwd, timeout=limit, on_line=listener, merge=True)
        except OSError as error:
            raise SurroundingsError(f"`{argv[0]}` cannot be started: {error}") from error
        if done.exit_code is None:
            said = f"`{Path(argv[0]).name}` did not end within {limit:g} s and was stopped"
            raise SurroundingsError(said) if limit == timeout else TimeLimitError(said)
        return done


def make_installer(
    kind: InstallerKind,
    settings: IndexSettings,
    environ: Mapping[str, str],
    python_version: tuple[int, ...],
    *,
    sleep: Callable[[float], None] = time.sleep,
    on_wait: Callable[[str, float], None] | None = None,
    run: Run | None = None,
    limit: float | None = None,
) -> Installer:
    """uv, or pip when it is asked for or uv is not there. Raises SurroundingsError when neither can do it."""
    from tfrepair.target.installer.keyring import with_keyring
    from tfrepair.target.installer.uv import UvInstaller
    from tfrepair.target.installer.uv_child import find_uv
    from tfrepair.target.interpreter import run_on_leash

    start = run or run_on_leash
    settings = with_keyring(settings, environ, start)
    outside = Surroundings(settings=settings, environ=environ, run=start, sleep=sleep, on_wait=on_wait, limit=limit)
    if kind != "pip":
        try:
            return UvInstaller(outside, find_uv())
        except SurroundingsError:
            if kind == "uv":
                raise
    from tfrepair.target.installer.pip import PipInstaller

    if tuple(python_version[:2]) < (3, 7):
        version = ".".join(str(part) for part in python_version[:2])
        raise SurroundingsError(
            f"No pip for Python {version} can say what it would install", hint="use `--installer uv`"
        )
    return PipInstaller(outside)


def inherited(environ: Mapping[str, str], keep: Callable[[str], bool]) -> dict[str, str]:
    """An installer's environment: nothing that leads Python astray, of `PIP_*` and `UV_*` only what `keep` takes.

    An installer that imports from the target itself (Debian's pip takes certifi from the user site) writes no bytecode
    there; what it installs it compiles as it is told.
    """
    kept = {
        name: value
        for name, value in environ.items()
        if name not in _MISLEADING and (not name.startswith(("PIP_", "UV_")) or keep(name))
    }
    return kept | {"PYTHONDONTWRITEBYTECODE": "1"}


@contextmanager
def private_folder() -> Iterator[Path]:
    """A fresh folder that only this user can read; it goes when the block ends."""
    with temporary_folder() as folder:
        yield folder.resolve()


def write_lines(path: Path, lines: Iterable[str]) -> Path:
    """Write a requirements file; returns its path."""
    path.write_text("".join(f"{line}\n" for line in lines), encoding="utf-8")
    return path


def shares(lock: Lock, names: Iterable[str]) -> tuple[list[str], list[str]]:
    """Of what is to be installed, the wheel files and URLs, and the canonical names that the index gives.

    Raises StepError for a name that the lock does not hold.
    """
    wanted = [canonicalize_name(name) for name in names]
    local = list(local_items(lock, wanted))
    named = {local_name(item) for item in local}
    locked: list[str] = [name for name in wanted if name not in named]
    strange = [name for name in locked if lock.get(name) is None]
    if strange:
        raise StepError(f"The lock does not hold {', '.join(f'`{name}`' for name in strange)}")
    return local, locked


def local_items(lock: Lock, names: Iterable[str]) -> tuple[str, ...]:
    """The wheel files and URLs of the lock that belong to these names, and those that do not say their name."""
    wanted = set(names)
    return tuple(item for item in lock.local if (name := local_name(item)) is None or name in wanted)


def local_name(item: str) -> str | None:
    """The canonical name of a wheel file, an URL of one, or `name @ url`; None when it does not say."""
    named = re.match(r"([A-Za-z0-9][\w.-]*)\s*(?:\[[^\]]*\])?\s*@", item)
    if named:
        return canonicalize_name(named[1])
    path = urlsplit(item).path if "://" in item else item
    try:
        return parse_wheel_filename(re.split(r"[/\\]", path)[-1])[0]
    except InvalidWheelFilename:
        return None


def end_of_day(day: str) -> str:
    """The first moment after a day, in UTC: `2022-10-06` gives `2022-10-07T00:00:00Z`."""
    from datetime import date, timedelta

    return f"{date.fromisoformat(day[:10]) + timedelta(days=1)}T00:00:00Z"


def from_known_good(request: ResolveRequest, resolve: Callable[[ResolveRequest], Lock], why: str) -> Lock | None:
    """The lock with known-good versions in place of the cutoff; None when none are known or they do not fit here.

    What worked on another Python counts only if nothing has to be built: an old source archive rarely builds on a
    Python it was not made for.
    """
    held, known = request.as_known_good(), request.known_good
    if held is None or known is None:
        return None
    try:
        lock = resolve(held)
    except UnresolvableError:
        return None
    if not known.exact and not all(pin.is_wheel for pin in lock.pins):
        return None
    return replace(lock, method=f"{why}: {known.text}")


def method(
    installer: str, *, asked: str | None, held: str | None, undated: Sequence[str] = (), later: Sequence[str] = ()
) -> str:
    """How a lock came about, in a few words. For what is `later` the day does not hold, though it has upload times."""
    if asked is None:
        return installer
    if held is None:
        return f"{installer}, {WITHOUT_TIMES}{BOUNDS_ONLY}"
    told = [f"{', '.join(undated)}: without upload times"] if undated else []
    today = [name for name in later if name not in undated]
    told += [f"{', '.join(today)}: as of today"] if today else []
    exceptions = f" ({'; '.join(told)})" if told else ""
    return f"{installer}, as of {held}{exceptions}"
