"""Files that the command line names."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING

from tfrepair.errors import UsageError

if TYPE_CHECKING:
    from pathlib import Path

    from tfrepair.model.facts import Facts


def read_facts(recorded: Path) -> Facts:
    """Facts from a file. Raises UsageError."""
    from tfrepair.model.wire import facts_from_json

    try:
        return facts_from_json(json.loads(recorded.read_text(encoding="utf-8")))
    except (OSError, ValueError, KeyError, TypeError, AttributeError) as error:
        raise UsageError(f"`{recorded}` cannot be read as recorded facts: {error}") from error


def write_text(path: Path, text: str) -> None:
    """Write a file that the command line names. Raises UsageError."""
    try:
        path.write_text(text, encoding="utf-8")
    except OSError as error:
        raise UsageError(f"`{path}` cannot be written: {error.strerror or error}; nothing was changed") from error
