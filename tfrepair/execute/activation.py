"""Environment variables in the activation scripts of an environment, each in a marked block that can be replaced."""

from __future__ import annotations

import json
import re
from dataclasses import dataclass
from typing import TYPE_CHECKING

from tfrepair.errors import StepError
from tfrepair.execute.files import exists, replace_file

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable
    from pathlib import Path

LEAD, TAIL = ">>> tfrepair sets", "<<< tfrepair sets"


@dataclass(frozen=True, slots=True, kw_only=True)
class _Shell:
    """How one kind of activation script is written."""

    assign: Callable[[str, str], str]
    unset: Callable[[str], str]
    comment: str = "#"
    after: re.Pattern[bytes] | None = None
    """A block comes after the first line that this matches; without one, or where nothing matches, at the end."""
    before: re.Pattern[bytes] | None = None
    """A block that comes at the end stands before this."""


def _single(escape: Callable[[str], str]) -> Callable[[str], str]:
    return lambda value: f"'{escape(value)}'"


_POSIX = _single(lambda value: value.replace("'", "'\\''"))
_FISH = _single(lambda value: value.replace("\\", "\\\\").replace("'", "\\'"))
_CSH = _single(lambda value: value.replace("'", "'\\''").replace("!", "\\!"))
_POWERSHELL = _single(lambda value: re.sub("(['\u2018\u2019\u201a\u201b])", r"\1\1", value))

_SHELLS = {
    "activate": _Shell(
        assign=lambda name, value: f"export {name}={_POSIX(value)}",
        unset=lambda name: f"unset {name}",
    ),
    "activate.fish": _Shell(
        assign=lambda name, value: f"set -gx {name} {_FISH(value)}",
        unset=lambda name: f"set -e {name}",
    ),
    "activate.csh": _Shell(
        assign=lambda name, value: f"setenv {name} {_CSH(value)}",
        unset=lambda name: f"unsetenv {name}",
    ),
    "activate.ps1": _Shell(
        assign=lambda name, value: f"$env:{name} = {_POWERSHELL(value)}",
        unset=lambda name: f"Remove-Item Env:{name} -ErrorAction SilentlyContinue",
        before=re.compile(rb"^# SIG # Begin signature block", re.MULTILINE),
    ),
    "activate.bat": _Shell(
        assign=lambda name, value: f'@set "{name}={value.replace("%", "%%")}"',
        unset=lambda name: f'@set "{name}="',
        comment="@rem",
        after=re.compile(rb'^[ \t]*@?set "?VIRTUAL_ENV=[^\n]*\n', re.MULTILINE | re.IGNORECASE),
    ),
    "activate.nu": _Shell(
        assign=lambda name, value: f"    $env.{name} = {json.dumps(value, ensure_ascii=False)}",
        unset=lambda name: f"    hide-env --ignore-errors {name}",
        after=re.compile(rb"^export-env[ \t]*\{[^\n]*\n", re.MULTILINE),
    ),
    "activate_this.py": _Shell(
        assign=lambda name, value: f'__import__("os").environ[{name!r}] = {value!r}',
        unset=lambda name: f'__import__("os").environ.pop({name!r}, None)',
    ),
}
"""By the name of the script in lower case."""


def set_variables(scripts: Path, variables: Iterable[tuple[str, str | None]]) -> tuple[Path, ...]:
    """Write the variables into every activation script of a folder; which were changed. Raises StepError, OSError.

    A value of None unsets the variable. What an earlier call has written about a variable is replaced.
    """
    found = [path for path in sorted(scripts.iterdir()) if path.name.lower() in _SHELLS and not path.is_symlink()]
    if not found:
        raise StepError(f"`{scripts}` has no activation script to set variables in; the target was not touched")
    changed = []
    for path in found:
        data = path.read_bytes()
        new = with_variables(data, path.name, variables)
        if new != data:
            replace_file(path, new, mode=path.stat().st_mode & 0o7777)
            changed.append(path)
    return tuple(changed)


def with_variables(data: bytes, script: str, variables: Iterable[tuple[str, str | None]]) -> bytes:
    """An activation script with these variables in it."""
    shell = _SHELLS[script.lower()]
    end = b"\r\n" if b"\r\n" in data else b"\n"
    for name, value in variables:
        line = shell.unset(name) if value is None else shell.assign(name, value)
        block = [f"{shell.comment} {LEAD} {name}", line, f"{shell.comment} {TAIL} {name}"]
        data = _insert(_without(data, name), end.join(text.encode() for text in block) + end, shell, end)
    return data


def blocks_of(data: bytes) -> tuple[str, ...]:
    """The names of the variables that a script sets for us."""
    return tuple(found[1].decode() for found in re.finditer(rb"(?m)^.{0,8}" + LEAD.encode() + rb" (\w+)\r?$", data))


def carry_variables(old: Path, new: Path) -> None:
    """Bring the blocks of an environment's scripts to the scripts of the fresh one of the same name. Raises OSError."""
    for path in sorted(new.iterdir()):
        before = old / path.name
        if path.name.lower() not in _SHELLS or path.is_symlink() or not exists(before):
            continue
        data = before.read_bytes()
        fresh = path.read_bytes()
        shell = _SHELLS[path.name.lower()]
        end = b"\r\n" if b"\r\n" in fresh else b"\n"
        for name in blocks_of(data):
            block = _block(name).search(data)
            if block is not None:
                fresh = _insert(_without(fresh, name), block[0], shell, end)
        if fresh != path.read_bytes():
            replace_file(path, fresh, mode=path.stat().st_mode & 0o7777)


def _block(name: str) -> re.Pattern[bytes]:
    word = re.escape(name.encode())
    lead, tail = LEAD.encode(), TAIL.encode()
    return re.compile(
        rb"^[^\n]{0,8}"
        + lead
        + b" "
        + word
        + rb"\r?\n(?:[^\n]*\n)??[^\n]{0,8}"
        + tail
        + b" "
        + word
        + rb"\r?(?:\n|\Z)",
        re.MULTILINE,
    )


def _without(data: bytes, name: str) -> bytes:
    return _block(name).sub(b"", data)


def _insert(data: bytes, block: bytes, shell: _Shell, end: bytes) -> bytes:
    if shell.after is not None and (line := shell.after.search(data)):
        return data[: line.end()] + block + data[line.end() :]
    at = len(data)
    if shell.before is not None and (mark := shell.before.search(data)):
        at = mark.start()
    gap = b"" if not at or data[:at].endswith(b"\n") else end
    return data[:at] + gap + block + data[at:]
