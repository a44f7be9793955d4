"""Every distribution of an environment, read from its metadata files: it also works where Python does not start."""

from __future__ import annotations

import os
from collections import Counter, defaultdict
from collections.abc import Mapping  # noqa: TC003 - read at run time by whoever serialises an inventory
from dataclasses import dataclass, field, replace
from pathlib import Path, PurePath
from typing import TYPE_CHECKING

from packaging.utils import canonicalize_name

from tfrepair.model.distribution import Distribution
from tfrepair.target.leftovers import is_leftover
from tfrepair.target.metadata import METADATA_SUFFIXES, Metadata, read_metadata
from tfrepair.target.paths import is_closed, is_folder
from tfrepair.target.records import Damage, RecordEntry, check, is_bytecode, is_native, is_script, load_record
from tfrepair.target.tree import Tree, names_in

if TYPE_CHECKING:
    from collections.abc import Callable, Collection, Iterable, Iterator, Sequence

    from tfrepair.model.target import Environment

_NESTED = ("google",)
"""Folders that many distributions share on purpose: what counts is the folder below."""

FAMILY_FOLDERS = frozenset({
    "tensorflow", "tensorflow_core", "tensorflow-plugins", "keras", "tf_keras", "tensorboard", "tensorflow_estimator",
    "tensorflow_io_gcs_filesystem",
})  # fmt: skip
"""Import folders of TensorFlow's own family, in which two distributions must never meet."""

_WATCHED = FAMILY_FOLDERS - {"tensorflow-plugins"} | {
    "numpy", "google/protobuf", "ml_dtypes", "h5py", "absl", "grpc", "tensorboard_data_server",
    "tensorboard_plugin_wit", "keras_preprocessing", "keras_applications", "gast", "astunparse",
    "flatbuffers", "opt_einsum", "wrapt",
    "tensorflow_text", "tensorflow_hub", "tensorflow_probability", "tensorflow_addons", "optree", "scipy",
}  # fmt: skip
_OWN_FOLDER = {
    "protobuf": ("google/protobuf",), "absl-py": ("absl",), "grpcio": ("grpc",), "opt-einsum": ("opt_einsum",),
    "tensorboard-plugin-wit": ("tensorboard_plugin_wit",), "tensorflow-gpu": ("tensorflow",),
    "tensorflow-cpu": ("tensorflow",), "tensorflow-intel": ("tensorflow",), "tensorflow-macos": ("tensorflow",),
    "intel-tensorflow": ("tensorflow",), "tf-nightly": ("tensorflow",), "keras-nightly": ("keras",),
    "tb-nightly": ("tensorboard",), "tensorflow-cpu-aws": ("tensorflow",), "tensorflow-rocm": ("tensorflow",),
}  # fmt: skip
"""Folders of distributions whose record is lost, where name and folder differ."""
_EXAMPLES = 4


@dataclass(frozen=True, slots=True, kw_only=True)
class Overlap:
    """Files that more than one distribution recorded under one top-level folder."""

    names: tuple[str, ...]
    """Canonical names."""
    folder: str
    files: int

    @property
    def family(self) -> bool:
        """It is in a folder of TensorFlow's own family."""
        return self.folder in FAMILY_FOLDERS


@dataclass(frozen=True, slots=True, kw_only=True)
class Inventory:
    """Everything that is installed, and what is wrong with it."""

    distributions: tuple[Distribution, ...]
    """By canonical name, then by path."""
    leftovers: tuple[str, ...] = ()
    """Absolute paths that a broken-off uninstall left behind (`~ensorflow`)."""
    unreadable: tuple[tuple[str, str], ...] = ()
    """Absolute path of a metadata file, and what is wrong with it (`is missing`)."""
    orphans: tuple[str, ...] = ()
    """Absolute paths of import folders of TensorFlow and its close kin in which no distribution owns a file."""
    overlaps: tuple[Overlap, ...] = ()
    closed: tuple[str, ...] = ()
    """Absolute paths of folders and files that this user may not look into, the outermost: their content is unknown."""
    damage: Mapping[str, Damage] = field(default_factory=dict)
    """Every missing and altered file, by the metadata path of the distribution."""

    @property
    def duplicates(self) -> tuple[tuple[str, tuple[Distribution, ...]], ...]:
        """Canonical names that are installed more than once."""
        by_name: dict[str, list[Distribution]] = defaultdict(list)
        for distribution in self.distributions:
            by_name[distribution.canonical_name].append(distribution)
        return tuple((name, tuple(found)) for name, found in by_name.items() if len(found) > 1)


