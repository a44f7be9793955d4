"""Writes which releases of TensorFlow's companions pair with which TensorFlow, from what their wheels say.

    python tools/companions.py [NAME ...]      # a minute for each name; what the data holds of other names stays

A wheel says it in its METADATA (`tensorflow<2.17,>=2.16.1`), or in the check that it makes when it is imported. The
wheels are fetched with pip, for Linux on x86_64, one for each release.
"""

# ruff: noqa: INP001
# A script of its own: no package holds it.

from __future__ import annotations

import argparse
import json
import re
import subprocess
import sys
import tempfile
import zipfile
from dataclasses import dataclass, replace
from datetime import datetime, timezone
from email.parser import HeaderParser
from pathlib import Path
from typing import TYPE_CHECKING

from packaging.requirements import Requirement
from packaging.specifiers import SpecifierSet
from packaging.utils import canonicalize_name
from packaging.version import Version

from tfrepair.target.release_data import load_releases

if TYPE_CHECKING:
    from collections.abc import Iterator

DATA = Path(__file__).parent.parent / "tfrepair" / "data" / "companions.json"
ABOUT = (
    "Which releases of the distributions that are used beside TensorFlow pair with a release of it, as bounds like "
    "those of bounds.json; `source` says what was asked. They hold for final releases. The rest is asked for by "
    "TensorFlow itself (keras, tensorflow-estimator, tensorflow-io-gcs-filesystem), or asks in its own METADATA for "
    "what it needs (tensorflow-datasets, tf2onnx)."
)
PYTHONS = ("3.6", "3.7", "3.8", "3.9", "3.10", "3.11", "3.12", "3.13")
PLATFORMS = ("manylinux1", "manylinux2010", "manylinux2014", "manylinux_2_17", "manylinux_2_27", "manylinux_2_28")
OLDEST = Version("1.15")


@dataclass(frozen=True)
class Way:
    """How the wheels of a distribution say what they pair with."""

    source: str
    file: str | None = None
    """In the wheel; None: METADATA."""
    least: str = ""
    """A pattern of the oldest TensorFlow; the specifier of METADATA where there is none."""
    below: str = ""
    """A pattern of the first TensorFlow that is too new; without one the next release says it."""
    why: str = ""
    since: str = ""
    """The first minor version of TensorFlow, where the wheels of that time say nothing."""


DECLARED = Way(source="METADATA of the wheels", why="it was built for the TensorFlow that it asks for")
WAYS = {
    "tensorflow-text": DECLARED,
    "tf-keras": replace(DECLARED, since="2.14"),
    "tensorflow-addons": Way(
        source="the check at import, in tensorflow_addons/version.py",
        file="tensorflow_addons/version.py",
        least=r'INCLUSIVE_MIN_TF_VERSION = "([\d.]+)"',
        below=r'EXCLUSIVE_MAX_TF_VERSION = "([\d.]+)"',
        why="its operations were built for these releases",
    ),
    "tensorflow-probability": Way(
        source="the check at import, in tensorflow_probability/python/__init__.py",
        file="tensorflow_probability/python/__init__.py",
        least=r"required_tensorflow_version = '([\d.]+)'",
        why="each release was made for the TensorFlow of its time, and refuses an older one",
    ),
}
RULES = (
    {
        "requirement": "tensorboard=={minor}.*", "tensorflow": ">=1.13", "affects": "tensorboard",
        "why": "TensorBoard pairs with the TensorFlow of the same minor version",
        "source": "METADATA of TensorFlow 1.13 to 2.20, which asks for it; 2.21 asks for none",
    },
    {
        "requirement": "tensorflow-hub<0.16", "tensorflow": "<2.14", "affects": "tensorflow-hub",
        "why": "from 0.16 on it asks for tf-keras, which TensorFlow before 2.14 has none of",
        "source": "METADATA of tensorflow-hub 0.16.0 and 0.16.1: `tf-keras>=2.14.1`",
    },
    {
        "requirement": "tensorflow-hub>=0.16", "tensorflow": ">=2.16", "affects": "tensorflow-hub",
        "why": "before 0.16 its layer is one of Keras 2, which `tf.keras` no longer is",
        "source": "METADATA of tensorflow-hub 0.15.0, which knows no tf-keras",
    },
)  # fmt: skip
"""What no wheel of the companion itself says."""


def pip(*arguments: str) -> str:
    """What pip prints; empty when it fails."""
    argv = [sys.executable, "-m", "pip", *arguments, "--only-binary", ":all:", "--disable-pip-version-check"]
    for platform in PLATFORMS:
        argv += ["--platform", f"{platform}_x86_64"]
    return subprocess.run(argv, check=False, capture_output=True, text=True).stdout


def available(name: str) -> dict[str, str]:
    """The final releases that have a wheel, each with a Python that it is for."""
    found: dict[str, str] = {}
    for python in PYTHONS:
        listed = re.search(r"Available versions: (.*)", pip("index", "versions", name, "--python-version", python))
        for version in listed[1].split(", ") if listed else []:
            found.setdefault(version, python)
    return found


