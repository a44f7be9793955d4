"""The reader of the data about releases that comes with the package."""

from __future__ import annotations

import json
from functools import cache
from pathlib import Path
from typing import TYPE_CHECKING, Any

from tfrepair.model.gpu import GpuData
from tfrepair.model.releases import Releases

if TYPE_CHECKING:
    from tfrepair.model.known_cases import KnownCases
    from tfrepair.model.known_good import KnownGood

_DATA = Path(__file__).parent.parent / "data"
KNOWN_CASES = "known_cases.json.gz"
"""Written by `tools/known_cases.py`."""


@cache
def load_releases() -> Releases:
    """The data, read once: it cannot change while the tool runs."""
    return Releases.parse(
        _document("releases"), _document("requirements"), _document("bounds"), _document("companions")
    )


@cache
def load_known_good() -> KnownGood:
    """The known-good locks, read once and only where a plan needs them."""
    from tfrepair.model.known_good import KnownGood

    return KnownGood.parse(_compressed("known_good.json.gz"))


@cache
def load_known_cases() -> KnownCases:
    """What was learned from failures whose cause is known, read once and only where a text is explained."""
    from tfrepair.model.known_cases import KnownCases

    return KnownCases.parse(_compressed(KNOWN_CASES))


@cache
def load_gpu_data() -> GpuData:
    """The data about GPU builds and drivers, read once."""
    return GpuData.parse(_document("cuda_drivers"), _document("gpu_builds"))


def _compressed(name: str) -> dict[str, Any]:
    import gzip

    document: dict[str, Any] = json.loads(gzip.decompress((_DATA / name).read_bytes()))
    return document


def _document(name: str) -> dict[str, Any]:
    text = (_DATA / f"{name}.json").read_text(encoding="utf-8")
    document: dict[str, Any] = json.loads(text)
    return document
