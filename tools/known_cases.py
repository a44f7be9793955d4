"""Store what `explain` compares a text with, after a change of the corpus: `python tools/known_cases.py`.

The real failures of every development part, the single messages of `wordings.jsonl` and the failures of `made_up.jsonl`
and `second_made_up.jsonl` in `tests/corpus`, as words without their order; nothing of the parts that were set aside.
"""

# ruff: noqa: INP001
from __future__ import annotations

import gzip
import json
import sys
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
sys.path.insert(0, str(ROOT / "tests" / "corpus"))

from accuracy import known_without  # noqa: E402

from tfrepair.target.release_data import KNOWN_CASES  # noqa: E402

if __name__ == "__main__":
    text = json.dumps(known_without(None).document(), ensure_ascii=False, separators=(",", ":"))
    (ROOT / "tfrepair" / "data" / KNOWN_CASES).write_bytes(gzip.compress(text.encode(), mtime=0))
