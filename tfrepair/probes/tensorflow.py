"""Which TensorFlow release the files on disk are, whatever the metadata claims."""

from __future__ import annotations

import re
from pathlib import Path
from typing import TYPE_CHECKING, Any

from packaging.utils import canonicalize_name
from packaging.version import InvalidVersion, Version

from tfrepair.model.dependencies import active
from tfrepair.model.facts import Known
from tfrepair.probes.collector import Context, Probe, known, unknown
from tfrepair.target.leftovers import left_release
from tfrepair.target.paths import is_file, is_folder
from tfrepair.target.plain_file import read_plain
from tfrepair.target.records import load_record, located, matches_hash
from tfrepair.target.release_data import load_releases
from tfrepair.target.tree import Tree, names_in

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping, Sequence

    from tfrepair.model.facts import Fact

_FOLDERS = frozenset({"tensorflow", "tensorflow_core"})
_HEADERS = (
    "tensorflow/include/tensorflow/core/public/release_version.h",
    "tensorflow/include/tensorflow/core/public/version.h",
    "tensorflow_core/include/tensorflow/core/public/version.h",
)
_DEFINE = re.compile(
    r'^#define TF_(MAJOR_VERSION|MINOR_VERSION|PATCH_VERSION|VERSION_SUFFIX)\s+"?([^"\s]*)"?', re.MULTILINE
)
_TELLING = (
    "tensorflow/__init__.py",
    "tensorflow/python/platform/build_info.py",
    "tensorflow/tools/pip_package/setup.py",
    "tensorflow_core/python/platform/build_info.py",
    "tensorflow_core/__init__.py",
    _HEADERS[1],
    _HEADERS[2],
)
"""Small files that differ between releases and between builds of one release."""
_ENOUGH = 0.5
_CERTAIN = 0.95
_CLOSE = 0.01

_Row = dict[str, Any]
"""One item of `inventory.distributions`."""


def collect(context: Context) -> Iterator[Fact]:
    """All facts about the release on disk; unknown where the inventory is."""
    if not isinstance(context.facts.get("inventory.distributions"), Known):
        yield from unknown("tensorflow", PROBE.provides, "the inventory could not be read")
        return
    family = _family(context)
    owners = [row for row in family if _owns(row, context)]
    stubs = [row for row in family if row not in owners]
    folder = _folder(context)
    name, version, source = _release(owners, stubs, context)
    partner = None if owners or not stubs else _partner(stubs[0], context)
    values = {
        "distributions": sorted({_canonical(row) for row in owners}),
        "count": len({_canonical(row) for row in owners}),
        "name": name,
        "version": version,
        "source": source,
        "folder": str(folder) if folder else None,
        "husk": folder is not None and not _has_content(folder / "__init__.py"),
        "missing": sum(row["missing"] - row["missing_scripts"] for row in owners),
        "altered": sum(row["altered"] for row in owners),
        "stub": bool(stubs) and not owners,
        "partner": partner,
    }
    yield from known("tensorflow", {f"tensorflow.{key}": value for key, value in values.items()})


def _family(context: Context) -> list[_Row]:
    names = load_releases().family
    rows: list[_Row] = context.facts.value("inventory.distributions", [])
    return [row for row in rows if _canonical(row) in names or _FOLDERS & set(row["top_level"])]


def _canonical(row: Mapping[str, Any]) -> str:
    return canonicalize_name(str(row["name"]))


def _owns(row: _Row, context: Context) -> bool:
    """A stub records no file in the folder; where the record is lost the data about releases decides."""
    if row["record"] == "present":
        return bool(_FOLDERS & set(row["top_level"]))
    tags = context.target.interpreter.tags
    return load_releases().partner(_canonical(row), row["version"], tags) is None


def _partner(row: _Row, context: Context) -> str | None:
    interpreter = context.target.interpreter
    known = load_releases().partner(_canonical(row), row["version"], interpreter.tags)
    if known is not None:
        return known or None
    family = load_releases().family
    asked = (_canonical({"name": requirement.name}) for requirement in active(row["requires"], interpreter.markers))
    return next((name for name in asked if name in family), None)


def _folder(context: Context) -> Path | None:
    folders = (Path(site, "tensorflow") for site in context.target.environment.site_folders)
    return next((folder for folder in folders if is_folder(folder)), None)


def _has_content(path: Path) -> bool:
    return is_file(path) and path.stat().st_size > 0


def _release(
    owners: Sequence[_Row], stubs: Sequence[_Row], context: Context
) -> tuple[str | None, str | None, str | None]:
    """Name, version, and what says so."""
    headers = _header_version(context.target.environment.site_folders, _HEADERS)
    best = _best_match(owners, context)
    if best is not None and (headers is None or _share(best) >= _CERTAIN or _same(best["version"], headers)):
        return _canonical(best), best["version"], "record"
    named = sorted(owners or stubs, key=lambda row: (_canonical(row) != "tensorflow", _canonical(row)))
    left, left_version = _left(context)
    if headers is not None:
        matching = next((row for row in named if _same(row["version"], headers)), named[0] if named else None)
        unowned = left or _of_libraries(context) or "tensorflow"
        return (_canonical(matching) if matching else unowned), headers, "headers"
    if named:
        return _canonical(named[0]), named[0]["version"], "metadata"
    if left_version is not None:
        return left, left_version, "leftover"
    inherited = _inherited(context)
    return (inherited["name"], inherited["version"], "inherited") if inherited is not None else (None, None, None)


