"""Playbooks from files: read strictly, checked in two stages, every problem reported at once."""

from __future__ import annotations

import re
import stat
from contextlib import suppress
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any

from tfrepair.errors import PlaybookError
from tfrepair.playbook.builtin import builtin_files, digest, stored_documents

if TYPE_CHECKING:
    from collections.abc import Collection, Iterable, Iterator, Mapping
    from pathlib import Path
    from typing import Literal

    from tfrepair.actions.registry import Action
    from tfrepair.model.playbook import Playbook, Source
    from tfrepair.playbook.lint import Known
    from tfrepair.playbook.yaml_reader import Positions, Problem

    Origin = Literal["built-in", "option", "project", "user", "plug-in"]


SHOWN_PROBLEMS = 100
"""How many problems of one file are shown."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Document:
    """What one file holds, and what is wrong with it."""

    data: Any
    problems: tuple[str, ...]
    extends: str | None = None


def load_playbook(
    path: Path,
    origin: Origin,
    trusted: bool = True,  # noqa: FBT001, FBT002  # the one thing that varies beside where it came from
    *,
    known_facts: Mapping[str, str] | None = None,
    known_playbooks: Collection[str] | None = None,
    actions: Mapping[str, Action] | None = None,
) -> Playbook:
    """The playbook of a file. Raises PlaybookError with every problem of the file."""
    document = _document(path, known_facts, known_playbooks, actions)
    if document.problems:
        raise PlaybookError(document.problems)
    from tfrepair.model.playbook import Source
    from tfrepair.playbook.builder import build

    return build(document.data, Source(path=str(path), origin=origin, trusted=trusted), extends=document.extends)


def load_builtin(*, known_facts: Mapping[str, str] | None = None) -> tuple[Playbook, ...]:
    """Every built-in playbook, by rank and name. Raises PlaybookError, which means a damaged installation.

    With `known_facts` they are checked as anybody's are. Without, only one that cannot be read or built is: they were
    checked before they were shipped, and checking costs ten times as much as reading.
    """
    files = builtin_files()
    if not files:
        raise PlaybookError(("the built-in playbooks are missing: install tfrepair again",))
    found = None if known_facts is not None else _unchecked(files)
    playbooks = found if found is not None else _checked(files, known_facts)
    return tuple(sorted(playbooks, key=lambda playbook: (playbook.rank, playbook.name)))


def _unchecked(files: Iterable[Path]) -> list[Playbook] | None:
    """The playbooks of these files; None when one of them is not what it should be."""
    from tfrepair.playbook.builder import build

    try:
        known = stored_documents()
        return [build(_content(path.read_bytes(), known), _builtin(path)) for path in files]
    except (OSError, LookupError, TypeError, AttributeError, ValueError, StopIteration):
        return None


def _content(raw: bytes, known: Mapping[str, Any]) -> Any:
    """What a file says: as it was stored, or, when the file is another since then, as it reads. Raises YamlError."""
    document = known.get(digest(raw))
    if document is not None:
        return document
    from tfrepair.playbook.yaml_reader import read_yaml

    return read_yaml(raw)[0]


def _checked(files: Iterable[Path], known_facts: Mapping[str, str] | None) -> list[Playbook]:
    from tfrepair.playbook.builder import build

    names = {path.stem for path in files}
    documents = {path: _document(path, known_facts, names) for path in files}
    if problems := tuple(problem for document in documents.values() for problem in document.problems):
        raise PlaybookError(problems)
    return [build(document.data, _builtin(path)) for path, document in documents.items()]


def _builtin(path: Path) -> Source:
    from tfrepair.model.playbook import Source

    return Source(path=str(path), origin="built-in")


def check_file(
    path: Path,
    *,
    known_facts: Mapping[str, str] | None = None,
    known_playbooks: Collection[str] | None = None,
    actions: Mapping[str, Action] | None = None,
) -> tuple[str, ...]:
    """Every problem of one file as `file:line:column: message`; none when it is a valid playbook.

    Without `known_playbooks`, the built-in ones and those beside the file are known; without `actions` the built-in.
    """
    if known_playbooks is None:
        known_playbooks = names_beside(path.parent)
    return _document(path, known_facts, known_playbooks, actions).problems


def check_files(
    paths: Iterable[Path],
    *,
    known_facts: Mapping[str, str],
    actions: Mapping[str, Action],
    known_playbooks: Collection[str] = (),
) -> Iterator[str]:
    """Every problem of these files, those included that only files of one folder have with each other.

    They may name each other, those beside them, the built-in ones, and `known_playbooks`.
    """
    files = dict.fromkeys(paths)
    known = _names(files).union(known_playbooks, *map(names_beside, {path.parent for path in files}))
    named: dict[tuple[Path, str], Path] = {}
    explains: dict[str, list[str]] = {}
    for path in files:
        folder = path.parent
        document = _document(path, known_facts, known, actions)
        yield from document.problems
        if not document.problems:
            name = document.data["name"]
            first = named.setdefault((folder, name), path)
            if first != path:
                yield name_twice(path, first, name)
            else:
                explains[name] = document.data.get("explains", [])
    yield from _circles(named, explains)


def _circles(named: Mapping[tuple[Path, str], Path], explains: Mapping[str, list[str]]) -> Iterator[str]:
    """The problems of those of these playbooks that explain each other in a circle."""

    def below(name: str, seen: frozenset[str]) -> frozenset[str]:
        for other in explains.get(name, ()):
            if other not in seen:
                seen = below(other, seen | {other})
        return seen

    for (_, name), path in named.items():
        for index, other in enumerate(explains[name]):
            if name in below(other, frozenset()):
                said = (
                    f"`{other}` explains `{name}` in turn: which of them is the cause can be said by one of them only"
                )
                yield _problem(path, ("explains", index), said)


def name_twice(path: Path, first: Path, name: str) -> str:
    """The problem of a file that bears the name of another one of its folder, as `file:line:column: message`."""
    said = f"`{first}` of the same folder is the playbook `{name}` already: only one of the two would count"
    return _problem(path, ("name",), said)


def _problem(path: Path, place: tuple[str | int, ...], said: str) -> str:
    """A problem of what stands at this place of a valid file; of a playbook without a name, where it is extended."""
    from tfrepair.playbook.yaml_reader import Problem, read_yaml

    positions = read_yaml(_bytes_of(path))[1]
    line, column = positions.value(place if place in positions.values else ("extends",))
    return Problem(line=line, column=column, text=said).at(str(path))


def names_beside(folder: Path) -> frozenset[str]:
    """The playbooks that those of a folder may name: the built-in ones and each other."""
    return frozenset(file.stem for file in builtin_files()) | _names(folder.glob("*.yaml"))


_NAME = re.compile(rb"^name:[ \t]*[\"']?([a-z][a-z0-9.-]*)", re.MULTILINE)


def _names(files: Iterable[Path]) -> frozenset[str]:
    """What these playbooks call themselves; of one that does not say so at the start of a line, its file's name."""
    found: set[str] = set()
    for file in files:
        with suppress(OSError):
            said = _NAME.search(_bytes_of(file))
            found.add(said[1].decode() if said else file.stem)
    return frozenset(found)


