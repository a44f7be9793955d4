"""Brings the data about releases up to date from a package index: releases.json and requirements.json.

    python tools/releases.py             # ask the index that pip is configured for, write what is new; half a minute
    python tools/releases.py --check     # write nothing; ends with 1 when the files are out of date

Only names that the data already has are looked at, and only the pages of the index (PEP 691, with the sizes and upload
times of PEP 700) and METADATA beside the wheels (PEP 658) are read; the main index, no extra ones. What an index does
not say (`stub`, `cuda`, `cudnn`, `folders`) stays as it is, and so does a release that has gone from the index or lost
wheels there. The script names what is to be filled in by hand. Ends with 2, and nothing is written, when the index does
not answer as it must.
"""

# ruff: noqa: INP001
# A script of its own: no package holds it.

from __future__ import annotations

import argparse
import base64
import json
import netrc
import os
import re
import ssl
import subprocess
import sys
from dataclasses import dataclass
from datetime import datetime, timezone
from email.parser import HeaderParser
from functools import cached_property
from http import HTTPStatus
from http.client import HTTPException
from pathlib import Path
from typing import TYPE_CHECKING, Any
from urllib.error import HTTPError
from urllib.parse import unquote, urljoin, urlsplit
from urllib.request import HTTPSHandler, OpenerDirector, ProxyHandler, Request, build_opener

from packaging.requirements import Requirement
from packaging.utils import canonicalize_name, parse_sdist_filename, parse_wheel_filename
from packaging.version import Version

from tfrepair.errors import TfrepairError
from tfrepair.target.installer.keyring import with_keyring
from tfrepair.target.installer.settings import IndexSettings, index_settings
from tfrepair.target.interpreter import run

if TYPE_CHECKING:
    from collections.abc import Iterator
    from email.message import Message

DATA = Path(__file__).parent.parent / "tfrepair" / "data"
JSON_PAGE = "application/vnd.pypi.simple.v1+json"
TIMEOUT = 60.0
"""Seconds without an answer, where pip's configuration names none."""
LEARNED = frozenset({"date", "size", "sdist", "wheels", "yanked"})
"""What the index alone says of a release; the other keys of a row stay when it no longer says them."""
FIRST, LAST = 2, 6
"""So many nightly builds are listed: the first two that the data has, the newest six of the index."""
OLDEST = Version("1.13")
"""The first release of `tensorflow` in requirements.json."""
STUB = 100_000
"""Bytes. A smaller wheel of TensorFlow is one without code."""
ENVIRONMENTS = [
    {"python_version": f"3.{minor}", "python_full_version": f"3.{minor}.0", **machine}
    for minor in range(6, 21)
    for machine in (
        {"os_name": "posix", "sys_platform": "linux", "platform_system": "Linux", "platform_machine": "x86_64"},
        {"os_name": "posix", "sys_platform": "linux", "platform_system": "Linux", "platform_machine": "aarch64"},
        {"os_name": "posix", "sys_platform": "darwin", "platform_system": "Darwin", "platform_machine": "arm64"},
        {"os_name": "nt", "sys_platform": "win32", "platform_system": "Windows", "platform_machine": "AMD64"},
    )
]
"""Where a marker may hold: one that holds nowhere here is of Python 2, or of an extra."""

File = dict[str, Any]
"""A file of a page, as PEP 691 writes it: `filename`, `url`, `size` in bytes, `upload-time` as ISO 8601, `yanked`."""
Row = dict[str, Any]
"""A release as releases.json writes it."""
Document = dict[str, Any]


class IndexProblemError(Exception):
    """The index does not answer, or not as it must. Nothing was written."""


