"""The conformance test for plug-ins, to be called from the tests of those who write one.

Each function returns when all is well and raises AssertionError with every problem otherwise. Nothing is installed or
written, and no package index is asked.
"""

from __future__ import annotations

import json
import os
import sys
import time
from pathlib import Path
from typing import TYPE_CHECKING, Any

from tfrepair.model.facts import Fact, Facts, Known, belongs
from tfrepair.model.goals import Goals

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from tfrepair.actions.registry import Action
    from tfrepair.probes.collector import Probe

__all__ = ["check_action", "check_cases", "check_plugins", "check_probe"]

SLOWEST = 10.0
"""Seconds that a probe may take."""


def check_plugins(distribution: str) -> None:
    """Every entry point of an installed distribution loads, and each probe of it passes `check_probe`."""
    from importlib.metadata import distribution as find

    from tfrepair.app.plugins import ACTIONS_GROUP, PLAYBOOKS, PROBES, plugins

    points = [point for point in find(distribution).entry_points if point.group in {PROBES, ACTIONS_GROUP, PLAYBOOKS}]
    found = plugins()
    problems = [f"{f.name} ({f.group}): {f.why}" for f in found.failed if f.distribution == distribution]
    if not points:
        problems.append(f"`{distribution}` has no entry point of tfrepair")
    loaded = {probe.name for probe in found.probes} | found.actions.keys()
    folders = {Path(playbook.source.path).parent for playbook in found.playbooks}
    for point in points:
        thing = point.load()
        places = [Path(place) for place in getattr(thing, "__path__", ())]
        name = thing.name if point.group == PROBES and hasattr(thing, "name") else point.name
        if name not in loaded and folders.isdisjoint(places) and not problems:
            problems.append(f"{point.name} ({point.group}) does not count: is the distribution in the current folder?")
    _raise(problems)
    for probe in found.probes:
        if probe.name in {point.load().name for point in points if point.group == PROBES}:
            check_probe(probe)


def check_probe(probe: Probe, python: str = sys.executable) -> None:
    """A probe keeps its word: declared facts, JSON values, nothing raised though nothing is known, soon done.

    It is run twice on the environment of `python`, with no facts of other probes to build on.
    """
    from tfrepair.app.plugin_rules import probe_problem
    from tfrepair.probes.collector import Context, ProbeOptions
    from tfrepair.target.discover import find_target

    problem = probe_problem(probe)
    _raise([problem] if problem else [])
    target = find_target(python=python, env=None, environ=os.environ, cwd=Path.cwd(), interactive=False)
    context = Context(target=target, facts=Facts(), options=ProbeOptions(imports=False), environ=dict(os.environ))
    start = time.monotonic()
    try:
        first, second = tuple(probe.collect(context)), tuple(probe.collect(context))
    except Exception as error:
        raise AssertionError(f"the probe `{probe.name}` raises {type(error).__name__}: {error}") from error
    problems = [text for fact in first for text in _fact_problems(probe, fact)]
    if time.monotonic() - start > 2 * SLOWEST:
        problems.append(f"the probe `{probe.name}` takes longer than {SLOWEST:.0f} s")
    if [getattr(fact, "path", None) for fact in first] != [getattr(fact, "path", None) for fact in second]:
        problems.append(f"the probe `{probe.name}` tells of other facts when it is asked again")
    _raise(problems)


def _fact_problems(probe: Probe, fact: Any) -> Iterator[str]:
    if not isinstance(fact, Fact):
        yield f"the probe `{probe.name}` yields {type(fact).__name__}, not `Fact`"
        return
    if not any(belongs(fact.path, family) for family in probe.provides):
        yield f"the fact `{fact.path}` is not declared in `provides`"
    if isinstance(fact.state, Known):
        try:
            same = json.loads(json.dumps(fact.state.value, allow_nan=False)) == fact.state.value
        except (TypeError, ValueError) as error:
            yield f"the value of `{fact.path}` is no JSON: {error}"
        else:
            if not same:
                yield f"the value of `{fact.path}` comes back otherwise from JSON: use lists, and texts as keys"
        if fact.state.value is None:
            yield f"the value of `{fact.path}` is None: say `Absent()`"


def check_action(name: str, action: Action, args: Mapping[str, Any], facts: Facts | None = None) -> None:
    """An action keeps its word: it turns arguments and facts into goals, the same each time, and changes neither.

    `args` are arguments as a playbook would give them; the action is also asked with nothing known.
    """
    from tfrepair.app.plugin_rules import action_problem

    problem = action_problem(name, action)
    problems = [problem] if problem else []
    _raise(problems)
    if undeclared := sorted(args.keys() - action.ARGS.keys()):
        problems.append(f"the action `{name}` has no argument `{undeclared[0]}`")
    before = json.dumps(args, sort_keys=True)
    for known in (facts or Facts(), Facts()):
        try:
            found: Any = action.goals(args, known)
            again = action.goals(args, known)
        except Exception as error:
            raise AssertionError(f"the action `{name}` raises {type(error).__name__}: {error}") from error
        if not isinstance(found, Goals):
            problems.append(f"the action `{name}` returns {type(found).__name__}, not `Goals`")
        elif found != again:
            problems.append(f"the action `{name}` asks for something else when it is asked again")
    if json.dumps(args, sort_keys=True) != before:
        problems.append(f"the action `{name}` changes its arguments")
    _raise(problems)


def check_cases(folder: str | Path) -> None:
    """Every case of `folder/cases` comes out as expected, as `tfrepair playbook test` says."""
    from tfrepair.app.playbook_test import run_folder
    from tfrepair.app.requests import PlaybookRequest

    outcomes = run_folder(Path(folder), PlaybookRequest(), Path(folder))
    _raise([problem for outcome in outcomes for problem in outcome.problems])


def _raise(problems: list[str]) -> None:
    if problems:
        raise AssertionError("\n".join(dict.fromkeys(problems)))
