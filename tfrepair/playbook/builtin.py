"""What lies beside the code: the package's data, and the built-in playbooks, in a checkout at its top."""

from __future__ import annotations

from pathlib import Path


def stored(name: str) -> str:
    """The text of a file of the package's own data."""
    return (Path(__file__).resolve().parent.parent / "data" / name).read_text(encoding="utf-8")


def builtin_folder() -> Path:
    """The folder of the built-in playbooks; the one inside the package counts first."""
    package = Path(__file__).resolve().parent.parent
    inside = package / "_playbooks"
    return inside if inside.is_dir() else package.parent / "playbooks"


def builtin_files() -> tuple[Path, ...]:
    """The files of the built-in playbooks, by name."""
    return tuple(sorted(builtin_folder().glob("*.yaml")))
