"""pip as second installer: resolves into a report, and installs with hashes."""

from __future__ import annotations

import json
import os
import re
from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING, Any, TypeVar

from packaging.requirements import Requirement
from packaging.utils import canonicalize_name

from tfrepair.errors import SurroundingsError, UnresolvableError
from tfrepair.model.dependencies import rules_out
from tfrepair.model.plan import Lock
from tfrepair.target.installer import base, pylock
from tfrepair.target.installer.failures import failure
from tfrepair.target.installer.index_pages import refuse_what_is_no_index
from tfrepair.target.installer.pip_choice import CUTS_OFF, Pip, choose_pip
from tfrepair.target.installer.pip_log import page_of, passed_over
from tfrepair.target.installer.pip_report import document_of
from tfrepair.target.installer.retry import LIMIT, DamagedDownloadError, retrying

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
    from pathlib import Path

    from tfrepair.model.resolution import ResolveRequest
    from tfrepair.target.installer.base import Surroundings
    from tfrepair.target.installer.index_pages import Page
    from tfrepair.target.installer.settings import IndexSettings

T = TypeVar("T")

_NO_TIMES = re.compile(r"does not provide upload-time|upload-time metadata|Cannot use --uploaded-prior-to")
_ROUNDS = 4
"""Attempts to keep what is preferred, each time without what was in the way, before nothing is preferred."""


def pip_environment(settings: IndexSettings, environ: Mapping[str, str]) -> dict[str, str]:
    """The child's environment: the settings, no configuration file, and credentials nowhere else."""
    env = base.inherited(environ, lambda name: name == "PIP_CACHE_DIR")
    env |= {"PIP_CONFIG_FILE": os.devnull, "PIP_NO_INPUT": "1", "PIP_DISABLE_PIP_VERSION_CHECK": "1", "NO_COLOR": "1"}
    chosen: dict[str, Any] = {
        "PIP_INDEX_URL": settings.index_url,
        "PIP_EXTRA_INDEX_URL": " ".join(settings.extra_index_urls),
        "PIP_FIND_LINKS": " ".join(item for item in settings.find_links if "://" in item),
        "PIP_NO_INDEX": "1" if settings.no_index or settings.offline else None,
        "PIP_CERT": settings.cert,
        "PIP_CLIENT_CERT": settings.client_cert,
        "PIP_PROXY": settings.proxy,
        "PIP_TRUSTED_HOST": " ".join(settings.trusted_hosts),
        "PIP_DEFAULT_TIMEOUT": None if settings.timeout is None else f"{settings.timeout:g}",
        "PIP_RETRIES": str(1 if settings.retries is None else settings.retries),
        "PIP_KEYRING_PROVIDER": settings.keyring,
    }
    return env | {name: value for name, value in chosen.items() if value}