@dataclass(frozen=True, slots=True, kw_only=True)
class _Read:
    distribution: Distribution
    entries: tuple[RecordEntry, ...]
    problem: str | None
    tree: Tree
    damage: Damage = field(default_factory=Damage)

    @property
    def site(self) -> str:
        return self.tree.site


def read_inventory(
    environment: Environment,
    *,
    hash_native: Callable[[Sequence[Distribution]], Collection[str]] | None = None,
    hash_all: bool = False,
) -> Inventory:
    """The inventory of the environment's own site folders; folders that cannot be listed count as empty.

    `hash_native` is asked, once it is known what is installed, of which the native libraries are hashed, by canonical
    name.
    """
    sites = _own_sites(environment)
    reads: list[_Read] = []
    leftovers: list[str] = []
    orphans: list[str] = []
    trees: list[Tree] = []
    for site in sites:
        names = names_in(site)
        tree = Tree(environment.prefix, site)
        trees.append(tree)
        if not names and is_closed(site):
            tree.closed.add(site)
        found = [
            _read(Path(site, name), tree)
            for name in names
            if name.endswith(METADATA_SUFFIXES) and not is_leftover(name)
        ]
        reads.extend(found)
        leftovers.extend(os.path.join(site, name) for name in names if is_leftover(name))  # noqa: PTH118
        orphans.extend(_orphans(site, names, found))
    reads.sort(key=lambda read: (read.distribution.canonical_name, read.distribution.metadata_path))
    hashed = hash_native([read.distribution for read in reads]) if hash_native else ()
    reads = [
        _compared(read, hash_native=read.distribution.canonical_name in hashed, hash_all=hash_all) for read in reads
    ]
    return Inventory(
        distributions=tuple(read.distribution for read in reads),
        leftovers=tuple(leftovers),
        unreadable=tuple(
            (_metadata_file(read.distribution.metadata_path), read.problem) for read in reads if read.problem
        ),
        orphans=tuple(orphans),
        overlaps=tuple(
            overlap for site in sites for overlap in _overlaps([read for read in reads if read.site == site])
        ),
        closed=_outermost(folder for tree in trees for folder in tree.closed),
        damage={read.distribution.metadata_path: read.damage for read in reads},
    )


def _outermost(paths: Iterable[str]) -> tuple[str, ...]:
    found: list[PurePath] = []
    for path in sorted(map(PurePath, paths)):  # by their parts: what lies in a folder comes right after it
        if not (found and path.is_relative_to(found[-1])):
            found.append(path)
    return tuple(map(str, found))


def _own_sites(environment: Environment) -> tuple[str, ...]:
    """On Fedora and its like `lib64` is a link to `lib`: the same folder twice."""
    unique = {os.path.realpath(folder): folder for folder in reversed(environment.site_folders)}
    return tuple(folder for folder in environment.site_folders if folder in unique.values())


def _read(path: Path, tree: Tree) -> _Read:
    metadata = read_metadata(path)
    closed = metadata.problem is not None and is_closed(path)
    if closed:
        tree.closed.add(str(path))
    state, entries = load_record(path)
    distribution = Distribution(
        name=metadata.name,
        version=metadata.version,
        metadata_path=str(path),
        installer=metadata.installer,
        requested=metadata.requested,
        editable=metadata.editable,
        direct_url=metadata.direct_url,
        requires=metadata.requires,
        # a record that names no folder is believed: a stub owns nothing, though its partner's folder has its name
        top_level=_top_level(entries) if state == "present" else _guessed_top_level(metadata, tree.site),
        record=state,
        metadata_readable=metadata.problem is None,
    )
    problem = None if closed else metadata.problem
    return _Read(distribution=distribution, entries=entries, problem=problem, tree=tree)


