"""`playbook new`: a commented playbook that is valid as it stands, and the schema that editors complete it from."""

from __future__ import annotations

import json
import re
from typing import TYPE_CHECKING

from tfrepair.app.plugins import plugins
from tfrepair.errors import UsageError
from tfrepair.playbook.builtin import stored
from tfrepair.target.paths import is_there

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

SCHEMA_FILE = "tfrepair-playbook.schema.json"
_NAME = re.compile(r"[a-z0-9]+([.-][a-z0-9]+)*")
_WIDTH = 110


def new_playbook(name: str, folder: Path) -> tuple[Path, ...]:
    """Write `NAME.yaml` into a folder, which is made where it is missing, and the schema; returns what was written.

    Raises UsageError for a name that a playbook cannot have, and for a file that exists.
    """
    path, schema = folder / f"{name}.yaml", folder / SCHEMA_FILE
    text = skeleton(name, path.name)
    if is_there(path):
        raise UsageError(f"`{path}` exists already; nothing was changed", hint="choose another name, or remove it")
    written = [path]
    try:
        folder.mkdir(parents=True, exist_ok=True)
        path.write_text(text, encoding="utf-8")
        if not is_there(schema):
            schema.write_text(schema_text(), encoding="utf-8")
            written.append(schema)
    except OSError as error:
        raise UsageError(f"`{error.filename}` cannot be written: {error.strerror}") from error
    return tuple(written)


def skeleton(name: str, file: str) -> str:
    """The text of a new playbook. Raises UsageError for a name that it cannot have."""
    if not _NAME.fullmatch(name):
        raise UsageError(
            f"`{name}` is no name of a playbook", hint="use lower-case words joined by hyphens, such as `our-licence`"
        )
    text = stored("skeleton.yaml")
    for mark, lines in (("operators", _operators()), ("keys", _keys()), ("actions", _actions())):
        text = text.replace(f"@{mark}@", "\n".join(lines))
    return text.replace("@name@", name).replace("@file@", file).replace("@schema@", SCHEMA_FILE)


def schema_text() -> str:
    """The JSON Schema of a playbook as a document."""
    from tfrepair.playbook.schema import json_schema

    return json.dumps(json_schema(), indent=2) + "\n"


def _operators() -> Iterator[str]:
    from tfrepair.playbook.schema import COMBINATORS, TEST_OPERATORS

    yield from _wrapped(f"A test has one of {', '.join(TEST_OPERATORS)}; {', '.join(COMBINATORS)} combine tests.")


def _keys() -> Iterator[str]:
    from tfrepair.playbook.schema import known_keys

    yield from _wrapped(f"The keys of a step: {', '.join(known_keys(('fix',)))}.")


def _actions() -> Iterator[str]:
    yield "  # The actions and their arguments:"
    for name, action in sorted(plugins().all_actions.items()):
        shown = "; ".join(f"{argument}: {words}" for argument, words in action.ARGS.items()) or "none"
        yield from _wrapped(f"  {name} ({shown})")


def _wrapped(text: str) -> Iterator[str]:
    """Lines of a comment."""
    from textwrap import wrap

    lead = "  # "
    inner = " " * (len(text) - len(text.lstrip()))
    lines = wrap(text.strip(), _WIDTH, initial_indent=lead + inner, subsequent_indent=f"{lead}{inner}  ")
    yield from (line.rstrip() for line in lines)
