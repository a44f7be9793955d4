"""What lies beside the code: the package's data, and the built-in playbooks, in a checkout at its top."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

STORED_PLAYBOOKS = "playbooks.json"


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


def digest(raw: bytes) -> str:
    """What tells the content of one file from that of every other, however its lines end."""
    from hashlib import sha256

    return sha256(raw.replace(b"\r\n", b"\n")).hexdigest()


def stored_documents() -> dict[str, Any]:
    """What the built-in playbooks say, by the digests of their files; YAML takes thirty times as long to read."""
    documents: dict[str, Any] = json.loads(stored(STORED_PLAYBOOKS))
    return documents