def _compared(read: _Read, *, hash_native: bool, hash_all: bool) -> _Read:
    tree = read.tree
    damage = check(
        read.entries, Path(tree.site), Path(tree.prefix), hash_native=hash_native, hash_all=hash_all, tree=tree
    )
    distribution = replace(
        read.distribution,
        total=damage.total,
        missing=len(damage.missing),
        missing_scripts=sum(map(is_script, damage.missing)),
        altered=len(damage.altered),
        examples=(*_telling(damage.missing), *_telling(damage.altered)),
    )
    return replace(read, distribution=distribution, damage=damage)


def _telling(paths: Sequence[str]) -> list[str]:
    """A few of the paths: native libraries first, scripts last."""
    return sorted(paths, key=lambda path: (path.startswith(".."), not is_native(path)))[:_EXAMPLES]


def _top_level(entries: Iterable[RecordEntry]) -> tuple[str, ...]:
    first = dict.fromkeys(entry.path.partition("/")[0] for entry in entries)
    return tuple(
        name for name in first if name not in {"", ".", "..", "__pycache__"} and not name.endswith(METADATA_SUFFIXES)
    )


def _guessed_top_level(metadata: Metadata, site: str) -> tuple[str, ...]:
    named = metadata.top_level or (canonicalize_name(metadata.name).replace("-", "_"),)
    own = (folder.partition("/")[0] for folder in _OWN_FOLDER.get(canonicalize_name(metadata.name), ()))
    present = (name for name in (*named, *own) if os.path.lexists(os.path.join(site, name)))  # noqa: PTH118
    return tuple(dict.fromkeys(present))


def _metadata_file(path: str) -> str:
    file = {".dist-info": "METADATA", ".egg-info": "PKG-INFO", ".egg": "EGG-INFO/PKG-INFO"}.get(Path(path).suffix)
    return str(Path(path, file)) if file and is_folder(Path(path)) else path


def _orphans(site: str, names: Sequence[str], reads: Sequence[_Read]) -> Iterator[str]:
    present = set(names)
    owned = {folder for read in reads for folder in _owned(read)}
    for folder in sorted(_WATCHED):
        if folder.partition("/")[0] in present and folder not in owned and os.path.isdir(os.path.join(site, folder)):  # noqa: PTH112, PTH118
            yield os.path.join(site, *folder.split("/"))  # noqa: PTH118


def _owned(read: _Read) -> Iterator[str]:
    yield from read.distribution.top_level
    if not read.entries:
        yield from _OWN_FOLDER.get(read.distribution.canonical_name, ())
    if any(name in _NESTED for name in read.distribution.top_level):
        yield from {
            "/".join(entry.path.split("/", 2)[:2])
            for entry in read.entries
            if entry.path.startswith(tuple(f"{name}/" for name in _NESTED))
        }


def _overlaps(reads: Sequence[_Read]) -> Iterator[Overlap]:
    sharing: dict[str, list[_Read]] = defaultdict(list)
    for read in reads:
        for folder in read.distribution.top_level:
            sharing[folder].append(read)
    for folder, group in sorted(sharing.items()):
        if len(group) > 1:
            yield from _overlap(folder, group)


def _overlap(folder: str, group: Sequence[_Read]) -> Iterator[Overlap]:
    prefix = f"{folder}/"
    recorded = [
        {
            entry.path: entry
            for entry in read.entries
            if (entry.path.startswith(prefix) or entry.path == folder) and not is_bytecode(entry.path)
        }
        for read in group
    ]
    count = Counter(path for files in recorded for path in files)
    common = {path for path, times in count.items() if times > 1}
    if not common or all(_is_declaration(path, recorded) for path in common):
        return
    names = {
        read.distribution.canonical_name for read, files in zip(group, recorded, strict=True) if common & files.keys()
    }
    yield Overlap(names=tuple(sorted(names)), folder=folder, files=len(common))


def _is_declaration(path: str, recorded: Sequence[Mapping[str, RecordEntry]]) -> bool:
    """Namespace folders shared on purpose (`nvidia/`, `google/`) repeat one identical `__init__.py`."""
    hashes = {files[path].hash for files in recorded if path in files}
    return path.endswith("/__init__.py") and len(hashes) == 1 and None not in hashes
