"""What the driver's own tool `nvidia-smi` says about the GPUs."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from tfrepair.target.interpreter import run
from tfrepair.target.paths import is_file

if TYPE_CHECKING:
    from collections.abc import Mapping

TIMEOUT = 20.0
"""Seconds. A driver that nothing keeps loaded wakes every GPU first, which takes a few seconds each."""
_PLACES = (
    "usr/bin", "usr/local/bin", "usr/local/nvidia/bin", "opt/bin", "run/current-system/sw/bin", "usr/lib/wsl/lib"
)  # fmt: skip
_FIELDS = ("driver_version", "compute_cap", "name")
_OLD_FIELDS = ("driver_version", "name")
"""Drivers before 510 know no `compute_cap`."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Device:
    """One GPU."""

    name: str
    capability: str | None
    """Its compute capability (`8.6`); None when the driver does not tell."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Answer:
    """What the tool said, or why it did not."""

    driver: str | None = None
    devices: tuple[Device, ...] = ()
    problem: str | None = None


def find_tool(system: str, environ: Mapping[str, str], root: Path = Path("/")) -> Path | None:
    """The tool in the folders where drivers put it. PATH is not asked: it may lead into a folder of anybody's."""
    if system == "windows":
        path = Path(environ.get("SystemRoot", "C:\\Windows"), "System32", "nvidia-smi.exe")
        return path if is_file(path) else None
    return next((path for place in _PLACES if is_file(path := root / place / "nvidia-smi")), None)


def ask(tool: Path, *, timeout: float = TIMEOUT) -> Answer:
    """Run the tool, with fewer questions when it does not know them all."""
    answer = _ask(tool, _FIELDS, timeout)
    return _ask(tool, _OLD_FIELDS, timeout) if answer.problem and "not a valid field" in answer.problem else answer


def _ask(tool: Path, fields: tuple[str, ...], timeout: float) -> Answer:
    argv = [str(tool), f"--query-gpu={','.join(fields)}", "--format=csv,noheader"]
    try:
        done = run(argv, timeout=timeout, merge=True)
    except OSError as error:
        return Answer(problem=f"`{tool}` cannot be started: {error.strerror or error}")
    if done.exit_code is None:
        return Answer(problem=f"`{tool}` did not answer within {timeout:.0f} s")
    if not done.ok:
        said = " ".join(done.stdout.split())[:200]
        return Answer(problem=f"`{tool}` failed: {said or f'exit code {done.exit_code}'}")
    return read_answer(done.stdout, fields)


def read_answer(text: str, fields: tuple[str, ...] = _FIELDS) -> Answer:
    """The answer from the lines that the tool printed, one for each GPU."""
    rows = [[part.strip() for part in line.split(",", len(fields) - 1)] for line in text.splitlines() if line.strip()]
    named = [dict(zip(fields, row, strict=True)) for row in rows if len(row) == len(fields)]
    if not named:
        return Answer(problem="`nvidia-smi` named no GPU")
    devices = tuple(Device(name=row["name"], capability=_number(row.get("compute_cap"))) for row in named)
    return Answer(driver=_number(named[0]["driver_version"]), devices=devices)


def _number(text: str | None) -> str | None:
    """What is no number (`[N/A]`) is nothing."""
    return text if text and text.replace(".", "").isdigit() else None
