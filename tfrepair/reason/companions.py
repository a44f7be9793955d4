"""Distributions that come in the release of their TensorFlow, although it does not always ask for them."""

from __future__ import annotations

from typing import TYPE_CHECKING

from packaging.version import InvalidVersion, Version

if TYPE_CHECKING:
    from collections.abc import Collection

_FIRST = Version("1.14")
"""From here on TensorBoard has the minor version of its TensorFlow; up to 2.20 TensorFlow asks for that one itself."""


def pairs(version: str) -> tuple[str, ...]:
    """The companions of a final TensorFlow release as requirements; none for what is not paired."""
    try:
        release = Version(version)
    except InvalidVersion:
        return ()
    if release.is_prerelease or release < _FIRST:
        return ()
    return (f"tensorboard>={release.major}.{release.minor},<{release.major}.{release.minor + 1}",)


def paired(lines: Collection[str], names: Collection[str]) -> tuple[str, ...]:
    """Those of these companions that are installed: they come along."""
    return tuple(line for line in lines if line.partition(">=")[0] in names)
