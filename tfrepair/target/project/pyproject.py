"""pyproject.toml: the standard tables, and those of the tools that have their own."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from tfrepair.target.project.pin import Included, ProjectPin, of_family, pin_of
from tfrepair.target.project.poetry import poetry_pins
from tfrepair.target.project.requirements import requirement_list
from tfrepair.target.project.toml import loads

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping


def pyproject(text: str, name: str) -> Iterator[ProjectPin | Included]:
    """What the tables of a file ask of TensorFlow, overrides first. Raises ValueError for what is no TOML."""
    document = loads(text)
    project, tool = document.get("project", {}), document.get("tool", {})
    uv, pdm = tool.get("uv", {}), tool.get("pdm", {})
    always = {
        "tool.uv.override-dependencies": uv.get("override-dependencies", []),
        "project.dependencies": project.get("dependencies", []),
        "tool.uv.constraint-dependencies": uv.get("constraint-dependencies", []),
    }
    sometimes = {
        **_each("project.optional-dependencies", project.get("optional-dependencies", {})),
        **_each("dependency-groups", document.get("dependency-groups", {})),
        "tool.uv.dev-dependencies": uv.get("dev-dependencies", []),
        **_each("tool.pdm.dev-dependencies", pdm.get("dev-dependencies", {})),
        **_hatch(tool.get("hatch", {}).get("envs", {})),
    }
    for table, lines in always.items():
        yield from requirement_list(lines, f"{name}:{table}")
    yield from _uv_sources(uv.get("sources", {}), f"{name}:tool.uv.sources")
    for table, lines in sometimes.items():
        yield from requirement_list(lines, f"{name}:{table}", optional=True)
    yield from poetry_pins(tool.get("poetry", {}), name)
    yield from _setuptools(tool.get("setuptools", {}).get("dynamic", {}), f"{name}:tool.setuptools.dynamic")


def depends_on_others(text: str) -> bool:
    """`project.dependencies` names something else than TensorFlow. Raises ValueError for what is no TOML."""
    lines = [line for line in loads(text).get("project", {}).get("dependencies", []) if isinstance(line, str)]
    return len(lines) > sum(1 for _ in requirement_list(lines, ""))


def _each(table: str, groups: Mapping[str, Any]) -> dict[str, Any]:
    return {f"{table}.{key}": lines for key, lines in groups.items()}


def _hatch(environments: Mapping[str, Any]) -> dict[str, Any]:
    return {
        f"tool.hatch.envs.{key}.{lines}": environment.get(lines, [])
        for key, environment in environments.items()
        for lines in ("dependencies", "extra-dependencies")
    }


def _uv_sources(sources: Mapping[str, Any], source: str) -> Iterator[ProjectPin]:
    """Where uv takes TensorFlow from a file, a URL or a repository; an index says nothing of the version."""
    for name, places in sources.items():
        for place in places if isinstance(places, list) else [places]:
            where = next((place[key] for key in ("url", "path", "git") if key in place), None)
            if of_family(name) and where is not None:
                marker = f" ; {place['marker']}" if "marker" in place else ""
                found = pin_of(f"{name} @ {where}{marker}", source)
                yield from [found] if found else []


def _setuptools(dynamic: Mapping[str, Any], table: str) -> Iterator[Included]:
    """The requirements files that setuptools reads dependencies from."""
    extras = dynamic.get("optional-dependencies", {})
    lists = {"dependencies": dynamic.get("dependencies", {}), **_each("optional-dependencies", extras)}
    for key, wish in lists.items():
        files = wish.get("file", [])
        for path in [files] if isinstance(files, str) else files:
            yield Included(path=path, source=f"{table}.{key}", optional=key != "dependencies")
