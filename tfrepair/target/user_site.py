"""The user site: what a user installed for himself into an installation of Python (`pip install --user`)."""

from __future__ import annotations

import re
from contextlib import suppress
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Mapping

    from tfrepair.model.target import Environment

_TENSORFLOW = re.compile(r"(?:intel_)?(?:tensorflow|tf_nightly)(?:_core)?(?:_\w+)?(?:-.*)?", re.IGNORECASE)
_COMPANIONS = re.compile(r"tensorflow_(?:addons|datasets|estimator|hub|io|metadata|probability|serving|text)\b")


def is_meant(data: Mapping[str, Any], environ: Mapping[str, str]) -> bool:
    """The TensorFlow that an installation of Python finds is the one in the user site, whole or in parts.

    `data` is what the interpreter said of itself.
    """
    user = data.get("user")
    if not user or environ.get("PYTHONNOUSERSITE"):
        return False
    names: list[str] = []
    with suppress(OSError):
        names = [path.name for path in Path(user["site"]).iterdir()]
    return any(_TENSORFLOW.fullmatch(name) and not _COMPANIONS.match(name) for name in names)


def user_environment(environment: Environment, user: Mapping[str, str]) -> Environment:
    """The user site of an installation of Python, as an environment; `user` is what the interpreter said of it."""
    site = user["site"]
    return replace(
        environment,
        prefix=user["base"],
        base_prefix=environment.prefix,
        kind="user",
        purelib=site,
        platlib=site,
        scripts=user["scripts"],
        sys_path=_with(environment.sys_path, site, environment.site_folders),
        externally_managed=False,
        system_site_packages=True,
    )


def _with(path: tuple[str, ...], site: str, before: tuple[str, ...]) -> tuple[str, ...]:
    """A search path with the user site where an interpreter puts it: before the site folders of its own."""
    rest = [folder for folder in path if folder != site]
    own = [index for index, folder in enumerate(rest) if folder in before or "dist-packages" in folder]
    place = min(own, default=len(rest))
    return (*rest[:place], site, *rest[place:])
