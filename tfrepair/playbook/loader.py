"""Playbooks from files: read strictly, checked in two stages, every problem reported at once."""

from __future__ import annotations

import stat
from dataclasses import dataclass, replace
from functools import cache
from typing import TYPE_CHECKING, Any

from tfrepair.errors import PlaybookError
from tfrepair.model.playbook import Source
from tfrepair.playbook.builder import build
from tfrepair.playbook.builtin import builtin_files

if TYPE_CHECKING:
    from collections.abc import Collection, Iterable, Mapping
    from pathlib import Path
    from typing import Literal

    from pydantic import TypeAdapter

    from tfrepair.actions.registry import Action
    from tfrepair.model.playbook import Playbook
    from tfrepair.playbook.yaml_reader import Problem

    Origin = Literal["built-in", "option", "project", "user", "plug-in"]


SHOWN_PROBLEMS = 100
"""How many problems of one file are shown."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Document:
    """What one file holds, and what is wrong with it."""

    data: Any
    problems: tuple[str, ...]


def load_playbook(
    path: Path,
    origin: Origin,
    trusted: bool = True,  # noqa: FBT001, FBT002  # the one thing that varies beside where it came from
    *,
    known_facts: Collection[str] | None = None,
    known_playbooks: Collection[str] | None = None,
    actions: Mapping[str, Action] | None = None,
) -> Playbook:
    """The playbook of a file. Raises PlaybookError with every problem of the file."""
    document = _document(path, _adapter(), known_facts, known_playbooks, actions)
    if document.problems:
        raise PlaybookError(document.problems)
    return build(document.data, Source(path=str(path), origin=origin, trusted=trusted))


def load_builtin(*, known_facts: Collection[str] | None = None) -> tuple[Playbook, ...]:
    """Every built-in playbook, by rank and name. Raises PlaybookError, which means a damaged installation."""
    files = builtin_files()
    if not files:
        raise PlaybookError(("the built-in playbooks are missing: install tfrepair again",))
    adapter = _adapter()
    names = {path.stem for path in files}
    documents = {path: _document(path, adapter, known_facts, names) for path in files}
    if problems := tuple(problem for document in documents.values() for problem in document.problems):
        raise PlaybookError(problems)
    playbooks = [build(it.data, Source(path=str(path), origin="built-in")) for path, it in documents.items()]
    return tuple(sorted(playbooks, key=lambda playbook: (playbook.rank, playbook.name)))


def check_file(
    path: Path,
    *,
    known_facts: Collection[str] | None = None,
    known_playbooks: Collection[str] | None = None,
    actions: Mapping[str, Action] | None = None,
) -> tuple[str, ...]:
    """Every problem of one file as `file:line:column: message`; none when it is a valid playbook.

    Without `known_playbooks`, the built-in ones and those beside the file are known; without `actions` the built-in.
    """
    if known_playbooks is None:
        known_playbooks = {file.stem for file in (*builtin_files(), *path.parent.glob("*.yaml"))}
    return _document(path, _adapter(), known_facts, known_playbooks, actions).problems


@cache
def _adapter() -> TypeAdapter[Any]:
    from tfrepair.playbook.schema import adapter

    return adapter()


def _document(
    path: Path,
    adapter: TypeAdapter[Any],
    known_facts: Collection[str] | None,
    known_playbooks: Collection[str] | None,
    actions: Mapping[str, Action] | None = None,
) -> Document:
    from tfrepair.actions.registry import ACTIONS
    from tfrepair.playbook.lint import Known, lint
    from tfrepair.playbook.shape import shape_problems
    from tfrepair.playbook.yaml_reader import YamlError, read_yaml

    try:
        data, positions = read_yaml(_bytes_of(path))
    except OSError as error:
        return Document(data=None, problems=(f"{path}:1:1: the file cannot be read: {error.strerror or error}",))
    except YamlError as error:
        return Document(data=None, problems=(error.problem.at(str(path)),))
    arguments = {name: action.ARGS for name, action in (ACTIONS if actions is None else actions).items()}
    known = Known(facts=known_facts, playbooks=known_playbooks, arguments=arguments)
    found = (*shape_problems(data, positions, adapter), *lint(data, positions, known))
    return Document(data=data, problems=_sorted(found, path))


def _sorted(problems: Iterable[Problem], path: Path) -> tuple[str, ...]:
    ordered = sorted(problems, key=lambda problem: (problem.line, problem.column, problem.text))
    lines = tuple(dict.fromkeys(problem.at(str(path)) for problem in ordered))
    if len(lines) <= SHOWN_PROBLEMS:
        return lines
    left, place = len(lines) - SHOWN_PROBLEMS, ordered[-1]
    more = replace(place, text=f"and {left} more problems up to here: mend these first")
    return (*lines[:SHOWN_PROBLEMS], more.at(str(path)))


def _bytes_of(path: Path) -> bytes:
    """The file's content, one byte more than is accepted at most. Raises OSError, also for what is not a file."""
    from tfrepair.playbook.yaml_reader import MAX_BYTES

    if not stat.S_ISREG(path.stat().st_mode):
        raise OSError("it is not a regular file")
    with path.open("rb") as file:
        return file.read(MAX_BYTES + 1)
