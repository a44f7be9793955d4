"""What a project's own files ask of TensorFlow. They are read, never run, and nothing they name is fetched."""

from __future__ import annotations

import posixpath
import re
import sys
from contextlib import suppress
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any
from urllib.parse import unquote, urlsplit

from packaging.requirements import InvalidRequirement, Requirement
from packaging.specifiers import InvalidSpecifier, SpecifierSet
from packaging.utils import InvalidWheelFilename, canonicalize_name, parse_wheel_filename
from packaging.version import InvalidVersion, Version

from tfrepair.model.dependencies import active
from tfrepair.target.plain_file import read_plain

if sys.version_info >= (3, 11):
    import tomllib
else:
    import tomli as tomllib

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator, Mapping
    from pathlib import Path

_FAMILY = re.compile(
    r"^(?:tensorflow(?:-(?:cpu|gpu|intel|macos|rocm|aarch64|cpu-aws|directml))?"
    r"|intel-tensorflow|tf-nightly(?:-(?:cpu|gpu|intel|macos))?)$"
)
_NAME = re.compile(r"^[A-Za-z0-9][A-Za-z0-9._-]*")
_CARET = re.compile(r"^[\^~](?=\d)")
_INCLUDE = re.compile(r"^\s*(?:-[rc]|--requirement|--constraint)(?:\s+|=|(?<=-[rc]))([^\s#]+)", re.MULTILINE)
_MAX_BYTES = 4 << 20
_CONDA = re.compile(r"^(?:[\w.-]+::)?(?P<name>[A-Za-z0-9_.-]+)\s*(?P<version>[<>=!~][^\s]*|\s[\d][^\s]*)?(?:\s.*)?$")


@dataclass(frozen=True, slots=True, kw_only=True)
class ProjectPin:
    """One line of a project's file about TensorFlow."""

    requirement: str
    """A requirement as PEP 508 writes it; empty when the file could not be read."""
    source: str
    """The file, relative to the folder, and the line or table: `requirements.txt:3`."""
    locked: bool = False
    """From a lock file: an outcome, where the others are a wish."""
    note: str = ""
    """Why there is no requirement."""


def project_pins(folder: Path, markers: Mapping[str, str] | None = None) -> tuple[ProjectPin, ...]:
    """What the files of a folder ask of the TensorFlow family, the one that decides first. Never raises.

    An exact version that somebody wrote counts before a lock file, and that before a range. Names without a version
    ask for nothing. With the `markers` of a target, lines for other targets are left out.
    """
    pins: list[ProjectPin] = []
    for name in _requirement_files(folder):
        pins.extend(_read(folder, name, _requirement_lines))
    for name, reader in _READERS.items():
        pins.extend(_read(folder, name, reader))
    for name in _named(folder, r"pylock\.[^.]+\.toml"):
        pins.extend(_read(folder, name, _READERS["pylock.toml"]))
    here = (pin for pin in pins if _counts(pin, markers))
    return tuple(sorted((_without_marker(pin) if markers is not None else pin for pin in here), key=_rank))


def _counts(pin: ProjectPin, markers: Mapping[str, str] | None) -> bool:
    if not pin.requirement:
        return True
    requirement = Requirement(pin.requirement)
    if not requirement.specifier:
        return False
    return markers is None or any(active([pin.requirement], markers))


def _without_marker(pin: ProjectPin) -> ProjectPin:
    return replace(pin, requirement=pin.requirement.partition(";")[0].strip())


def _rank(pin: ProjectPin) -> int:
    if pin.locked:
        return 1
    exact = re.search(r"==\s*[^*,;]+(?:;|$)", pin.requirement)
    return 0 if exact else 2 + (not pin.requirement)


def _named(folder: Path, pattern: str) -> list[str]:
    try:
        names = sorted(path.name for path in folder.iterdir())
    except OSError:
        return []
    return [name for name in names if re.fullmatch(pattern, name)]


def _requirement_files(folder: Path) -> list[str]:
    """Those of the folder and what they include there, the one that counts first."""
    wanted = _named(folder, r"(?:requirements|constraints)[\w.-]*\.txt")
    first = sorted(wanted, key=lambda name: (name != "requirements.txt", not name.startswith("requirements"), name))
    found: dict[str, None] = {}
    while first:
        name = first.pop(0)
        if name not in found:
            found[name] = None
            first = [*_included(folder, name), *first]
    return list(found)


