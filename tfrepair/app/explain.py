"""`explain`: a pasted text to its cause, without looking at any environment."""

from __future__ import annotations

import os
import re
import stat
import sys
from dataclasses import dataclass
from typing import TYPE_CHECKING, BinaryIO

from tfrepair.app.playbooks import bound_playbooks
from tfrepair.app.report import Report, Status
from tfrepair.errors import UsageError
from tfrepair.model.facts import Fact, Facts, Known, Unknown
from tfrepair.target.paths import is_there
from tfrepair.target.plain_file import without_waiting

if TYPE_CHECKING:
    from collections.abc import Sequence
    from pathlib import Path

    from tfrepair.app.requests import PlaybookRequest, Screen, TargetRequest
    from tfrepair.log import Log
    from tfrepair.model.finding import Diagnosis, Finding
    from tfrepair.model.playbook import Playbook

HEAD_BYTES = 512 * 1024
TAIL_BYTES = 1536 * 1024
"""How much of a long text is read from its beginning and from its end: tracebacks end with what matters."""
PIPE_BYTES = 256 * 1024 * 1024
"""Where reading from a pipe that does not end is given up."""
_BLOCK = 1024 * 1024
_BINARY = 0.1
"""The share of NULs and other control characters from which on a file is no text."""
_VERSION = re.compile(r"\d")

GIVEN_BY = {
    "host.system": "--os",
    "host.machine": "--arch",
    "interpreter.machine": "--arch",
    "interpreter.bits": "--arch",
    "interpreter.version": "--python-version",
    "interpreter.minor": "--python-version",
    "tensorflow.version": "--tensorflow",
    "host.has_avx": "--cpu",
    "host.cpu_flags": "--cpu",
}


@dataclass(frozen=True, slots=True, kw_only=True)
class ExplainRequest:
    """The text, and what is known of the machine where it was printed."""

    file: str = "-"
    system: str | None = None
    machine: str | None = None
    python_version: str | None = None
    tensorflow: str | None = None
    cpu: str | None = None
    facts: Path | None = None


def explain(
    request: ExplainRequest, where: TargetRequest, playbook_request: PlaybookRequest, screen: Screen, log: Log
) -> Report:
    """Name the cause of a pasted text. Exit 1: a cause was found, 0: none was. Runs nothing, changes nothing."""
    from tfrepair.app.diagnose import chosen
    from tfrepair.model.wire import target_from_facts
    from tfrepair.reason.explain import explain as reason
    from tfrepair.reason.pasted import cleaned
    from tfrepair.target.release_data import load_known_cases

    playbooks = bound_playbooks(playbook_request, where)
    recorded = _recorded(request)
    raw, cut = _read(request.file)
    text = cleaned(_decoded(raw, request.file))
    facts = _facts(request, recorded, text)
    diagnosis = chosen(reason(text, facts, playbooks, load_known_cases()), playbook_request)
    log.info("explained", characters=len(text), causes=[finding.id for finding in diagnosis.findings])
    screen.diagnosis(diagnosis, target_from_facts(facts))
    absent = _absent(where)
    messages = [*([cut] if cut else []), *absent]
    if not diagnosis.findings:
        messages += ["no known cause is in the text", *_more(where, playbook_request)]
        return Report(
            command="explain", status="healthy", exit_code=0, facts=facts, diagnosis=diagnosis, messages=tuple(messages)
        )
    if where.words and not absent:
        command = f"tfrepair diagnose{where.words}{playbook_request.words}"
        messages.append(f"only the text was read; `{command}` looks at the environment itself")
    first = diagnosis.findings[0]
    status: Status = "manual" if first.repair == "manual" else "broken"
    if request.cpu and not isinstance(facts.get("host.has_avx"), Known):
        messages.append(f"`--cpu {request.cpu}` does not tell whether there is AVX: give the flags of the processor")
    messages += [*_elsewhere(text), *_apart(diagnosis), _next(diagnosis, playbooks, where, playbook_request)]
    return Report(
        command="explain", status=status, exit_code=1, facts=facts, diagnosis=diagnosis,
        manual=_by_hand(first, playbooks, facts), messages=tuple(messages),
    )  # fmt: skip


