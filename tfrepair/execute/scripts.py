"""The interpreter line of scripts: what installers write there, and how to point it elsewhere."""

from __future__ import annotations

import base64
import csv
import hashlib
import io
import os
import re
from pathlib import Path
from typing import TYPE_CHECKING

from tfrepair.execute.files import replace_file
from tfrepair.target.console_scripts import DIRECT, THROUGH_SHELL

if TYPE_CHECKING:
    from collections.abc import Collection, Iterable

_SPECIAL = re.compile(rb"""[\\"$`]""")
_LONGEST_LINE = 127
"""Bytes of an interpreter line that every kernel reads whole."""


def with_interpreter(script: bytes, python: str) -> bytes:
    """The script with another interpreter; through `/bin/sh` where the path is too long or has spaces."""
    through = THROUGH_SHELL.match(script)
    found = through or DIRECT.match(script)
    if found is None:
        return script
    rest = b"" if through else (found["rest"] or b"")
    line = b"#!" + os.fsencode(python) + rest
    if len(line) < _LONGEST_LINE and b" " not in os.fsencode(python):
        return line + b"\n" + script[found.end() :]
    quoted = b'"' + _SPECIAL.sub(rb"\\\g<0>", os.fsencode(python)) + b'"'
    return b"#!/bin/sh\n'''exec' " + quoted + b' "$0" "$@"\n' + b"' '''\n" + script[found.end() :]


def update_records(site_folders: Iterable[Path], changed: Collection[Path], gone: Collection[Path] = ()) -> int:
    """Write the new hash and size of changed files, and drop gone files, in every RECORD; how many RECORDs changed."""
    touched = {os.path.realpath(path.parent) + os.sep + path.name for path in changed}
    missing = {os.path.realpath(path.parent) + os.sep + path.name for path in gone}
    count = 0
    if not touched and not missing:
        return 0
    for site in site_folders:
        for record in site.glob("*.dist-info/RECORD"):
            count += _update_record(record, os.path.realpath(site), touched, missing)
    return count


def _update_record(record: Path, site: str, touched: Collection[str], missing: Collection[str]) -> bool:
    try:
        text = record.read_bytes().decode()
    except (OSError, UnicodeDecodeError):
        return False
    names = {path.rpartition(os.sep)[2] for path in (*touched, *missing)}
    if not any(name in text for name in names):
        return False
    rows = list(csv.reader(io.StringIO(text, newline="")))
    new = []
    for row in rows:
        # a look at the name alone spares thousands of files the question where they really lie
        if row and row[0].replace(os.sep, "/").rpartition("/")[2] not in names:
            new.append(row)
            continue
        whole = _located(row, site)
        if whole in missing:
            continue
        new.append([row[0], *_digest(Path(whole))] if whole in touched and _has_hash(row) else row)
    if new == rows:
        return False
    out = io.StringIO(newline="")
    csv.writer(out, lineterminator="\r\n" if "\r\n" in text else "\n").writerows(new)
    replace_file(record, out.getvalue().encode(), mode=record.stat().st_mode & 0o7777)
    return True


def _has_hash(row: list[str]) -> bool:
    return len(row) > 1 and bool(row[1])


def _located(row: list[str], site: str) -> str:
    if not row:
        return ""
    whole = os.path.normpath(os.path.join(site, row[0]))  # noqa: PTH118
    folder, _, name = whole.rpartition(os.sep)
    return os.path.realpath(folder) + os.sep + name


def _digest(path: Path) -> tuple[str, str]:
    data = path.read_bytes()
    digest = base64.urlsafe_b64encode(hashlib.sha256(data).digest()).rstrip(b"=").decode()
    return f"sha256={digest}", str(len(data))
