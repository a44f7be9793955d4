"""A stage is built at one path and used at another: no file in it may name the first."""

from __future__ import annotations

import os
import re
import stat
import struct
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING
from urllib.parse import quote

from tfrepair.execute.files import replace_file
from tfrepair.execute.scripts import update_records, with_interpreter
from tfrepair.target.console_scripts import interpreter_of
from tfrepair.target.records import BYTECODE

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

_ACTIVATION = re.compile(r"^(?:[Aa]ctivate(?:\.\w+)?|pyvenv\.cfg)$")
_PROMPT_LINE = re.compile(rb"(?i)prompt|PS1")
_LAUNCHER_END = struct.Struct("<I4s")
_LAUNCHER_KINDS = (b"UVSC", b"UVPY")
_BLOCK = 1 << 24


@dataclass(frozen=True, slots=True, kw_only=True)
class Relocated:
    """What changed when the stage's path was replaced."""

    changed: tuple[Path, ...]
    deleted: tuple[Path, ...]
    """Bytecode that named the stage; it is compiled again when it is imported."""
    left: tuple[str, ...]
    """Relative paths of files and links that still name the stage."""


def relocate(stage: Path, final: Path, site_folders: Iterable[Path], *, since: float) -> Relocated:
    """Replace the stage's path by the final one in every file written since the moment `since` (Unix time).

    Hashes and sizes in RECORD follow. Then all that named it are read once more. Raises OSError.
    """
    spellings = _spellings(stage, final)
    needles = [needle for needle, _ in spellings]
    changed: list[Path] = []
    deleted: list[Path] = []
    named: list[Path] = []
    for path in _written(stage, since):
        prompt = _has_prompt(path, since)
        if _names(path, needles):
            named.append(path)
        elif not prompt:
            continue
        if path.is_symlink():
            _relocate_link(path, stage, final)
            continue
        new = _relocated(path, spellings, stage, final, prompt=prompt)
        if new is None:
            continue
        if not new:
            path.unlink()
            deleted.append(path)
        else:
            replace_file(path, new, mode=path.stat().st_mode & 0o7777)
            changed.append(path)
    update_records(site_folders, changed, deleted)
    gone = frozenset(deleted)
    left = [path.relative_to(stage).as_posix() for path in named if path not in gone and _names(path, needles)]
    return Relocated(changed=tuple(changed), deleted=tuple(deleted), left=tuple(left))


def drop_bytecode(stage: Path, *, since: float) -> int:
    """Remove bytecode that was compiled in a stage since a moment and names it; how many files. Raises OSError."""
    needle = os.fsencode(stage)
    count = 0
    for entry in _files(stage):
        if not entry.name.endswith(BYTECODE) or entry.is_symlink():
            continue
        path = Path(entry.path)
        if path.lstat().st_mtime >= since and _names(path, [needle]):
            path.unlink()
            count += 1
    return count


def _spellings(stage: Path, final: Path) -> list[tuple[bytes, bytes]]:
    """How paths are written in files: plain, with escaped or turned separators, quoted as in URLs."""
    pairs = {
        str(stage): str(final),
        stage.as_posix(): final.as_posix(),
        quote(stage.as_posix()): quote(final.as_posix()),
    }
    if os.sep == "\\":
        pairs[str(stage).replace("\\", "\\\\")] = str(final).replace("\\", "\\\\")
    return [(os.fsencode(old), os.fsencode(new)) for old, new in pairs.items()]


def _written(stage: Path, since: float) -> list[Path]:
    """Files that only the stage has, files newer than the moment, and all links."""
    found = []
    for entry in _files(stage):
        state = entry.stat(follow_symlinks=False)
        if stat.S_ISLNK(state.st_mode) or (
            stat.S_ISREG(state.st_mode) and (_links(entry, state) == 1 or state.st_mtime >= since)
        ):
            found.append(entry.path)
    return [Path(path) for path in sorted(found)]


