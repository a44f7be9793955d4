"""What an installer's last words mean: no solution, trouble that may pass, the surroundings, or a failed step."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Literal
from urllib.parse import urlsplit

from packaging.utils import canonicalize_name

from tfrepair.errors import OfflineError, StepError, SurroundingsError, TfrepairError, UnresolvableError
from tfrepair.target.installer.retry import DamagedDownloadError, TransientError

if TYPE_CHECKING:
    from collections.abc import Sequence

    from tfrepair.target.installer.settings import IndexSettings

Stage = Literal["resolve", "install"]

_CERTIFICATE = re.compile(r"certificate verify failed|CERTIFICATE_VERIFY_FAILED|invalid peer certificate|UnknownIssuer")
_EXPIRED = re.compile(
    r"certificate (?:has )?expired|CertExpired|NotValidYet|not yet valid|certificate is not valid", re.IGNORECASE
)
_CLIENT_CERTIFICATE = re.compile(
    r"alert:? (?:CertificateRequired|certificate required|BadCertificate|bad certificate|HandshakeFailure)"
    r"|ALERT_(?:CERTIFICATE_REQUIRED|BAD_CERTIFICATE|HANDSHAKE_FAILURE)|No required SSL certificate"
)
_REFUSED = re.compile(
    r"valid authentication credentials|\b(?:401|403)\b (?:Client Error|Unauthorized|Forbidden)|\(40[13] "
    r"|HTTP error 40[13]\b|40[13] Error, Credentials not correct"
)
_INSECURE = re.compile(r"The repository located at (?P<host>\S+) is not a trusted or secure host")
_REDIRECTS = re.compile(r"Exceeded \d+ redirects|too many redirects|TooManyRedirects", re.IGNORECASE)
_HASH = re.compile(r"Hash mismatch for|DO NOT MATCH THE HASHES")
_HASHES = re.compile(
    r"Expected:?\s+sha256[: ]\s*(?P<expected>[0-9a-f]{64}).*?(?:Computed:|Got)\s+(?:sha256:)?(?P<got>[0-9a-f]{64})",
    re.DOTALL,
)
_DAMAGED = re.compile(
    r"Bad CRC|Failed to read from zip file|Invalid zip file structure|ZIP structure|invalid wheel file"
    r"|Wheel .* is invalid|Failed to extract archive|Bad uncompressed size"
    r"|unexpected BufError|deflate|I/O operation failed during extraction"  # compressed data that end too early
)
_DISTRIBUTION = re.compile(
    r"(?:structure of |Hash mismatch for |Failed to (?:download|fetch|extract|read)[^`\n]*)"
    r"`(?P<uv>[A-Za-z0-9][\w.-]*?)(?:==[^`]*)?`"
    r"|^ +(?P<pip>[A-Za-z0-9][\w.-]*)(?:==\S+)? from (?:https?|file)://"
    r"|^Wheel '(?P<wheel>[A-Za-z0-9][\w.-]*)' located at",
    re.MULTILINE,
)
_SPACE = re.compile(r"No space left on device|os error 28\b|Errno 28\b|Disk quota exceeded")
_DENIED = re.compile(r"Permission denied|os error 13\b|Errno 13\b|Access is denied|Read-only file system")
_OFFLINE = re.compile(r"network (?:was|is) disabled|Network connectivity is disabled")
_TRANSIENT = re.compile(
    r"error sending request|Connection refused|connection (?:was )?(?:reset|closed|aborted|broken)|Connection aborted"
    r"|timed? ?out|dns error|name resolution|Name or service not known|HTTP status server error"
    r"|\b5\d\d Server Error|too many 5\d\d error|\b429\b Too Many|error decoding response|end of file before message"
    r"|unexpected (?:EOF|end of file)|IncompleteRead|NewConnectionError|Max retries exceeded|Network is unreachable"
    r"|not enough bytes were received|EOF occurred in violation of protocol",
    re.IGNORECASE,
)
_PASSED_OVER = re.compile(r"^Could not fetch URL (?P<pip>\S+): .* - skipping$", re.MULTILINE)
_ASKED = re.compile(_PASSED_OVER.pattern + r"|Failed to fetch: `?(?P<uv>[^\s`]+)", re.MULTILINE)
_NO_SOLUTION = re.compile(
    r"No solution found when resolving|ResolutionImpossible|No matching distribution found|resolution-too-deep"
    r"|Because .* conclude that"
)
_HOST = re.compile(
    r"https?://(?:[^/@\s'\"]*@)?(?P<url>[\w.-]+(?::\d+)?)|host='?(?P<host>[\w.-]+)'?(?:, port=(?P<port>\d+))?"
)
_NOISE = re.compile(r"^\s*(?:error|ERROR|cause|\u00d7|╰─▶|│|├─▶|help):?\s?")
_DROPPED = re.compile(
    r"^(?:warning: |WARNING: |\[notice\]|No solution found when resolving dependencies:?$|Using Python |"
    r"Collecting |Processing |INFO: pip is |Downloading |  Downloading |Looking in |Resolved |Prepared )"
)
_MISSING = re.compile(
    r"(?P<uv>[A-Za-z0-9][\w.-]*)\s+was\s+not\s+found\s+in\s"
    r"|there\s+is\s+no\s+version\s+of\s+(?P<uv_pin>[A-Za-z0-9][\w.-]*==[\w.+!-]*\w)"
    r"|there\s+are\s+no\s+versions\s+of\s+(?P<uv_none>[A-Za-z0-9](?:[\w.-]*\w)?)(?=,|\s)"
    r"|satisfies the requirement (?P<pip>[A-Za-z0-9][\w.-]*)[^\n]*\(from versions: none\)"
    r"|No matching distribution found for (?P<pip_pin>[A-Za-z0-9][\w.-]*==[\w.+!]+)"
)
LINES = 12


def failure(text: str, *, stage: Stage, installer: str, settings: IndexSettings) -> TfrepairError:
    """The error that an installer's output amounts to, without credentials.

    Its hint ends with what was left out of the configuration: that may be what is lacking.
    """
    error = _failure(settings.clean(text), stage=stage, installer=installer, settings=settings)
    error.hint = "; ".join(filter(None, (error.hint, *settings.notes))) or None
    return error


def _failure(text: str, *, stage: Stage, installer: str, settings: IndexSettings) -> TfrepairError:
    host = _host(text, settings)
    words = relevant(text)
    ending = f": {words[-1]}" if words else ""
    if _SPACE.search(text):
        return SurroundingsError(
            f"There is no space left on the device{ending}", hint="free some space and run it again"
        )
    if _CERTIFICATE.search(text):
        return SurroundingsError(
            f"The certificate of {host} is not trusted: {_line(text, _CERTIFICATE)}",
            hint="see to the server's certificate, and that the clock of this machine is right"
            if _EXPIRED.search(text)
            else "set `cert` in pip's configuration to the certificate bundle of this network",
        )
    if _CLIENT_CERTIFICATE.search(text):
        return SurroundingsError(
            f"{_capital(host)} asks for a certificate of the client: {_line(text, _CLIENT_CERTIFICATE)}",
            hint="set `client-cert` in pip's configuration to a file that holds your certificate and its key",
        )
    if _OFFLINE.search(text) or (settings.offline and _NO_SOLUTION.search(text)):
        return OfflineError(
            f"Without the network {installer} does not find what is needed{_first(words)}",
            reason="\n".join(words),
            missing=_missing(words),
            hint="run it without `--offline`, or name a folder that holds the wheels with `--find-links`",
        )
    if _REFUSED.search(text):
        return SurroundingsError(
            f"{_capital(host)} asks for credentials, or refuses those it was given",
            hint="put them into the index URL of pip's configuration, into netrc, or into a keyring",
        )
    if (insecure := _INSECURE.search(text)) and "(from versions: none)" in text:
        return SurroundingsError(
            f"{installer} does not use `{insecure['host']}`: it is not a trusted or secure host",
            hint="use `https`, or name the host as `trusted-host` in pip's configuration",
        )
    if redirects := _REDIRECTS.search(text):
        return SurroundingsError(
            f"{_capital(host)} redirects without end: {redirects[0]}",
            hint="check the index URL in pip's configuration; a proxy or a login page may stand in its place",
        )
    if _HASH.search(text):
        return DamagedDownloadError(
            f"A downloaded file is not the one that was locked: {_mismatch(text)}",
            hint="the index changed the file, or something between here and the index did; nothing was installed",
            distribution=_distribution(text),
        )
    if _DAMAGED.search(text):
        return DamagedDownloadError(
            f"{_what_came(text)} from {host} is damaged: {_line(text, _DAMAGED)}",
            hint="run it again; if the same file is named again, it is damaged on the index",
            distribution=_distribution(text),
        )
    if _is_transient(text, stage):
        return TransientError(
            f"{_capital(host)} does not answer properly: {_cause(_line(text, _TRANSIENT))}{_asked(text)}",
            hint="check the network and the index configuration, then run it again",
        )
    if stage == "resolve" and _NO_SOLUTION.search(text):
        return unresolvable(words, settings)
    if stage == "install" and _DENIED.search(text):
        return SurroundingsError(f"{installer} may not write here: {_line(text, _DENIED)}")
    kind: type[TfrepairError] = SurroundingsError if stage == "resolve" else StepError
    failed = kind("\n  ".join([f"{installer} could not {stage}:", *words[-LINES:]]))
    failed.quotes = True
    return failed


def unresolvable(words: Sequence[str], settings: IndexSettings) -> UnresolvableError:
    """The resolver's explanation as an error."""
    files = ", ".join(f"`{settings.clean(path)}`" for path in settings.constraints)
    return UnresolvableError(
        "No set of versions meets everything that is asked for",
        reason="\n".join(words),
        missing=_missing(words),
        hint=f"these constraint files were in force: {files}" if files else None,
    )


