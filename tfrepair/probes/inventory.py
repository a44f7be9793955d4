"""What is installed, read from the metadata files and compared with the disk."""

from __future__ import annotations

import os
from dataclasses import asdict
from functools import partial
from pathlib import PurePath
from typing import TYPE_CHECKING, Any

from packaging.utils import canonicalize_name
from packaging.version import Version

from tfrepair.model.dependencies import of_extra, tree, unsatisfied
from tfrepair.model.facts import Fact, Known
from tfrepair.model.gpu import EXTRA
from tfrepair.probes.collector import Context, Probe
from tfrepair.target.inherited import read_inherited
from tfrepair.target.inventory import Inventory, read_inventory
from tfrepair.target.release_data import load_releases

if TYPE_CHECKING:
    from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence

    from tfrepair.model.distribution import Distribution

_WITHOUT_RECORD = frozenset({"debian", "rpm", "conda"})
"""System installers that leave RECORD out on purpose."""


def collect(context: Context) -> Iterator[Fact]:
    """All facts about the inventory."""
    options = context.options
    markers = context.target.interpreter.markers
    family = load_releases().family
    decisive = partial(_decisive, family=family, markers=markers) if options.hash_native else None
    inventory = read_inventory(context.target.environment, hash_native=decisive, hash_all=options.deep)
    needed = tree(inventory.distributions, family, markers)
    for path, value in {**_lists(inventory, needed), **_damage(inventory, needed)}.items():
        yield _fact(f"inventory.{path}", value)
    yield _fact("inventory.closed", _closed(context.target.environment.site_folders, inventory, needed))
    inherited = read_inherited(context.target.environment, {each.canonical_name for each in inventory.distributions})
    yield _fact("inventory.inherited", [_inherited(each) for each in inherited])
    yield _fact(
        "inventory.unsatisfied",
        [
            {**asdict(each), "family": each.distribution in needed}
            for each in unsatisfied(inventory.distributions, markers, family, inherited=inherited)
        ],
    )
    yield from _by_distribution(inventory.distributions)


def _decisive(
    distributions: Sequence[Distribution], family: Collection[str], markers: Mapping[str, str]
) -> frozenset[str]:
    """What TensorFlow needs, and the CUDA that it may bring: libraries of others do not keep it from loading."""
    cuda = (
        canonicalize_name(requirement.name)
        for each in distributions
        if each.canonical_name in family
        for requirement in of_extra(each.requires, EXTRA, markers)
    )
    return tree(distributions, family, markers) | frozenset(cuda)


def _fact(path: str, value: Any) -> Fact:
    return Fact(path=path, state=Known(value), source="inventory")


def _closed(sites: Collection[str], inventory: Inventory, needed: frozenset[str]) -> list[dict[str, Any]]:
    """The folders that may not be listed; a whole site folder concerns TensorFlow as well."""
    close = {
        os.path.join(site, folder)  # noqa: PTH118
        for site in sites
        for each in inventory.distributions
        if each.canonical_name in needed
        for folder in (*each.top_level, os.path.basename(each.metadata_path))  # noqa: PTH119
    }

    def concerns(path: str) -> bool:
        return path in sites or any(PurePath(path).is_relative_to(one) for one in close)

    return [{"path": path, "site": path in sites, "family": concerns(path)} for path in inventory.closed]


def _lists(inventory: Inventory, needed: frozenset[str]) -> dict[str, Any]:
    overlaps = [
        {"names": list(each.names), "folder": each.folder, "files": each.files, "family": each.family}
        for each in inventory.overlaps
    ]
    return {
        "distributions": [_plain(distribution) for distribution in inventory.distributions],
        "names": sorted({distribution.canonical_name for distribution in inventory.distributions}),
        "needed": sorted(needed),
        "duplicates": [
            {
                "name": name,
                "versions": [copy.version for copy in copies],
                "paths": [copy.metadata_path for copy in copies],
                "family": name in needed,
            }
            for name, copies in inventory.duplicates
        ],
        "leftovers": list(inventory.leftovers),
        "orphans": list(inventory.orphans),
        "unreadable": [{"path": path, "what": what} for path, what in inventory.unreadable],
        "overlaps": overlaps,
        "conflicts": [overlap for overlap in overlaps if overlap["family"]],
    }


def _plain(distribution: Distribution) -> dict[str, Any]:
    return {key: list(value) if isinstance(value, tuple) else value for key, value in asdict(distribution).items()}


def _inherited(distribution: Distribution) -> dict[str, Any]:
    return {
        "name": distribution.canonical_name,
        "version": distribution.version,
        "path": distribution.metadata_path,
    }


