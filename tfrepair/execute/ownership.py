"""Which distribution owns which file of an environment, and what must therefore be copied or may be linked."""

from __future__ import annotations

import os
from dataclasses import dataclass, field
from functools import cached_property
from pathlib import Path
from typing import TYPE_CHECKING

from packaging.utils import canonicalize_name

from tfrepair.execute.files import read_json
from tfrepair.target.metadata import METADATA_SUFFIXES, read_metadata
from tfrepair.target.records import Tree, read_record

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from tfrepair.model.target import Environment
    from tfrepair.target.records import RecordEntry

_WRITTEN_IN_PLACE = (".pth", ".cfg", ".toml", ".json")
_SCRIPT_FOLDERS = frozenset({"bin", "Scripts"})


@dataclass(frozen=True, kw_only=True)
class Installed:
    """One distribution of an environment and the files it recorded."""

    name: str
    """Canonical."""
    metadata: Path
    site: Path
    """The site folder it is in; a real path."""
    tree: Tree = field(repr=False, compare=False)
    """The environment, in which its files are found."""

    @property
    def recorded(self) -> bool:
        """It has a record."""
        return self._entries is not None

    @cached_property
    def paths(self) -> frozenset[str]:
        """Relative to the prefix, with `/`; empty without a record. Metadata files are among them."""
        start = len(self.tree.prefix) + 1
        inside = self.tree.prefix + os.sep
        paths = set()
        for entry in self._entries or ():
            head, slash, name = entry.path.rpartition("/")
            folder = self.tree.folder(head or slash)
            if folder is None or name in {"", ".", ".."}:
                continue
            whole = folder + os.sep + name
            if whole.startswith(inside):
                paths.add(whole[start:].replace(os.sep, "/"))
        return frozenset(paths)

    @cached_property
    def _entries(self) -> tuple[RecordEntry, ...] | None:
        return None if self.metadata.suffix in {".egg", ".egg-link"} else read_record(self.metadata)


def sites(environment: Environment) -> tuple[Path, ...]:
    """The site folders, real and each once."""
    folders = (os.path.realpath(folder) for folder in environment.site_folders)
    return tuple(Path(folder) for folder in dict.fromkeys(folders) if Path(folder).is_dir())


def installed(environment: Environment) -> tuple[Installed, ...]:
    """Every distribution in the environment's own site folders, in the order of their names."""
    prefix = Path(os.path.realpath(environment.prefix))
    found = []
    for site in sites(environment):
        tree = Tree(str(prefix), str(site))
        found += [_installed(site / name, site, tree) for name in sorted(_metadata_names(site))]
    return tuple(found)


def installed_at(environment: Environment, metadata: Path) -> Installed:
    """The distribution with this metadata."""
    prefix = Path(os.path.realpath(environment.prefix))
    site = Path(os.path.realpath(metadata.parent))
    return _installed(site / metadata.name, site, Tree(str(prefix), str(site)))


def _installed(metadata: Path, site: Path, tree: Tree) -> Installed:
    return Installed(name=canonicalize_name(read_metadata(metadata).name), metadata=metadata, site=site, tree=tree)


def _metadata_names(site: Path) -> Iterator[str]:
    with os.scandir(site) as entries:
        yield from (entry.name for entry in entries if entry.name.endswith(METADATA_SUFFIXES))


def private_rule(environment: Environment, *, everything: bool = False) -> Callable[[str], bool]:
    """Whether the file at a path relative to the prefix must be copied rather than linked.

    That is what people and tools write in place: scripts, configuration, metadata, and all that no distribution owns.
    """
    if everything:
        return lambda _relative: True
    owned = owned_paths(environment)
    shared = _shared_with_others(environment)

    def is_private(relative: str) -> bool:
        if shared(relative) and relative not in owned:
            return False
        if relative.endswith(_WRITTEN_IN_PLACE) or relative.partition("/")[0] in _SCRIPT_FOLDERS:
            return True
        if ".dist-info/" in relative or ".egg-info/" in relative:
            return True
        return relative not in owned and source_of(relative) not in owned

    return is_private


def _shared_with_others(environment: Environment) -> Callable[[str], bool]:
    """What a prefix that others share has besides the site folders: a standard library, and programs of others."""
    if environment.kind not in {"system", "user"}:
        return lambda _relative: False
    prefix = os.path.realpath(environment.prefix)
    own = tuple(site.relative_to(prefix).as_posix() + "/" for site in sites(environment))
    return lambda relative: not relative.startswith(own)


def owned_paths(environment: Environment) -> frozenset[str]:
    """All files that a distribution recorded, or that conda did; relative to the prefix."""
    owned: set[str] = set()
    for distribution in installed(environment):
        owned |= distribution.paths
    owned.update(_conda_files(Path(environment.prefix)))
    return frozenset(owned)


def source_of(relative: str) -> str | None:
    """The source file that a bytecode file in a cache folder was compiled from; None for any other file."""
    if not relative.endswith((".pyc", ".pyo")):
        return None
    folder, _, name = relative.rpartition("/")
    above, _, cache = folder.rpartition("/")
    if cache != "__pycache__":
        return None
    return f"{above}/{name.partition('.')[0]}.py" if above else f"{name.partition('.')[0]}.py"


def _conda_files(prefix: Path) -> Iterator[str]:
    records = prefix / "conda-meta"
    if not records.is_dir():
        return
    for record in records.glob("*.json"):
        document = read_json(record) or {}
        yield from (name for name in document.get("files", ()) if isinstance(name, str))
