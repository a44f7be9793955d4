"""Processes that use the environment while it is to be repaired."""

import fcntl
import os
import subprocess
import time

import pytest
from functional_support import NEW, site

from tfrepair.target.interpreter import STARTED_BY


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


SLOW = """
import os, time
if os.environ.get("SLOW_MARK"):
    open(os.environ["SLOW_MARK"], "w").write(str(os.getpid()))
    while os.path.exists(os.environ["SLOW_MARK"]):
        time.sleep(0.02)
"""


@pytest.fixture
def looked_at(world):
    """A broken environment, the `diagnose` that looks at it, and the file at whose end the import goes on."""
    env = world.conflict()
    init = site(env) / "tensorflow" / "__init__.py"
    init.write_text(SLOW + init.read_text())
    mark = world.folder.parent / "mark"
    child = world.child("diagnose", "--env", env, stdin=-3, stdout=-3, stderr=-3, environ={"SLOW_MARK": str(mark)})
    while not (mark.is_file() and mark.read_text()):
        assert child.poll() is None
        time.sleep(0.02)
    yield env, child, mark
    mark.unlink(missing_ok=True)
    child.wait(60)


def test_another_tfrepair_is_waited_for(world, looked_at):
    env, other, mark = looked_at
    child = world.child("fix", "--yes", "--env", env, stdin=-3, stdout=-1, stderr=-2, text=True)
    seen = []
    for line in child.stdout:
        seen.append(line)
        if "waiting for" in line:
            mark.unlink()
            break
    said = "".join(seen) + child.communicate(timeout=120)[0]
    assert child.returncode == 0, said
    assert f"waiting for another tfrepair (process {other.pid})" in said
    assert "processes use" not in said
    assert world.imported(env) == NEW


def test_another_tfrepair_that_is_not_done_in_time_is_no_program_of_the_user(world, looked_at):
    env, other, _ = looked_at
    dry = world.tfrepair("fix", "--dry-run", "--env", env, "--json")
    assert not [note for note in dry.json["plan"]["notes"] if "processes use" in note]
    before = world.tree(".tfrepair-env")
    done = world.tfrepair("fix", "--yes", "--env", env, "--lock-timeout", "0.3", "--json")
    assert done.code == 6, done
    assert f"another tfrepair (process {other.pid}) looks at `{env}`" in done.json["error"]["message"]
    assert "--lock-timeout" in done.json["error"]["hint"]
    assert world.tree(".tfrepair-env") == before


def test_what_a_tfrepair_that_was_killed_left_is_a_process_like_any_other(world):
    env = world.conflict()
    gone = subprocess.Popen(["true"])
    gone.wait()
    environ = {**os.environ, STARTED_BY: str(gone.pid)}
    left = subprocess.Popen([env / "bin" / "python", "-c", "import time; time.sleep(300)"], env=environ)
    try:
        done = world.tfrepair("fix", "--yes", "--env", env, "--json")
    finally:
        left.kill()
        left.wait()
    assert done.code == 6, done
    assert f"(pid {left.pid})" in done.json["error"]["message"]
    assert "processes use" in done.json["error"]["message"]


def test_what_a_killed_process_left_in_the_temporary_folder_goes_when_it_is_old(world, looked_at, tmp_path):
    env, killed, mark = looked_at
    killed.kill()
    killed.wait(60)
    mark.unlink()
    temporary = tmp_path / "tmp"
    left = set(temporary.iterdir())
    assert left
    held = temporary / "tfrepair-at-work-held"
    users = temporary / "tfrepair-mine"
    link = temporary / "tfrepair-at-work-link"
    for folder in (held, users):
        folder.mkdir()
    link.symlink_to(users)
    descriptor = os.open(held, os.O_RDONLY)
    fcntl.flock(descriptor, fcntl.LOCK_EX)

    def after_a_look(hours):
        for path in temporary.iterdir():
            os.utime(path, (time.time() - hours * 3600,) * 2, follow_symlinks=False)
        assert world.child("diagnose", "--no-import", "--env", env, stdin=-3, stdout=-3, stderr=-3).wait(60) == 1
        return set(temporary.iterdir())

    assert after_a_look(23) == {*left, held, users, link}, "a program that it started may be at it still"
    assert after_a_look(25) == {held, users, link}
    os.close(descriptor)
    assert after_a_look(25) == {users, link}
