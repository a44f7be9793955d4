"""uv as installer: resolves as of a day into a PEP 751 lock, and installs from it."""

from __future__ import annotations

import re
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, TypeVar

from packaging.utils import canonicalize_name, canonicalize_version

from tfrepair.errors import SurroundingsError, UnresolvableError
from tfrepair.model.plan import Lock
from tfrepair.target.installer import base, pylock
from tfrepair.target.installer.failures import failure
from tfrepair.target.installer.index_pages import refuse_what_is_no_index
from tfrepair.target.installer.retry import LIMIT, DamagedDownloadError, retrying
from tfrepair.target.installer.uv_child import uv_environment

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Mapping, Sequence
    from pathlib import Path

    from tfrepair.model.plan import Pin
    from tfrepair.model.resolution import ResolveRequest
    from tfrepair.target.installer.base import Surroundings
    from tfrepair.target.installer.index_pages import Page

T = TypeVar("T")

_UNDATED = re.compile(r"^warning: `(?P<file>[^`]+)` is missing an upload date", re.MULTILINE)
_OPTION = re.compile(
    r"(?:invalid value|Invalid).*exclude-newer-package|exclude-newer-package.*(?:invalid|could not)", re.IGNORECASE
)
_TOO_NEW = re.compile(r"exclude-newer|exclude newer")
_FROM = re.compile(r"^(?P<name>[\w.-]+)==.*\n\s+# from (?P<index>https?://\S+)$", re.MULTILINE)
_ROUNDS = 12
"""A tree of distributions without upload times comes to light level by level; TensorFlow's has six."""
_ASKED_ANEW = 3
"""How many of what is lacking the indexes are asked for once more."""
_FAR_DAY = "2100-01-01T00:00:00Z"
_CLEAN_LIMIT = 120.0


