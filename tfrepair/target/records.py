"""RECORD files: what an installer wrote down about the files of a distribution, and how the disk compares."""

from __future__ import annotations

import csv
import os
import re
from base64 import urlsafe_b64encode
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, NamedTuple

from tfrepair.target.plain_file import read_plain
from tfrepair.target.tree import Tree

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    from tfrepair.model.distribution import RecordState

__all__ = [
    "BYTECODE", "Damage", "RecordEntry", "Tree", "as_recorded", "check", "is_bytecode", "is_native", "is_script",
    "load_record", "locate", "located", "matches_hash", "read_record", "record_entries",
]  # fmt: skip

_NATIVE = re.compile(r"\.(?:so(?:\.\d+)*|pyd|dll|dylib)$", re.IGNORECASE)
_SCRIPT_FOLDERS = frozenset({"bin", "Scripts"})
BYTECODE = (".pyc", ".pyo")
"""How the names of compiled bytecode end."""
_COLUMNS = 3
_CHUNK = 1 << 18
_READ = os.O_RDONLY | getattr(os, "O_BINARY", 0)
_BIG = 1 << 20
_MOST_HELPERS = 7
_MEANT_TO_BE_CHANGED = "/cacert.pem"
"""Where organisations add the certificates of their own authorities: certifi's, pip's, botocore's."""
_WRONG = {("tensorflow-1.15.0.dist-info/METADATA", 2573)}
"""What a RECORD says wrongly of a file of its own wheel, by path and size: in that wheel it has 2569 bytes."""


