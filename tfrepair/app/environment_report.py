"""`report`: an environment described for a bug report, without secrets and names."""

from __future__ import annotations

import html
import json
import re
from typing import TYPE_CHECKING, Literal

from tfrepair.app.files import write_text
from tfrepair.app.locate import locate, unfinished
from tfrepair.app.look import look
from tfrepair.app.markdown import cell, sentence
from tfrepair.app.playbooks import bound_playbooks
from tfrepair.reason.redact import Identity

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence
    from pathlib import Path

    from tfrepair.app.requests import LookRequest, PlaybookRequest, Screen, TargetRequest
    from tfrepair.log import Log
    from tfrepair.model.facts import Facts
    from tfrepair.model.finding import Diagnosis

__all__ = ["Format", "Identity", "report"]

Format = Literal["markdown", "html", "json"]
OUTPUT_LINES = 60
"""How many lines of the import's output a report shows; the facts document has all."""


def report(
    where: TargetRequest,
    playbooks: PlaybookRequest,
    wanted: LookRequest,
    screen: Screen,
    log: Log,
    *,
    kind: Format,
    identity: Identity,
    output: Path | None,
) -> str:
    """The report, written to `output` when that is given. Changes nothing in the target."""
    from tfrepair.reason.diagnose import diagnose
    from tfrepair.reason.redact import discreet, redacted

    values = bound_playbooks(playbooks, where)
    known = tuple(discreet(one, playbooks.variables, where.environ, identity) for one in values)
    target = locate(where, screen)
    facts = redacted(look(target, known, wanted, where.environ, screen, log).facts, identity)
    diagnosis = diagnose(facts, known)
    notes = tuple(identity.hidden_in(note) for note in unfinished(target))
    text = {"json": as_json, "html": as_html, "markdown": as_markdown}[kind](facts, diagnosis, notes)
    if output is not None:
        write_text(output, text)
        screen.say(f"written to `{output}`; read it before you publish it")
    return text


def as_json(facts: Facts, diagnosis: Diagnosis, notes: Sequence[str] = ()) -> str:
    """The facts document: `diagnose --facts` and `explain --facts` read it on another machine."""
    from dataclasses import asdict

    from tfrepair.model.wire import facts_to_json

    body = {"schema_version": 1, "command": "report", **facts_to_json(facts)}
    body["findings"] = [asdict(f) for f in diagnosis.findings]
    if notes:
        body["messages"] = list(notes)
    return json.dumps(body, indent=1, ensure_ascii=False) + "\n"


def as_markdown(facts: Facts, diagnosis: Diagnosis, notes: Sequence[str] = ()) -> str:
    """For an issue."""
    lines = ["## TensorFlow environment", "", "| | |", "| --- | --- |"]
    lines += [f"| {cell(name)} | {cell(value)} |" for name, value in _overview(facts)]
    lines += ["", "### What tfrepair finds", "", *_findings_in_markdown(diagnosis)]
    lines += [line for note in notes for line in ("", sentence(note))]
    lines += ["", "### Distributions", "", "| distribution | version |", "| --- | --- |"]
    lines += [f"| {cell(name)} | {cell(version)} |" for name, version in _distributions(facts)]
    if shown := _output(facts):
        fence = "`" * max(3, 1 + max(_ticks(line) for line in shown))
        lines += ["", "### What importing TensorFlow prints", "", f"{fence}text", *shown, fence]
    return "\n".join(lines) + "\n"


def as_html(facts: Facts, diagnosis: Diagnosis, notes: Sequence[str] = ()) -> str:
    """One page that needs nothing else."""
    rows = "".join(_row(name, value) for name, value in _overview(facts))
    found = "".join(
        f"<li><strong>{_safe(f.severity)}: {_safe(f.title)}</strong> <code>{_safe(f.id)}</code><ul>"
        + "".join(f"<li>{_safe(item.text)}</li>" for item in f.evidence)
        + "</ul></li>"
        for f in diagnosis.findings
    )
    installed = "".join(_row(name, version) for name, version in _distributions(facts))
    said = "".join(f"<p>{_safe(note)}</p>\n" for note in notes)
    printed = _safe("\n".join(_output(facts)))
    return (
        '<!doctype html>\n<html lang="en"><head><meta charset="utf-8"><title>TensorFlow environment</title>\n'
        "<style>body{font:15px/1.5 sans-serif;max-width:60em;margin:2em auto;padding:0 1em}"
        "td{padding:.1em 1em .1em 0;vertical-align:top}pre{overflow:auto;background:#eee;padding:1em}</style></head>\n"
        f"<body><h1>TensorFlow environment</h1>\n<table>{rows}</table>\n"
        f"<h2>What tfrepair finds</h2>\n<ul>{found or '<li>nothing</li>'}</ul>\n{said}"
        f"<h2>Distributions</h2>\n<table>{installed}</table>\n"
        + (f"<h2>What importing TensorFlow prints</h2>\n<pre>{printed}</pre>\n" if printed else "")
        + "</body></html>\n"
    )


_OVERVIEW = {
    "Python": ("interpreter.version", "interpreter.implementation", "interpreter.platform"),
    "interpreter": ("interpreter.executable",),
    "environment": ("environment.kind", "environment.prefix"),
    "system": ("host.system", "host.machine", "host.libc", "host.libc_version"),
    "processor": ("host.cpu_name",),
    "NVIDIA GPU, driver": ("gpu.nvidia", "gpu.driver"),
    "TensorFlow": ("tensorflow.name", "tensorflow.version"),
    "built with CUDA, cuDNN": ("cuda.version", "cuda.cudnn"),
    "imports": ("import.ok", "import.rung", "import.tensorflow"),
    "exceptions": ("import.exceptions",),
}


def _overview(facts: Facts) -> Iterator[tuple[str, str]]:
    from tfrepair import __version__

    for name, paths in _OVERVIEW.items():
        values = [facts.value(path) for path in paths]
        shown = " ".join(_text(value) for value in values if value not in (None, "", []))
        if shown:
            yield name, shown
    yield "tfrepair", __version__


def _text(value: object) -> str:
    match value:
        case bool():
            return "yes" if value else "no"
        case list() | tuple():
            return "; ".join(_text(part) for part in value)
        case _:
            return str(value)


def _distributions(facts: Facts) -> list[tuple[str, str]]:
    rows = facts.value("inventory.distributions", [])
    return sorted((str(row.get("name")), str(row.get("version"))) for row in rows)


def _output(facts: Facts) -> list[str]:
    if facts.value("import.ok") is not False:
        return []
    return str(facts.value("import.output", "")).strip().splitlines()[-OUTPUT_LINES:]


def _findings_in_markdown(diagnosis: Diagnosis) -> Iterator[str]:
    for finding in diagnosis.findings:
        yield f"- **{finding.severity}**: {cell(finding.title)} (`{finding.id}`)"
        yield from (f"  - {sentence(item.text)}" for item in finding.evidence)
    if not diagnosis.findings:
        yield "nothing"


def _row(name: str, value: str) -> str:
    return f"<tr><td>{_safe(name)}</td><td>{_safe(value)}</td></tr>"


def _safe(text: str) -> str:
    return html.escape(text)


def _ticks(line: str) -> int:
    return max(map(len, re.findall("`+", line)), default=0)
