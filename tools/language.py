"""Store what `playbook validate` needs of the language, after a change of it: `python tools/language.py`.

The JSON Schema of a playbook, and the paths of the facts: to read them takes a tenth of the time that importing
pydantic and every probe does.
"""

# ruff: noqa: INP001
from __future__ import annotations

import json
from pathlib import Path

from tfrepair.app.playbooks import STORED_FACTS, declared_facts
from tfrepair.playbook.accept import STORED
from tfrepair.playbook.schema import json_schema

DATA = Path(__file__).resolve().parent.parent / "tfrepair" / "data"

if __name__ == "__main__":
    for name, content in ((STORED, json_schema()), (STORED_FACTS, sorted(declared_facts()))):
        (DATA / name).write_text(json.dumps(content, indent=1, sort_keys=True) + "\n", encoding="utf-8")
