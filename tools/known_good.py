"""Write the known-good locks that tfrepair ships, from what `tests/real/matrix.py --locks FILE` kept.

    python tools/known_good.py locks.jsonl

Every line of the file is an installation that passed the smoke test. What the data holds of other releases stays.
"""

# ruff: noqa: INP001
# A script of its own: no package holds it.

from __future__ import annotations

import argparse
import gzip
import json
import sys
from pathlib import Path
from typing import Any

from packaging.version import Version

DATA = Path(__file__).parent.parent / "tfrepair" / "data" / "known_good.json.gz"
ABOUT = (
    "The versions of TensorFlow's tree in installations that were made on Linux, x86_64, and passed the smoke test: by "
    "distribution, version and Python, as places in the list `pins`."
)
Locks = dict[str, dict[str, dict[str, dict[str, str]]]]
"""By distribution, version and Python: version by name."""


def unpack(document: dict[str, Any]) -> Locks:
    """The locks of a document written before."""
    pins = [line.split("==") for line in document["pins"]]
    return {
        name: {
            version: {python: dict(pins[place] for place in places) for python, places in row.items()}
            for version, row in rows.items()
        }
        for name, rows in document["locks"].items()
    }


def pack(locks: Locks, measured: str) -> dict[str, Any]:
    """The document: every pin once."""
    each = (lock for rows in locks.values() for row in rows.values() for lock in row.values())
    pins = sorted({f"{name}=={version}" for lock in each for name, version in lock.items()})
    place = {pin: index for index, pin in enumerate(pins)}
    return {
        "about": ABOUT,
        "measured": measured,
        "schema": 1,
        "pins": pins,
        "locks": {
            name: {
                version: {
                    python: sorted(place[f"{one}=={number}"] for one, number in rows[version][python].items())
                    for python in sorted(rows[version], key=Version)
                }
                for version in sorted(rows, key=Version)
            }
            for name, rows in sorted(locks.items())
        },
    }


def merged(before: dict[str, Any], rows: list[dict[str, Any]]) -> dict[str, Any]:
    """The document before with these installations in it; the later line counts."""
    locks = unpack(before)
    for row in rows:
        locks.setdefault(row["name"], {}).setdefault(row["version"], {})[row["python"]] = row["lock"]
    return pack(locks, max([before["measured"], *(row["day"] for row in rows)]))


def main() -> int:
    """Read, merge, write; say how large it became."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("locks", type=Path, help="what the matrix kept, a JSON object a line")
    parser.add_argument("--fresh", action="store_true", help="forget what the data holds")
    parser.add_argument("--data", type=Path, default=DATA)
    options = parser.parse_args()
    before: dict[str, Any] = {"pins": [], "locks": {}, "measured": ""}
    if options.data.is_file() and not options.fresh:
        before = json.loads(gzip.decompress(options.data.read_bytes()))
    rows = [json.loads(line) for line in options.locks.read_text(encoding="utf-8").splitlines()]
    document = merged(before, rows)
    content = gzip.compress(json.dumps(document, separators=(",", ":")).encode(), mtime=0)
    options.data.write_bytes(content)
    number = sum(len(row) for versions in document["locks"].values() for row in versions.values())
    sys.stdout.write(f"{number} locks, {len(document['pins'])} pins, {len(content)} bytes\n")
    return 0


if __name__ == "__main__":
    sys.exit(main())