def _recorded(request: ExplainRequest) -> Facts:
    from tfrepair.app.files import read_facts

    if request.facts is None:
        return Facts()
    facts = read_facts(request.facts)
    return Facts({path: fact for path, fact in facts.by_path.items() if not path.startswith("import.")})


def _facts(request: ExplainRequest, recorded: Facts, text: str) -> Facts:
    """What the text tells, below what is recorded, below what the command line says."""
    from tfrepair.reason.asked_release import asked_release
    from tfrepair.reason.text_facts import facts_in, stated_machine
    from tfrepair.target.release_data import load_gpu_data, load_releases

    for option, version in (("--python-version", request.python_version), ("--tensorflow", request.tensorflow)):
        if version is not None and not _VERSION.match(version):
            raise UsageError(
                f"`{option} {version}` is no version", hint="it begins with numbers, such as 3.11 or 2.15.0"
            )
    told = stated_machine(
        system=request.system,
        machine=request.machine,
        python=request.python_version,
        tensorflow=request.tensorflow,
        cpu=_processor(request.cpu) if request.cpu else None,
    )
    facts = facts_in(text).merged(recorded).merged(told)
    return asked_release(text, facts, load_releases(), load_gpu_data()).merged(facts)


def _processor(text: str) -> str:
    """A processor, with the features of the microarchitecture when archspec knows one of that name."""
    from archspec.cpu import TARGETS

    known = TARGETS.get(text.strip().lower())
    return text if known is None else f"{text} {' '.join(sorted(known.features))}"


def _read(file: str) -> tuple[bytes, str | None]:
    """The text, and a sentence about what of it was left out. Raises UsageError."""
    if file == "-":
        if sys.stdin.isatty():
            sys.stderr.write("paste the text, then end it with Ctrl-D (Ctrl-Z and Enter on Windows)\n")
        return _both_ends(sys.stdin.buffer)
    try:
        with open(file, "rb", opener=without_waiting) as stream:
            mode = os.fstat(stream.fileno()).st_mode
            if stat.S_ISFIFO(mode):  # `explain <(pip install ...)`; one that nobody writes to ends at once
                os.set_blocking(stream.fileno(), True)
            elif not stat.S_ISREG(mode):
                raise UsageError(f"`{file}` is not a file", hint="give a text file, or `-` for standard input")
            return _both_ends(stream)
    except OSError as error:
        raise UsageError(f"`{file}` cannot be read: {error.strerror or error}") from error


def _both_ends(stream: BinaryIO) -> tuple[bytes, str | None]:
    """All of a stream, or of a long one its beginning and its end; never more than that in memory."""
    head = stream.read(HEAD_BYTES) or b""
    if len(head) < HEAD_BYTES:  # that was all: a terminal, asked once more, would wait for another Ctrl-D
        return head, None
    tail, seen = b"", len(head)
    while seen < PIPE_BYTES and (block := stream.read(_BLOCK)):
        seen += len(block)
        tail = (tail + block)[-TAIL_BYTES:]
    left_out = seen - len(head) - len(tail)
    if not left_out:
        return head + tail, None
    said = f"the text is long: its first {len(head)} and last {len(tail)} bytes were read, {left_out} between were not"
    if seen >= PIPE_BYTES:
        said += f"; nothing after {PIPE_BYTES} bytes was looked at"
    return head + b"\n" + tail, said


def _decoded(raw: bytes, file: str) -> str:
    """The characters, whatever is no UTF-8 replaced. Raises UsageError for what is no text."""
    if raw[:2] in {b"\xff\xfe", b"\xfe\xff"}:  # what PowerShell writes with `>`
        text = raw.decode("utf-16", errors="replace")
    else:
        text = raw.decode("utf-8-sig", errors="replace")
        # UTF-16 without its mark, or what `>>` of PowerShell put below UTF-8
        if text.count("\0") <= len(text) // 2 + 1:
            text = text.replace("\0", "")
    strange = sum(text.count(character) for character in _CONTROL) + text.count("\N{REPLACEMENT CHARACTER}")
    if strange > len(text) * _BINARY:
        name = "standard input" if file == "-" else f"`{file}`"
        raise UsageError(f"{name} is no text", hint="give the text that was printed; nothing was looked at")
    return text


_CONTROL = "".join(chr(code) for code in range(32) if chr(code) not in "\t\n\r\x0b\x0c\x1b\x08")


