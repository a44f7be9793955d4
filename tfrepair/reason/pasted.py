"""Pasted texts: what a chat, a web page, a terminal or a build log laid around the lines that a program printed."""

from __future__ import annotations

import html
import re
from typing import TYPE_CHECKING

from tfrepair.reason.text import normalised
from tfrepair.reason.translations import with_english

if TYPE_CHECKING:
    from collections.abc import Iterator

LONGEST_TEXT = 1_000_000
"""How many characters of a text without its repetitions are looked at."""
LONGEST_LINE = 2000
"""How much of a line is looked at, half of it from either end: what a pattern costs grows with the line."""

# Only tags of web pages: `<module>`, `<stdin>` and `<frozen importlib._bootstrap>` belong to tracebacks.
_TAG = re.compile(
    r"</?(?:a|abbr|b|blockquote|body|br|code|details|div|em|font|h[1-6]|hr|html|i|img|li|ol|p|pre|samp|script|small|span"
    r"|strong|style|sub|summary|sup|table|tbody|td|th|thead|tr|tt|u|ul)(?:\s[^<>\n]{0,500})?/?>",
    re.IGNORECASE,
)
_BREAK = re.compile(r"<(?:br|/p|/div|/li|/tr|/pre|/h[1-6])\b[^<>\n]{0,200}>", re.IGNORECASE)
_ENTITY = re.compile(r"&(?:lt|gt|amp|quot|apos|nbsp|#\d{1,7}|#[xX][0-9a-fA-F]{1,6});")
_QUOTES = str.maketrans(
    {
        "\u2018": "'",
        "\u2019": "'",
        "\u201c": '"',
        "\u201d": '"',
        "\u00ab": '"',
        "\u00bb": '"',
        "\u00a0": " ",
        "\u200b": None,
        "\0": None,
    }
)
"""Typographic quotes, spaces that do not break, and characters that are not seen."""
_STAMP = r"\[?\d{4}-\d\d-\d\d[T ]\d\d:\d\d:\d\d(?:[.,]\d{1,9})?(?:Z|[+-]\d\d:?\d\d)?\]?"
_DECORATION = re.compile(
    r"^[ \t]{0,8}(?:"
    r"(?:>(?!>)[ \t]?|&gt;[ \t]?|\|[ \t])"  # quoted in a mail or an issue; `>>>` is Python's prompt
    rf"|{_STAMP}[ \t|]+(?!tensorflow/)"  # GitHub, Docker, journald
    r"|#\d{1,4}[ \t]+\d{1,6}\.\d{1,4}[ \t]"  # a build of a container image
    r"|[\w.-]{1,60}[ \t]{1,20}\|[ \t]"  # docker compose: `web_1  | `
    r"|\d{1,6}(?::|[ \t]?\|)[ \t]"  # numbered lines
    r")"
)
_PROMPTED = re.compile(
    r"^[ \t]{0,8}>{3}[ \t](?=[ \t]{0,8}(?:File \"|Traceback |[A-Za-z_.]{1,80}(?:Error|Exception|Warning):))"
)
_FENCE = re.compile(r"^[ \t]{0,8}(?:`{1,4}|\*\*)|(?:`{1,4}|\*\*)[ \t]{0,8}$", re.MULTILINE)
_ESCAPED = re.compile(r"Traceback \(most recent call last\):(?:\\r)?\\n")
_STARTING = re.compile(
    r"oneDNN custom operations are on|Unable to register cu(?:FFT|DNN|BLAS) factory|computation placer already regist"
    r"|This TensorFlow binary is optimized |^To enable the following instructions: |All log messages before absl::Init"
    r"|Your CPU supports instructions that this TensorFlow binary was not compiled to use"
)
"""What TensorFlow prints when it starts, where nothing is wrong."""
_RAISED = re.compile(r"^\s*(?:\w+\.)*\w*(?:Error|Exception)\b(?::|$)")
_MOST_DECORATIONS = 4
"""How many layers of quoting are taken off a line."""


def cleaned(text: str) -> str:
    """The lines as the program printed them, as far as that can be told; long ones without their middle."""
    text = normalised(text).translate(_QUOTES)
    text = _TAG.sub("", _BREAK.sub("\n", text))
    text = _ENTITY.sub(lambda found: html.unescape(found[0]).replace("\N{NO-BREAK SPACE}", " "), text)
    lines = (part for line in text.split("\n") for part in _undecorated(_shortened(line)).split("\n"))
    return with_english(_FENCE.sub("", _both_ends("\n".join(_without_start(list(_once(list(lines))))))))


def _without_start(lines: list[str]) -> list[str]:
    """The lines without what every start of TensorFlow prints, where an exception says what is wrong."""
    if not any(map(_RAISED.match, lines)):
        return lines
    return [line for line in lines if not _STARTING.search(line)]


def _once(lines: list[str]) -> Iterator[str]:
    """The lines without what is said over and over: of a line that is repeated the first and the last time stay."""
    last = {line: number for number, line in enumerate(lines)}
    seen: set[str] = set()
    for number, line in enumerate(lines):
        if line not in seen or last[line] == number:
            seen.add(line)
            yield line


def _both_ends(text: str) -> str:
    """A long text without its middle; more of the end stays, where tracebacks have what matters."""
    if len(text) <= LONGEST_TEXT:
        return text
    head, tail = LONGEST_TEXT // 4, LONGEST_TEXT * 3 // 4
    return f"{text[:head]}\n{text[-tail:]}"


def _shortened(line: str) -> str:
    if _ESCAPED.search(line[:100_000]):  # a traceback on one line, as logs in JSON have it
        unescaped = line[:100_000].replace("\\r\\n", "\n").replace("\\n", "\n").replace('\\"', '"')
        return "\n".join(_shortened(part) for part in unescaped.split("\n"))
    if len(line) <= LONGEST_LINE:
        return line
    return f"{line[: LONGEST_LINE // 2]} ... {line[-LONGEST_LINE // 2 :]}"


def _undecorated(line: str) -> str:
    for _ in range(_MOST_DECORATIONS):
        bare = _DECORATION.sub("", line, count=1)
        if bare == line:
            break
        line = bare
    return _PROMPTED.sub("", line)