@dataclass(frozen=True, slots=True)
class PipInstaller:
    """Installs with pip, run by the target's own interpreter."""

    outside: Surroundings
    past_cache: bool = False
    """Without pip's cache, because what is in it may be damaged."""
    user_base: str | None = None
    """Below it lies the user site that is installed into; None: where the interpreter has its own."""
    refused: dict[object, SurroundingsError | UnresolvableError] = field(default_factory=dict)
    """Questions that were answered with no, and why: they are not asked again."""

    @property
    def name(self) -> str:
        """Its name on the command line."""
        return "pip"

    def resolve(self, request: ResolveRequest) -> Lock:
        """See `Installer`. pip knows no preferences: they are constraints first, and those in the way are dropped."""
        env = pip_environment(self.outside.settings, self.outside.environ)
        pip = choose_pip(request.python, self.outside, env, resolves=True)
        try:
            return self._trying(lambda installer: installer._resolve(request, pip))  # noqa: SLF001  # of the same class
        except UnresolvableError as error:
            refuse_what_is_no_index(error.missing, request, self.outside.settings, lambda name: self._page(pip, name))
            raise

    def _page(self, pip: Pip, name: str) -> Page:
        with base.private_folder() as folder:
            log = folder / "pip.log"
            # No version is below 0: the page is read, and nothing is downloaded.
            argv = [*pip.command, "install", "--dry-run", "--ignore-installed", "--no-deps", "--log", str(log)]
            env = pip_environment(self.outside.settings, self.outside.environ)
            self.outside.start([*argv, f"{name}<0"], env=env, cwd=folder, timeout=base.RESOLVE_LIMIT)
            return page_of(log, name)

    def _trying(self, attempt: Callable[[PipInstaller], T], limit: float | None = LIMIT) -> T:
        """See `retrying`; after a damaged download past the cache."""
        installer = self

        def once() -> T:
            nonlocal installer
            try:
                return attempt(installer)
            except DamagedDownloadError:
                installer = replace(installer, past_cache=True)
                raise

        return retrying(once, sleep=self.outside.sleep, on_wait=self.outside.on_wait, limit=limit)

    def _resolve(self, request: ResolveRequest, pip: Pip) -> Lock:
        ways = tuple(_ways(request, pip, self.outside.settings))
        without_times = False
        for way in ways[:-1]:
            try:
                lock = self._preferring(request, pip, way)
            except UnresolvableError:
                continue
            except _WithoutTimesError:
                without_times = True
                continue
            if not request.is_known(_from_files(pylock.parse(lock.pylock))):
                return lock
            return self._known_good(request, pip, _Way(settings=way.settings)) or lock
        last = ways[-1]
        if len(ways) > 1 and not without_times:
            last = replace(last, method=f"pip, as of no day, since nothing fits the cutoff{base.BOUNDS_ONLY}")
        if (last.method or without_times) and (known := self._known_good(request, pip, last)):
            return known
        return self._preferring(request, pip, last)

    def _known_good(self, request: ResolveRequest, pip: Pip, way: _Way) -> Lock | None:
        """See `from_known_good`."""
        why = way.method.removesuffix(base.BOUNDS_ONLY) if way.method else f"pip, {base.WITHOUT_TIMES}"
        return base.from_known_good(request, lambda held: self._preferring(held, pip, way), why)

    def _preferring(self, request: ResolveRequest, pip: Pip, way: _Way) -> Lock:
        asked = [Requirement(line) for line in (*request.constraints, *request.roots)]
        named = ((canonicalize_name(name), version) for name, version in request.preferences)
        kept: dict[str, str] = {
            name: version
            for name, version in named
            if f"{name}=={version}" not in request.constraints
            and not any(rules_out(one, name, version) for one in asked)
        }
        for _ in range(_ROUNDS):
            if not kept:
                break
            try:
                return self._report(request, pip, way, kept)
            except UnresolvableError as error:
                if "(from versions: none)" in error.reason:  # whatever is preferred
                    raise
                blamed = _blamed(kept, error.reason)
                kept = {name: version for name, version in kept.items() if blamed and name not in blamed}
        return self._report(request, pip, way, {})

    def _report(self, request: ResolveRequest, pip: Pip, way: _Way, kept: Mapping[str, str]) -> Lock:
        alike = replace(request, preferences=(), cutoff=None, exempt=(), known_good=None)
        question = (alike, way.settings, way.cutoff, tuple(kept.items()))
        if question in self.refused:
            raise self.refused[question]
        try:
            return self._answer(request, pip, way, kept)
        except (UnresolvableError, _WithoutTimesError) as error:
            self.refused[question] = error
            raise

    def _answer(self, request: ResolveRequest, pip: Pip, way: _Way, kept: Mapping[str, str]) -> Lock:
        with base.private_folder() as folder:
            report = folder / "report.json"
            roots = base.write_lines(folder / "requirements.in", request.roots)
            preferred = (f"{name}=={version}" for name, version in kept.items())
            constraints = base.write_lines(folder / "constraints.txt", (*request.constraints, *preferred))
            arguments = ["--dry-run", "--ignore-installed", "--report", str(report)]
            arguments += ["-r", str(roots), "-c", str(constraints)]
            files = (path for path in way.settings.constraints if "://" not in path)
            arguments += [part for path in files for part in ("-c", path)]
            arguments += ["--uploaded-prior-to", base.end_of_day(way.cutoff)] if way.cutoff else []
            arguments += ["--only-binary", ":all:"] if request.wheels_only else []
            self._pip(pip, arguments, way.settings, folder, limit=base.RESOLVE_LIMIT)
            document = document_of(json.loads(report.read_text(encoding="utf-8")))
        document = pylock.left_out(document, request.without)
        undated = tuple(_from_files(document))
        pins = pylock.pins(document)
        held = way.cutoff if len(undated) < len(pins) else None
        asked = base.method("pip", asked=request.cutoff, held=held, undated=undated)
        return Lock(pins=pins, pylock=pylock.render(document), cutoff=held, method=way.method or asked)

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
        """See `Installer`."""
        local, locked = base.shares(lock, names)
        env = pip_environment(self.outside.settings, self.outside.environ)
        pip = choose_pip(python, self.outside, env, resolves=False)
        flags = ["--no-deps", "--no-warn-script-location"]
        flags += ["--force-reinstall"] if reinstall or past_cache else []
        installer = replace(self, past_cache=self.past_cache or past_cache, user_base=user_base)
        groups = _groups(lock, locked, local, can_cut=pip.version >= CUTS_OFF)
        for options, lines in groups:
            if lines:
                installer._install_group(pip, (*flags, *options), lines, on_line)  # noqa: SLF001  # of the same class

    def _install_group(
        self, pip: Pip, arguments: Sequence[str], lines: Sequence[str], on_line: Callable[[str], None] | None
    ) -> None:
        def attempt(installer: PipInstaller) -> None:
            installer._install(pip, arguments, lines, on_line)  # of the same class

        self._trying(attempt, limit=None)

    def _install(
        self, pip: Pip, arguments: Sequence[str], lines: Iterable[str], on_line: Callable[[str], None] | None
    ) -> None:
        settings = self.outside.settings
        with base.private_folder() as folder:
            path = base.write_lines(folder / "requirements.txt", lines)
            arguments = [*arguments, "-r", str(path)]
            self._pip(pip, arguments, settings, folder, limit=base.INSTALL_LIMIT, on_line=on_line)

    def _pip(
        self,
        pip: Pip,
        arguments: Sequence[str],
        settings: IndexSettings,
        folder: Path,
        *,
        limit: float,
        on_line: Callable[[str], None] | None = None,
    ) -> None:
        log = folder / "pip.log"
        argv = [*pip.command, "install", "--progress-bar", "off", "--log", str(log), *arguments]
        for item in settings.find_links:
            argv += [] if "://" in item else ["--find-links", item]
        argv += ["--no-cache-dir"] if self.past_cache else []
        resolves = "--dry-run" in arguments
        env = pip_environment(settings, self.outside.environ) | _user(self.user_base)
        # URLs may hold credentials, which every user of the machine could read on a command line. An install has
        # its lock, and pip refuses constraints beside hashes.
        addresses = " ".join(item for item in settings.constraints if "://" in item)
        env |= {"PIP_CONSTRAINT": addresses} if resolves and addresses else {}
        done = self.outside.start(argv, env=env, cwd=folder, timeout=limit, on_line=on_line)
        if done.ok:
            return
        text = done.stdout + done.stderr
        text = passed_over(log, text) + text
        if _NO_TIMES.search(text):
            raise _WithoutTimesError("An index does not say when its files were uploaded")
        raise failure(text, stage="resolve" if resolves else "install", installer="pip", settings=settings)


