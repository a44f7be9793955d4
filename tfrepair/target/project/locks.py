"""Lock files: uv.lock, poetry.lock and pylock.toml."""

from __future__ import annotations

from dataclasses import replace
from itertools import islice
from typing import TYPE_CHECKING, Any

from tfrepair.target.project.pin import ProjectPin, of_family, pin_of
from tfrepair.target.project.toml import loads

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Mapping


def locked_packages(key: str) -> Callable[[str, str], Iterator[ProjectPin]]:
    """The reader of a lock whose packages stand under a key. It raises ValueError for what is no TOML."""

    def read(text: str, name: str) -> Iterator[ProjectPin]:
        for package in loads(text).get(key, []):
            if of_family(str(package.get("name", ""))) and package.get("version"):
                requirement, marker = f"{package['name']}=={package['version']}", _marker(package)
                lines = [f"{requirement} ; {marker}", requirement] if marker else [requirement]
                pins = [pin for line in lines if (pin := pin_of(line, name)) is not None]
                readable = (pin for pin in pins if pin.requirement)
                yield from (replace(pin, locked=True) for pin in islice((*readable, *pins), 1))

    return read


def _marker(package: Mapping[str, Any]) -> str:
    """For which targets a lock has this version: pylock.toml, poetry.lock and uv.lock each say it in their own way."""
    found = package.get("marker") or package.get("markers") or package.get("resolution-markers") or ""
    if isinstance(found, str):
        return found
    each = found.values() if isinstance(found, dict) else found
    return " or ".join(f"({marker})" for marker in each)
