"""Cases: facts in, findings and operations out. Files of a few lines that test playbooks without a machine."""

from __future__ import annotations

import re
from dataclasses import dataclass, field
from functools import cached_property
from pathlib import Path
from typing import TYPE_CHECKING, Any, get_args

from tfrepair.errors import PlaybookError, UsageError
from tfrepair.model.facts import Absent, Fact, Facts, Known, Unknown
from tfrepair.model.finding import Confidence, Repair, Severity
from tfrepair.model.nearest import nearest
from tfrepair.playbook.kinds import kind_of_fact, never
from tfrepair.playbook.lint_conditions import nearest_fact
from tfrepair.playbook.shape import kind_of
from tfrepair.playbook.yaml_reader import Problem, YamlError, read_yaml
from tfrepair.reason.variables import as_text
from tfrepair.target.paths import is_file, is_folder, is_there

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence

    from tfrepair.playbook.yaml_reader import Path as Place
    from tfrepair.playbook.yaml_reader import Positions

MACHINES = "_machines"
"""The folder beside those of the cases: facts of whole machines, which `like` names."""
MAX_BYTES = 1_000_000
MAX_DEPTH = 5
"""How many machines a case may be like, one like the other."""
CASE_DEPTH = 2
"""Names on the way from a folder of cases to a case: the playbook's, and its own."""
_MACHINE = re.compile(r"[\w.-]{1,100}")
FINDING_KEYS = ("id", "severity", "confidence", "caused_by", "repair", "evidence")
_WORDS: Mapping[str, tuple[str, ...]] = {
    "severity": get_args(Severity),
    "confidence": get_args(Confidence),
    "repair": get_args(Repair),
}
_KINDS: Mapping[str, tuple[type, str]] = {
    "about": (str, "a text"),
    "like": (str, "the name of a machine"),
    "facts": (dict, "a mapping of fact paths to values"),
    "missing": (list, "a list of fact paths"),
    "unknown": (dict, "a mapping of fact paths to reasons"),
    "vars": (dict, "a mapping of names to values"),
    "findings": (list, "a list of mappings with `id`"),
    "absent": (list, "a list of ids"),
    "index": (dict, "a mapping of distributions to versions"),
    "operations": (list, "a list of lines, as a plan shows them"),
}


@dataclass(frozen=True, slots=True, kw_only=True)
class Case:
    """What a machine is like, and what is to be found there."""

    path: Path
    facts: Facts
    findings: tuple[Mapping[str, Any], ...]
    absent: tuple[str, ...] = ()
    operations: tuple[str, ...] | None = None
    """The lines of the plan in order; None when they are not compared."""
    variables: Mapping[str, str] = field(default_factory=dict)
    """What `--var` would give."""
    index: Mapping[str, str] = field(default_factory=dict)
    """What the resolver answers: names and versions."""
    lines: Mapping[str, int] = field(default_factory=dict)
    """Where the keys of the file stand."""

    @property
    def name(self) -> str:
        """The folder, which is the playbook's name, and the case."""
        return f"{self.path.parent.name}/{self.path.stem}"

    def at(self, key: str, text: str) -> str:
        """A message about the part of the file under a key."""
        return Problem(line=self.lines.get(key, 1), column=1, text=text).at(str(self.path))


def machines_folder() -> Path:
    """The machines that come with tfrepair: inside the installed package, or in the tests of a checkout."""
    package = Path(__file__).resolve().parent.parent
    inside = package / MACHINES
    return inside if is_folder(inside) else package.parent / "tests" / "cases" / MACHINES


def cases_in(folder: Path) -> tuple[Path, ...]:
    """The files `<playbook>/<case>.yaml` below a folder of cases."""
    return tuple(sorted(path for path in folder.glob("*/*.yaml") if not path.parent.name.startswith("_")))


def none_misplaced(folder: Path) -> None:
    """Raise UsageError for a file of a folder of cases that is nobody's case, because it lies too high or too deep."""
    every = (path for path in folder.rglob("*.y*ml") if not path.relative_to(folder).parts[0].startswith("_"))
    first = min((path for path in every if len(path.relative_to(folder).parts) != CASE_DEPTH), default=None)
    if first is not None:
        raise UsageError(
            f"`{first}` would be passed over: cases are `{folder}/PLAYBOOK/CASE.yaml`, no higher and no deeper",
            hint="move it",
        )


def read_case(path: Path, known_facts: Mapping[str, str] | None = None) -> Case:
    """The case of a file, with the facts of the machine it is like. Raises PlaybookError with every problem."""
    document = _Document(path, known_facts)
    if problems := tuple(document.all_problems()):
        raise PlaybookError(problems)
    data = document.data
    return Case(
        path=path,
        facts=document.facts,
        findings=tuple(data["findings"]),
        absent=tuple(data.get("absent", ())),
        operations=tuple(data["operations"]) if "operations" in data else None,
        variables=document.variables,
        index={name: str(version) for name, version in data.get("index", {}).items()},
        lines={key: document.positions.key((key,))[0] for key in data},
    )


