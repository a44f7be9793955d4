"""Store the JSON Schema of a playbook, after a change of the language: `python tools/playbook_schema.py`.

A document that it accepts is not shown to pydantic, which takes long to import.
"""

# ruff: noqa: INP001
from __future__ import annotations

import json
from pathlib import Path

from tfrepair.playbook.accept import STORED
from tfrepair.playbook.schema import json_schema

if __name__ == "__main__":
    target = Path(__file__).resolve().parent.parent / "tfrepair" / "data" / STORED
    target.write_text(json.dumps(json_schema(), indent=1, sort_keys=True) + "\n", encoding="utf-8")
