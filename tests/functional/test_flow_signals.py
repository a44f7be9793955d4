"""Ctrl-C and a polite end in the middle of a repair."""

import json
import os
import shutil
import signal
import sys
import tempfile
import time

import psutil
import pytest
from functional_support import INIT, LIBRARY, NEW, tensorflow_files, write_slow_sdist, write_wheel

from tfrepair.execute import transaction
from tfrepair.execute.transaction import Transaction

SLEEPY = """
import os, time
if os.environ.get("SLOW_MARK") and ".tfrepair-" in __file__:
    open(os.environ["SLOW_MARK"], "w").write(str(os.getpid()))
    time.sleep(300)
"""


def slow_build(world):
    (world.index / f"tensorflow-{NEW}-py3-none-any.whl").unlink()
    write_wheel(world.index, "tensorflow", NEW, tensorflow_files(NEW), ["slowthing", "numpy<2", "protobuf", "keras"])
    write_slow_sdist(world.index, "slowthing", "1.0")


def slow_import(world):
    (world.index / f"tensorflow-{NEW}-py3-none-any.whl").unlink()
    files = tensorflow_files(NEW, init=INIT + SLEEPY)
    write_wheel(world.index, "tensorflow", NEW, files, ["numpy<2", "protobuf", "keras"])


def begun(mark, child):
    """Wait until the slow step says that it began; its processes."""
    deadline = time.monotonic() + 60
    while time.monotonic() < deadline:
        if mark.is_file() and (pids := mark.read_text().split()):
            return [psutil.Process(int(pid)) for pid in pids]
        if child.poll() is not None:
            pytest.fail(f"it ended before the slow step: {child.communicate()}")
        time.sleep(0.02)
    child.kill()
    pytest.fail("the slow step never began")


def gone(processes):
    _, alive = psutil.wait_procs(processes, timeout=10)
    return not [one for one in alive if one.status() != psutil.STATUS_ZOMBIE]


KINDS = {
    "SIGINT": (slow_build, signal.SIGINT),
    "SIGTERM": (slow_build, signal.SIGTERM),
    "SIGINT in the import": (slow_import, signal.SIGINT),
    "a closed terminal": (slow_import, getattr(signal, "SIGHUP", signal.SIGTERM)),
}


@pytest.mark.parametrize(("slow", "number"), KINDS.values(), ids=KINDS)
def test_interrupted_while_it_works_everything_is_as_it_was(world, slow, number):
    env = world.conflict("colours")
    slow(world)
    mark = world.folder.parent / "mark"
    before, times = world.tree(), world.times(env)
    child = world.child(
        "fix", "--yes", "--env", env, "--json",
        stdin=-3, stdout=-1, stderr=-1, text=True, environ={"SLOW_MARK": str(mark)},
    )  # fmt: skip
    processes = begun(mark, child)
    below = psutil.Process(child.pid).children(recursive=True)
    child.send_signal(number)
    out, err = child.communicate(timeout=60)
    assert child.returncode == 130, err
    body = json.loads(out)
    assert body["status"] in ("failed", "rolled-back")
    assert body["error"]["code"] == "interrupted"
    assert "Traceback" not in err
    assert gone([*processes, *below])
    assert world.tree(".tfrepair-env") == before
    assert {p: t[0] for p, t in world.times(env).items()} == {p: t[0] for p, t in times.items()}
    assert not list((world.folder / ".tfrepair-env").glob("*/tree"))
    assert list((world.folder.parent / "tmp").iterdir()) == [], "private folders are removed"
    (row,) = world.tfrepair("runs", "list", "--json").json["runs"]
    assert row["status"] == "rolled-back"


def test_interrupted_while_what_may_notice_the_change_is_imported_nothing_is_waited_for(world):
    code = "import numpy, os, time\nopen(os.environ['SLOW_MARK'], 'w').write(str(os.getpid()))\ntime.sleep(300)\n"
    files = {"fastmath/__init__.py": code, "fastmath/_core.so": LIBRARY}
    write_wheel(world.index, "fastmath", "1.0", files, ["numpy"])
    env = world.conflict("fastmath==1.0")
    mark = world.folder.parent / "mark"
    child = world.child(
        "fix", "--yes", "--env", env, stdin=-3, stdout=-1, stderr=-1, text=True, environ={"SLOW_MARK": str(mark)}
    )
    processes = begun(mark, child)
    child.send_signal(signal.SIGTERM)
    _, err = child.communicate(timeout=20)
    assert child.returncode == 130, err
    assert gone(processes)


@pytest.mark.parametrize("more", [(), ("-v",), ("--json",)], ids=["", "verbose", "json"])
def test_that_nobody_reads_what_it_says_ends_no_repair(world, more):
    env = world.conflict()
    child = world.child("fix", "--yes", "--env", env, *more, stdin=-3, stdout=-1, stderr=-1)
    child.stdout.close()
    child.stderr.close()
    assert child.wait(timeout=120) == 0
    assert world.imported(env) == NEW