@dataclass(frozen=True)
class Index:
    """One index; reads pages of JSON and METADATA, never a wheel."""

    url: str
    """Of its root, without credentials and without a slash at the end."""
    login: str | None
    """The value of the header Authorization, which goes to this server only."""
    settings: IndexSettings

    @classmethod
    def of(cls, url: str | None) -> Index:
        """The one at a URL, else that of pip's configuration, else pip's own. Raises IndexProblemError, UsageError."""
        settings = index_settings(environ=os.environ, prefix=sys.prefix, index_url=url)
        if settings.no_index:
            raise IndexProblemError("pip is configured to ask no index; name one with --index-url")
        settings = with_keyring(settings, os.environ, run)
        part = urlsplit(settings.index_url or default_index())
        bare = part._replace(netloc=part.netloc.rpartition("@")[2]).geturl().rstrip("/")
        user, password = unquote(part.username or ""), unquote(part.password or "")
        if not user:
            user, password = _in_netrc(part.hostname or "")
        login = base64.b64encode(f"{user}:{password}".encode()).decode()
        return cls(url=bare, login=f"Basic {login}" if user else None, settings=settings)

    @cached_property
    def opener(self) -> OpenerDirector:
        """With the certificates and the proxy of pip's configuration; the environment's where it names none."""
        context = ssl.create_default_context(cafile=self.settings.cert)
        if self.settings.client_cert:
            context.load_cert_chain(self.settings.client_cert)
        proxy = self.settings.proxy
        return build_opener(
            HTTPSHandler(context=context), ProxyHandler({"http": proxy, "https": proxy} if proxy else None)
        )

    def read(self, url: str, accept: str) -> tuple[str, str, bytes] | None:
        """Where it came from, the media type and the content; None if there is no such thing.

        Raises IndexProblemError.
        """
        request = Request(url, headers={"Accept": accept})  # noqa: S310 - the user's own index
        if self.login and urlsplit(url).netloc == urlsplit(self.url).netloc:
            request.add_unredirected_header("Authorization", self.login)
        try:
            with self.opener.open(request, timeout=self.settings.timeout or TIMEOUT) as answer:
                return answer.url, answer.headers.get_content_type(), answer.read()
        except (OSError, HTTPException) as error:
            if isinstance(error, HTTPError) and error.code in {HTTPStatus.NOT_FOUND, HTTPStatus.GONE}:
                return None
            raise IndexProblemError(self.settings.clean(f"`{url}` cannot be read: {error}")) from error

    def files(self, name: str) -> list[File]:
        """The page of a distribution. Raises IndexProblemError; also where no file has a size or an upload time."""
        answer = self.read(f"{self.url}/{name}/", JSON_PAGE)
        if answer is None:
            raise IndexProblemError(f"the index has no `{name}`")
        place, kind, content = answer
        if kind != JSON_PAGE:
            raise IndexProblemError(f"the index gives `{name}` as {kind} only, not as the JSON of PEP 691")
        try:
            files = [{**file, "url": urljoin(place, file["url"])} for file in json.loads(content)["files"]]
            names = [str(file["filename"]) for file in files]
        except (ValueError, KeyError, TypeError) as error:
            raise IndexProblemError(f"the page of `{name}` is not what PEP 691 says: {error!r}") from error
        for key in ("upload-time", "size"):
            if names and not any(file.get(key) for file in files):
                raise IndexProblemError(f"the index says no `{key}` (PEP 700) of any file of `{name}`")
        return files

    def metadata(self, files: list[File]) -> Message | None:
        """METADATA of the first of these wheels that the index gives it of; None when it does so of none."""
        for file in files:
            if file.get("core-metadata", file.get("dist-info-metadata")) is False:
                continue
            answer = self.read(urlsplit(file["url"])._replace(fragment="").geturl() + ".metadata", "*/*")
            if answer and answer[2].startswith(b"Metadata-Version:"):
                return HeaderParser().parsestr(answer[2].decode(errors="replace"))
        return None