def _elsewhere(text: str) -> list[str]:
    """Why nothing is sure, where the text is about something else."""
    from tfrepair.reason.topic import another_subject

    name = another_subject(text)
    return [f"the text names `{name}` and TensorFlow nowhere: its failure may have another cause"] if name else []


def _apart(diagnosis: Diagnosis) -> list[str]:
    """What would tell the candidates apart, and how to say it; each fact once."""
    descriptions = _descriptions()
    waiting: dict[str, list[str]] = {}
    for finding in diagnosis.findings:
        if finding.decided_by in descriptions:
            waiting.setdefault(finding.decided_by, []).append(finding.id)
    return [
        f"`{path}` would decide {'between' if len(causes) > 1 else 'on'} {' and '.join(causes)}"
        f" ({descriptions[path].rstrip('.')})" + (f"; give it with `{GIVEN_BY[path]}`" if path in GIVEN_BY else "")
        for path, causes in waiting.items()
    ]


def _descriptions() -> dict[str, str]:
    """Every fact and what it means."""
    from tfrepair.probes.collector import all_probes

    return {path: meaning for probe in all_probes() for path, meaning in probe.provides.items()}


def _next(diagnosis: Diagnosis, playbooks: Sequence[Playbook], where: TargetRequest, request: PlaybookRequest) -> str:
    finding = diagnosis.findings[0]
    if finding.repair == "manual":
        others = [other.id for other in diagnosis.findings if other.repair == "automatic" and not other.caused_by]
        but = f", only {' and '.join(others)} if it is that" if others else ""
        return f"no command of tfrepair repairs {finding.id}{but}; the text was only read, nothing was changed"
    asked = _asked(next(playbook for playbook in playbooks if playbook.name == finding.playbook))
    command = f"tfrepair fix --dry-run{asked}{_here(where)}{request.words}"
    return f"next: `{command}` shows the repair of the environment; nothing was changed"


def _asked(playbook: Playbook) -> str:
    """What `fix` must be told to act on a cause that is only a warning in an environment."""
    if any(rule.severity == "error" for rule in playbook.rules):
        return ""
    if any(rule.error_when is not None for rule in playbook.rules):
        return " --gpu require"
    return f" --only {playbook.name}" if playbook.rules else ""


def _more(where: TargetRequest, request: PlaybookRequest) -> list[str]:
    return [f"next: `tfrepair diagnose{_here(where)}{request.words}` looks at the environment itself"]


def _absent(where: TargetRequest) -> list[str]:
    if where.env is None or is_there(where.cwd / where.env):
        return []
    return [f"`{where.env}` is not on this machine; only the text was read, and the next command is for where it is"]


def _here(where: TargetRequest) -> str:
    """The options that name the environment at hand."""
    return where.words or (" --env ENV" if not where.environ.get("VIRTUAL_ENV") else "")


def _by_hand(finding: Finding, playbooks: Sequence[Playbook], facts: Facts) -> tuple[str, ...]:
    """The manual steps of a cause, but those that cannot be filled in, and where to find what these would say.

    Where a repair is automatic, `fix` knows it.
    """
    from dataclasses import replace

    from tfrepair.reason.goals import manual_steps
    from tfrepair.reason.text import placeholders

    playbook = next(playbook for playbook in playbooks if playbook.name == finding.playbook)
    facts = Facts.of([_stand_in("interpreter.executable", "python")]).merged(facts)
    open_ = {
        path for line in playbook.manual for path in placeholders(line.text) if isinstance(facts.get(path), Unknown)
    }
    clear = tuple(line for line in playbook.manual if open_.isdisjoint(placeholders(line.text)))
    steps = manual_steps((finding,), (replace(playbook, manual=clear),), facts)
    if not open_ or finding.repair == "automatic":
        return steps
    of_releases = any(path.startswith("release.") for path in open_)
    where = "`tfrepair tensorflow list` shows which release fits which Python" if of_releases else _AT_THE_MACHINE
    return (*steps, where)


_AT_THE_MACHINE = "`tfrepair diagnose` shows the other steps, with what the environment itself tells"


def _stand_in(path: str, name: str) -> Fact:
    return Fact(path=path, state=Known(name), source="placeholder")