def _included(folder: Path, name: str) -> Iterator[str]:
    """The files that a requirements file includes and that lie in the folder, relative to it."""
    try:
        data = read_plain(folder / name)[:_MAX_BYTES]
    except OSError:
        return
    for match in _INCLUDE.finditer(_decoded(data)):
        path = posixpath.normpath(posixpath.join(posixpath.dirname(name), match[1]))
        if not path.startswith(("../", "/")) and "://" not in match[1]:
            yield path


def _read(folder: Path, name: str, reader: Callable[[str, str], Iterable[ProjectPin]]) -> list[ProjectPin]:
    file = folder / name
    try:
        if not file.is_file():
            return []
        if file.stat().st_size > _MAX_BYTES:
            return [ProjectPin(requirement="", source=name, note="is larger than 4 MiB and was not read")]
        return list(reader(_decoded(read_plain(file)), name))
    except (OSError, ValueError, TypeError, AttributeError, RecursionError) as error:
        reason = (str(error).splitlines() or [type(error).__name__])[0]
        return [ProjectPin(requirement="", source=name, note=f"could not be read: {reason}")]


def _decoded(data: bytes) -> str:
    # `pip freeze > requirements.txt` in PowerShell writes UTF-16 with a byte order mark.
    if data.startswith((b"\xff\xfe", b"\xfe\xff")):
        return data.decode("utf-16")
    return data.decode("utf-8-sig", errors="replace")


def _of_family(name: str) -> bool:
    return _FAMILY.match(canonicalize_name(name)) is not None


def _requirement(text: str) -> str | None:
    """The requirement, if it is one about the family."""
    match = _NAME.match(text.strip())
    if match is None or not _of_family(match[0]):
        return None
    try:
        return str(without_url(Requirement(text.strip())))
    except InvalidRequirement:
        return None


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


def _requirement_lines(text: str, name: str) -> Iterator[ProjectPin]:
    whole = ""
    first = 0
    for number, line in enumerate(text.splitlines(), start=1):
        first = first if whole else number
        whole += line.removesuffix("\\")
        if line.endswith("\\"):
            continue
        plain = re.sub(r"(?:^|\s)#.*$", "", whole)
        requirement = _requirement(re.split(r"\s--?[a-z]", plain, maxsplit=1)[0])
        if requirement:
            yield ProjectPin(requirement=requirement, source=f"{name}:{first}")
        whole = ""


def _pyproject(text: str, name: str) -> Iterator[ProjectPin]:
    document = tomllib.loads(text)
    project = document.get("project", {})
    tables: dict[str, Any] = {"project.dependencies": project.get("dependencies", [])}
    tables.update(_prefixed("project.optional-dependencies", project.get("optional-dependencies", {})))
    tables.update(_prefixed("dependency-groups", document.get("dependency-groups", {})))
    for table, lines in tables.items():
        found = (_requirement(line) for line in lines if isinstance(line, str))
        yield from (ProjectPin(requirement=each, source=f"{name}:{table}") for each in found if each)
    poetry = document.get("tool", {}).get("poetry", {})
    groups = _prefixed("tool.poetry.group", poetry.get("group", {}))
    wished = {f"{table}.dependencies": group.get("dependencies", {}) for table, group in groups.items()}
    for table, wishes in {"tool.poetry.dependencies": poetry.get("dependencies", {}), **wished}.items():
        yield from _poetry_table(wishes, f"{name}:{table}")


def _prefixed(table: str, groups: Mapping[str, Any]) -> dict[str, Any]:
    return {f"{table}.{key}": lines for key, lines in groups.items()}


def _poetry_table(wishes: Mapping[str, Any], source: str) -> Iterator[ProjectPin]:
    for name, wish in wishes.items():
        if not _of_family(name):
            continue
        for each in wish if isinstance(wish, list) else [wish]:
            table = each if isinstance(each, dict) else {"version": str(each)}
            what = f" @ {table['url']}" if "url" in table else _poetry_specifier(table.get("version", "*"))
            marker = " and ".join(_poetry_markers(table))
            requirement = _requirement(f"{name}{what} ; {marker}" if marker else f"{name}{what}")
            if requirement:
                yield ProjectPin(requirement=requirement, source=source)


