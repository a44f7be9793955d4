"""What makes a plug-in one: the shape and the names of a probe, an action, a folder of playbooks."""

from __future__ import annotations

import re
from pathlib import Path
from typing import TYPE_CHECKING, Any

from tfrepair.actions.registry import ACTIONS
from tfrepair.probes.collector import Probe, all_probes, in_order
from tfrepair.target.paths import is_folder

if TYPE_CHECKING:
    from collections.abc import Collection, Iterable, Mapping

_NAME = re.compile(r"[a-z][a-z0-9_]*(?:\.[a-z0-9_-]+)+")


def name_problem(name: str) -> str | None:
    """Why a plug-in may not bear a name; None when it may."""
    if _NAME.fullmatch(name.replace("-", "_")):
        return None
    return f"`{name}`: names of plug-ins are `vendor.name`; bare ones are tfrepair's own"


def probe_problem(found: Any, others: Iterable[Probe] = ()) -> str | None:
    """What is wrong with an object that should be a probe; None when it is one, beside the built-in and `others`."""
    if not isinstance(found, Probe):
        return f"it is not a `Probe`, but {type(found).__name__}"
    if (problem := name_problem(found.name)) is not None:
        return problem
    if not found.provides:
        return f"the probe `{found.name}` declares no fact in `provides`"
    vendor = found.name.partition(".")[0] + "."
    if foreign := [path for path in found.provides if not path.startswith(vendor)]:
        return f"the probe `{found.name}` declares `{foreign[0]}`: its facts start with `{vendor}`"
    if silent := [path for path, meaning in found.provides.items() if not str(meaning).strip()]:
        return f"`{silent[0]}` has no description (its type and its meaning, one sentence)"
    return _beside(found, (*all_probes(), *others))


def _beside(found: Probe, others: Iterable[Probe]) -> str | None:
    rest = tuple(others)
    taken = {path: probe.name for probe in rest for path in probe.provides}
    if clash := sorted(taken.keys() & found.provides.keys()):
        return f"the probe `{taken[clash[0]]}` declares `{clash[0]}` already"
    if any(probe.name == found.name for probe in rest):
        return f"there is another probe `{found.name}`"
    if missing := sorted(set(found.after) - {probe.name for probe in rest}):
        return f"it comes after the probe `{missing[0]}`, which is not there"
    try:
        in_order((*rest, found))
    except ValueError as error:
        return str(error)
    return None


def action_problem(name: str, found: Any, others: Collection[str] = ()) -> str | None:
    """What is wrong with an object that should be the action of this name; None when it is one."""
    if (problem := name_problem(name)) is not None:
        return problem
    if name in ACTIONS or name in others:
        return f"there is another action `{name}`"
    arguments: Mapping[str, str] | Any = getattr(found, "ARGS", None)
    if not isinstance(arguments, dict) or not all(isinstance(text, str) for text in arguments.values()):
        return f"the action `{name}` has no `ARGS`: a mapping of each argument to what it is, in words"
    if not callable(getattr(found, "goals", None)):
        return f"the action `{name}` has no function `goals(args, facts)`"
    return None


def folder_of(package: Any) -> Path:
    """The folder of a package of playbooks. Raises ValueError for what is no package in a folder."""
    places = [Path(place) for place in getattr(package, "__path__", ())]
    if not places or not is_folder(places[0]):
        raise ValueError("it is not a package in a folder: name the package that holds the `*.yaml`")
    return places[0]
