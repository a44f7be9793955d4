"""`tfrepair schema`."""

from __future__ import annotations

from typing import Annotated

import typer


def schema(
    name: Annotated[str, typer.Argument(metavar="playbook|plan|result|report|journal", help="Which document.")],
) -> None:
    """The JSON Schema of a document.

    What --json prints, and what a plan, a playbook or a journal looks like.
    """
    import json

    from tfrepair.app.schemas import NAMES, schema_of
    from tfrepair.model.nearest import nearest

    for known in NAMES:
        if known == name:
            print(json.dumps(schema_of(known), indent=2, ensure_ascii=False))
            return
    from tfrepair.errors import UsageError

    raise UsageError(f"there is no schema `{name}`{nearest(name, NAMES)}", hint=f"the schemas are: {', '.join(NAMES)}")