def _shape_problems(
    data: Any, positions: Positions, *, extending: bool = False
) -> tuple[tuple[Problem, ...], Any, Positions]:
    """What the shape of a document lacks, and the document without misspelt keys.

    Pydantic is asked only about one that is not clearly right.
    """
    from tfrepair.playbook.accept import is_accepted

    if is_accepted(data, "ExtendingDocument" if extending else "PlaybookDocument"):
        return (), data, positions
    from tfrepair.playbook.schema import adapter, extending_adapter
    from tfrepair.playbook.shape import shape_problems

    return shape_problems(data, positions, extending_adapter() if extending else adapter(), extending=extending)


def _document(
    path: Path,
    known_facts: Mapping[str, str] | None,
    known_playbooks: Collection[str] | None,
    actions: Mapping[str, Action] | None = None,
) -> Document:
    from tfrepair.playbook.yaml_reader import YamlError, read_yaml

    refused: tuple[Problem, ...] = ()
    unsure: Collection[tuple[int, int]] = ()
    try:
        data, positions = read_yaml(_bytes_of(path))
    except OSError as error:
        return Document(data=None, problems=(f"{path}:1:1: the file cannot be read: {error.strerror or error}",))
    except YamlError as error:
        if error.rest is None:
            return Document(data=None, problems=_sorted(error.problems, path))
        data, positions = error.rest.data, error.rest.positions
        refused, unsure = error.problems, error.rest.unsure
    known = _known(known_facts, known_playbooks, actions)
    found, data, extends = (_extending if _is_extending(data) else _whole)(data, positions, known)
    found = (problem for problem in found if (problem.line, problem.column) not in unsure)
    return Document(data=data, problems=_sorted((*refused, *found), path), extends=extends)


