"""`tfrepair schema`."""

from __future__ import annotations

from typing import Annotated

import typer

from tfrepair.cli.streams import say_json


def schema(
    name: Annotated[str, typer.Argument(metavar="playbook|plan|result|report|journal", help="Which document.")],
) -> None:
    """The JSON Schema of a document.

    What --json prints, and what a plan, a playbook or a journal looks like.
    """
    from tfrepair.app.schemas import NAMES, schema_of
    from tfrepair.model.nearest import nearest

    for known in NAMES:
        if known == name:
            say_json(schema_of(known))
            return
    from tfrepair.errors import UsageError

    raise UsageError(f"there is no schema `{name}`{nearest(name, NAMES)}", hint=f"the schemas are: {', '.join(NAMES)}")
