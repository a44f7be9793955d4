"""environment.yml of conda, and how conda writes a requirement."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from packaging.specifiers import InvalidSpecifier, SpecifierSet
from packaging.version import InvalidVersion, Version

from tfrepair.target.project.pin import Included, ProjectPin, not_understood, of_family
from tfrepair.target.project.requirements import requirement_list

if TYPE_CHECKING:
    from collections.abc import Iterator

_SPEC = re.compile(
    r"^(?:\S+::)?(?P<name>[A-Za-z0-9_.-]*[A-Za-z0-9])\s*(?P<version>[^\[\]]*?)\s*(?:\[(?P<bracket>.*)\])?$"
)
_VERSION = re.compile(r"\bversion\s*=\s*(?:'([^']*)'|\"([^\"]*)\"|([^,\s]+))")
_OPERATOR = re.compile(r"([<>=!~,|])\s+|\s+(?=[,|<>!~])")
_ANY = re.compile(r"^=*\*(?:=.*)?$")
_EXACT = re.compile(r"^(={0,2})(\d[\w.]*?)(?:\.?\*)?(?:=[\w*]+)?$")


def conda_environment(text: str, name: str) -> Iterator[ProjectPin | Included]:
    """What the dependencies of a file ask of TensorFlow. Raises ValueError for what is not read."""
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
            yield from requirement_list(item.get("pip") or [], f"{name}:pip")
        elif (pin := _pin(str(item), name)) is not None:
            yield pin


def _pin(text: str, source: str) -> ProjectPin | None:
    """Conda's `tensorflow=2.10` means any 2.10.x; builds and channels are left out."""
    spec = _SPEC.match(text.strip())
    if spec is None or not of_family(spec["name"]):
        return None
    bracket = _VERSION.search(spec["bracket"] or "")
    written = next(filter(None, bracket.groups()), "") if bracket else spec["version"]
    # what follows the version after a blank is the build
    version = _OPERATOR.sub(r"\1", written).partition(" ")[0]
    if "|" in version:
        return not_understood(text, source, "and alternatives (`|`) are not understood")
    parts = (_part(part) for part in version.split(","))
    try:
        specifier = SpecifierSet(",".join(filter(None, parts)))
    except InvalidSpecifier:
        return not_understood(text, source)
    return ProjectPin(requirement=f"{spec['name']}{specifier}", source=source)


def _part(part: str) -> str:
    exact = _EXACT.match(part)
    if exact is None:
        return "" if _ANY.match(part) else part
    try:
        Version(exact[2])
    except InvalidVersion:
        return part
    return f"=={exact[2]}" if exact[1] == "==" and not part.endswith("*") else f"=={exact[2]}.*"