def _files(stage: Path) -> Iterator[os.DirEntry[str]]:
    """Everything below a folder that is no folder itself."""
    waiting = [str(stage)]
    while waiting:
        try:
            with os.scandir(waiting.pop()) as entries:
                here = list(entries)
        except PermissionError:  # what nobody may list nobody has written
            continue
        for entry in here:
            if entry.is_dir(follow_symlinks=False):
                waiting.append(entry.path)
            else:
                yield entry


def _links(entry: os.DirEntry[str], found: os.stat_result) -> int:
    """How many names the file has; a folder's listing does not say it on Windows."""
    return found.st_nlink if os.name != "nt" else os.lstat(entry.path).st_nlink


def _relocate_link(path: Path, stage: Path, final: Path) -> None:
    goal = os.readlink(path)  # noqa: PTH115
    if goal == str(stage) or goal.startswith(str(stage) + os.sep):
        times = path.lstat()
        path.unlink()
        path.symlink_to(str(final) + goal[len(str(stage)) :])
        if os.utime in os.supports_follow_symlinks:
            os.utime(path, ns=(times.st_atime_ns, times.st_mtime_ns), follow_symlinks=False)
        if hasattr(os, "lchown") and (times.st_uid, times.st_gid) != (os.geteuid(), os.getegid()):
            os.lchown(path, times.st_uid, times.st_gid)


def _has_prompt(path: Path, since: float) -> bool:
    """It is a fresh activation script or pyvenv.cfg, which may show the name of the folder that it was made in."""
    return _ACTIVATION.match(path.name) is not None and not path.is_symlink() and path.lstat().st_mtime >= since


def _relocated(
    path: Path, spellings: list[tuple[bytes, bytes]], stage: Path, final: Path, *, prompt: bool
) -> bytes | None:
    """The new content; empty when the file is to go, None when nothing is to do."""
    if path.suffix in BYTECODE:
        return b""
    data = path.read_bytes()
    if path.suffix == ".exe":
        return _launcher(data, spellings)
    if b"\0" in data[:8192]:
        return None
    python = interpreter_of(data)
    new = data
    if python and Path(python).is_relative_to(stage):
        new = with_interpreter(data, str(final / Path(python).relative_to(stage)))
    for old, replacement in spellings:
        new = new.replace(old, replacement)
    if prompt:
        new = _with_prompt(new, stage.name, final.name)
    return new if new != data else None


def _with_prompt(data: bytes, stage_name: str, final_name: str) -> bytes:
    """Activation scripts of the standard library hold the name of the folder that they were made in."""
    word = re.compile(rb"(?<![\w./$%{-])" + re.escape(os.fsencode(stage_name)) + rb"(?![\w./-])")
    new = os.fsencode(final_name).replace(b"\\", rb"\\")
    lines = data.splitlines(keepends=True)
    return b"".join(word.sub(new, line) if _PROMPT_LINE.search(line) else line for line in lines)


def _launcher(data: bytes, spellings: list[tuple[bytes, bytes]]) -> bytes | None:
    """A Windows console script: the program, then the interpreter's path in one of two forms, and a zip archive."""
    if data[-4:] in _LAUNCHER_KINDS:
        length, kind = _LAUNCHER_END.unpack(data[-8:])
        python = data[-8 - length : -8]
        for old, new in spellings:
            python = python.replace(old, new)
        return data[: -8 - length] + python + _LAUNCHER_END.pack(len(python), kind)
    archive = data.find(b"PK\x03\x04")
    line = data.rfind(b"#!", 0, archive)
    if archive < 0 or line < 0:
        return None
    head = data[line:archive]
    for old, new in spellings:
        head = head.replace(old, new)
    return data[:line] + head + data[archive:]


def _names(path: Path, needles: list[bytes]) -> bool:
    """Whether a file's bytes, or a link's goal, contain one of the needles."""
    if path.is_symlink():
        goal = os.fsencode(os.readlink(path))  # noqa: PTH115
        return any(needle in goal for needle in needles)
    longest = max(len(needle) for needle in needles)
    tail = b""
    try:
        with path.open("rb", buffering=0) as stream:
            while block := stream.read(_BLOCK):
                window = tail + block
                if any(needle in window for needle in needles):
                    return True
                tail = window[-longest:]
    except PermissionError:
        return False
    return False