def _missing(words: Sequence[str]) -> frozenset[str]:
    text = "\n".join(words)
    dated = "exclude-newer" in text  # then there are none as of that day, and perhaps some of another
    matches = (each for each in _MISSING.finditer(text) if not (dated and each["uv_none"]))
    found = (next(filter(None, each.groups())).split("==") for each in matches)
    return frozenset("==".join((canonicalize_name(name), *version)) for name, *version in found)


def relevant(text: str) -> tuple[str, ...]:
    """The lines that say something, without marks, progress and warnings."""
    lines = (line.rstrip() for line in text.splitlines() if not _DROPPED.match(line))
    stripped = (_NOISE.sub("", line).strip() for line in lines)
    return tuple(line for line in stripped if line and not _DROPPED.match(line))


def _is_transient(text: str, stage: Stage) -> bool:
    if not _TRANSIENT.search(text):
        return False
    # pip warns of each attempt, and goes on: only an answer that never came explains an empty list of versions.
    if any(_TRANSIENT.search(found[0]) for found in _PASSED_OVER.finditer(text)):
        return True
    conflict = stage == "resolve" and re.search(r"ResolutionImpossible|from versions: [^n)]", text)
    return not conflict


def _host(text: str, settings: IndexSettings) -> str:
    lines = (_line(text, _REFUSED), _line(text, _TRANSIENT), text)
    found = next(filter(None, map(_HOST.search, lines)), None)
    if found:
        return f"`{found['url'] or ':'.join(filter(None, (found['host'], found['port'])))}`"
    hosts = {urlsplit(url).netloc.rpartition("@")[2] for url in settings.index_urls}
    return f"`{hosts.pop()}`" if len(hosts) == 1 and "" not in hosts else "the index"


