"""The known-good locks that come with the package, and the script that writes them."""

import gzip
import json
import subprocess
import sys
from importlib.resources import files
from pathlib import Path

import pytest
from packaging.requirements import Requirement
from packaging.utils import canonicalize_name
from packaging.version import Version

from tfrepair.target.release_data import load_known_good, load_releases

SCRIPT = Path(__file__).parent.parent.parent / "tools" / "known_good.py"
EVERY = [
    (name, version, python)
    for name, rows in load_known_good().locks.items()
    for version, row in rows.items()
    for python in row
]


def test_it_is_small_and_says_what_it_is():
    content = files("tfrepair").joinpath("data", "known_good.json.gz").read_bytes()
    assert len(content) < 100_000
    assert json.loads(gzip.decompress(content))["about"]


def test_every_minor_release_is_in_it():
    have = {Version(version).release[:2] for name, version, _ in EVERY if name in {"tensorflow", "tensorflow-cpu"}}
    releases = load_releases().by_name["tensorflow"]
    final = {Version(v).release[:2] for v, release in releases.items() if release.final and release.wheels}
    assert {minor for minor in final if minor >= (1, 13)} <= have


@pytest.mark.parametrize(("name", "version", "python"), EVERY)
def test_a_lock_is_within_the_measured_bounds_and_holds_its_release(name, version, python):
    lock = load_known_good().get(name, version, python)
    pins = dict(lock.pins)
    assert Version(pins[name]) == Version(version)
    assert lock.exact
    for line in load_releases().bounds(version, python, affects=("import",)):
        requirement = Requirement(line)
        found = pins.get(canonicalize_name(requirement.name))
        assert found is None or requirement.specifier.contains(found, prereleases=True), line


def test_the_script_adds_to_what_is_there_and_the_later_run_counts(tmp_path):
    kept, data = tmp_path / "locks.jsonl", tmp_path / "known_good.json.gz"

    def run(*rows):
        lines = [
            json.dumps({"name": "tensorflow", "version": "2.9.0", "python": python, "day": day, "lock": lock})
            for python, day, lock in rows
        ]
        kept.write_text("".join(f"{line}\n" for line in lines))
        argv = [sys.executable, str(SCRIPT), str(kept), "--data", str(data)]
        done = subprocess.run(argv, capture_output=True, text=True, check=False)
        assert done.returncode == 0, done.stderr
        return json.loads(gzip.decompress(data.read_bytes()))

    old, new = {"numpy": "1.23.0", "six": "1.16.0"}, {"numpy": "1.23.1", "six": "1.16.0"}
    run(("3.9", "2026-11-01", old), ("3.10", "2026-11-01", old))
    document = run(("3.10", "2026-11-24", new))
    assert document["measured"] == "2026-11-24"
    assert document["pins"] == ["numpy==1.23.0", "numpy==1.23.1", "six==1.16.0"]
    assert document["locks"] == {"tensorflow": {"2.9.0": {"3.9": [0, 2], "3.10": [1, 2]}}}
