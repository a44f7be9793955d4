"""Problems of playbooks as SARIF 2.1.0, which code review tools show beside the lines."""

from __future__ import annotations

import re
from pathlib import PurePath
from typing import TYPE_CHECKING, Any

from tfrepair import __version__

if TYPE_CHECKING:
    from collections.abc import Sequence

SCHEMA = "https://json.schemastore.org/sarif-2.1.0.json"
RULE = "playbook"
_LINE = re.compile(r"(?s)(?P<file>.*?):(?P<line>\d+):(?P<column>\d+): (?P<text>.*)")


def sarif_log(problems: Sequence[str]) -> dict[str, Any]:
    """The log of one run; `problems` are `file:line:column: message`."""
    driver = {
        "name": "tfrepair",
        "version": __version__,
        "rules": [{"id": RULE, "shortDescription": {"text": "The playbook is not valid."}}],
    }
    results = [_result(problem) for problem in problems]
    return {
        "$schema": SCHEMA,
        "version": "2.1.0",
        "runs": [{"tool": {"driver": driver}, "columnKind": "unicodeCodePoints", "results": results}],
    }


def _result(problem: str) -> dict[str, Any]:
    found = _LINE.fullmatch(problem)
    if found is None:
        return {"ruleId": RULE, "level": "error", "message": {"text": problem}}
    region = {"startLine": int(found["line"]), "startColumn": int(found["column"])}
    place = {"artifactLocation": {"uri": _uri(found["file"])}, "region": region}
    return {
        "ruleId": RULE,
        "level": "error",
        "message": {"text": found["text"]},
        "locations": [{"physicalLocation": place}],
    }


def _uri(file: str) -> str:
    """A relative reference for a relative path, a `file:` address for an absolute one."""
    from urllib.parse import quote

    path = PurePath(file)
    return path.as_uri() if path.is_absolute() else quote(path.as_posix())