@pytest.mark.skipif(not os.path.exists("/dev/full"), reason="there is no device that is always full")
@pytest.mark.parametrize("more", [("--log-file", "/dev/full"), ("-v",), ("--log-format", "json")], ids=" ".join)
def test_a_log_that_cannot_be_written_ends_no_repair(world, more):
    env = world.conflict()
    with open("/dev/full", "wb") as full:
        stderr = full if more[0] != "--log-file" else -1
        child = world.child("fix", "--yes", "--env", env, *more, "--json", stdin=-3, stdout=-1, stderr=stderr)
        out, err = child.communicate(timeout=120)
    assert child.returncode == 0, err
    assert json.loads(out)["status"] == "repaired"
    assert world.imported(env) == NEW
    assert (err or b"").count(b"the log file `/dev/full` cannot be written") == (err is not None)
    assert world.log(world.records()[0]), "the run has its own"


def test_a_second_end_that_was_asked_for_disturbs_nothing(world, monkeypatch):
    real = shutil.rmtree

    def asked_again(*arguments, **options):
        signal.raise_signal(signal.SIGTERM)
        real(*arguments, **options)

    def asked(*_):
        monkeypatch.setattr(shutil, "rmtree", asked_again)
        signal.raise_signal(signal.SIGTERM)

    env = world.conflict()
    private = world.folder.parent / "tmp"
    monkeypatch.setattr(tempfile, "tempdir", str(private))
    monkeypatch.setattr(Transaction, "stage", asked)
    done = world.tfrepair("fix", "--yes", "--env", env)
    assert done.code == 130, done
    assert list(private.iterdir()) == []


def test_an_interruption_that_comes_when_it_holds_is_too_late(world, monkeypatch):
    env = world.conflict()
    monkeypatch.setattr(transaction, "prune", lambda *_: signal.raise_signal(signal.SIGTERM))
    done = world.tfrepair("fix", "--yes", "--env", env, "--json")
    assert (done.code, done.json["status"]) == (0, "repaired"), done
    assert world.imported(env) == NEW


def test_after_an_interruption_the_next_repair_succeeds(world):
    env = world.conflict()
    slow_import(world)
    mark = world.folder.parent / "mark"
    child = world.child(
        "fix", "--yes", "--env", env, stdin=-3, stdout=-1, stderr=-1, text=True, environ={"SLOW_MARK": str(mark)}
    )
    begun(mark, child)
    child.send_signal(signal.SIGINT)
    child.send_signal(signal.SIGINT)
    out, err = child.communicate(timeout=60)
    assert child.returncode == 130, err
    assert "interrupted: what was begun is taken back" in out + err
    assert "as it was" in err
    done = world.tfrepair("fix", "--yes", "--env", env)
    assert done.code == 0, done
    assert world.imported(env) == NEW


def test_killed_without_warning_the_next_command_says_so_and_the_next_repair_cleans_up(world):
    env = world.conflict()
    slow_import(world)
    mark = world.folder.parent / "mark"
    before = world.tree()
    child = world.child(
        "fix", "--yes", "--env", env, stdin=-3, stdout=-1, stderr=-1, text=True, environ={"SLOW_MARK": str(mark)}
    )
    processes = begun(mark, child)
    child.kill()
    child.communicate(timeout=60)
    if sys.platform == "linux":
        assert gone(processes), "the import lives on"
    else:
        for process in processes:
            process.kill()
    assert world.tree(".tfrepair-env") == before
    seen = world.tfrepair("diagnose", "--env", env, "--json")
    assert seen.code == 1, seen
    assert any("did not end" in message for message in seen.json["messages"])
    assert world.tree(".tfrepair-env") == before
    planned = world.tfrepair("fix", "--dry-run", "--env", env, "--json")
    assert any("did not end" in message for message in planned.json["messages"])
    cleaned = world.tfrepair("runs", "clean", "--yes", "--json")
    assert cleaned.json["cleaned"] == []
    assert world.tree(".tfrepair-env") == before
    left = list((world.folder / ".tfrepair-env").glob("*/*"))
    asked = world.child("fix", "--env", env, stdin=-3, stdout=-1, stderr=-1, text=True)
    _, err = asked.communicate(timeout=60)
    assert asked.returncode == 2, err
    assert list((world.folder / ".tfrepair-env").glob("*/*")) == left, "nothing was done"
    done = world.tfrepair("fix", "--yes", "--env", env)
    assert done.code == 0, done
    assert "unfinished run" in done.out
    assert len(list((world.folder / ".tfrepair-env").glob("*/tree"))) == 1


def test_while_one_repair_runs_another_one_waits_no_longer_than_it_is_told(world):
    env = world.conflict()
    slow_import(world)
    mark = world.folder.parent / "mark"
    child = world.child(
        "fix", "--yes", "--env", env, stdin=-3, stdout=-1, stderr=-1, text=True, environ={"SLOW_MARK": str(mark)}
    )
    begun(mark, child)
    started = time.monotonic()
    other = world.tfrepair("fix", "--yes", "--env", env, "--lock-timeout", "0.2", "--json")
    assert time.monotonic() - started < 20
    assert other.code == 6, other
    assert str(child.pid) in other.json["error"]["message"] + other.json["error"].get("hint", "")
    seen = world.tfrepair("diagnose", "--env", env, "--json")
    assert any("right now" in message for message in seen.json["messages"]), seen
    child.send_signal(signal.SIGTERM)
    child.communicate(timeout=60)
    assert child.returncode == 130
