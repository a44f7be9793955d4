"""Where distributions come from: the user's index configuration, gathered once, for both installers."""

from __future__ import annotations

import os
import re
import sys
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any
from urllib.parse import quote, unquote, urlsplit

from tfrepair.errors import UsageError
from tfrepair.log import redacted
from tfrepair.target.installer.pip_configuration import System, home, read_pip_configuration
from tfrepair.target.paths import is_there

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence

_TRUE = frozenset({"y", "yes", "t", "true", "on", "1"})
_URL = re.compile(r"[A-Za-z][A-Za-z0-9+.-]+:")


@dataclass(frozen=True, slots=True, kw_only=True)
class IndexSettings:
    """Indexes, folders with wheels, certificates and limits. URLs may hold credentials: see `redacted`."""

    index_url: str | None = None
    """None: the installer's own default."""
    extra_index_urls: tuple[str, ...] = ()
    find_links: tuple[str, ...] = ()
    """Absolute paths of folders, or URLs."""
    no_index: bool = False
    cert: str | None = None
    client_cert: str | None = None
    proxy: str | None = None
    trusted_hosts: tuple[str, ...] = ()
    timeout: float | None = None
    """Seconds without an answer."""
    retries: int | None = None
    constraints: tuple[str, ...] = ()
    """Absolute paths of constraint files, or URLs."""
    keyring: str | None = None
    """pip's `keyring-provider`."""
    offline: bool = False
    sources: tuple[str, ...] = ()
    """Files, variables and options that say all this."""
    notes: tuple[str, ...] = ()
    """What of it was left out and why, one sentence each."""

    @property
    def index_urls(self) -> tuple[str, ...]:
        """All index URLs that are named, the main one first."""
        return (*([self.index_url] if self.index_url else []), *self.extra_index_urls)

    @property
    def secrets(self) -> tuple[str, ...]:
        """Passwords and tokens within the URLs, as they stand there and decoded; what holds another comes before it."""
        urls = (*self.index_urls, *self.find_links, *self.constraints, *([self.proxy] if self.proxy else []))
        parts = (urlsplit(url) for url in urls if "@" in url and "://" in url)
        found = [secret for part in parts if (secret := part.password or part.username)]
        return tuple(sorted({*found, *map(unquote, found)}, key=lambda secret: (-len(secret), secret)))

    def clean(self, text: str) -> str:
        """The text without any credentials."""
        text = redacted(text)
        for secret in self.secrets:
            text = text.replace(secret, "***")
        return text

    def redacted(self) -> dict[str, Any]:
        """What may be logged."""
        return {key: _redacted(value) for key, value in asdict(self).items() if value not in (None, (), False)}


def _redacted(value: Any) -> Any:
    match value:
        case str():
            return redacted(value)
        case tuple():
            return [_redacted(item) for item in value]
        case _:
            return value


def index_settings(
    *,
    environ: Mapping[str, str],
    prefix: Path | str | None = None,
    cwd: Path | None = None,
    index_url: str | None = None,
    extra_index_urls: Sequence[str] = (),
    find_links: Sequence[str] = (),
    constraints: Sequence[str] = (),
    timeout: float | None = None,
    offline: bool = False,
    system: System | None = None,
    root: Path = Path("/"),
) -> IndexSettings:
    """What pip's configuration says, then uv's index variables, then these options.

    Raises UsageError for a bad option, and for a constraint file that does not exist, as pip does: what it says would
    not hold. Another file or folder that does not exist is left out with a note, except when an option names it.
    """
    here = cwd or Path.cwd()
    configured = read_pip_configuration(environ, Path(prefix) if prefix else None, system or _system(), root)
    values = {**configured.values, **_uv_values(environ)}
    notes = list(configured.notes)

    def usable(texts: Iterable[str], what: str, *, as_url: bool) -> Iterator[str]:
        for text in texts:
            place = _place(text, home(environ), as_url=as_url)
            if isinstance(place, str):
                yield place
            else:
                notes.append(f"{what} `{redacted(text)}` {place.why}, so it was left out")

    def option(texts: Iterable[str], name: str, *, as_url: bool) -> Iterator[str]:
        for text in texts:
            place = _place(text if _URL.match(text) else str(here / text), home(environ), as_url=as_url)
            if not isinstance(place, str):
                raise UsageError(f"`{redacted(text)}` of `{name}` {place.why}", hint="nothing was started")
            yield place

    def file(name: str, what: str) -> str | None:
        return next(usable([values[name]] if values.get(name) else [], what, as_url=False), None)

    def limits(texts: Iterable[str]) -> Iterator[str]:
        for text in texts:
            if _place(text, home(environ), as_url=False) == _MISSING:
                raise UsageError(
                    f"the constraint file `{redacted(text)}` that pip's configuration names does not exist",
                    hint="`pip config debug` shows where it is named; PIP_CONSTRAINT counts, too; nothing was changed",
                )
            yield from usable([text], "the constraint file", as_url=False)

    main = [*option([index_url] if index_url else [], "--index-url", as_url=True)]
    main += usable(values.get("index-url", "").split(), "the index", as_url=True)
    number = _number(notes)
    own: dict[str, object] = {
        "--index-url": index_url,
        "--extra-index-url": extra_index_urls,
        "--find-links": find_links,
    }
    own |= {"--constraint": constraints, "--timeout": timeout, "--offline": offline}
    seconds = timeout if timeout is not None else number(values, "timeout")
    retries = number(values, "retries")
    return IndexSettings(
        index_url=main[0] if main else None,
        extra_index_urls=_unique(
            [
                *option(extra_index_urls, "--extra-index-url", as_url=True),
                *usable(values.get("extra-index-url", "").split(), "the extra index", as_url=True),
            ]
        ),
        find_links=_unique(
            [
                *option(find_links, "--find-links", as_url=False),
                *usable(values.get("find-links", "").split(), "the folder with wheels", as_url=False),
            ]
        ),
        no_index=values.get("no-index", "").lower() in _TRUE,
        cert=file("cert", "the certificate bundle"),
        client_cert=file("client-cert", "the certificate of the client"),
        proxy=values.get("proxy"),
        trusted_hosts=_unique(values.get("trusted-host", "").split()),
        timeout=seconds,
        retries=None if retries is None else int(retries),
        constraints=_unique(
            [
                *option(constraints, "--constraint", as_url=False),
                *limits(values.get("constraint", "").split()),
            ]
        ),
        keyring=values.get("keyring-provider"),
        offline=offline,
        sources=(*configured.sources, *_uv_sources(environ), *(name for name, value in own.items() if value)),
        notes=tuple(notes),
    )