class _Document:
    """One file, read and checked."""

    def __init__(self, path: Path, known_facts: Mapping[str, str] | None, *, depth: int = 0) -> None:
        self.path = path
        self.known_facts = known_facts
        self.depth = depth
        """0 for a case; a machine that it is like has one more, and so on."""
        self.data: dict[str, Any] = {}
        self.positions: Positions
        self.problems: tuple[Problem, ...] = ()
        try:
            found, self.positions = read_yaml(_bytes_of(path))
        except OSError as error:
            self.problems = (Problem(line=1, column=1, text=f"the file cannot be read: {error.strerror or error}"),)
        except YamlError as error:
            self.problems = error.problems
        else:
            self.problems = tuple(self._checked(found))
            self.data = found if isinstance(found, dict) else {}

    @cached_property
    def _below(self) -> _Document | None:
        """The machine that this is like."""
        place = _machine(self.path, self.data["like"]) if "like" in self.data else None
        if place is None or self.depth >= MAX_DEPTH:
            return None
        return _Document(place, self.known_facts, depth=self.depth + 1)

    def all_problems(self) -> Iterator[str]:
        """The problems of this file, and of the machines that it is like."""
        yield from (problem.at(str(self.path)) for problem in self.problems)
        if self._below is not None:
            yield from self._below.all_problems()

    @property
    def facts(self) -> Facts:
        """The facts of the machine, with the file's own laid over them."""
        data = self.data
        states: dict[str, Any] = {path: Known(value) for path, value in data.get("facts", {}).items()}
        states |= {path: Absent() for path in data.get("missing", ())}
        states |= {path: Unknown(str(reason)) for path, reason in data.get("unknown", {}).items()}
        states |= {f"vars.{name}": Known(value) for name, value in self.variables.items()}
        own = Facts.of(Fact(path=path, state=state, source="case") for path, state in states.items())
        return (self._below.facts if self._below else Facts()).merged(own)

    @property
    def variables(self) -> dict[str, str]:
        """The values of variables, as texts."""
        return {name: as_text(value) for name, value in self.data.get("vars", {}).items()}

    def _checked(self, data: Any) -> Iterator[Problem]:
        if not isinstance(data, dict):
            yield Problem(line=1, column=1, text="a case is a mapping with `facts` and `findings`")
            return
        for key, value in data.items():
            if key not in _KINDS:
                yield self._problem((key,), f"unknown key `{key}` in a case{nearest(key, _KINDS)}", key=True)
            elif not isinstance(value, _KINDS[key][0]):
                yield self._problem((key,), f"`{key}` must be {_KINDS[key][1]}")
        if "findings" not in data and not self.depth:
            yield Problem(line=1, column=1, text="a case needs `findings`; an empty list says that there is none")
        yield from self._facts_problems(data)
        for index, finding in enumerate(_list(data, "findings")):
            yield from self._finding_problems(("findings", index), finding)
        if "like" in data and _machine(self.path, data["like"]) is None:
            near = nearest(str(data["like"]), _machines(self.path))
            yield self._problem(("like",), f"there is no machine `{data['like']}`{near}")
        elif "like" in data and self.depth >= MAX_DEPTH:
            yield self._problem(("like",), f"more than {MAX_DEPTH} machines that are like another, or like each other")

    def _facts_problems(self, data: Mapping[str, Any]) -> Iterator[Problem]:
        named = [(key, path) for key in ("facts", "unknown") for path in data.get(key) or () if isinstance(path, str)]
        for key, path in named:
            if text := self._unknown_fact(path):
                yield self._problem((key, path), text, key=True)
            elif key == "facts" and (text := self._never(path, data[key][path])):
                yield self._problem((key, path), text)
        for index, path in enumerate(_list(data, "missing")):
            if not isinstance(path, str):
                yield self._problem(("missing", index), "the path of a fact must be a text")
            elif text := self._unknown_fact(path):
                yield self._problem(("missing", index), text)

    def _unknown_fact(self, path: str) -> str | None:
        from tfrepair.model.facts import belongs

        if self.known_facts is None or any(belongs(path, family) for family in self.known_facts):
            return None
        return f"no probe knows the fact `{path}`{nearest_fact(path, self.known_facts)}"

    def _never(self, path: str, value: Any) -> str | None:
        """Why a fact never has a value; None where it may, and for null, which stands for what is not there."""
        wrong = None if value is None else never(kind_of_fact(path, self.known_facts or {}), "equals", value)
        return wrong and f"`{path}` {wrong}"

    def _finding_problems(self, place: Place, finding: Any) -> Iterator[Problem]:
        if not isinstance(finding, dict) or not isinstance(finding.get("id"), str):
            yield self._problem(place, "a finding is a mapping with `id`")
            return
        for key in finding.keys() - set(FINDING_KEYS):
            text = f"unknown key `{key}` in a finding{nearest(key, FINDING_KEYS)}"
            yield self._problem((*place, key), text, key=True)
        for key, words in _WORDS.items():
            if key in finding and finding[key] not in words:
                listed = " or ".join(f"`{word}`" for word in words)
                text = f"`{key}` must be {listed}, not {kind_of(finding[key])}{nearest(str(finding[key]), words)}"
                yield self._problem((*place, key), text)

    def _problem(self, place: Place, text: str, *, key: bool = False) -> Problem:
        line, column = self.positions.key(place) if key else self.positions.value(place)
        return Problem(line=line, column=column, text=text)


def _list(data: Mapping[str, Any], key: str) -> list[Any]:
    value = data.get(key)
    return value if isinstance(value, list) else []


def _machine_folders(case: Path) -> Sequence[Path]:
    """Where a case looks for machines: beside its folder, then those of tfrepair."""
    own = case.parent if case.parent.name == MACHINES else case.parent.parent / MACHINES
    return (own, machines_folder())


def _machine(case: Path, name: Any) -> Path | None:
    if not isinstance(name, str) or not _MACHINE.fullmatch(name):
        return None
    paths = (folder / f"{name}.yaml" for folder in _machine_folders(case))
    return next((path for path in paths if is_file(path)), None)


def _machines(case: Path) -> list[str]:
    return sorted({path.stem for folder in _machine_folders(case) for path in folder.glob("*.yaml")})


def _bytes_of(path: Path) -> bytes:
    if not is_file(path):
        raise OSError("it is not a file" if is_there(path) else "No such file or directory")
    with path.open("rb") as file:
        return file.read(MAX_BYTES + 1)
