"""Plug-ins: probes, actions and playbooks that installed distributions bring along.

They are code of distributions installed beside tfrepair. What lies in the current folder is never one.
"""

from __future__ import annotations

import sys
from dataclasses import asdict, dataclass, field
from functools import cache
from pathlib import Path
from typing import TYPE_CHECKING, Any

from tfrepair.errors import PlaybookError
from tfrepair.target.paths import is_folder, is_there

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence
    from importlib.metadata import EntryPoint

    from tfrepair.actions.registry import Action
    from tfrepair.model.facts import Facts
    from tfrepair.model.playbook import Playbook
    from tfrepair.probes.collector import Probe

PROBES, ACTIONS_GROUP, PLAYBOOKS = "tfrepair.probes", "tfrepair.actions", "tfrepair.playbooks"
FAILED = "plugins.failed"
FACTS = {FAILED: "List of `{group, name, distribution, why}`: plug-ins that did not load; absent when all did."}


@dataclass(frozen=True, slots=True, kw_only=True)
class Failure:
    """A plug-in that did not load."""

    group: str
    name: str
    distribution: str
    why: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Plugins:
    """What the installed distributions add."""

    probes: tuple[Probe, ...] = ()
    actions: Mapping[str, Action] = field(default_factory=dict)
    playbooks: tuple[Playbook, ...] = ()
    failed: tuple[Failure, ...] = ()

    @property
    def all_actions(self) -> Mapping[str, Action]:
        """The built-in actions and those of plug-ins."""
        from tfrepair.actions.registry import ACTIONS

        return {**ACTIONS, **self.actions}

    @property
    def facts(self) -> Facts:
        """What did not load, as a fact; nothing when all did."""
        from tfrepair.model.facts import Fact, Facts, Known

        if not self.failed:
            return Facts()
        rows = [asdict(failure) for failure in self.failed]
        return Facts.of([Fact(path=FAILED, state=Known(rows), source="plugins")])

    @property
    def provides(self) -> Mapping[str, str]:
        """The facts that they add, and what each means."""
        return {**FACTS, **{path: text for probe in self.probes for path, text in probe.provides.items()}}


def plugins() -> Plugins:
    """The plug-ins of the distributions that this process can import, loaded once. Never raises."""
    return _loaded(_search_path())


def _search_path() -> tuple[str, ...]:
    """Where distributions are looked for: not in the current folder, whatever `sys.path` says."""
    here = Path.cwd()
    return tuple(entry for entry in sys.path if entry and Path(entry).is_absolute() and Path(entry) != here)


@cache
def _loaded(path: tuple[str, ...]) -> Plugins:
    failed: list[Failure] = []
    probes: dict[str, Probe] = {}
    actions: dict[str, Action] = {}
    folders: list[tuple[EntryPoint, Path]] = []
    for point in _entry_points(path):
        try:
            _add(point, probes, actions, folders)
        except (Exception, SystemExit) as error:  # noqa: BLE001  # whatever a stranger's module does at its import
            failed.append(_failure(point, _reason(error)))
    found = Plugins(probes=_ordered(probes), actions=actions)
    playbooks = tuple(_playbooks(folders, found, failed))
    return Plugins(probes=found.probes, actions=actions, playbooks=playbooks, failed=tuple(failed))


def _entry_points(path: tuple[str, ...]) -> Iterator[EntryPoint]:
    """The entry points of our groups, by distribution and name; of a name that is on the path twice the first."""
    if not any(_mentioned(Path(entry)) for entry in path):
        return
    from importlib.metadata import distributions

    seen: dict[str, Sequence[EntryPoint]] = {}
    for distribution in distributions(path=list(path)):
        name = str(distribution.metadata["Name"])
        if name not in seen:
            ours = (point for point in distribution.entry_points if point.group in {PROBES, ACTIONS_GROUP, PLAYBOOKS})
            seen[name] = sorted(ours, key=lambda point: (point.group, point.name))
    for name in sorted(seen):
        yield from seen[name]


def _mentioned(entry: Path) -> bool:
    """Whether metadata of a folder name one of our groups; to read all metadata takes thirty times as long."""
    if not is_folder(entry):
        return is_there(entry)  # an archive: only importlib.metadata looks into it
    try:
        return any(b"[tfrepair." in points.read_bytes() for points in entry.glob("*/entry_points.txt"))
    except OSError:
        return True


def _add(
    point: EntryPoint, probes: dict[str, Probe], actions: dict[str, Action], folders: list[tuple[EntryPoint, Path]]
) -> None:
    """Load one plug-in. Raises what its module raises, and ValueError with what is wrong with it."""
    from contextlib import redirect_stdout

    from tfrepair.app.plugin_rules import action_problem, folder_of, probe_problem

    with redirect_stdout(sys.stderr):  # standard output is for the document
        found: Any = point.load()
    problem = None
    match point.group:
        case "tfrepair.probes":
            problem = probe_problem(found, probes.values())
            if problem is None:
                probes[found.name] = found
        case "tfrepair.actions":
            problem = action_problem(point.name, found, actions)
            if problem is None:
                actions[point.name] = found
        case _:
            folders.append((point, folder_of(found)))
    if problem is not None:
        raise ValueError(problem)


def _playbooks(folders: list[tuple[EntryPoint, Path]], found: Plugins, failed: list[Failure]) -> Iterator[Playbook]:
    if not folders:
        return
    from tfrepair.app.playbooks import builtin_facts
    from tfrepair.app.plugin_rules import name_problem
    from tfrepair.playbook.loader import load_playbook

    facts = {**builtin_facts(), **found.provides}
    taken: dict[str, str] = {}
    for point, folder in folders:
        files = sorted(folder.glob("*.yaml"))
        if not files:
            failed.append(_failure(point, f"there is no playbook (`*.yaml`) in `{folder}`"))
        for file in files:
            try:
                playbook = load_playbook(file, "plug-in", known_facts=facts, actions=found.all_actions)
            except PlaybookError as error:
                failed.append(_failure(point, "; ".join(error.problems)))
                continue
            problem = name_problem(playbook.name) or taken.get(playbook.name)
            if problem is not None:
                failed.append(_failure(point, f"{file.name}: {problem}"))
                continue
            taken[playbook.name] = f"`{playbook.name}` comes from `{file}` already"
            yield playbook


def _ordered(probes: Mapping[str, Probe]) -> tuple[Probe, ...]:
    return tuple(probes[name] for name in sorted(probes))


def _failure(point: EntryPoint, why: str) -> Failure:
    distribution = point.dist.metadata["Name"] if point.dist is not None else "unknown"
    return Failure(group=point.group, name=point.name, distribution=str(distribution), why=why)


def _reason(error: BaseException) -> str:
    if isinstance(error, ValueError) and type(error) is ValueError:
        return str(error)
    return f"{type(error).__name__}: {error}"