def _system() -> System:
    return "windows" if os.name == "nt" else "darwin" if sys.platform == "darwin" else "linux"


def _unique(items: Iterable[str]) -> tuple[str, ...]:
    return tuple(dict.fromkeys(items))


def _number(notes: list[str]) -> Callable[[Mapping[str, str], str], float | None]:
    def number(values: Mapping[str, str], name: str) -> float | None:
        text = values.get(name)
        try:
            return float(text) if text else None
        except ValueError:
            notes.append(f"`{name}` in pip's configuration is not a number, so it was left out: `{text}`")
            return None

    return number


@dataclass(frozen=True, slots=True)
class _Unusable:
    why: str


_MISSING = _Unusable("does not exist")


def _place(text: str, user: Path, *, as_url: bool) -> str | _Unusable:
    """An URL, or a path made absolute, if there is something to be had."""
    if _URL.match(text) and not re.match(r"[A-Za-z]:[\\/]", text):
        if not text.lower().startswith("file:"):
            return text
        from urllib.request import url2pathname  # slow to load

        path = Path(url2pathname(urlsplit(text).path))
    else:
        path = user / text[2:] if text.startswith("~/") else Path(text)
    if not path.is_absolute():
        return _Unusable("is relative, and nothing is taken from the current folder")
    if not is_there(path):
        return _MISSING
    return path.as_uri() if as_url else str(path)


_UV_NAMES = {
    "index-url": ("UV_DEFAULT_INDEX", "UV_INDEX_URL"),
    "extra-index-url": ("UV_INDEX", "UV_EXTRA_INDEX_URL"),
    "find-links": ("UV_FIND_LINKS",),
    "no-index": ("UV_NO_INDEX",),
    "trusted-host": ("UV_INSECURE_HOST",),
}


def _uv_sources(environ: Mapping[str, str]) -> tuple[str, ...]:
    return tuple(variable for variables in _UV_NAMES.values() for variable in variables if environ.get(variable))


def _uv_values(environ: Mapping[str, str]) -> dict[str, str]:
    """The index variables of uv under pip's names, indexes with the credentials of their own variables."""
    found = {name: _first(environ, variables) for name, variables in _UV_NAMES.items()}
    for name in ("index-url", "extra-index-url"):
        found[name] = " ".join(_uv_index(item, environ) for item in found[name].split())
    found["find-links"] = found["find-links"].replace(",", " ")
    return {name: text for name, text in found.items() if text}


def _first(environ: Mapping[str, str], variables: Iterable[str]) -> str:
    return next((environ[name].strip() for name in variables if environ.get(name, "").strip()), "")


def _uv_index(item: str, environ: Mapping[str, str]) -> str:
    name, equals, url = item.partition("=")
    if not equals or "/" in name or ":" in name:
        return item
    prefix = "UV_INDEX_" + re.sub(r"[^A-Z0-9]", "_", name.upper())
    user, password = environ.get(f"{prefix}_USERNAME"), environ.get(f"{prefix}_PASSWORD")
    if not (user or password) or "@" in urlsplit(url).netloc:
        return url
    login = f"{quote(user or '', safe='')}:{quote(password or '', safe='')}@"
    return url.replace("://", f"://{login}", 1)