def _damage(inventory: Inventory, needed: frozenset[str]) -> dict[str, Any]:
    damaged = [_damaged(each, inventory, needed) for each in inventory.distributions if not _whole(each)]
    no_record = [
        {
            "name": each.canonical_name,
            "version": each.version,
            "path": each.metadata_path,
            "family": each.canonical_name in needed,
        }
        for each in inventory.distributions
        if _lost_record(each)
    ]
    return {
        "damaged": damaged,
        "lost_scripts": [_damaged(each, inventory, needed) for each in inventory.distributions if _only_scripts(each)],
        "damaged_tree": [each for each in damaged if each["family"]],
        "no_record": no_record,
        "no_record_tree": [each for each in no_record if each["family"]],
    }


def _damaged(distribution: Distribution, inventory: Inventory, needed: frozenset[str]) -> dict[str, Any]:
    return {
        "name": distribution.canonical_name,
        "version": distribution.version,
        "missing": distribution.missing,
        "altered": distribution.altered,
        "total": distribution.total,
        "mostly_gone": distribution.missing * 2 > distribution.total,
        "examples": list(distribution.examples),
        "native": inventory.damage[distribution.metadata_path].native,
        "family": distribution.canonical_name in needed,
    }


def _whole(distribution: Distribution) -> bool:
    """What is imported is as recorded."""
    return distribution.missing == distribution.missing_scripts and not distribution.altered


def _only_scripts(distribution: Distribution) -> bool:
    return distribution.missing_scripts > 0 and _whole(distribution)


def _lost_record(distribution: Distribution) -> bool:
    modern = distribution.metadata_path.endswith(".dist-info")
    return distribution.record != "present" and modern and distribution.installer not in _WITHOUT_RECORD


def _by_distribution(distributions: Iterable[Distribution]) -> Iterator[Fact]:
    copies: dict[str, list[Distribution]] = {}
    for distribution in distributions:
        copies.setdefault(distribution.canonical_name, []).append(distribution)
    for name, found in copies.items():
        best = min(found, key=_damage_share)
        values = {
            "version": best.version,
            "missing": best.missing,
            "altered": best.altered,
            "total": best.total,
            "count": len(found),
            "path": best.metadata_path,
            "installer": best.installer,
            "record": best.record,
        }
        for key, value in values.items():
            yield _fact(f"distribution.{name}.{key}", value)


def _damage_share(distribution: Distribution) -> tuple[float, tuple[int, ...]]:
    version = distribution.parsed_version or Version("0")
    share = (distribution.missing + distribution.altered) / distribution.total if distribution.total else 1.0
    return share, tuple(-part for part in version.release)


PROBE = Probe(
    name="inventory",
    provides={
        "inventory.distributions": (
            "list of mappings: every distribution, with its metadata and how its files compare with RECORD"
        ),
        "inventory.names": "list of text: canonical names of all distributions",
        "inventory.needed": "list of text: canonical names of those that TensorFlow needs, itself included",
        "inventory.duplicates": "list of {name, versions, paths, family}: names that are installed more than once",
        "inventory.leftovers": "list of text: absolute paths that a broken-off uninstall left behind (`~ensorflow`)",
        "inventory.orphans": (
            "list of text: absolute paths of import folders of TensorFlow and its close kin that no distribution owns"
        ),
        "inventory.unreadable": "list of {path, what}: metadata files that are missing or cannot be used",
        "inventory.closed": (
            "list of {path, site, family}: folders that this user may not look into, and files whose content was"
            " asked for; `site` is true for all of site-packages, `family` for what TensorFlow needs"
        ),
        "inventory.overlaps": (
            "list of {names, folder, files, family}: files that several distributions recorded, by top-level folder"
        ),
        "inventory.conflicts": "list like inventory.overlaps: those in the folders of TensorFlow's own family",
        "inventory.damaged": (
            "list of {name, version, missing, altered, total, mostly_gone, examples, native, family}: distributions "
            "whose files are not as recorded, but for those that only lack console scripts"
        ),
        "inventory.lost_scripts": "list like inventory.damaged: those that lack console scripts and nothing else",
        "inventory.damaged_tree": "list like inventory.damaged: those that TensorFlow needs, itself included",
        "inventory.no_record": (
            "list of {name, version, path, family}: distributions whose RECORD is missing or unreadable"
        ),
        "inventory.no_record_tree": "list like inventory.no_record: those that TensorFlow needs, itself included",
        "inventory.inherited": (
            "list of {name, version, path}: distributions that a venv made with `--system-site-packages` takes from "
            "the Python below it; a repair changes none of them"
        ),
        "inventory.unsatisfied": (
            "list of {distribution, version, requirement, name, installed, family}: declared requirements that do"
            " not hold"
        ),
        "distribution.*.version": "text: the installed version",
        "distribution.*.missing": "number: recorded files that are not on disk",
        "distribution.*.altered": "number: files whose size or hash is not the recorded one",
        "distribution.*.total": "number: recorded files that were compared, bytecode left out",
        "distribution.*.count": "number: how often the name is installed",
        "distribution.*.path": "text: absolute path of the metadata",
        "distribution.*.installer": "text or null: who installed it, by its INSTALLER file",
        "distribution.*.record": "text: `present`, `missing` or `unreadable`",
    },
    limit=900.0,
    collect=collect,
)
