"""`playbook record`: a case from a real machine, redacted, with what is found there today as what is expected."""

from __future__ import annotations

import json
from contextlib import suppress
from dataclasses import fields, is_dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

from tfrepair.app.case_operations import planned
from tfrepair.app.cases import Case
from tfrepair.app.files import write_text
from tfrepair.app.locate import locate
from tfrepair.app.look import look
from tfrepair.app.playbooks import bound_playbooks
from tfrepair.errors import TfrepairError, UsageError
from tfrepair.model.distribution import Distribution
from tfrepair.model.facts import Absent, Fact, Facts, Known, Unknown
from tfrepair.playbook.yaml_reader import REFUSED
from tfrepair.reason.diagnose import diagnose
from tfrepair.reason.redact import Identity, redacted, with_redacted_values
from tfrepair.reason.variables import as_text
from tfrepair.target.paths import is_there

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence

    from tfrepair.app.requests import LookRequest, PlaybookRequest, Screen, TargetRequest
    from tfrepair.log import Log
    from tfrepair.model.finding import Diagnosis
    from tfrepair.model.playbook import Playbook

_PASSING = frozenset({"import.seconds"})
"""What differs from one look to the next."""
_ROWS = "inventory.distributions"
_DEFAULTS = {field.name: field.default for field in fields(Distribution)}
_LINE_ENDS = str.maketrans({mark: f"\\u{ord(mark):04x}" for mark in "\x85\u2028\u2029\ufeff"})
"""Characters that YAML would read as the end of a line."""


def record(
    where: TargetRequest,
    playbooks: PlaybookRequest,
    wanted: LookRequest,
    screen: Screen,
    log: Log,
    *,
    identity: Identity,
    output: Path | None,
) -> str:
    """The text of the case, written to `output` when that is given. Raises UsageError when that exists already."""
    if output is not None and is_there(output):
        raise UsageError(f"`{output}` exists already; nothing was changed", hint="name another file, or remove it")
    known = tuple(with_redacted_values(one, identity) for one in bound_playbooks(playbooks, where))
    target = locate(where, screen)
    facts = _kept(redacted(look(target, known, wanted, where.environ, screen, log).facts, identity), known)
    system, version = facts.value("host.system"), facts.value("interpreter.version")
    about = f"Python {version} on {system}, recorded from a machine."
    text = case_text(facts, known, about=about, variables=_values(known))
    if output is not None:
        with suppress(OSError):  # what cannot be written is said below
            output.parent.mkdir(parents=True, exist_ok=True)
        write_text(output, text)
        screen.say(f"written to `{output}`; read it before you publish it, and say in `about` what it shows")
    return text


def case_text(
    facts: Facts, playbooks: Sequence[Playbook], *, about: str, variables: Mapping[str, str] | None = None
) -> str:
    """A case with these facts, which expects what these playbooks find and plan from them, as they are read back."""
    facts = Facts.of(_as_read(fact) for fact in facts.by_path.values())
    states = [(path, fact.state) for path, fact in sorted(facts.by_path.items())]
    lines = [f"about: {_json(about)}", "facts:"]
    lines += [line for path, state in states if isinstance(state, Known) for line in _fact_lines(path, state.value)]
    if absent := [path for path, state in states if isinstance(state, Absent)]:
        lines += ["missing:", *(f"  - {path}" for path in absent)]
    if unknown := [(path, state.reason) for path, state in states if isinstance(state, Unknown)]:
        lines += ["unknown:", *(f"  {path}: {_json(reason)}" for path, reason in unknown)]
    if variables:
        lines += ["vars:", *(f"  {name}: {_json(value)}" for name, value in variables.items())]
    diagnosis = diagnose(facts, playbooks)
    lines += ["findings:" if diagnosis.findings else "findings: []"]
    for one in diagnosis.findings:
        lines.append(f"  - {{id: {one.id}, severity: {one.severity}, confidence: {one.confidence}}}")
    lines += _plan_lines(Case(path=Path(), facts=facts, findings=()), diagnosis, playbooks)
    return "\n".join(lines) + "\n"


def _plan_lines(case: Case, diagnosis: Diagnosis, playbooks: Sequence[Playbook]) -> Iterator[str]:
    """The plan and the index that it needs, or why there is none."""
    try:
        index, operations = planned(case, diagnosis, playbooks)
    except TfrepairError as error:
        yield f"# no `operations`: {' '.join(str(_writable(error.message)).split())}"
        return
    if operations:
        yield "index:" if index else "index: {}"
        yield from (f"  {name}: {_json(version)}" for name, version in index.items())
        yield "operations:"
        yield from (f"  - {_json(line)}" for line in operations)


def _values(playbooks: Sequence[Playbook]) -> dict[str, str]:
    """The variables that have another value than their default, as `--var` gives them."""
    return {
        variable.name: as_text(playbook.values[variable.name])
        for playbook in playbooks
        for variable in playbook.variables
        if variable.name in playbook.values and playbook.values[variable.name] != variable.default
    }


def _as_read(fact: Fact) -> Fact:
    """The fact as a case gives it back."""
    match fact.state:
        case Known(value):
            return replace(fact, state=Known(_writable(value)))
        case Unknown(reason):
            return replace(fact, state=Unknown(str(_writable(reason))))
        case _:
            return fact


def _fact_lines(path: str, value: Any) -> Iterator[str]:
    """One line, or one for each item of a list of mappings."""
    if isinstance(value, list) and value and all(isinstance(item, dict) for item in value):
        yield f"  {path}:"
        yield from (f"    - {_json(item)}" for item in value)
    else:
        yield f"  {path}: {_json(value)}"


def _json(value: Any) -> str:
    """JSON that is YAML too, on one line."""
    return json.dumps(_writable(value), ensure_ascii=False).translate(_LINE_ENDS)


def _writable(value: Any) -> Any:
    """The value without what a case cannot hold: control characters, halves of characters, keys that are no texts."""
    match value:
        case str():
            whole = value.encode("utf-8", "replace").decode("utf-8")
            return REFUSED.sub("\N{REPLACEMENT CHARACTER}", whole)
        case list() | tuple():
            return [_writable(part) for part in value]
        case float():
            return str(value)
        case dict():
            return {_writable(str(key)): _writable(part) for key, part in value.items()}
        case _:
            return value


def _kept(facts: Facts, playbooks: Sequence[Playbook]) -> Facts:
    """The facts that a case holds: of each distribution its version, and what else a playbook names of it."""
    named = "\n".join(text for playbook in playbooks for text in _texts(playbook))
    return Facts.of(_slim(fact) for path, fact in facts.by_path.items() if _counts(path, named))


def _counts(path: str, named: str) -> bool:
    if path in _PASSING:
        return False
    head, _, rest = path.partition(".")
    return head != "distribution" or rest.endswith(".version") or path in named


def _slim(fact: Fact) -> Fact:
    """The table of distributions without what goes without saying."""
    if fact.path != _ROWS or not isinstance(fact.state, Known):
        return fact
    rows: list[Mapping[str, Any]] = fact.state.value
    slim = [{key: value for key, value in row.items() if value not in (_DEFAULTS.get(key), [], ())} for row in rows]
    return Fact(path=fact.path, state=Known(slim), source=fact.source)


def _texts(value: Any) -> Iterator[str]:
    """Every text within a playbook."""
    match value:
        case str():
            yield value
        case list() | tuple():
            for part in value:
                yield from _texts(part)
        case dict():
            yield from (text for part in value.items() for text in _texts(part))
        case _ if is_dataclass(value):
            yield from (text for field in fields(value) for text in _texts(getattr(value, field.name)))
        case _:
            return