def _poetry_markers(table: Mapping[str, Any]) -> Iterator[str]:
    """For which targets an entry of Poetry is meant, in the words of PEP 508. Raises ValueError."""
    if "markers" in table:
        yield f"({table['markers']})"
    if "platform" in table:
        yield f"sys_platform == '{table['platform']}'"
    for part in SpecifierSet(_poetry_specifier(table.get("python", "*"))):
        whole = part.version.removesuffix(".*").count(".") > 1
        yield f"python_{'full_' if whole else ''}version {part.operator} '{part.version}'"


def _poetry_specifier(text: str) -> str:
    """Poetry's own `^2.10` and `~2.10` as PEP 440 says it. Raises ValueError."""
    return ",".join(filter(None, (_poetry_part(part.strip()) for part in text.split(","))))


def _poetry_part(part: str) -> str:
    if part in {"", "*"}:
        return ""
    if _CARET.match(part):
        version = Version(part[1:])
        release = list(version.release)
        depth = next((i for i, number in enumerate(release) if number), len(release) - 1) if part[0] == "^" else 1
        upper = [*release[: min(depth, len(release) - 1)], release[min(depth, len(release) - 1)] + 1]
        return f">={version},<{'.'.join(map(str, upper))}"
    return str(SpecifierSet(part if part[0] in "<>=!~" else f"=={part}"))


def _locked_packages(key: str) -> Callable[[str, str], Iterator[ProjectPin]]:
    def read(text: str, name: str) -> Iterator[ProjectPin]:
        for package in tomllib.loads(text).get(key, []):
            if _of_family(str(package.get("name", ""))) and package.get("version"):
                requirement = f"{package['name']}=={package['version']}"
                marker = _lock_marker(package)
                whole = _requirement(f"{requirement} ; {marker}") if marker else requirement
                yield ProjectPin(requirement=whole or requirement, source=name, locked=True)

    return read


def _lock_marker(package: Mapping[str, Any]) -> str:
    """For which targets a lock has this version: pylock.toml, poetry.lock and uv.lock each say it in their own way."""
    found = package.get("marker") or package.get("markers") or package.get("resolution-markers") or ""
    if isinstance(found, str):
        return found
    each = found.values() if isinstance(found, dict) else found
    return " or ".join(f"({marker})" for marker in each)


def _conda_environment(text: str, name: str) -> Iterator[ProjectPin]:
    import yaml

    try:
        # a few hundred bytes of aliases may stand for more than fits into memory
        if any(isinstance(token, yaml.AliasToken) for token in yaml.scan(text)):
            raise ValueError("it has YAML aliases (`*name`), which are not read")
        document = yaml.safe_load(text)
    except yaml.YAMLError as error:
        raise ValueError(f"it is not valid YAML: {error}".splitlines()[0]) from error
    for item in (document or {}).get("dependencies") or []:
        if isinstance(item, dict):
            found = (_requirement(str(line)) for line in item.get("pip") or [])
            yield from (ProjectPin(requirement=each, source=f"{name}:pip") for each in found if each)
        elif requirement := _conda_requirement(str(item)):
            yield ProjectPin(requirement=requirement, source=name)


def _conda_requirement(text: str) -> str | None:
    """Conda's `tensorflow=2.10` means any 2.10.x; builds and channels are left out."""
    match = _CONDA.match(text.strip())
    if match is None or not _of_family(match["name"]):
        return None
    parts = (_conda_part(part) for part in (match["version"] or "").strip().split(","))
    try:
        return f"{match['name']}{SpecifierSet(','.join(filter(None, parts)))}"
    except InvalidSpecifier:
        return match["name"]


def _conda_part(part: str) -> str:
    exact = re.match(r"^(={0,2})(\d[\w.]*?)(?:\.?\*)?(?:=[\w*]+)?$", part)
    if exact is None:
        return part
    try:
        Version(exact[2])
    except InvalidVersion:
        return ""
    return f"=={exact[2]}" if exact[1] == "==" and not part.endswith("*") else f"=={exact[2]}.*"


_READERS: dict[str, Callable[[str, str], Iterable[ProjectPin]]] = {
    "pyproject.toml": _pyproject,
    "environment.yml": _conda_environment,
    "environment.yaml": _conda_environment,
    "uv.lock": _locked_packages("package"),
    "poetry.lock": _locked_packages("package"),
    "pylock.toml": _locked_packages("packages"),
}
