"""What a venv made with `--system-site-packages` sees of the Python below it; read, and never changed for the venv."""

from __future__ import annotations

import os
from pathlib import Path
from typing import TYPE_CHECKING

from tfrepair.model.distribution import Distribution
from tfrepair.target.leftovers import is_leftover
from tfrepair.target.metadata import METADATA_SUFFIXES, read_metadata
from tfrepair.target.tree import names_in

if TYPE_CHECKING:
    from collections.abc import Collection, Iterator

    from tfrepair.model.target import Environment

_SITES = frozenset({"site-packages", "dist-packages"})


def read_inherited(environment: Environment, own: Collection[str]) -> tuple[Distribution, ...]:
    """The distributions that the search path leads to outside the environment, in its order; no name twice.

    `own` are the canonical names that the environment has itself: they hide those of the same name. Files are not
    compared with RECORD. None where the environment sees nothing but itself, or its search path is not known.
    """
    seen = set(own)
    found = []
    for site in _sites(environment) if environment.system_site_packages else ():
        for name in names_in(site):
            if not name.endswith(METADATA_SUFFIXES) or is_leftover(name):
                continue
            path = Path(site, name)
            metadata = read_metadata(path)
            each = Distribution(
                name=metadata.name,
                version=metadata.version,
                metadata_path=str(path),
                installer=metadata.installer,
                requires=metadata.requires,
                metadata_readable=metadata.problem is None,
                on_target=False,
            )
            if each.canonical_name not in seen:
                seen.add(each.canonical_name)
                found.append(each)
    return tuple(found)


def _sites(environment: Environment) -> Iterator[str]:
    own = {os.path.realpath(folder) for folder in environment.site_folders}
    for folder in environment.sys_path:
        if Path(folder).name in _SITES and os.path.realpath(folder) not in own:
            yield folder
