"""Whether what is installed came from wheels for this interpreter; files of another Python are as if not there."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Any

from packaging.utils import canonicalize_name

from tfrepair.model.tags import Accepted, kind_of, same_kind
from tfrepair.probes.collector import Context, Probe, known, unknown
from tfrepair.target.metadata import wheel_tags

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping

    from tfrepair.model.facts import Fact

_NAME = "wheels"


def _collect(context: Context) -> Iterable[Fact]:
    rows: list[dict[str, Any]] | None = context.facts.value("inventory.distributions")
    if rows is None:
        return unknown(_NAME, PROBE.provides, "the inventory could not be read")
    tags = context.target.interpreter.tags
    if not tags:
        return unknown(_NAME, PROBE.provides, "it is not known which wheels this interpreter takes")
    accepted = Accepted.of(tags)
    needed = frozenset(context.facts.value("inventory.needed", []))
    pairs = frozenset[tuple[str, str]]().union(*accepted.by_platform.values())
    made = [(row, wheel_tags(Path(row["metadata_path"]))) for row in rows]
    return known(
        _NAME,
        {
            "wheels.other_python": list(_rows((m for m in made if not _of_this_python(m[1], pairs)), needed)),
            "wheels.other_machine": list(_rows((m for m in made if not _of_this_machine(m[1], accepted)), needed)),
        },
    )


def _of_this_python(tags: tuple[str, ...], pairs: frozenset[tuple[str, ...]]) -> bool:
    return not tags or any(tuple(tag.split("-")[:2]) in pairs for tag in tags)


def _of_this_machine(tags: tuple[str, ...], accepted: Accepted) -> bool:
    """Its system and the version of that aside: what was built on the spot names them in its own way."""
    machine = accepted.platform.rpartition("-")[2]
    platforms = (tag.partition("-")[2].partition("-")[2] for tag in tags)
    return not tags or not machine or any(
        same_kind(each, accepted.platform) or not kind_of(each) or kind_of(each).endswith(f"-{machine}")
        for each in platforms
    )  # fmt: skip


def _rows(
    made: Iterable[tuple[Mapping[str, Any], tuple[str, ...]]], needed: frozenset[str]
) -> Iterator[dict[str, Any]]:
    for row, tags in made:
        name = canonicalize_name(row["name"])
        yield {"name": name, "version": row["version"], "tag": tags[0], "family": name in needed}


PROBE = Probe(
    name=_NAME,
    provides={
        "wheels.other_python": (
            "List of `{name, version, tag, family}`: distributions whose wheel is for another Python than this one."
        ),
        "wheels.other_machine": (
            "List of `{name, version, tag, family}`: distributions whose wheel is for another processor."
        ),
    },
    after=("inventory",),
    collect=_collect,
)