def _is_extending(data: Any) -> bool:
    """Whether a document extends another: has the key, or a misspelt one that is nearest to it."""
    from tfrepair.model.nearest import nearest_word
    from tfrepair.playbook.accept import stored_schema

    if not isinstance(data, dict) or "extends" in data:
        return isinstance(data, dict)
    keys = stored_schema()["$defs"]["ExtendingDocument"]["properties"]
    return any(nearest_word(word, keys) == "extends" for word in data.keys() - keys)


def _whole(data: Any, positions: Positions, known: Known) -> tuple[Iterable[Problem], Any, None]:
    """What is wrong with a document that stands for itself."""
    from tfrepair.playbook.lint import lint

    found, data, positions = _shape_problems(data, positions)
    return (*found, *lint(data, positions, known)), data, None


def _extending(data: Any, positions: Positions, known: Known) -> tuple[Iterable[Problem], Any, str | None]:
    """What is wrong with a document that extends a built-in playbook, and it with that one's content in it."""
    from tfrepair.model.nearest import nearest
    from tfrepair.playbook.extend import change_problems, merged
    from tfrepair.playbook.lint import duplicates, lint
    from tfrepair.playbook.shape import meant_word
    from tfrepair.playbook.yaml_reader import Problem, read_yaml

    shape, data, positions = _shape_problems(data, positions, extending=True)
    found = [*shape]
    word, files = data.get("extends"), {file.stem: file for file in builtin_files()}
    name = meant_word(word, files)
    if word and isinstance(word, str) and word != name:
        line, column = positions.value(("extends",))
        found.append(
            Problem(line=line, column=column, text=f"there is no built-in playbook `{word}`{nearest(word, files)}")
        )
    if name is None:
        return (*found, *lint(data, positions, known, whole=False)), data, None
    base, _ = read_yaml(_bytes_of(files[name]))
    found += change_problems(base, data, positions, name)
    found += duplicates(data, positions, known)
    whole, places = merged(base, data, positions)
    # what is said of the base itself is not the author's: it may name more than is known here
    own = {problem.text for problem in lint(base, positions, known)}
    found += [problem for problem in lint(whole, places, known) if problem.text not in own]
    if not found:
        found += _shape_problems(whole, places)[0]
    return found, whole, name


def _known(
    facts: Mapping[str, str] | None, playbooks: Collection[str] | None, actions: Mapping[str, Action] | None
) -> Known:
    from tfrepair.actions.registry import ACTIONS
    from tfrepair.playbook.lint import Known

    every = ACTIONS if actions is None else actions
    return Known(
        facts=facts,
        families=tuple(fact for fact in facts or () if "*" in fact),
        playbooks=playbooks,
        arguments={name: action.ARGS for name, action in every.items()},
        problems={name: action.problems for name, action in every.items() if hasattr(action, "problems")},
        undoable=frozenset(name for name, action in every.items() if getattr(action, "UNDOABLE", False)),
        nulls=frozenset(name for name, action in every.items() if getattr(action, "NULLS", False)),
    )


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
