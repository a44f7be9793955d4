"""An installation of Python itself: repaired where it lies, file by file, beside whatever else shares its prefix."""

import os
import signal
import subprocess
import time
from dataclasses import replace

import pytest
from functional_support import MINOR, NEW, said, site

from tfrepair.app import repair
from tfrepair.execute.fingerprint import tree_lines
from tfrepair.execute.paths import STASH


def lines(prefix):
    return [line for line in tree_lines(prefix) if not line.startswith(STASH)]


def test_it_is_repaired_where_it_lies_and_comes_back_exactly(world, python):
    prefix = python.parent.parent
    before, neighbour = lines(prefix), (prefix / "share" / "neighbour" / "data").stat()
    stdlib = (prefix / "lib" / f"python{MINOR}" / "os.py").stat()
    dry = world.tfrepair("fix", "--dry-run", "--python", python)
    assert dry.code == 1, dry
    assert "one by one" in dry.out
    assert lines(prefix) == before
    done = world.tfrepair("fix", "--yes", "--python", python, "--json")
    assert done.code == 0, done
    assert done.json["target"]["kind"] == "system"
    assert world.imported(prefix) == NEW
    assert said(prefix / "bin" / "colours") == "red"
    assert not list(site(prefix).glob("tensorflow_gpu*"))
    assert (prefix / "share" / "neighbour" / "data").stat() == neighbour
    assert (prefix / "lib" / f"python{MINOR}" / "os.py").stat().st_mtime_ns == stdlib.st_mtime_ns
    assert [line for line in lines(prefix) if ".tfrepair" in line] == []
    back = world.tfrepair("rollback", "--yes", "--python", python)
    assert back.code == 0, back
    assert lines(prefix) == before


def test_killed_at_any_moment_the_next_command_puts_it_right(world, python):
    prefix = python.parent.parent
    before = lines(prefix)
    seconds = 0.4
    while True:
        child = world.child(
            "fix", "--yes", "--python", python, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, start_new_session=True
        )
        try:
            child.communicate(timeout=seconds)
            break
        except subprocess.TimeoutExpired:
            os.killpg(child.pid, signal.SIGKILL)
            child.communicate()
        time.sleep(0.1)
        undone = world.tfrepair("rollback", "--yes", "--python", python)
        assert undone.code in {0, 2}, undone
        assert lines(prefix) == before, seconds
        seconds *= 1.35
    assert child.returncode == 0
    assert world.imported(prefix) == NEW


def test_its_packages_get_bytecode_when_the_repair_holds_and_lose_it_with_the_way_back(world, python, monkeypatch):
    monkeypatch.delenv("PYTHONDONTWRITEBYTECODE", raising=False)
    prefix = python.parent.parent
    before = lines(prefix)
    for _ in ("compiled", "kept by the repair before"):
        assert world.tfrepair("fix", "--yes", "--python", python).code == 0
        assert list((site(prefix) / "keras" / "__pycache__").glob("layers.*.pyc"))
        assert world.tfrepair("rollback", "--yes", "--python", python).code == 0
        assert lines(prefix) == before


@pytest.mark.parametrize("kept", [False, True], ids=["compiled", "kept by the repair before"])
def test_a_repair_that_does_not_work_where_it_lies_leaves_no_bytecode(world, python, monkeypatch, kept):
    monkeypatch.delenv("PYTHONDONTWRITEBYTECODE", raising=False)
    if kept:
        assert world.tfrepair("fix", "--yes", "--python", python).code == 0
        assert world.tfrepair("rollback", "--yes", "--python", python).code == 0
    confirm = repair.confirm
    monkeypatch.setattr(repair, "confirm", lambda *args, **more: replace(confirm(*args, **more), ok=False))
    before = lines(python.parent.parent)
    done = world.tfrepair("fix", "--yes", "--python", python)
    assert done.code == 3, done
    assert lines(python.parent.parent) == before


def test_a_rebuild_is_no_way_for_it(world, python):
    done = world.tfrepair("fix", "--yes", "--strategy", "rebuild", "--python", python, "--json")
    assert done.code == 2, done
    assert "--venv" in done.json["error"]["hint"]


def test_one_that_the_operating_system_manages_is_never_written(world, python):
    (python.parent.parent / "lib" / f"python{MINOR}" / "EXTERNALLY-MANAGED").write_text("[externally-managed]\n")
    before = lines(python.parent.parent)
    done = world.tfrepair("fix", "--yes", "--python", python, "--json")
    assert done.code == 4, done
    assert "--venv" in done.json["error"]["hint"]
    again = world.tfrepair("fix", "--yes", "--venv", python.parent.parent, "--json")
    assert again.code == 4, again
    assert lines(python.parent.parent) == before


@pytest.mark.parametrize("managed", [True, False])
def test_one_that_does_not_start_is_for_those_who_installed_it(world, python, managed):
    lib = python.parent.parent / "lib" / f"python{MINOR}"
    (lib / "encodings" / "__init__.py").write_text("raise ImportError\n")
    if managed:
        (lib / "EXTERNALLY-MANAGED").write_text("[externally-managed]\n")
    before = lines(python.parent.parent)
    done = world.tfrepair("fix", "--yes", "--python", python, "--json")
    assert done.code == 4, done
    assert ("managed by the operating system" if managed else "does not start") in done.json["error"]["message"]
    assert "--venv" in done.json["error"]["hint"]
    assert lines(python.parent.parent) == before