def default_index() -> str:
    """The index that pip asks when nothing is configured, as its help says. Raises IndexProblemError."""
    argv = [sys.executable, "-m", "pip", "install", "--help"]
    environ = {**os.environ, "COLUMNS": "500"}  # no line is broken
    said = subprocess.run(argv, env=environ, check=False, capture_output=True, text=True).stdout
    found = re.search(r"--index-url <url>.*?\(default\s+([^\s)]+)\)", said, re.DOTALL)
    if found is None:
        raise IndexProblemError("pip does not say which index it asks; name one with --index-url")
    return found[1]


def _in_netrc(host: str) -> tuple[str, str]:
    try:
        found = netrc.netrc().authenticators(host)
    except (OSError, netrc.NetrcParseError):
        found = None
    return (found[0], found[2]) if found else ("", "")


def listed(name: str, files: list[File]) -> dict[str, list[File]]:
    """The wheels and source archives by version, the oldest first; eggs and installers are left out."""
    found: dict[str, list[File]] = {}
    for file in files:
        try:
            parse = parse_wheel_filename if _is_wheel(file) else parse_sdist_filename
            owner, version, *_ = parse(file["filename"])
        except ValueError:
            continue
        if owner == name:
            found.setdefault(str(version), []).append(file)
    return {version: found[version] for version in sorted(found, key=Version)}


def _is_wheel(file: File) -> bool:
    return bool(file["filename"].endswith(".whl"))


def _tags(file: File) -> tuple[str, str]:
    """Python and platform tags of a wheel, as its name writes them."""
    python, _, platform = file["filename"].removesuffix(".whl").rsplit("-", 3)[1:]
    return python, platform


def _order(python: str) -> tuple[str, int, int]:
    """Sorts cp39 before cp310."""
    digits = re.sub(r"\D", "", python.partition(".")[0])
    return python[:2], int(digits[:1] or 0), int(digits[1:] or 0)


def wheels_of(files: list[File]) -> dict[str, str]:
    """The Python tags (`cp39 cp310`) of the wheels by platform tag."""
    found: dict[str, set[str]] = {}
    for file in filter(_is_wheel, files):
        python, platform = _tags(file)
        found.setdefault(platform, set()).add(python)
    return {platform: " ".join(sorted(pythons, key=_order)) for platform, pythons in sorted(found.items())}


def row_of(files: list[File], before: Row) -> Row | None:
    """What the index says of a release, over what the data has of it (empty: nothing); None when it lacks wheels.

    Where a file has no size or upload time the data's stay. Raises ValueError when a new release has none of them.
    """
    wheels = wheels_of(files)
    for platform, pythons in before.get("wheels", {}).items():
        if not set(pythons.split()) <= set(wheels.get(platform, "").split()):
            return None
    dated = [file for file in files if _is_wheel(file)] or files
    days = [file["upload-time"][:10] for file in dated if file.get("upload-time")]
    sizes = [file["size"] for file in files if file.get("size")]
    row = {key: value for key, value in before.items() if key not in LEARNED}
    if before and (len(days), len(sizes)) != (len(dated), len(files)):
        row |= {"date": before["date"], "size": before["size"]}
    else:
        row |= {"date": min(days), "size": [min(sizes), max(sizes)]}
    row["wheels"] = wheels
    if requires := next((file["requires-python"] for file in dated if file.get("requires-python")), None):
        row["requires_python"] = requires
    if not wheels:
        row["sdist"] = True
    if all(file.get("yanked") for file in files):
        row["yanked"] = True
    return row


