"""One release of one distribution, as the package index has it."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from packaging.specifiers import InvalidSpecifier, SpecifierSet
from packaging.version import InvalidVersion, Version

if TYPE_CHECKING:
    from collections.abc import Mapping


@dataclass(frozen=True, slots=True, kw_only=True)
class Release:
    """One version of one distribution as the package index has it."""

    name: str
    version: str
    date: str
    """Upload day, `2022-09-06`."""
    wheels: Mapping[str, str] = field(default_factory=dict)
    """Python tags (`cp39 cp310`) by compressed platform tag."""
    stub: Mapping[str, str] = field(default_factory=dict)
    """By platform tag, the distribution that has the code of a wheel without any; empty when none has."""
    size: tuple[int, int] | None = None
    """Bytes of the smallest and of the largest wheel."""
    yanked: bool = False
    sdist: bool = False
    """There is only a source archive."""
    cuda: str | None = None
    """The CUDA runtime version the Linux GPU build was tested with."""
    cudnn: str | None = None
    and_cuda: bool = False
    """The extra `and-cuda` exists."""

    @classmethod
    def parse(cls, name: str, version: str, row: Mapping[str, Any]) -> Release:
        """From one line of the data file."""
        size = row.get("size")
        return cls(
            name=name,
            version=version,
            date=row["date"],
            wheels=row["wheels"],
            stub=row.get("stub", {}),
            size=(size[0], size[1]) if size else None,
            yanked=row.get("yanked", False),
            sdist=row.get("sdist", False),
            cuda=row.get("cuda"),
            cudnn=row.get("cudnn"),
            and_cuda=row.get("and_cuda", False),
        )

    @property
    def final(self) -> bool:
        """Neither a pre-release nor yanked."""
        return not self.yanked and not Version(self.version).is_prerelease


def specifier_text(text: str) -> str:
    """A specifier from what people write: `2.10` is `==2.10.*`, `2.10.0` is `==2.10.0`. Raises ValueError."""
    stripped = text.strip()
    try:
        version = Version(stripped)
    except InvalidVersion:
        try:
            return str(SpecifierSet(stripped))
        except InvalidSpecifier as error:
            raise ValueError(f"`{text}` is neither a version nor a specifier") from error
    whole = len(version.release) > 2 or version.is_prerelease or version.is_postrelease  # noqa: PLR2004
    return f"=={stripped}" if whole else f"=={stripped}.*"
