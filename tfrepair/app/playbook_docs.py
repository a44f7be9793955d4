"""`playbook docs`: Markdown about causes, from the playbooks themselves."""

from __future__ import annotations

import json
import re
from typing import TYPE_CHECKING

from tfrepair.app.markdown import cell, sentence
from tfrepair.reason.goals import SYSTEMS

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from tfrepair.model.playbook import ManualLine, Playbook, Rule, Signature, Step, Variable


def table(playbooks: Sequence[Playbook]) -> str:
    """One row for each cause, as README.md shows them."""
    rows = (f"| `{p.name}` | {cell(p.title)} | {p.repair} |" for p in playbooks)
    return "\n".join(("| id | what it is | repair |", "| --- | --- | --- |", *rows)) + "\n"


def pages(playbooks: Sequence[Playbook]) -> str:
    """A section for each cause, after the table of all."""
    sections = "\n".join(section(playbook) for playbook in playbooks)
    return f"# Causes\n\n{table(playbooks)}\n{sections}"


def section(playbook: Playbook) -> str:
    """One cause: what it is, how it is recognised, what repairs it."""
    return "\n".join(_section(playbook)) + "\n"


def _section(p: Playbook) -> Iterator[str]:
    yield from (f"## `{p.name}`", "", f"**{sentence(p.title)}.** {sentence(p.about)}", "")
    yield f"Repair: {p.repair}."
    if p.explains:
        yield f"Explains: {', '.join(f'`{name}`' for name in p.explains)}."
    if p.signatures:
        yield from ("", "Texts that name it:", "", *(_signature(one) for one in p.signatures))
    if p.rules:
        yield from ("", "Facts that name it:", "", *(_rule(one) for one in p.rules))
    if p.variables:
        yield from ("", "Variables:", "", *(_variable(one) for one in p.variables))
    if p.steps:
        yield from ("", "Steps:", "", *(f"{n}. {_step(one)}" for n, one in enumerate(p.steps, start=1)))
    if p.checks:
        yield from ("", "Must hold afterwards:", "", *(f"- {sentence(one.name)}" for one in p.checks))
    if p.manual:
        yield from ("", "By hand:", "", *(_line(line) for line in p.manual))
    if p.references:
        yield from ("", "See also:", "", *(f"- <{address}>" for address in p.references))


def _signature(one: Signature) -> str:
    means = f": {sentence(one.means)}" if one.means else ""
    return f"- {_code(one.pattern)} ({'a guess' if one.only_if_alone else one.confidence}){means}"


def _rule(rule: Rule) -> str:
    sentences = "; ".join(sentence(evidence.text) for evidence in rule.evidence)
    return f"- {rule.severity}, {rule.confidence}: {sentences}"


def _variable(one: Variable) -> str:
    choices = f"one of {', '.join(f'`{choice}`' for choice in one.choices)}" if one.choices else one.type
    otherwise = f"else `{json.dumps(one.default, ensure_ascii=False)}`" if one.has_default else "must be given"
    source = f"`--var {one.name}=VALUE`" + (f" or `${one.env}`" if one.env else "")
    means = f": {sentence(one.description)}" if one.description else ""
    return f"- `{one.name}` ({choices}; {source}, {otherwise}){means}"


def _step(step: Step) -> str:
    return f"{sentence(step.name)} (`{step.action}`)"


def _line(line: ManualLine) -> str:
    only = f"on {SYSTEMS[line.system]}: " if line.system is not None else ""
    return f"- {only}{sentence(line.text)}"


def _code(text: str) -> str:
    """Inline code, whatever marks are in it."""
    longest = max(map(len, re.findall("`+", text)), default=0)
    fence = "`" * (longest + 1)
    pad = " " if text.startswith("`") or text.endswith("`") else ""
    return f"{fence}{pad}{text}{pad}{fence}"