def _user(base_folder: str | None) -> dict[str, str]:
    """Variables that make pip install into a user site, whatever the interpreter has of its own.

    A user site is not what a system's package manager owns; pip asks to be told so where one manages the interpreter.
    """
    if base_folder is None:
        return {}
    flags = ("PIP_USER", "PIP_IGNORE_INSTALLED", "PIP_BREAK_SYSTEM_PACKAGES")
    return {"PYTHONUSERBASE": base_folder} | dict.fromkeys(flags, "1")


class _WithoutTimesError(SurroundingsError):
    """The cutoff cannot be used with these indexes."""


@dataclass(frozen=True, slots=True, kw_only=True)
class _Way:
    settings: IndexSettings
    cutoff: str | None = None
    method: str | None = None


def _from_files(document: pylock.Document) -> dict[str, None]:
    """Names that come from a folder: pip holds the cutoff against none of them."""
    return {name: None for name, place in pylock.places(document) if place.startswith("file:")}


def _ways(request: ResolveRequest, pip: Pip, settings: IndexSettings) -> Iterator[_Way]:
    """With the cutoff and only indexes that can have upload times, then with all, then without the cutoff."""
    if request.cutoff is None:
        yield _Way(settings=settings, cutoff=None)
        return
    if pip.version < CUTS_OFF:
        text = f"pip {pip.version}, too old to resolve as of a day{base.BOUNDS_ONLY}"
        yield _Way(settings=settings, cutoff=None, method=text)
        return
    remote = tuple(url for url in settings.extra_index_urls if not url.startswith("file:"))
    if remote != settings.extra_index_urls:
        yield _Way(settings=replace(settings, extra_index_urls=remote), cutoff=request.cutoff)
    yield _Way(settings=settings, cutoff=request.cutoff)
    yield _Way(settings=settings, cutoff=None)


def _blamed(kept: Mapping[str, str], reason: str) -> frozenset[str]:
    found = re.findall(r"(?:\(constraint\)|requirement|distribution found for) ([A-Za-z0-9][\w.-]*)", reason)
    return frozenset(canonicalize_name(name) for name in found) & kept.keys()


def _groups(
    lock: Lock, names: Sequence[str], local: Sequence[str], *, can_cut: bool
) -> tuple[tuple[tuple[str, ...], list[str]], ...]:
    """Options and requirement lines for up to three calls: wheels, source archives, what has no hash."""
    document = pylock.subset(pylock.parse(lock.pylock), names)
    places = dict(pylock.direct_places(document))
    wheels: list[str] = []
    sources: list[str] = []
    unhashed = [*local]
    for pin in pylock.pins(document):
        place = places.get(pin.name)
        line = f"{pin.name} @ {place}" if place else f"{pin.name}=={pin.version}"
        hashes = "".join(f" --hash={item}" for item in pin.hashes)
        target = unhashed if not hashes else wheels if pin.is_wheel else sources
        target.append(line + hashes)
    # The build requirements of a source archive follow the cutoff; a wheel was chosen already.
    cut = ("--uploaded-prior-to", base.end_of_day(lock.cutoff)) if lock.cutoff and can_cut else ()
    return (("--require-hashes",), wheels), (("--require-hashes", *cut), sources), ((), unhashed)