@dataclass(frozen=True, slots=True)
class UvInstaller:
    """Installs with uv."""

    outside: Surroundings
    binary: str

    @property
    def name(self) -> str:
        """Its name on the command line."""
        return "uv"

    def resolve(self, request: ResolveRequest) -> Lock:
        """See `Installer`. Files without an upload time are used only where nothing else will do; `method` says so."""
        try:
            return self._trying(lambda: self._from_all(request))
        except UnresolvableError as error:
            lacking = {item.partition("==")[0] for item in error.missing}  # uv says the same of a version and of all
            refuse_what_is_no_index(lacking, request, self.outside.settings, lambda name: self._page(request, name))
            if self.outside.settings.extra_index_urls:
                for name in sorted(lacking)[:_ASKED_ANEW]:  # where indexes are weighed, uv does not tell of a refusal
                    self._page(request, name)
            raise

    def _page(self, request: ResolveRequest, name: str) -> Page:
        with base.private_folder() as folder:
            asked = base.write_lines(folder / "requirements.in", [name])
            argv = [self.binary, "pip", "compile", str(asked), "--python", request.python, "--no-deps", "--no-build"]
            argv += ["--color", "never", *self._index_options(weighed=False)]
            env = uv_environment(self.outside.settings, self.outside.environ)
            env.pop("UV_CONSTRAINT", None)
            done = self.outside.start(argv, env=env, cwd=folder, timeout=base.RESOLVE_LIMIT)
        text = done.stdout + done.stderr
        if not done.ok:
            error = failure(text, stage="resolve", installer="uv", settings=self.outside.settings)
            if isinstance(error, SurroundingsError):
                raise error
        said = " ".join(text.split())
        if f"{name} was not found in" in said:
            return "no page"
        return "no files" if re.search(rf"there are no versions of {re.escape(name)}\b", said) else "files"

    def _trying(self, attempt: Callable[[], T], limit: float | None = LIMIT) -> T:
        """See `retrying`; what came damaged is forgotten first, in case it came from the cache."""

        def once() -> T:
            try:
                return attempt()
            except DamagedDownloadError as error:
                if error.distribution is not None:
                    self._forget((error.distribution,))
                raise

        return retrying(once, sleep=self.outside.sleep, on_wait=self.outside.on_wait, limit=limit)

    def _from_all(self, request: ResolveRequest) -> Lock:
        """From every index, or from the main one alone.

        uv takes all files of one version from the first index that has it. An extra index with only some wheels of a
        version hides those of the main index, which pip would find.
        """
        try:
            return self._resolve(request)
        except UnresolvableError:
            settings = self.outside.settings
            if not settings.extra_index_urls:
                raise
            main = replace(self.outside, settings=replace(settings, extra_index_urls=()))
            try:
                lock = replace(self, outside=main)._resolve(request)  # noqa: SLF001  # of the same class
            except UnresolvableError:
                lock = None
            if lock is None:
                raise
            return replace(lock, method=f"{lock.method}, from the main index alone")

    def _resolve(self, request: ResolveRequest) -> Lock:
        if request.cutoff is None:
            return self._as_of_no_day(request)
        lock = self._as_of(request, request.cutoff)
        if not request.is_known(pylock.undated(pylock.parse(lock.pylock))):
            return lock
        return base.from_known_good(request, self._as_of_no_day, f"uv, {base.WITHOUT_TIMES}") or lock

    def _as_of(self, request: ResolveRequest, cutoff: str) -> Lock:
        """As of a day; what has no upload time is freed of it, and so is everything where that does not help."""
        free: tuple[str, ...] = tuple(canonicalize_name(name) for name in request.exempt)
        for _ in range(_ROUNDS):
            attempt = self._compile(request, cutoff, free)
            if not isinstance(attempt.error, UnresolvableError):
                return attempt.lock(request)
            if not attempt.undated:
                return self._of_another_day(request, attempt)
            blamed = {name for name in attempt.undated if re.search(rf"\b{re.escape(name)}\b", attempt.error.reason)}
            new = (blamed or set(attempt.undated)) - set(free)
            if not new:
                break
            free += tuple(sorted(new))
        return self._as_of_no_day(request)

    def _of_another_day(self, request: ResolveRequest, attempt: _Attempt) -> Lock:
        """Nothing fits the day. An index that took in everything later says of all files that they are too new."""
        lacks = isinstance(attempt.error, UnresolvableError) and attempt.error.missing
        if not lacks or not _TOO_NEW.search(attempt.text):
            return attempt.lock(request)
        why = "uv, as of no day, since nothing fits the cutoff"
        return base.from_known_good(request, self._as_of_no_day, why) or self._as_of_no_day(request)

    def _as_of_no_day(self, request: ResolveRequest) -> Lock:
        return self._compile(request, None, ()).lock(request)

    def _compile(self, request: ResolveRequest, cutoff: str | None, free: Sequence[str]) -> _Attempt:
        attempt = self._compile_once(request, cutoff, [f"{name}=false" for name in free])
        if free and _OPTION.search(attempt.text):  # uv before 0.9 takes only a date
            attempt = self._compile_once(request, cutoff, [f"{name}={_FAR_DAY}" for name in free])
        return attempt

    def _compile_once(self, request: ResolveRequest, cutoff: str | None, free: Sequence[str]) -> _Attempt:
        settings = self.outside.settings
        with base.private_folder() as folder:
            output = folder / "pylock.toml"
            if request.preferences:
                output.write_text(pylock.render(pylock.of_versions(request.preferences)), encoding="utf-8")
            roots = base.write_lines(folder / "requirements.in", request.roots)
            constraints = base.write_lines(folder / "constraints.txt", request.constraints)
            argv = [self.binary, "pip", "compile", str(roots), "--python", request.python, "--output-file", str(output)]
            argv += ["--format", "pylock.toml", "--generate-hashes", "--no-header", "--no-annotate", "--color", "never"]
            argv += ["--constraints", str(constraints), *self._index_options()]
            if request.without:  # an override that never holds takes the requirement away
                never = [f'{name} ; python_version < "0"' for name in request.without]
                argv += ["--overrides", str(base.write_lines(folder / "overrides.txt", never))]
            for path in settings.constraints:
                argv += [] if "://" in path else ["--constraints", path]
            dated = [] if cutoff is None else ["--exclude-newer", base.end_of_day(cutoff)]
            dated += [] if cutoff is None else [f"--exclude-newer-package={item}" for item in free]
            argv += dated
            argv += ["--no-build"] if request.wheels_only else []
            done = self.outside.start(
                argv, env=uv_environment(settings, self.outside.environ), cwd=folder, timeout=base.RESOLVE_LIMIT
            )
            text = done.stdout + done.stderr
            undated = tuple({_file_project(found["file"]) for found in _UNDATED.finditer(text)})
            if not done.ok:
                error = failure(text, stage="resolve", installer="uv", settings=settings)
                if not isinstance(error, UnresolvableError):
                    if _OPTION.search(text):
                        return _Attempt(text=text, undated=undated, error=error)
                    raise error
                return _Attempt(text=text, undated=undated, error=error)
            document = pylock.parse(output.read_text(encoding="utf-8"), folder)
            document = pylock.with_indexes(document, self._indexes(document, request.python, dated, folder))
            return _Attempt(text=text, undated=undated, document=document, cutoff=cutoff)

    def _indexes(self, document: pylock.Document, python: str, dated: Sequence[str], folder: Path) -> Mapping[str, str]:
        """The index that each wheel comes from, by canonical name, where there is one to say.

        uv does not write it into a lock, and finds nothing in its cache without it: each install would fetch and
        unpack everything again. Where there is one index, one wheel is asked about for all. The cache knows the answer,
        unless the user wants none.
        """
        wheels = {pin.name: pin.version for pin in pylock.pins(document) if pin.is_wheel and pin.version}
        fetched = {name for name, place in pylock.places(document) if place.startswith(("https:", "http:"))}
        single = self._has_one_index and sorted(fetched & wheels.keys())
        asked = single[:1] if single else sorted(wheels)
        pins = base.write_lines(folder / "pins.in", [f"{name}=={wheels[name]}" for name in asked])
        argv = [self.binary, "pip", "compile", str(pins), "--python", python, "--no-deps", "--no-build", "--no-header"]
        argv += ["--no-annotate", "--emit-index-annotation", "--color", "never", *self._index_options(), *dated]
        env = uv_environment(self.outside.settings, self.outside.environ)
        env.pop("UV_CONSTRAINT", None)  # it had its say
        for command in (argv,) if self.outside.settings.offline else ([*argv, "--offline"], argv):
            done = self.outside.start(command, env=env, cwd=folder, timeout=base.RESOLVE_LIMIT)
            if done.ok:
                break
        found: dict[str, str] = {
            canonicalize_name(match["name"]): match["index"] for match in _FROM.finditer(done.stdout)
        }
        return dict.fromkeys(single, next(iter(found.values()))) if single and found else found

    @property
    def _has_one_index(self) -> bool:
        """What is fetched can come from the main index only."""
        settings = self.outside.settings
        return not settings.extra_index_urls and not any("://" in item for item in settings.find_links)

    def _index_options(self, *, weighed: bool = True) -> Iterator[str]:
        settings = self.outside.settings
        yield "--no-config"
        for item in settings.find_links:
            if "://" not in item:
                yield from ("--find-links", item)
        if settings.no_index:
            yield "--no-index"
        if settings.extra_index_urls and weighed:  # as pip does: the best version of all indexes
            yield from ("--index-strategy", "unsafe-best-match")
        if settings.offline:
            yield "--offline"

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
        """See `Installer`. Files are hard-linked from uv's cache where the file system allows it."""
        local, locked = base.shares(lock, names)
        flags = self._install_flags(lock, names, reinstall=reinstall, past_cache=past_cache)
        flags += ["--prefix", user_base] if user_base is not None else []
        with base.private_folder() as folder:
            if locked:
                path = folder / "pylock.toml"
                path.write_text(pylock.render(pylock.subset(pylock.parse(lock.pylock), locked)), encoding="utf-8")
                hashes = [] if any(not pin.hashes for pin in lock.pins if pin.name in locked) else ["--require-hashes"]
                self._pip_install(python, [*flags, *hashes, "-r", str(path)], folder, on_line)
            if local:
                path = base.write_lines(folder / "local.txt", local)
                self._pip_install(python, [*flags, "-r", str(path)], folder, on_line)

    def _install_flags(self, lock: Lock, names: Sequence[str], *, reinstall: bool, past_cache: bool) -> list[str]:
        flags = ["--no-deps", "--color", "never", *self._index_options()]
        if lock.cutoff is not None:  # holds for what source archives are built with
            flags += ["--exclude-newer", base.end_of_day(lock.cutoff)]
        if reinstall or past_cache:
            flags.append("--reinstall")
        if past_cache and not self._forget(names):
            flags.append("--no-cache")
        return flags

    def _forget(self, names: Sequence[str]) -> bool:
        """Remove these names, and nothing else, from uv's cache."""
        with base.private_folder() as folder:
            env = uv_environment(self.outside.settings, self.outside.environ)
            argv = [self.binary, "cache", "clean", "--no-config", *names]
            try:
                return self.outside.start(argv, env=env, cwd=folder, timeout=_CLEAN_LIMIT).ok
            except SurroundingsError:
                return False

    def _pip_install(
        self, python: str, arguments: Sequence[str], folder: Path, on_line: Callable[[str], None] | None
    ) -> None:
        settings = self.outside.settings
        env = uv_environment(settings, self.outside.environ)
        # Constraints and upload times had their say in the lock.
        env.pop("UV_CONSTRAINT", None)

        def attempt() -> None:
            argv = [self.binary, "pip", "install", "--python", python, *arguments]
            done = self.outside.start(argv, env=env, cwd=folder, timeout=base.INSTALL_LIMIT, on_line=on_line)
            if not done.ok:
                raise failure(done.stdout + done.stderr, stage="install", installer="uv", settings=settings)

        self._trying(attempt, limit=None)