def _distribution(text: str) -> str | None:
    """Which distribution the trouble is with."""
    found = _DISTRIBUTION.search(text)
    return canonicalize_name(next(filter(None, found.groups()))) if found else None


def _what_came(text: str) -> str:
    name = _distribution(text)
    return f"The file of `{name}`" if name else "A file"


def _mismatch(text: str) -> str:
    name, hashes = _distribution(text), _HASHES.search(text)
    if name is None or hashes is None:
        return _line(text, _HASH)
    return f"the hash of `{name}` should be sha256:{hashes['expected']}, it is sha256:{hashes['got']}"


def _capital(text: str) -> str:
    return text[:1].upper() + text[1:]


def _line(text: str, pattern: re.Pattern[str]) -> str:
    """The last line that the pattern is in: uv gives the innermost cause last."""
    found = [line for line in text.splitlines() if pattern.search(line)]
    return _NOISE.sub("", found[-1]).strip() if found else ""


def _cause(line: str) -> str:
    """The innermost cause, where pip wraps it into a warning about its own retries."""
    found = re.search(
        r"connection broken by .*?: (?P<cause>[^:]+?)[\"']*\)[\"']*: /|Caused by \w+\(['\"](?P<last>.*?)['\"]\)\)", line
    )
    return (found["cause"] or found["last"]) if found else line


def _asked(text: str) -> str:
    """The page that did not come: it names the distribution."""
    found = _ASKED.search(text)
    return f" (asked for `{found['pip'] or found['uv']}`)" if found else ""


def _first(words: Sequence[str]) -> str:
    return f": {words[0]}" if words else ""
