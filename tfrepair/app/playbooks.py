"""Which playbooks count: the built-in ones, then those added or overriding by name."""

from __future__ import annotations

import json
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import TYPE_CHECKING

from tfrepair.app.sources import PROJECT_FOLDER, folder_files, none_passed_over, project_files, user_files
from tfrepair.errors import PlaybookError, UsageError
from tfrepair.model.nearest import nearest_word
from tfrepair.reason.variables import bound
from tfrepair.target.paths import is_file, is_folder, is_there

if TYPE_CHECKING:
    from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence

    from tfrepair.app.requests import PlaybookRequest, TargetRequest
    from tfrepair.model.playbook import Playbook, Source
    from tfrepair.playbook.loader import Origin

__all__ = [
    "PROJECT_FOLDER", "Standing", "bound_playbooks", "builtin_facts", "gather", "known_facts", "named_files",
    "problems_of", "standing",
]  # fmt: skip

STORED_FACTS = "facts.json"


@dataclass(frozen=True, slots=True, kw_only=True)
class Standing:
    """A playbook that counts, and those of the same name whose place it takes, the last first."""

    playbook: Playbook
    replaces: tuple[Source, ...] = ()


def gather(request: PlaybookRequest, cwd: Path) -> tuple[Playbook, ...]:
    """All playbooks after `--playbook`, `--only` and `--skip`. Later ones replace earlier ones of the same name.

    Raises PlaybookError with every problem of a file, UsageError for a name that is not known.
    """
    found = {one.playbook.name: one.playbook for one in standing(request, cwd)}
    _known("--only", request.only, found)
    _known("--skip", request.skip, found)
    return tuple(playbook for playbook in found.values() if playbook.name not in request.skip)


def bound_playbooks(request: PlaybookRequest, where: TargetRequest) -> tuple[Playbook, ...]:
    """What `gather` finds, with the values of the variables. Raises as it does, and UsageError for a value."""
    return bound(gather(request, where.cwd), request.variables, where.environ)


def standing(request: PlaybookRequest, cwd: Path) -> tuple[Standing, ...]:
    """Every playbook by name, with what each takes the place of. Raises as `gather` does."""
    found: dict[str, Standing] = {}
    for playbook in _in_order(request, cwd, found):
        before = found.get(playbook.name)
        if before is not None and playbook.source.origin == "project" and not request.trust:
            kind = before.playbook.source.origin
            raise UsageError(
                f"`{playbook.source.path}` of the current folder takes the place of the {kind} playbook "
                f"`{playbook.name}`",
                hint="`--trust` lets it, for a command that has it; or work from another folder",
            )
        replaced = () if before is None else (before.playbook.source, *before.replaces)
        found[playbook.name] = Standing(playbook=playbook, replaces=replaced)
    return tuple(found.values())


def _in_order(request: PlaybookRequest, cwd: Path, found: Collection[str]) -> Iterator[Playbook]:
    """The playbooks of every source, the weakest first."""
    from tfrepair.app.plugins import plugins
    from tfrepair.playbook.loader import load_builtin, load_playbook, name_twice

    yield from load_builtin()
    more = plugins()
    yield from more.playbooks

    problems: list[str] = []

    def loaded(paths: Iterable[Path], origin: Origin, *, trusted: bool = True) -> Iterator[Playbook]:
        named: dict[tuple[Path, str], Path] = {}
        for path in paths:
            try:
                playbook = load_playbook(path, origin, trusted, known_facts=known_facts(), actions=more.all_actions)
            except PlaybookError as error:
                problems.extend(error.problems)
                continue
            first = named.setdefault((path.parent, playbook.name), path)
            if first == path:
                yield playbook
            else:
                problems.append(name_twice(path, first, playbook.name))

    yield from loaded(user_files(request.user_folder), "user")
    yield from loaded(project_files(cwd), "project", trusted=request.trust)
    for extra in request.extra:
        if not problems or is_there(Path(extra)):  # else it may be the name of one that is not valid
            yield from loaded(_files(extra, found), "option")
    if problems:
        raise PlaybookError(tuple(problems))


@cache
def builtin_facts() -> Mapping[str, str]:
    """The facts that the tool itself provides, as stored with the package: a test holds it to the probes.

    Path, and one sentence: its type and its meaning.
    """
    from tfrepair.playbook.builtin import stored

    facts: dict[str, str] = json.loads(stored(STORED_FACTS))
    return facts


def declared_facts() -> Mapping[str, str]:
    """The same, as the probes declare it, all of which are imported for that."""
    from tfrepair.app.look import STATED
    from tfrepair.probes.collector import all_probes

    return STATED | {path: text for probe in all_probes() for path, text in probe.provides.items()}


def known_facts() -> Mapping[str, str]:
    """Every fact that a condition or a text may name, those of plug-ins included."""
    from tfrepair.app.plugins import plugins

    return {**builtin_facts(), **plugins().provides}


def named_files(paths: Sequence[Path]) -> tuple[Path, ...]:
    """The playbooks that these name: files as they are, and those of folders. Raises UsageError for an empty folder."""
    return tuple(file for path in paths for file in (_of_folder(path) if is_folder(path) else [path]))


def problems_of(files: Sequence[Path]) -> tuple[str, ...]:
    """What is wrong with these playbooks, as `file:line:column: message`."""
    from tfrepair.app.plugins import plugins
    from tfrepair.playbook.loader import check_files

    more = plugins()
    others = [playbook.name for playbook in more.playbooks]
    return tuple(check_files(files, known_facts=known_facts(), actions=more.all_actions, known_playbooks=others))


def _files(extra: str, known: Collection[str]) -> Sequence[Path]:
    path = Path(extra)
    if is_folder(path):
        return _of_folder(path)
    if is_file(path):
        return [path]
    if extra in known:
        return []
    raise UsageError(
        f"`--playbook {extra}` is not a file, a folder, or the name of a playbook",
        hint="`tfrepair playbook list` shows the names",
    )


def _of_folder(folder: Path) -> Sequence[Path]:
    none_passed_over(folder, "*.yml")
    files = folder_files(folder)
    if not files:
        raise UsageError(f"there is no playbook (`*.yaml`) in the folder `{folder}`")
    return files


def _known(option: str, names: Collection[str], known: Collection[str]) -> None:
    for name in names:
        if name not in known:
            near = nearest_word(name, known)
            hint = f"did you mean `{near}`?" if near else "`tfrepair playbook list` shows the names"
            raise UsageError(f"`{option} {name}`: there is no such playbook", hint=hint)
