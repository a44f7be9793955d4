"""Store what commands need of the language and of the built-in playbooks, after a change: `python tools/language.py`.

The JSON Schema of a playbook, and the paths of the facts: to read them takes a tenth of the time that importing
pydantic and every probe does. The built-in playbooks as JSON, one a line: that is read in a thirtieth of the time.
"""

# ruff: noqa: INP001
from __future__ import annotations

import json
from pathlib import Path

from tfrepair.app.playbooks import STORED_FACTS, declared_facts
from tfrepair.playbook.accept import STORED
from tfrepair.playbook.builtin import STORED_PLAYBOOKS, builtin_files, digest
from tfrepair.playbook.schema import json_schema
from tfrepair.playbook.yaml_reader import read_yaml

DATA = Path(__file__).resolve().parent.parent / "tfrepair" / "data"

if __name__ == "__main__":
    for name, content in ((STORED, json_schema()), (STORED_FACTS, declared_facts())):
        (DATA / name).write_text(json.dumps(content, indent=1, sort_keys=True) + "\n", encoding="utf-8")
    files = (path.read_bytes() for path in builtin_files())
    lines = (f"{json.dumps(digest(raw))}: {json.dumps(read_yaml(raw)[0], ensure_ascii=False)}" for raw in files)
    (DATA / STORED_PLAYBOOKS).write_text("{\n" + ",\n".join(lines) + "\n}\n", encoding="utf-8")
