"""What pip keeps to its log: why it passed over an index, and what a page has."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from packaging.utils import canonicalize_name

if TYPE_CHECKING:
    from pathlib import Path

    from tfrepair.target.installer.index_pages import Page

_NO_VERSIONS = re.compile(r"satisfies the requirement ([A-Za-z0-9][\w.-]*).*\(from versions: none\)")
_IMPOSSIBLE = "ResolutionImpossible"
"""pip says so, and not that there are no versions, where a constraint names the distribution, too."""
_PASSED_OVER = re.compile(r"Could not fetch URL (?P<url>\S+): .* - skipping$", re.MULTILINE)
_FOUND = re.compile(r"\(from (?P<url>https?://\S+?)\)(?: \(requires-python:.*?\))?, version: ")
_PAGE = re.compile(r"Fetching project page and analyzing links: (?P<url>\S+)$", re.MULTILINE)
_ARCHIVE = re.compile(r"\.(?:whl|zip|tgz|egg|tar\.\w+)(?:#\S*)? \(from (?P<url>https?://\S+?)\)")
_NOT_THERE = re.compile(r"\b404 Client Error")


def passed_over(log: Path, text: str) -> str:
    """The lines of pip's log that explain an empty list of versions; pip prints nothing of them.

    Empty when an index answered that it has no such project: one that refuses may then be one of those which refuse
    whatever they do not have.
    """
    names: set[str] = {canonicalize_name(name) for name in _NO_VERSIONS.findall(text)}
    if not names and _IMPOSSIBLE not in text:
        return ""
    said = _read(log)
    lines = {found[0]: name for found in _PASSED_OVER.finditer(said) if (name := _project(found["url"]))}
    if not names:
        found = {_project(link["url"]) for link in _FOUND.finditer(said)}
        names = {name for name in lines.values() if name not in found and name in _words(text)}
    told = tuple(line for line, name in lines.items() if name in names)
    return "" if any(_NOT_THERE.search(line) for line in told) else "".join(f"{line}\n" for line in told)


def page_of(log: Path, name: str) -> Page:
    """What the indexes have for a distribution, by the log of a call that asked for it."""
    said = _read(log)
    fetched = {url for url in _PAGE.findall(said) if _project(url) == name}
    if not fetched or any(found["url"] in fetched for found in _ARCHIVE.finditer(said)):
        return "files"
    refused = {found["url"]: found[0] for found in _PASSED_OVER.finditer(said)}
    if not all(_NOT_THERE.search(refused[url]) for url in fetched & refused.keys()):
        return "files"  # it did not answer: nothing is known
    return "no files" if fetched - refused.keys() else "no page"


def _project(url: str) -> str:
    """The canonical name that an index page is about, by its address."""
    return canonicalize_name(url.rstrip("/").rpartition("/")[2])


def _words(text: str) -> frozenset[str]:
    return frozenset(canonicalize_name(word) for word in re.findall(r"[A-Za-z0-9][\w.-]*", text))


def _read(log: Path) -> str:
    try:
        return log.read_text(encoding="utf-8", errors="replace")
    except OSError:
        return ""