def rows_of(name: str, files: list[File], before: dict[str, Row]) -> tuple[dict[str, Row], list[str]]:
    """The rows of a distribution, the oldest first, and what differs, one sentence each. Raises IndexProblemError."""
    found = listed(name, files)
    if not found:
        raise IndexProblemError(f"the index lists no release of `{name}`")
    wanted, notes = {*before, *found}, []
    if "nightly" in name:
        wanted = {*(list(before) or list(found))[:FIRST], *list(found)[-LAST:]}
    rows = {}
    for version in sorted(wanted, key=Version):
        old = before.get(version, {})
        try:
            row = row_of(found[version], old) if version in found else None
        except ValueError as error:
            raise IndexProblemError(f"the index has no size or no upload time of `{name}` {version}") from error
        if row is None and "nightly" not in name:
            why = "lists fewer wheels of it" if version in found else "no longer has it"
            notes.append(f"{name} {version}: kept, the index {why}; edit by hand what is no longer so")
        elif row is not None and not old:
            notes.append(f"{name} {version}: new")
        elif row is not None and row != old:
            changed = sorted(key for key in {*row, *old} if row.get(key) != old.get(key))
            notes.append(f"{name} {version}: other {', '.join(changed)}")
        rows[version] = old if row is None else row
    return rows, notes


def by_hand(version: str, files: list[File], rows: dict[str, Row]) -> Iterator[str]:
    """What of a new release of TensorFlow the index does not say; the data has it of final ones."""
    if Version(version).is_prerelease:
        return
    largest: dict[str, int] = {}
    for file in filter(_is_wheel, files):
        platform = _tags(file)[1]
        largest[platform] = max(largest.get(platform, 0), file.get("size") or STUB)
    for platform, size in sorted(largest.items()):
        if size < STUB:
            yield f"`stub` for {platform}: its wheel has {size} bytes; who has the code?"
    if any("cuda" in row for row in rows.values()) and any("linux" in platform for platform in largest):
        yield "`cuda`, `cudnn`: what it was tested with on Linux, if it is built for GPUs"


def declared(metadata: Message, family: list[str], extra: str = "") -> list[str]:
    """What a wheel asks for on Python 3.6 or later, TensorFlow's own distributions left out; or its extra, bare."""
    found = set()
    for line in metadata.get_all("Requires-Dist", []):
        requirement = Requirement(line)
        requirement.name = canonicalize_name(requirement.name)
        marker = requirement.marker
        if requirement.name in family or (extra and (marker is None or "extra" not in str(marker))):
            continue
        if marker is None or any(marker.evaluate({**environment, "extra": extra}) for environment in ENVIRONMENTS):
            requirement.marker = None if extra else marker
            found.add((requirement.name, str(requirement)))
    return [text for _, text in sorted(found)]


def asked_for(rows: dict[str, Row], fresh: set[str], have: dict[str, list[str]]) -> list[str]:
    """The releases of `tensorflow` whose METADATA counts and is not known: final ones, and what is newer than those."""
    newest = max((v for v in map(Version, rows) if not v.is_prerelease), default=OLDEST)
    return [
        text
        for text, row in rows.items()
        if (version := Version(text)) >= OLDEST and (not version.is_prerelease or version > newest)
        if any("linux" in platform for platform in row["wheels"]) and (text in fresh or text not in have)
    ]


def _linux(files: list[File]) -> list[File]:
    """The Linux wheels, those for x86_64 and the newest Python first."""
    wheels = [file for file in files if _is_wheel(file) and "linux" in _tags(file)[1]]
    return sorted(wheels, key=lambda file: ("x86_64" in _tags(file)[1], _order(_tags(file)[0])), reverse=True)


def update(releases: Document, requirements: Document, index: Index) -> tuple[bool, list[str]]:
    """Bring both documents up to date in place; whether more than nightly builds is new, and what is to be told.

    Raises IndexProblemError.
    """
    stale, told = False, []
    for name, before in releases["releases"].items():
        files = index.files(name)
        rows, notes = rows_of(name, files, before)
        told += notes
        releases["releases"][name] = rows
        stale |= rows != before and "nightly" not in name
        family, found, fresh = releases["folders"]["tensorflow"], listed(name, files), rows.keys() - before.keys()
        if name in family and "nightly" not in name:
            for version in sorted(fresh, key=Version):
                told += [f"by hand, {name} {version}: {what}" for what in by_hand(version, found[version], rows)]
        if name != "tensorflow":
            continue
        have = requirements["requirements"]
        for version in asked_for(rows, set(fresh), have):
            metadata = index.metadata(_linux(found.get(version, [])))
            if metadata is None:
                told.append(
                    f"by hand, tensorflow {version}: requirements.json and `and_cuda`; no METADATA on the index"
                )
                continue
            stale |= version not in have
            have[version] = declared(metadata, family)
            if extra := declared(metadata, family, "and-cuda"):
                rows[version]["and_cuda"] = True
                told.append(f"by hand, gpu_builds.json: `and_cuda`: {json.dumps({version: extra})[1:-1]}")
        requirements["requirements"] = {version: have[version] for version in sorted(have, key=Version)}
    return stale, told