def declared(name: str, version: str, python: str, way: Way) -> str | None:
    """The TensorFlow that a release asks for, as a specifier; None when it does not say."""
    with tempfile.TemporaryDirectory() as folder:
        pip("download", "--no-deps", "-q", "-d", folder, "--python-version", python, f"{name}=={version}")
        wheel = next(Path(folder).glob("*.whl"), None)
        if wheel is None:
            return None
        with zipfile.ZipFile(wheel) as archive:
            if way.file is None:
                member = next(m for m in archive.namelist() if m.endswith(".dist-info/METADATA"))
                return _in_metadata(archive.read(member).decode())
            if way.file not in archive.namelist():
                return None
            text = archive.read(way.file).decode()
    parts = [(">=", re.search(way.least, text)), ("<", re.search(way.below, text) if way.below else None)]
    return ",".join(f"{sign}{found[1]}" for sign, found in parts if found) or None


def _in_metadata(text: str) -> str | None:
    family = load_releases().family
    for line in HeaderParser().parsestr(text).get_all("Requires-Dist", []):
        requirement = Requirement(line)
        if canonicalize_name(requirement.name) in family and requirement.specifier:
            return str(requirement.specifier)
    return None


def minors() -> list[Version]:
    """The last patch of every minor release of TensorFlow, the oldest first."""
    newest: dict[tuple[int, ...], Version] = {}
    for text, release in load_releases().by_name["tensorflow"].items():
        version = Version(text)
        if release.final and version >= OLDEST and version >= newest.get(version.release[:2], version):
            newest[version.release[:2]] = version
    return [newest[minor] for minor in sorted(newest)]


def paired(asked: dict[str, str], way: Way) -> dict[str, str]:
    """By minor version of TensorFlow: the specifier of the releases that pair with its last patch."""
    found = {}
    for tensorflow in minors():
        fitting = sorted(
            Version(version) for version, specifier in asked.items() if SpecifierSet(specifier).contains(tensorflow)
        )
        if way.file and not way.below and fitting:  # the newest of them that knows this one, and its patches
            top = asked[str(fitting[-1])]
            fitting = [version for version in fitting if asked[str(version)] == top]
        if fitting:
            low, high = (".".join(map(str, version.release[:2])) for version in (fitting[0], fitting[-1]))
            minor = f"{tensorflow.major}.{tensorflow.minor}"
            found[minor] = (
                f"=={low}.*" if low == high else f">={low},<{high.partition('.')[0]}.{int(high.partition('.')[2]) + 1}"
            )
    return found


def rows(name: str, asked: dict[str, str], way: Way) -> Iterator[dict[str, str]]:
    """The bounds; one for all where the minor version is always the same as TensorFlow's."""
    found = paired(asked, way)
    more = {"affects": name, "why": way.why, "source": way.source}
    if all(specifier == f"=={minor}.*" for minor, specifier in found.items()):
        yield {"requirement": f"{name}=={{minor}}.*", "tensorflow": f">={way.since or next(iter(found))}", **more}
        return
    grouped: dict[str, list[str]] = {}
    for minor, specifier in found.items():
        grouped.setdefault(specifier, []).append(minor)
    newest = minors()[-1]
    for specifier, group in grouped.items():
        last = Version(group[-1])
        upper = "" if last.release[:2] == newest.release[:2] else f",<{last.major}.{last.minor + 1}"
        span = f"=={group[0]}.*" if len(group) == 1 and upper else f">={group[0]}{upper}"
        yield {"requirement": f"{name}{specifier}", "tensorflow": span, **more}


def main() -> int:
    """Ask the wheels, write the bounds."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("names", nargs="*", metavar="NAME", help=f"of {', '.join(WAYS)}; all without any")
    parser.add_argument("--data", type=Path, default=DATA)
    options = parser.parse_args()
    names = options.names or list(WAYS)
    before = json.loads(options.data.read_text(encoding="utf-8"))["bounds"] if options.data.is_file() else []
    taken = {*names, *(rule["affects"] for rule in RULES)}
    bounds = [*RULES, *(row for row in before if row["affects"] not in taken)]
    for name in names:
        asked = {v: a for v, p in available(name).items() if (a := declared(name, v, p, WAYS[name])) is not None}
        sys.stdout.write(f"{name}: {json.dumps(asked)}\n")
        bounds += rows(name, asked, WAYS[name])
    day = datetime.now(timezone.utc).date().isoformat()
    lines = ",\n  ".join(json.dumps(row) for row in sorted(bounds, key=lambda row: row["affects"]))
    head = f'{{\n "about": {json.dumps(ABOUT)},\n "measured": "{day}",\n "schema": 1,\n "bounds": [\n  '
    options.data.write_text(f"{head}{lines}\n ]\n}}\n", encoding="utf-8")
    return 0


if __name__ == "__main__":
    sys.exit(main())
