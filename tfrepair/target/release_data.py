"""The reader of the data about releases that comes with the package."""

from __future__ import annotations

import json
from functools import cache
from importlib.resources import files
from typing import Any

from tfrepair.model.releases import Releases


@cache
def load_releases() -> Releases:
    """The data, read once: it cannot change while the tool runs."""
    return Releases.parse(_document("releases"), _document("requirements"), _document("bounds"))


def _document(name: str) -> dict[str, Any]:
    text = files("tfrepair").joinpath("data", f"{name}.json").read_text(encoding="utf-8")
    document: dict[str, Any] = json.loads(text)
    return document
