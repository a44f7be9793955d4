"""Where the built-in playbooks lie: inside the installed package, or at the top of a checkout."""

from __future__ import annotations

from pathlib import Path


def builtin_folder() -> Path:
    """The folder of the built-in playbooks; the one inside the package counts first."""
    package = Path(__file__).resolve().parent.parent
    inside = package / "_playbooks"
    return inside if inside.is_dir() else package.parent / "playbooks"


def builtin_files() -> tuple[Path, ...]:
    """The files of the built-in playbooks, by name."""
    return tuple(sorted(builtin_folder().glob("*.yaml")))