@dataclass(frozen=True, slots=True, kw_only=True)
class _Attempt:
    """The outcome of one call of the resolver."""

    text: str
    undated: tuple[str, ...]
    """Projects with files that were passed over because nobody says when they were uploaded."""
    error: Exception | None = None
    document: pylock.Document | None = None
    cutoff: str | None = None

    def lock(self, request: ResolveRequest) -> Lock:
        """The lock, or the error."""
        if self.document is None:
            raise self.error or SurroundingsError("uv printed no lock")
        pins = pylock.pins(self.document)
        undated = pylock.undated(self.document)
        held = self.cutoff if len(undated) < len(pins) else None
        return Lock(
            pins=pins,
            pylock=pylock.render(self.document),
            cutoff=held,
            method=base.method("uv", asked=request.cutoff, held=held, undated=undated, later=self._free(request, pins)),
        )

    @staticmethod
    def _free(request: ResolveRequest, pins: Sequence[Pin]) -> tuple[str, ...]:
        """What the day does not hold for and what does not stay at its version; canonical names."""
        stay = {(canonicalize_name(name), canonicalize_version(version)) for name, version in request.preferences}
        moved = (pin for pin in pins if (pin.name, canonicalize_version(str(pin.version))) not in stay)
        return tuple(pin.name for pin in moved if pin.name in request.exempt)


def _file_project(name: str) -> str:
    return canonicalize_name(re.split(r"-\d", name, maxsplit=1)[0])
