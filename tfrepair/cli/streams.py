"""The standard streams: closed ones, narrow encodings, and text that a terminal would obey."""

from __future__ import annotations

import errno
import json
import os
import re
import sys
from contextlib import suppress
from typing import Any

_CONTROL = re.compile(r"[\x00-\x08\x0b-\x1f\x7f-\x9f\u2028-\u202e\u2066-\u2069]")
"""Those of terminals, the marks that reorder text on a screen, and line breaks but the line feed.

What a terminal may obey: names of files and output of programs are quoted, and may hold any of it."""
_BEYOND_ASCII = re.compile(r"[^\x00-\x7e]")


_OPTION = "tfrepair-streams"
"""Of `-X`: the encoding of the streams of a process that `in_utf8` started."""

_lost_streams: set[str] = set()
"""Those that could not be written, though somebody reads them: as long as the process."""


_asked_for: set[str] = {"stdout"}
"""Those whose loss is no success: as long as the process."""


_as_events: set[str] = set()
"""Those on which every line is one of a log, a JSON object: as long as a command."""


def tell_in_events(wanted: bool) -> None:
    """Whether whatever is said on standard error is an event of the log that goes there."""
    (_as_events.add if wanted else _as_events.discard)("stderr")


def is_lost() -> bool:
    """Not all that was meant for standard output or for a log could be written.

    Whoever stopped reading it lost nothing.
    """
    return not _lost_streams.isdisjoint(_asked_for)


def ask_for_log() -> None:
    """A log goes to standard error: what else is said there nobody waits for."""
    _asked_for.add("stderr")


def lose_log(error: OSError) -> None:
    """That log cannot be written, and what follows leads nowhere."""
    _lost("stderr", error)


def lose_log_file(name: str, error: OSError) -> None:
    """A log file cannot be written any more, which ends no command."""
    _asked_for.add(name)
    _lost_streams.add(name)
    say_line(
        f"warning: the log file `{name}` cannot be written: {error.strerror or error}; the rest goes without it",
        error=True,
    )


def in_utf8() -> None:
    """Start again where Python takes names of files for ASCII: what others tell of them could not be opened.

    Does not return then. Programs that are started find the variables that made it so as they were.
    """
    if sys.getfilesystemencoding() != "ascii" or not sys.executable:
        return
    encoding = getattr(sys.stdout, "encoding", None) or "ascii"
    options = ("-X", "utf8", "-X", f"{_OPTION}={encoding}")
    with suppress(OSError):
        os.execv(sys.executable, [sys.executable, *options, *sys.orig_argv[1:]])  # noqa: S606  # no shell is wanted


def prepare() -> None:
    """Make the streams usable: a closed one leads nowhere, and what an encoding lacks is written out.

    Python has None for a stream that is closed, and the next file that is opened would take its place.
    """
    encoding = getattr(sys, "_xoptions", {}).get(_OPTION)
    for name, mode in (("stdin", "r"), ("stdout", "w"), ("stderr", "w")):
        stream = getattr(sys, name)
        if stream is None:
            setattr(sys, name, open(os.devnull, mode, encoding="utf-8"))  # noqa: SIM115, PTH123  # as long as the process
        elif mode == "w" and hasattr(stream, "reconfigure"):
            stream.reconfigure(encoding=encoding, errors="backslashreplace")


def visible(text: str) -> str:
    """The text with its control characters written out; line feeds and tabs stay."""
    return _CONTROL.sub(lambda match: f"\\x{ord(match[0]):02x}" if match[0] <= "\x9f" else ascii(match[0])[1:-1], text)


def one_line(text: str) -> str:
    """The same for what is one line: a name may hold line feeds, and no line is to be forged with it."""
    return visible(text).replace("\n", "\\n")


def say_line(text: str, *, error: bool = False) -> None:
    """One line for standard output, or for standard error."""
    _print(one_line(text.removesuffix("\n")), "stderr" if error else "stdout")


def say(text: str, *, error: bool = False) -> None:
    """Lines for standard output, or for standard error; at the end of the last one no line feed is needed."""
    _print(visible(text.removesuffix("\n")), "stderr" if error else "stdout")


def say_json(body: Any) -> None:
    """A JSON document for standard output."""
    say_json_text(json.dumps(body, indent=2, ensure_ascii=False))


def say_json_text(text: str) -> None:
    """The same where it is a text already: in the characters that standard output can take."""
    try:
        text.encode(sys.stdout.encoding or "utf-8")
        unwanted = _CONTROL
    except UnicodeEncodeError:
        unwanted = _BEYOND_ASCII
    # they stand only within its strings
    _print(unwanted.sub(lambda match: json.dumps(match[0])[1:-1], text.removesuffix("\n")), "stdout")


def _event(text: str) -> str:
    from datetime import datetime, timezone

    kind = text.partition(":")[0]
    level = kind if kind in {"warning", "error"} else "info"
    now = datetime.now(timezone.utc).isoformat().replace("+00:00", "Z")
    return json.dumps({"text": text, "event": "said", "level": level, "timestamp": now})


def _print(text: str, name: str) -> None:
    if name in _as_events:
        if not text:  # it only sets apart what is read by people
            return
        text = _event(text)
    try:
        print(f"{text}\n", end="", file=getattr(sys, name), flush=True)  # at once: other threads write lines too
    except OSError as error:
        _lost(name, error)


def _lost(name: str, error: OSError) -> None:
    """A stream that nobody reads any more, or that is full, ends no command: what follows leads nowhere."""
    nowhere = open(os.devnull, "w", encoding="utf-8")  # noqa: SIM115, PTH123  # as long as the process
    with suppress(OSError, ValueError):
        os.dup2(nowhere.fileno(), getattr(sys, name).fileno())  # what it still holds goes there too
    setattr(sys, name, nowhere)
    if error.errno == errno.EPIPE:
        return
    _lost_streams.add(name)
    if name == "stdout":
        say(f"error: standard output cannot be written: {error.strerror or error}", error=True)
