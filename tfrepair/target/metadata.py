"""Metadata files of installed distributions, read as they are: no interpreter is started."""

from __future__ import annotations

import json
import re
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from tfrepair.target.paths import is_file, is_folder, is_there
from tfrepair.target.plain_file import read_plain

if TYPE_CHECKING:
    from collections.abc import Iterator

METADATA_SUFFIXES = (".dist-info", ".egg-info", ".egg-link", ".egg")
"""How the names of metadata end, in a site folder."""
_FOLDER_NAME = re.compile(
    r"^(?P<name>.+?)(?:-(?P<version>[^-]+)(?:-py\d[^-]*)?(?:-[^-]+)?)?\.(?:dist-info|egg-info|egg|egg-link)$"
)
_FOLDED = (" ", "\t")
_TAG_PARTS = 3
"""Python, ABI, platform."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Metadata:
    """What a metadata folder says about its distribution, except its files."""

    name: str
    version: str
    requires: tuple[str, ...] = ()
    installer: str | None = None
    requested: bool = False
    editable: bool = False
    direct_url: str | None = None
    top_level: tuple[str, ...] = ()
    """Lines of top_level.txt; newer build tools write none."""
    problem: str | None = None
    """Why the METADATA or PKG-INFO cannot be used: `is missing`, `has no Name`."""


def read_metadata(path: Path) -> Metadata:
    """The metadata of a `.dist-info`, `.egg-info` (folder or file), `.egg` or `.egg-link`; never raises.

    Where its METADATA cannot be used, name and version are those in the folder's own name.
    """
    if path.suffix == ".egg-link":
        return _linked(path)
    if path.suffix == ".egg":
        return _folder(path / "EGG-INFO", "PKG-INFO", path.name)
    if is_folder(path):
        return _folder(path, "PKG-INFO" if path.suffix == ".egg-info" else "METADATA", path.name)
    return _described(path, path.name)


def wheel_tags(path: Path) -> tuple[str, ...]:
    """The tags of the wheel that a `.dist-info` was unpacked from; none where nothing says them."""
    headers = _headers(_text(path / "WHEEL") or "")
    return tuple(tag for tag in headers.get("tag", ()) if tag.count("-") == _TAG_PARTS - 1)


def _linked(link: Path) -> Metadata:
    lines = (_text(link) or "").splitlines()
    project = Path(lines[0].strip()) if lines else None
    found = next(iter(sorted(project.glob("*.egg-info"))), None) if project and is_folder(project) else None
    if found is None or project is None:
        name, version = _named(link.name)
        return Metadata(name=name, version=version, editable=True, problem="points to a project that is not there")
    inner = _folder(found, "PKG-INFO", found.name)
    return Metadata(
        name=inner.name, version=inner.version, requires=inner.requires, editable=True, requested=True,
        direct_url=project.as_uri() if project.is_absolute() else None, problem=inner.problem,
    )  # fmt: skip


def _folder(folder: Path, file: str, fallback: str) -> Metadata:
    described = _described(folder / file, fallback)
    url, editable = _direct_url(folder / "direct_url.json")
    installer = (_text(folder / "INSTALLER") or "").strip()
    return Metadata(
        name=described.name,
        version=described.version,
        requires=described.requires or tuple(_legacy_requires(_text(folder / "requires.txt") or "")),
        installer=installer or None,
        requested=is_file(folder / "REQUESTED"),
        editable=editable,
        direct_url=url,
        top_level=tuple((_text(folder / "top_level.txt") or "").split()),
        problem=described.problem,
    )


def _described(file: Path, fallback: str) -> Metadata:
    text = _text(file)
    if text is None:
        problem = "cannot be read" if is_there(file) else "is missing"
        name, version = _named(fallback)
        return Metadata(name=name, version=version, problem=problem)
    headers = _headers(text)
    name = headers.get("name", [""])[0]
    version = headers.get("version", [""])[0]
    if not name or not version:
        problem = "is empty" if not text.strip() else f"has no {'Version' if name else 'Name'}"
        name, version = _named(fallback)
        return Metadata(name=name, version=version, problem=problem)
    return Metadata(name=name, version=version, requires=tuple(headers.get("requires-dist", ())))


def _headers(text: str) -> dict[str, list[str]]:
    # The email parser of the standard library does the same ten times slower, which counts with 2,000 distributions.
    headers: dict[str, list[str]] = {}
    last: list[str] | None = None
    for raw in text.split("\n"):
        line = raw.rstrip("\r")
        if not line:  # a line of blanks only is a folded line, as in licenses that are quoted whole
            break
        if line.startswith(_FOLDED):
            if last is not None:
                last[-1] = f"{last[-1]} {line.strip()}"
            continue
        key, colon, value = line.partition(":")
        if not colon:
            continue
        last = headers.setdefault(key.strip().lower(), [])
        last.append(value.strip())
    return headers


def _legacy_requires(text: str) -> Iterator[str]:
    marker = ""
    for raw in text.splitlines():
        line = raw.strip()
        if not line or line.startswith("#"):
            continue
        if line.startswith("["):
            extra, _, condition = line.strip("[]").partition(":")
            parts = [f'extra == "{extra}"'] if extra else []
            marker = " and ".join([*parts, f"({condition})"] if condition else parts)
        else:
            yield f"{line}; {marker}" if marker else line


def _direct_url(file: Path) -> tuple[str | None, bool]:
    try:
        data = json.loads(_text(file) or "{}")
    except (ValueError, RecursionError):
        return None, False
    if not isinstance(data, dict):
        return None, False
    url, info = data.get("url"), data.get("dir_info")
    return (url if isinstance(url, str) else None), isinstance(info, dict) and info.get("editable") is True


def _named(folder: str) -> tuple[str, str]:
    match = _FOLDER_NAME.match(folder)
    return (match["name"].replace("_", "-"), match["version"] or "") if match else (folder, "")


def _text(file: Path) -> str | None:
    try:
        data = read_plain(file)
    except OSError:
        return None
    return None if b"\0" in data else data.decode(errors="backslashreplace")
