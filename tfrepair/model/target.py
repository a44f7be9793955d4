"""What we were asked about: an interpreter, the environment around it, and the host below."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import PurePath
from typing import TYPE_CHECKING, Literal

if TYPE_CHECKING:
    from collections.abc import Mapping

EnvironmentKind = Literal["venv", "conda", "system", "user"]


@dataclass(frozen=True, slots=True, kw_only=True)
class Interpreter:
    """A Python executable, described by itself when it starts and by the files around it when it does not."""

    executable: str
    """Absolute path; symbolic links are kept, because a venv is recognised by the unresolved path."""
    version: tuple[int, int, int]
    implementation: str = "CPython"
    platform: str
    """As `sysconfig.get_platform()` says it, for example `linux-x86_64`."""
    machine: str
    bits: int = 64
    markers: Mapping[str, str]
    """The PEP 508 marker environment."""
    tags: tuple[str, ...]
    """The wheel tags it accepts, the best first (`cp310-cp310-manylinux_2_17_x86_64`)."""
    base_executable: str | None
    free_threaded: bool = False
    starts: bool = True
    start_error: str | None = None
    """What it printed when it did not start."""

    @property
    def minor(self) -> str:
        """The version without its patch: `3.10`."""
        return f"{self.version[0]}.{self.version[1]}"

    @property
    def version_text(self) -> str:
        """The whole version: `3.10.13`."""
        return ".".join(str(part) for part in self.version)


@dataclass(frozen=True, slots=True, kw_only=True)
class Environment:
    """A prefix with its site-packages; all paths absolute.

    Of the kind `user` the prefix is a user base (`~/.local`): its interpreter lies elsewhere, and only a user site
    with a TensorFlow in it is an environment of its own.
    """

    prefix: str
    base_prefix: str
    kind: EnvironmentKind
    purelib: str
    platlib: str
    scripts: str
    sys_path: tuple[str, ...]
    """The search path as the interpreter printed it; empty when it does not start."""
    writable: bool = True
    externally_managed: bool = False
    system_site_packages: bool = False
    stands_for: str | None = None
    """Of a copy that is being repaired: the prefix whose place it will take, which its scripts name already."""

    @property
    def script_folders(self) -> tuple[str, ...]:
        """The folder of the scripts, and the one where they will lie."""
        if self.stands_for is None:
            return (self.scripts,)
        return (self.scripts, str(PurePath(self.stands_for, PurePath(self.scripts).relative_to(self.prefix))))

    @property
    def site_folders(self) -> tuple[str, ...]:
        """The folders that distributions are installed into, without repetition."""
        return tuple(dict.fromkeys((self.purelib, self.platlib)))

    def variables(self, environ: Mapping[str, str]) -> dict[str, str]:
        """The variables of a program started in it: those of the user, and which user site is meant."""
        return {**environ, "PYTHONUSERBASE": self.prefix} if self.kind == "user" else dict(environ)


@dataclass(frozen=True, slots=True, kw_only=True)
class Host:
    """The machine: operating system, processor and C library."""

    system: str
    """`linux`, `darwin` or `windows`."""
    machine: str
    """`x86_64`, `aarch64`, `arm64`; as the platform says it, lower case."""
    libc: str | None = None
    """`glibc` or `musl`; None where the question does not arise."""
    libc_version: str | None = None

    @property
    def glibc(self) -> str | None:
        """The version of glibc; None where there is none."""
        return self.libc_version if self.libc == "glibc" else None


@dataclass(frozen=True, slots=True, kw_only=True)
class Target:
    """An interpreter, its environment and the host, and why this one was chosen."""

    spec: str
    """What the user named, or the variable or file that named it."""
    reason: str
    """One sentence for the screen: why this target."""
    interpreter: Interpreter
    environment: Environment
    host: Host
