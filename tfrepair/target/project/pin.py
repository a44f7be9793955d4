"""One line about TensorFlow, and how any line that pip would take is read as one."""

from __future__ import annotations

import posixpath
import re
from contextlib import suppress
from dataclasses import dataclass
from urllib.parse import unquote, urlsplit

from packaging.requirements import InvalidRequirement, Requirement
from packaging.specifiers import SpecifierSet
from packaging.utils import (
    InvalidSdistFilename,
    InvalidWheelFilename,
    canonicalize_name,
    parse_sdist_filename,
    parse_wheel_filename,
)

_FAMILY = re.compile(
    r"^(?:tensorflow(?:-(?:cpu|gpu|intel|macos|rocm|aarch64|cpu-aws|directml))?"
    r"|intel-tensorflow|tf-nightly(?:-(?:cpu|gpu|intel|macos))?)$"
)
_NAME = re.compile(r"^[A-Za-z0-9](?:[A-Za-z0-9._-]*[A-Za-z0-9])?")
_EGG = re.compile(r"[#&]egg=([A-Za-z0-9._-]+)")
_NO_WHEEL = "which is no wheel, so its version is not known before it is fetched and built"


@dataclass(frozen=True, slots=True, kw_only=True)
class ProjectPin:
    """One line of a project's file about TensorFlow."""

    requirement: str
    """A requirement as PEP 508 writes it; empty when the file or the line could not be read."""
    source: str
    """The file, relative to the folder, and the line or table: `requirements.txt:3`."""
    locked: bool = False
    """From a lock file: an outcome, where the others are a wish."""
    optional: bool = False
    """Of an extra or a group, which not every environment of the project has."""
    note: str = ""
    """Why there is no requirement, as what follows "it"."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Included:
    """A requirements file that another file names."""

    path: str
    """As it is written there, relative to the file that names it."""
    source: str
    """Where it is named, as in a pin."""
    optional: bool = False


def of_family(name: str) -> bool:
    """The name is that of a TensorFlow distribution, however it is written."""
    return _FAMILY.match(canonicalize_name(name)) is not None


def not_understood(
    text: str, source: str, why: str = "which was not understood", *, optional: bool = False
) -> ProjectPin:
    """The pin that stands for a line about TensorFlow that asks for nothing, and says why."""
    return ProjectPin(requirement="", source=source, note=f"is `{text}`, {why}", optional=optional)


def pin_of(text: str, source: str, *, optional: bool = False) -> ProjectPin | None:
    """What a requirement of pip asks of TensorFlow; None where it is about something else. Nothing is fetched."""
    line = text.strip()
    named = _NAME.match(line)
    if named is None or not of_family(named[0]) or line[named.end() : named.end() + 1] in {"/", ":", "\\"}:
        return _file(line, source, optional=optional)
    if "${" in line:
        return not_understood(line, source, "and variables are not filled in", optional=optional)
    try:
        requirement = Requirement(line)
    except InvalidRequirement:
        # of a wheel in the current folder pip takes the bare name of the file
        return _file(line, source, optional=optional) or not_understood(line, source, optional=optional)
    plain = without_url(requirement)
    if requirement.url is not None and not plain.specifier:
        return not_understood(line, source, _NO_WHEEL, optional=optional)
    return ProjectPin(requirement=str(plain), source=source, optional=optional)


def _file(line: str, source: str, *, optional: bool) -> ProjectPin | None:
    """What the path or the URL of a wheel asks for; None where it is of something else, or of nobody knows what."""
    where, separator, marker = re.sub(r"^(?:-e|--editable)[\s=]+", "", line).partition(" ;" if "://" in line else ";")
    egg = _EGG.search(where)
    path = re.split(r"[#?]", where.strip(), maxsplit=1)[0]
    name = posixpath.basename(unquote(re.sub(r"\[[^\]]*\]$", "", path)).replace("\\", "/"))
    if name.endswith(".whl"):
        try:
            distribution, version, _, _ = parse_wheel_filename(name)
        except InvalidWheelFilename:
            known = of_family(name.split("-", maxsplit=1)[0])
            return (
                not_understood(line, source, "which is not the name of a wheel", optional=optional) if known else None
            )
        if not of_family(distribution):
            return None
        return pin_of(f"{distribution}=={version}{separator}{marker}", source, optional=optional)
    if of_family(egg[1] if egg else _source_of(name, where)):
        return not_understood(line, source, _NO_WHEEL, optional=optional)
    return None


def _source_of(name: str, where: str) -> str:
    """The distribution that a source archive or a repository is of, as far as its name tells."""
    with suppress(InvalidSdistFilename):
        return parse_sdist_filename(name)[0]
    return re.sub(r"(\.git)?(@.*)?$", "", name) if re.match(r"(?:git|hg|svn|bzr)\+", where) else ""


def without_url(requirement: Requirement) -> Requirement:
    """The same, with the version that the name of the wheel behind its URL tells; without any where it tells none.

    Nothing is fetched from there. `--tensorflow URL` takes exactly that wheel.
    """
    if requirement.url is None:
        return requirement
    plain = Requirement(str(requirement))
    plain.url = None
    with suppress(InvalidWheelFilename):
        _, version, _, _ = parse_wheel_filename(unquote(posixpath.basename(urlsplit(requirement.url).path)))
        plain.specifier = SpecifierSet(f"=={version}")
    return plain