def releases_text(document: Document) -> str:
    """The file: a release a line."""
    names = ",\n".join(
        f"  {json.dumps(name)}: {{\n" + ",\n".join(_lines(rows, (",", ":"), "   ")) + "\n  }"
        for name, rows in document["releases"].items()
    )
    return _text(document, "releases", names)


def requirements_text(document: Document) -> str:
    """The file: a release a line."""
    return _text(document, "requirements", ",\n".join(_lines(document["requirements"], (", ", ": "), "  ")))


def _lines(rows: dict[str, Any], separators: tuple[str, str], indent: str) -> Iterator[str]:
    for version, row in rows.items():
        yield f"{indent}{json.dumps(version)}: {json.dumps(row, sort_keys=True, separators=separators)}"


def _text(document: Document, table: str, body: str) -> str:
    head = "".join(f" {json.dumps(key)}: {json.dumps(value)},\n" for key, value in document.items() if key != table)
    return f'{{\n{head} "{table}": {{\n{body}\n }}\n}}\n'


def write(texts: dict[Path, str]) -> None:
    """Replace these files, each in one step, after all of them are on disk under other names. Raises OSError."""
    fresh = {path: path.with_name(f"{path.name}.new") for path in texts}
    try:
        for path, text in texts.items():
            fresh[path].write_text(text, encoding="utf-8", newline="\n")
        for path in texts:
            fresh[path].replace(path)
    finally:
        for path in fresh.values():
            path.unlink(missing_ok=True)


def main() -> int:
    """Ask, compare, write; say what is new and what is left to do by hand."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--check", action="store_true", help="write nothing; nightly builds alone do not count")
    parser.add_argument("--index-url", metavar="URL", help="instead of the index that pip is configured for")
    parser.add_argument("--data", type=Path, default=DATA, metavar="FOLDER", help="where the two files are")
    options = parser.parse_args()
    paths = {options.data / "releases.json": releases_text, options.data / "requirements.json": requirements_text}
    try:
        releases, requirements = documents = [json.loads(path.read_text(encoding="utf-8")) for path in paths]
        before = [text(document) for text, document in zip(paths.values(), documents, strict=True)]
        stale, told = update(releases, requirements, Index.of(options.index_url))
        texts = {}
        for (path, text), document, old in zip(paths.items(), documents, before, strict=True):
            if text(document) != old:
                document["measured"] = datetime.now(timezone.utc).date().isoformat()
                texts[path] = text(document)
        if not options.check:
            write(texts)
    except (IndexProblemError, TfrepairError) as error:
        sys.stderr.write(f"{error}; nothing was written\n")
        return 2
    except (OSError, ValueError) as error:  # of a file of the data, or of METADATA
        sys.stderr.write(f"{error}\n")
        return 2
    done = "differs" if options.check else "written"
    told.append(f"{done}: {', '.join(path.name for path in texts)}" if texts else "nothing is new")
    if texts:
        told.append('what else a release needs: CONTRIBUTING.md, "A new TensorFlow release"')
    sys.stdout.write("".join(f"{line}\n" for line in told))
    return 1 if options.check and stale else 0


if __name__ == "__main__":
    sys.exit(main())
