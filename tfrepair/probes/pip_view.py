"""Pip's own view of the environment: a second witness beside the metadata files."""

from __future__ import annotations

from typing import TYPE_CHECKING

from packaging.utils import canonicalize_name

from tfrepair.model.facts import Unknown
from tfrepair.probes.collector import Context, Probe, known, unknown

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping

    from tfrepair.model.facts import Fact, Facts

_NAME = "pip_view"


def _collect(context: Context) -> Iterable[Fact]:
    if not (context.options.deep or context.options.pip_view):
        return unknown(_NAME, PROBE.provides, "not asked for")
    if not context.target.interpreter.starts:
        return unknown(_NAME, PROBE.provides, "the interpreter does not start")
    from tfrepair.target.pip_view import pip_view

    view = pip_view(context.target.interpreter.executable, context.environ)
    if isinstance(view, Unknown):
        return unknown(_NAME, PROBE.provides, view.reason)
    return known(
        _NAME,
        {
            "pip.version": view.version,
            "pip.distributions": dict(view.distributions),
            "pip.disagrees": list(_disagreements(view.distributions, _seen(context.facts))),
        },
    )


def _seen(facts: Facts) -> dict[str, set[str]]:
    """The versions that the metadata files state, by canonical name; several where a name is there twice."""
    seen: dict[str, set[str]] = {}
    for item in facts.value("inventory.distributions", []):
        seen.setdefault(canonicalize_name(item["name"]), set()).add(item["version"])
    return seen


def _disagreements(pip: Mapping[str, str], seen: Mapping[str, set[str]]) -> Iterator[str]:
    listed: dict[str, str] = {canonicalize_name(name): version for name, version in pip.items()}
    if not seen:
        return
    for name in sorted(listed.keys() | seen.keys()):
        if name not in seen:
            yield f"pip lists {name} {listed[name]}, and no metadata on disk says so"
        elif name not in listed:
            yield f"{name} {' and '.join(sorted(seen[name]))} is on disk, and pip does not list it"
        elif listed[name] not in seen[name]:
            yield f"pip lists {name} {listed[name]}, and its metadata says {' and '.join(sorted(seen[name]))}"


PROBE = Probe(
    name=_NAME,
    provides={
        "pip.version": "Text: the version of the pip in the target.",
        "pip.distributions": "Mapping of texts: name to version, as pip lists them.",
        "pip.disagrees": "List of texts: one sentence for each distribution that pip and the metadata see differently.",
    },
    after=("inventory", "interpreter"),
    starts_processes=True,
    collect=_collect,
)
