"""Poetry's own tables, and its own way to write versions."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Any

from packaging.specifiers import SpecifierSet
from packaging.version import Version

from tfrepair.target.project.pin import ProjectPin, not_understood, of_family, pin_of

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

_CARET = re.compile(r"^[\^~](?=\d)")


def poetry_pins(poetry: Mapping[str, Any], name: str) -> Iterator[ProjectPin]:
    """What `[tool.poetry]` of a file asks of TensorFlow."""
    yield from _table(poetry.get("dependencies", {}), f"{name}:tool.poetry.dependencies")
    yield from _table(poetry.get("dev-dependencies", {}), f"{name}:tool.poetry.dev-dependencies", optional=True)
    for key, group in poetry.get("group", {}).items():
        yield from _table(group.get("dependencies", {}), f"{name}:tool.poetry.group.{key}.dependencies", optional=True)


def _table(wishes: Mapping[str, Any], source: str, *, optional: bool = False) -> Iterator[ProjectPin]:
    for name, wish in wishes.items():
        if of_family(name):
            for each in wish if isinstance(wish, list) else [wish]:
                yield _entry(name, each, source, optional=optional)


def _entry(name: str, wish: Any, source: str, *, optional: bool) -> ProjectPin:
    table = wish if isinstance(wish, dict) else {"version": str(wish)}
    said = wish if isinstance(wish, str) else ", ".join(f"{key} = {value}" for key, value in table.items())
    elsewhere = next((table[key] for key in ("url", "path", "git") if key in table), None)
    try:
        what = f" @ {elsewhere}" if elsewhere is not None else _specifier(table.get("version", "*"))
        marker = " and ".join(_markers(table))
    except ValueError:
        return not_understood(f"{name} = {said}", source, optional=optional)
    extras = f"[{','.join(table['extras'])}]" if table.get("extras") else ""
    found = pin_of(f"{name}{extras}{what} ; {marker}" if marker else f"{name}{extras}{what}", source, optional=optional)
    return found or not_understood(f"{name} = {said}", source, optional=optional)


def _markers(table: Mapping[str, Any]) -> Iterator[str]:
    """For which targets an entry is meant, in the words of PEP 508. Raises ValueError."""
    if "markers" in table:
        yield f"({table['markers']})"
    if "platform" in table:
        yield f"sys_platform == '{table['platform']}'"
    for part in SpecifierSet(_specifier(table.get("python", "*"))):
        whole = part.version.removesuffix(".*").count(".") > 1
        yield f"python_{'full_' if whole else ''}version {part.operator} '{part.version}'"


def _specifier(text: str) -> str:
    """Poetry's own `^2.10` and `~2.10` as PEP 440 says it. Raises ValueError, also for alternatives (`||`)."""
    return ",".join(filter(None, (_part(part.strip()) for part in text.split(","))))


def _part(part: str) -> str:
    if part in {"", "*"}:
        return ""
    if _CARET.match(part):
        version = Version(part[1:])
        release = list(version.release)
        depth = next((i for i, number in enumerate(release) if number), len(release) - 1) if part[0] == "^" else 1
        upper = [*release[: min(depth, len(release) - 1)], release[min(depth, len(release) - 1)] + 1]
        return f">={version},<{'.'.join(map(str, upper))}"
    return str(SpecifierSet(part if part[0] in "<>=!~" else f"=={part}"))
