"""Processes that use the environment while it is to be repaired."""

import os
import subprocess

import pytest
from functional_support import NEW


@pytest.fixture
def user(world):
    """A program that runs from a broken environment."""
    env = world.conflict()
    program = world.folder / "train.py"
    program.write_text("import time\nprint('trains', flush=True)\ntime.sleep(300)\n")
    process = subprocess.Popen([env / "bin" / "python", program], stdout=subprocess.PIPE, text=True)
    assert process.stdout.readline() == "trains\n"
    yield env, process
    process.kill()
    process.communicate()


@pytest.mark.parametrize(
    "command", ["python train.py", "env/bin/python train.py", "./env/../env/bin/python -u train.py"]
)
def test_one_that_was_started_by_a_short_name_is_seen_too(world, command):
    env = world.conflict()
    (world.folder / "train.py").write_text("print('trains', flush=True)\nimport time\ntime.sleep(300)\n")
    environ = {**os.environ, "PATH": f"{env / 'bin'}{os.pathsep}{os.environ['PATH']}"}
    process = subprocess.Popen(
        ["/bin/sh", "-c", f"exec {command}"], cwd=world.folder, env=environ, stdout=subprocess.PIPE, text=True
    )
    try:
        assert process.stdout.readline() == "trains\n"
        done = world.tfrepair("fix", "--yes", "--env", env, "--json")
        assert done.code == 6, done
        assert f"(pid {process.pid})" in done.json["error"]["message"]
    finally:
        process.kill()
        process.communicate()


def test_they_are_named_in_the_plan_and_stop_a_repair_that_asks_nothing(world, user):
    env, process = user
    before = world.tree()
    name = f"train.py (pid {process.pid})"
    dry = world.tfrepair("fix", "--dry-run", "--env", env, "--json")
    assert dry.code == 1, dry
    assert any(name in note and "--allow-running" in note for note in dry.json["plan"]["notes"])
    done = world.tfrepair("fix", "--yes", "--env", env, "--json")
    assert done.code == 6, done
    assert name in done.json["error"]["message"]
    assert "--allow-running" in done.json["error"]["hint"]
    assert done.json["status"] == "failed"
    assert (done.json["findings"], done.json["works"]) == (dry.json["findings"], False), "it is no less broken"
    assert done.json["plan"]["lock"] == dry.json["plan"]["lock"]
    assert world.tree(".tfrepair-env") == before


def test_with_leave_the_repair_goes_on_and_they_keep_their_files(world, user):
    env, process = user
    done = world.tfrepair("fix", "--yes", "--allow-running", "--env", env)
    assert done.code == 0, done
    assert f"train.py (pid {process.pid})" in done.out
    assert world.imported(env) == NEW
    assert process.poll() is None