def _of_libraries(context: Context) -> str | None:
    """The distribution that the folder of libraries beside `tensorflow` is named after (`tensorflow_cpu.libs`)."""
    family = load_releases().family
    folders = (name for site in context.target.environment.site_folders for name in names_in(site))
    names = (canonicalize_name(folder.removesuffix(".libs")) for folder in folders if folder.endswith(".libs"))
    return next((name for name in names if name in family), None)


def _inherited(context: Context) -> _Row | None:
    """The TensorFlow of the Python below the environment; a stub is not it."""
    rows: list[_Row] = context.facts.value("inventory.inherited", [])
    releases, tags = load_releases(), context.target.interpreter.tags
    names = (row for row in rows if row["name"] in releases.family)
    found = [row for row in names if releases.partner(row["name"], row["version"], tags) is None]
    return min(found, key=lambda row: (row["name"] != "tensorflow", row["name"]), default=None)


def _left(context: Context) -> tuple[str | None, str | None]:
    """Name and version of what an interrupted pip has renamed and not yet removed."""
    paths: list[str] = context.facts.value("inventory.leftovers", [])
    named = left_release(paths, load_releases().family)
    if named is not None:
        return named
    version = _header_version(paths, tuple(header.partition("/")[2] for header in _HEADERS))
    return ("tensorflow", version) if version is not None else (None, None)


def _same(version: str, header: str) -> bool:
    """Rebuilds of other vendors append a part to the version (2.14.0.600) that headers do not have."""
    plain = _normal(version.partition("+")[0])
    return plain == header or plain.startswith((f"{header}.", f"{header}rc"))


def _normal(version: str) -> str:
    try:
        return str(Version(version))
    except InvalidVersion:
        return version


def _share(row: _Row) -> float:
    """How much of what it recorded is on disk, unaltered."""
    return 1 - (row["missing"] + row["altered"]) / row["total"] if row["total"] else 0.0


def _best_match(rows: Sequence[_Row], context: Context) -> _Row | None:
    good = [row for row in rows if _share(row) >= _ENOUGH]
    if not good:
        return None
    top = max(_share(row) for row in good)
    close = [row for row in good if top - _share(row) <= _CLOSE]
    if len(close) == 1:
        return close[0]
    ranked = ((_telling_matches(row, context), _share(row), _canonical(row) == "tensorflow") for row in close)
    return max(zip(ranked, range(len(close)), close, strict=True))[2]


def _telling_matches(row: _Row, context: Context) -> int:
    """How many of the telling files have the hash that this distribution recorded."""
    metadata = Path(row["metadata_path"])
    tree = Tree(context.target.environment.prefix, str(metadata.parent))
    entries = (entry for entry in load_record(metadata)[1] if entry.path in _TELLING and entry.hash)
    paths = ((entry, located(entry.path, tree)) for entry in entries)
    return sum(1 for entry, path in paths if path is not None and matches_hash(path, entry.hash or ""))


def _header_version(folders: Iterable[str], headers: Iterable[str]) -> str | None:
    for folder in folders:
        for header in headers:
            try:
                text = read_plain(Path(folder, header)).decode(errors="replace")
            except OSError:
                continue
            parts = dict(_DEFINE.findall(text))
            if {"MAJOR_VERSION", "MINOR_VERSION", "PATCH_VERSION"} <= parts.keys():
                numbers = f"{parts['MAJOR_VERSION']}.{parts['MINOR_VERSION']}.{parts['PATCH_VERSION']}"
                return _normal(numbers + parts.get("VERSION_SUFFIX", ""))
    return None


PROBE = Probe(
    name="tensorflow",
    provides={
        "tensorflow.distributions": (
            "list of text: canonical names of the installed distributions that own files in `tensorflow/`"
        ),
        "tensorflow.count": "number: how many distributions own a `tensorflow` folder",
        "tensorflow.name": "text: the distribution whose files are on disk; absent when there is none",
        "tensorflow.version": "text: the release whose files are on disk",
        "tensorflow.source": (
            "text: what says so: `record`, `headers` (the version header on disk), `metadata` (hardly a file is left), "
            "`leftover` (it is not installed, and an interrupted pip has not removed it wholly) or `inherited` (the "
            "Python below the environment has it)"
        ),
        "tensorflow.folder": "text: absolute path of the import folder; absent when there is none",
        "tensorflow.husk": (
            "true or false: the folder has no `__init__.py`, or an empty one, so that an import gives an empty module"
        ),
        "tensorflow.missing": "number: recorded files of these that are not on disk, console scripts aside",
        "tensorflow.altered": "number: recorded files of these distributions that are not as recorded",
        "tensorflow.stub": "true or false: only wheels without code are installed",
        "tensorflow.partner": "text: the distribution that has their code",
    },
    after=("inventory",),
    collect=collect,
)
