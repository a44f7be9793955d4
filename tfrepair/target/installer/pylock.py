"""Lock files as PEP 751 describes them: read, cut down to some names, written."""

from __future__ import annotations

import json
import re
import sys
from datetime import date, datetime, time
from pathlib import Path
from typing import TYPE_CHECKING, Any
from urllib.parse import urlsplit

from packaging.utils import canonicalize_name

from tfrepair.model.plan import Pin
from tfrepair.model.urls import LOGIN

if sys.version_info >= (3, 11):
    import tomllib
else:
    import tomli as tomllib

if TYPE_CHECKING:
    from collections.abc import Collection, Iterable, Iterator, Mapping

Document = dict[str, Any]

_BARE_KEY = re.compile(r"[A-Za-z0-9_-]+\Z")


def parse(text: str, folder: Path | None = None) -> Document:
    """The document, without credentials in its URLs; relative paths count from `folder`. Raises ValueError."""
    return cleaned(tomllib.loads(text), folder)


def cleaned(document: Mapping[str, Any], folder: Path | None = None) -> Document:
    """The document without credentials in its URLs, its relative paths counted from `folder`."""
    packages = [
        {key: _cleaned(value, folder) for key, value in package.items()} for package in document.get("packages", [])
    ]
    return {**document, "packages": packages}


def _cleaned(value: Any, folder: Path | None) -> Any:
    match value:
        case list():
            return [_cleaned(item, folder) for item in value]
        case dict():
            return {key: _place(key, _cleaned(item, folder), folder) for key, item in value.items()}
        case _:
            return value


def _place(key: str, value: Any, folder: Path | None) -> Any:
    if key == "url" and isinstance(value, str):
        return LOGIN.sub("", value)
    if key == "path" and isinstance(value, str) and folder is not None:
        return str(folder / value)
    return value


def pins(document: Mapping[str, Any]) -> tuple[Pin, ...]:
    """One pin for each package, in the order of names."""
    found = (
        Pin(
            name=canonicalize_name(package["name"]),
            version=str(package.get("version", "")),
            hashes=tuple(dict.fromkeys(_hashes(files(package)))),
            size=_size(package),
            is_wheel=_is_wheel(package),
        )
        for package in document.get("packages", [])
    )
    return tuple(sorted(found, key=lambda pin: pin.name))


def files(package: Mapping[str, Any]) -> tuple[Mapping[str, Any], ...]:
    """The files that may be installed for a package: wheels first, then the source archive."""
    singles = (package[key] for key in ("sdist", "archive") if key in package)
    return (*package.get("wheels", ()), *singles)


def file_name(file: Mapping[str, Any]) -> str:
    """The last part of a file's name, URL or path."""
    place = str(file.get("name") or file.get("url") or file.get("path") or "")
    return re.split(r"[/\\]", place.partition("#")[0].partition("?")[0])[-1]


def _hashes(entries: Iterable[Mapping[str, Any]]) -> Iterator[str]:
    for file in entries:
        for algorithm, digest in file.get("hashes", {}).items():
            yield f"{algorithm}:{digest}"


def _size(package: Mapping[str, Any]) -> int | None:
    sizes = [size for file in package.get("wheels") or files(package) if (size := _file_size(file)) is not None]
    return max(sizes, default=None)


def _file_size(file: Mapping[str, Any]) -> int | None:
    """What the document says, else what a file on this machine has; None when neither tells."""
    if isinstance(file.get("size"), int):
        return int(file["size"])
    url = str(file.get("url", ""))
    if not url.startswith("file:"):
        return None
    from urllib.request import url2pathname  # slow to load

    try:
        return Path(url2pathname(urlsplit(url).path)).stat().st_size
    except OSError:
        return None


def _is_wheel(package: Mapping[str, Any]) -> bool:
    return bool(package.get("wheels")) or file_name(package.get("archive", {})).endswith(".whl")


def undated(document: Mapping[str, Any]) -> tuple[str, ...]:
    """Names of the packages of which no file says when it was uploaded."""
    return tuple(
        canonicalize_name(package["name"])
        for package in document.get("packages", [])
        if not any("upload-time" in file for file in files(package))
    )


def places(document: Mapping[str, Any]) -> Iterator[tuple[str, str]]:
    """Canonical name and URL or path of every file."""
    for package in document.get("packages", []):
        for file in files(package):
            yield canonicalize_name(package["name"]), str(file.get("url") or file.get("path") or "")


def direct_places(document: Mapping[str, Any]) -> Iterator[tuple[str, str]]:
    """Canonical name and URL of every package that does not come from an index, as pip would be told."""
    for package in document.get("packages", []):
        for key in ("archive", "directory", "vcs"):
            if key in package:
                yield canonicalize_name(package["name"]), _direct(key, package[key])


def _direct(key: str, source: Mapping[str, Any]) -> str:
    place = str(source.get("url") or source.get("path") or "")
    url = place if "://" in place else Path(place).as_uri()
    return f"{source['type']}+{url}@{source['commit-id']}" if key == "vcs" else url


def subset(document: Mapping[str, Any], names: Collection[str]) -> Document:
    """The same document with only these canonical names."""
    packages = [package for package in document.get("packages", []) if canonicalize_name(package["name"]) in names]
    return {**document, "packages": packages}


def left_out(document: Document, names: Collection[str]) -> Document:
    """The same document without these canonical names."""
    if not names:
        return document
    return subset(document, {canonicalize_name(package["name"]) for package in document["packages"]} - {*names})


def with_indexes(document: Document, indexes: Mapping[str, str]) -> Document:
    """The same document that says which index these canonical names come from; without credentials."""
    packages = [
        package | {"index": LOGIN.sub("", indexes[name])}
        if (name := canonicalize_name(package["name"])) in indexes and "wheels" in package
        else package
        for package in document.get("packages", [])
    ]
    return {**document, "packages": packages}


def of_versions(versions: Iterable[tuple[str, str]]) -> Document:
    """A document that only names versions: what a resolver should prefer."""
    return {
        "lock-version": "1.0",
        "created-by": "tfrepair",
        "packages": [{"name": canonicalize_name(name), "version": version} for name, version in versions],
    }


def render(document: Mapping[str, Any]) -> str:
    """The document as TOML."""
    head = [f"{_key(key)} = {_value(value)}" for key, value in document.items() if key != "packages"]
    blocks = [
        "\n".join(["[[packages]]", *(f"{_key(key)} = {_value(value)}" for key, value in package.items())])
        for package in document.get("packages", [])
    ]
    return "\n\n".join(["\n".join(head), *blocks]) + "\n"


def _key(key: str) -> str:
    return key if _BARE_KEY.match(key) else _text(key)


def _text(value: str) -> str:
    return json.dumps(value, ensure_ascii=False).replace("\x7f", "\\u007f")


def _value(value: Any) -> str:
    match value:
        case bool():
            return "true" if value else "false"
        case int() | float():
            return str(value)
        case datetime():
            return value.isoformat().replace("+00:00", "Z")
        case date() | time():
            return value.isoformat()
        case dict():
            inside = ", ".join(f"{_key(key)} = {_value(item)}" for key, item in value.items())
            return f"{{ {inside} }}" if inside else "{}"
        case list() if any(isinstance(item, dict) for item in value) and len(value) > 1:
            return "[\n" + "".join(f"    {_value(item)},\n" for item in value) + "]"
        case list():
            return "[" + ", ".join(_value(item) for item in value) + "]"
        case _:
            return _text(str(value))