class RecordEntry(NamedTuple):
    """One file of a distribution; `path` is relative to the site folder and written with `/`, as RECORD has it.

    A tuple, because there are tens of thousands of them and a frozen dataclass takes thrice as long to make.
    """

    path: str
    hash: str | None = None
    """`sha256=...` in URL-safe base64 without padding."""
    size: int | None = None
    """Bytes."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Damage:
    """How many files were compared, and which are gone or are not what RECORD says; paths as RECORD writes them."""

    total: int = 0
    missing: tuple[str, ...] = ()
    altered: tuple[str, ...] = ()

    @property
    def native(self) -> bool:
        """A native library is among the damaged files."""
        return any(is_native(path) for path in (*self.missing, *self.altered))


def is_native(path: str) -> bool:
    """Whether the name is that of a shared library or extension module on any platform."""
    return _NATIVE.search(path) is not None


def is_script(path: str) -> bool:
    """Whether a path of a RECORD is that of a console script: outside the site folder, among the scripts."""
    return _is_script(path.rpartition("/")[0])


def is_bytecode(path: str) -> bool:
    """Whether the name is that of compiled bytecode, which the interpreter writes and drops as it likes."""
    return path.endswith(BYTECODE)


def load_record(metadata_path: Path) -> tuple[RecordState, tuple[RecordEntry, ...]]:
    """RECORD of a `.dist-info`, or installed-files.txt of an `.egg-info`, and whether it could be read."""
    legacy = metadata_path.name.endswith(".egg-info")
    source = metadata_path / ("installed-files.txt" if legacy else "RECORD")
    try:
        text = read_plain(source).decode()
    except (FileNotFoundError, NotADirectoryError):
        return "missing", ()
    except (OSError, UnicodeDecodeError):
        return "unreadable", ()
    if not text.strip() or "\0" in text:
        return "unreadable", ()
    try:
        entries = _installed_files(text, metadata_path.name) if legacy else record_entries(text)
    except csv.Error:
        return "unreadable", ()
    return "present", entries


def read_record(metadata_path: Path) -> tuple[RecordEntry, ...] | None:
    """The files a distribution recorded; None when the record is missing or unreadable."""
    state, entries = load_record(metadata_path)
    return entries if state == "present" else None


def record_entries(text: str) -> tuple[RecordEntry, ...]:
    """The rows of a RECORD. Raises csv.Error."""
    # splitlines() would also split at characters that may stand in a file name.
    lines = _portable(text).replace("\r\n", "\n").split("\n")
    rows: Iterable[list[str]] = csv.reader(lines) if '"' in text else (line.rsplit(",", 2) for line in lines)
    entries = []
    for row in rows:
        path, digest, size = row if len(row) == _COLUMNS else (*row, "", "", "")[:_COLUMNS]
        if path.strip():
            entries.append(RecordEntry(path, digest or None, int(size) if size.isdecimal() else None))
    return tuple(entries)


def _installed_files(text: str, folder: str) -> tuple[RecordEntry, ...]:
    lines = (_portable(line.strip()) for line in text.splitlines())
    return tuple(RecordEntry(_normal(f"{folder}/{line}") if line[0] != "/" else line) for line in lines if line)


def _portable(path: str) -> str:
    return path.replace("\\", "/") if os.name == "nt" else path


def _normal(path: str) -> str:
    return os.path.normpath(path).replace(os.sep, "/")


def locate(path: str, site: Path, prefix: Path) -> Path | None:
    """Absolute path of a RECORD path; None if it leaves the prefix, as written or through a linked folder."""
    return located(path, Tree(str(prefix), str(site)))


def located(path: str, tree: Tree) -> Path | None:
    """The same as `locate`, for many paths of one tree."""
    head, slash, name = path.rpartition("/")
    if name in {"", ".", ".."}:
        return None
    folder = tree.folder(head or slash)
    return Path(folder, name) if folder is not None else None


def check(
    entries: Sequence[RecordEntry],
    site: Path,
    prefix: Path,
    *,
    hash_native: bool = False,
    hash_all: bool = False,
    tree: Tree | None = None,
) -> Damage:
    """Compare a record with the disk: existence and size always, SHA-256 of native or of all files on request.

    Bytecode is left out, and so is what lies outside the prefix, unless a link leads to where nothing is. Scripts are
    only looked for: installers generate them, and two distributions may own one name; so are lists of certificates, and
    what a RECORD is known to be wrong about.
    """
    tree = tree or Tree(str(prefix), str(site))
    hashing = hash_native or hash_all
    total = 0
    missing: list[str] = []
    altered: list[str] = []
    to_hash: list[tuple[RecordEntry, str]] = []
    last: str | None = None
    folder: str | None = None
    listing: dict[str, int] = {}
    script = nowhere = False
    for entry in entries:
        path, digest, recorded = entry
        if path.endswith(BYTECODE):
            continue
        head, slash, name = path.rpartition("/")
        head = head or slash
        if head != last:  # a record lists the files of a folder one after the other
            last, folder, script = head, tree.folder(head), _is_script(head)
            listing = tree.listing(folder) if folder is not None else {}
            nowhere = folder is None and tree.leads_nowhere(head)
        if folder is None or not name:
            if nowhere and name:
                total += 1
                missing.append(path)
            continue
        total += 1
        size = listing.get(name)
        if size == recorded is not None and not hashing:  # as nearly all are
            continue
        if size is None:
            size = tree.size(folder, name)
        if size is None:
            if folder not in tree.closed:
                missing.append(path)
        elif script or path.endswith(_MEANT_TO_BE_CHANGED) or (path, recorded) in _WRONG:
            continue
        elif size < 0 or (recorded is not None and size != recorded):
            altered.append(path)
        elif digest and (hash_all or (hash_native and is_native(name))):
            to_hash.append((entry, os.path.join(folder, name)))  # noqa: PTH118
    for path, place in _hashed(to_hash):
        if _is_refused(place):
            tree.closed.add(place)
        else:
            altered.append(path)
    return Damage(total=total, missing=tuple(missing), altered=tuple(altered))


def _is_script(head: str) -> bool:
    return head.startswith(("../", "/")) and head.rpartition("/")[2] in _SCRIPT_FOLDERS


def _is_refused(path: str) -> bool:
    """It may not be read by this user."""
    try:
        os.close(os.open(path, _READ))
    except OSError as error:
        return isinstance(error, PermissionError)
    return False


def _hashed(files: Sequence[tuple[RecordEntry, str]]) -> list[tuple[str, str]]:
    """Files that do not match: as they are recorded, and where they are.

    A processor is left to the import that runs meanwhile.
    """
    if not files:
        return []
    # The biggest library takes longest; it must not start last. Small files are done before they would be handed over.
    files = sorted(files, key=lambda item: -(item[0].size or 0))
    helpers = min(_MOST_HELPERS, (os.cpu_count() or 1) - 2)
    big = sum((entry.size or 0) >= _BIG for entry, _ in files) if helpers > 0 else 0
    with ThreadPoolExecutor(max_workers=max(helpers, 1)) as pool:
        same = pool.map(_matches, files[:big])
        small = [_matches(item) for item in files[big:]]
        found = zip(files, (*same, *small), strict=True)
        return [(entry.path, path) for (entry, path), good in found if not good]


def _matches(item: tuple[RecordEntry, str]) -> bool:
    entry, path = item
    return matches_hash(path, entry.hash or "", size=entry.size)


def matches_hash(path: str | Path, recorded: str, *, size: int | None = None) -> bool:
    """Whether a file has the recorded hash; true for an algorithm that is not available, false if unreadable.

    `size` is how many bytes it is said to have: no more memory is asked for than that.
    """
    import hashlib

    algorithm, _, expected = recorded.partition("=")
    if algorithm not in hashlib.algorithms_available:
        return True
    digest = hashlib.new(algorithm, usedforsecurity=False)
    room = _CHUNK if size is None else min(size + 1, _CHUNK)
    try:
        descriptor = os.open(path, _READ)  # fifteen thousand files
        try:
            while chunk := os.read(descriptor, room):
                digest.update(chunk)
        finally:
            os.close(descriptor)
    except OSError:
        return False
    return as_recorded(digest.digest()) == expected.rstrip("=")


def as_recorded(digest: bytes) -> str:
    """A digest as RECORD writes it: URL-safe base64 without padding."""
    return urlsafe_b64encode(digest).rstrip(b"=").decode()
