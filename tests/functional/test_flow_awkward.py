"""Environments as people have them: copied interpreters, nested ones, odd names, full or read-only disks."""

import errno
import json
import os
import shutil
import socket
import subprocess
import sys

import pytest
from functional_support import NEW, naming, site, write_wheel
from other_user import NOBODY, without_rights

from tfrepair.execute import fingerprint
from tfrepair.execute.fingerprint import tree_lines

ROOT = hasattr(os, "geteuid") and os.geteuid() == 0


def lines(env):
    return list(tree_lines(env))


def repaired_and_back(world, env, before):
    done = world.tfrepair("fix", "--yes", "--env", env)
    assert done.code == 0, done
    assert world.imported(env) == NEW
    assert naming(env, ".tfrepair-") == []
    done = world.tfrepair("rollback", "--yes", "--env", env)
    assert done.code == 0, done
    assert lines(env) == before


@pytest.mark.parametrize(
    "options", [["--copies"], ["--system-site-packages"], ["--symlinks", "--without-scm-ignore-files"]]
)
@pytest.mark.parametrize("strategy", ["auto", "rebuild"])
def test_environments_of_other_options(world, options, strategy):
    if sys.version_info < (3, 13):
        options = [option for option in options if option != "--without-scm-ignore-files"]
    env = world.folder / "env"
    subprocess.run([sys.executable, "-m", "venv", "--without-pip", *options, str(env)], check=True)
    other = world.conflict("colours", name="other")
    shutil.copytree(site(other), site(env), dirs_exist_ok=True)
    before = lines(env)
    done = world.tfrepair("fix", "--yes", "--env", env, "--strategy", strategy)
    assert done.code == 0, done
    assert world.imported(env) == NEW
    system = "include-system-site-packages = true" in (env / "pyvenv.cfg").read_text()
    assert system == ("--system-site-packages" in options)
    assert world.tfrepair("rollback", "--yes", "--env", env).code == 0
    assert lines(env) == before


@pytest.mark.parametrize("name", ["with space", "über-ünï", "quo'te\"d", "per%cent", "-dash"])
def test_odd_names(world, name):
    env = world.conflict(name=name)
    repaired_and_back(world, env, lines(env))


ASCII = {"LC_ALL": "C", "PYTHONUTF8": "0", "PYTHONCOERCECLOCALE": "0"}


@pytest.mark.parametrize("strategy", ["auto", "rebuild"])
def test_a_name_beyond_the_ascii_that_python_is_held_to(world, strategy):
    env = world.conflict(name="umgebung-\u00e4")
    before = lines(env)
    texts = []

    def done(*arguments, code):
        child = world.child(*arguments, stdin=-3, stdout=-1, stderr=-1, environ=ASCII)
        out, err = child.communicate(timeout=120)
        assert child.returncode == code, (out, err)
        texts.append(out.decode("ascii") + err.decode("ascii"))
        return out

    fix = ("fix", "--env", env, "--strategy", strategy)
    assert json.loads(done("diagnose", "--env", env, "--json", code=1))["target"]["prefix"] == str(env)
    done("report", "--env", env, code=0)
    done(*fix, "--dry-run", code=1)
    assert lines(env) == before
    done(*fix, "--yes", code=0)
    assert world.imported(env) == NEW
    run = json.loads(done("runs", "list", "--json", code=0))["runs"][-1]
    assert run["prefix"] == str(env)
    done("runs", "show", run["id"], code=0)
    done("rollback", "--yes", "--env", env, code=0)
    assert lines(env) == before
    assert "umgebung-\\xe4" in texts[1]
    assert "Traceback" not in "".join(texts[2:])  # the report quotes one


def test_an_environment_within_an_environment_is_left_alone(world):
    outer = world.conflict(name="outer")
    world.folder.joinpath("outer", "project").mkdir()
    inner = world.healthy(name="outer/project/inner")
    before, within = lines(outer), lines(inner)
    done = world.tfrepair("fix", "--yes", "--env", outer)
    assert done.code == 0, done
    assert world.imported(outer) == world.imported(inner) == NEW
    assert lines(inner) == within
    again = world.tfrepair("fix", "--yes", "--strategy", "rebuild", "--keep", "2", "--env", outer)
    assert again.code == 0, again
    assert world.imported(inner) == NEW
    assert world.tfrepair("rollback", "--yes", "--env", outer).code == 0
    assert world.tfrepair("rollback", "--yes", world.records()[0].name).code == 0
    assert lines(outer) == before


def test_sockets_pipes_and_locked_folders_are_no_obstacle(world, tmp_path):
    env = world.conflict()
    os.mkfifo(env / "pipe")
    listening = socket.socket(socket.AF_UNIX)
    os.chdir(env)
    listening.bind("socket")
    os.chdir(world.folder)
    (env / "locked").mkdir()
    (env / "locked" / "file").write_text("mine")
    (env / "locked" / "file").chmod(0o400)
    (env / "locked").chmod(0o500)
    repaired_and_back(world, env, lines(env))
    listening.close()


def test_a_path_that_leaves_no_room_for_a_stage_is_refused(world):
    folder = world.folder
    while len(str(folder)) < 3950:
        folder = folder / ("d" * min(200, 3990 - len(str(folder))))
    try:
        folder.mkdir(parents=True)
        short = world.conflict(name="short")
        env = folder / "e"
        shutil.move(short, env)
    except OSError:
        pytest.skip("this system has no such long paths")
    before = lines(env)
    done = world.tfrepair("fix", "--yes", "--env", env)
    assert done.code in {4, 6}, done
    assert lines(env) == before


@pytest.mark.skipif(not ROOT or sys.platform != "linux", reason="only root may mount")
@pytest.mark.parametrize("kind", ["full", "read-only"])
def test_a_disk_that_takes_nothing(world, kind):
    disk = world.folder / "disk"
    disk.mkdir()
    size = "24m" if kind == "full" else "512m"
    if subprocess.run(["mount", "-t", "tmpfs", "-o", f"size={size}", "tmpfs", str(disk)], check=False).returncode:
        pytest.skip("this machine lets not even root mount a file system")
    try:
        env = world.conflict(name="disk/env")
        if kind == "full":
            (disk / "ballast").write_bytes(bytes(max(0, shutil.disk_usage(disk).free - 4096 * 2)))
        else:
            subprocess.run(["mount", "-o", "remount,ro", str(disk)], check=True)
        before = lines(disk)
        dry = world.tfrepair("fix", "--dry-run", "--env", env)
        assert (dry.code, "its file system is read-only" in dry.out) == ((6, False) if kind == "full" else (1, True))
        done = world.tfrepair("fix", "--yes", "--env", env, "--json")
        assert done.code == 6, done
        assert "nothing was changed" in done.json["error"]["message"] + done.json["error"].get("hint", "")
        assert lines(disk) == before
    finally:
        subprocess.run(["umount", "-l", str(disk)], check=True)


@pytest.fixture
def case_blind(world):
    """A folder on a file system that takes `Name` and `name` for the same file, and lists both as `name`."""
    driver, maker = (shutil.which(name, path="/usr/sbin:/sbin:/usr/bin:/bin") for name in ("lowntfs-3g", "mkntfs"))
    if not ROOT or driver is None or maker is None:
        pytest.skip("only root may mount, and the test needs lowntfs-3g (Debian's package ntfs-3g)")
    image, disk = world.folder.parent / "image", world.folder / "disk"
    with image.open("wb") as file:
        file.truncate(256 << 20)
    disk.mkdir()
    subprocess.run([maker, "-q", "-F", "-f", str(image)], check=True, capture_output=True)
    mounted = subprocess.run([driver, "-o", "ignore_case,permissions", str(image), str(disk)], check=False)
    if mounted.returncode:
        pytest.skip("this machine lets not even root mount a file system")
    yield disk
    subprocess.run(["umount", "-l", str(disk)], check=True)


@pytest.mark.parametrize("strategy", ["in-place", "rebuild"])
def test_names_in_which_case_does_not_count(world, case_blind, strategy):
    """On Windows and macOS two distributions may write one folder in two ways, and a user any path in many."""
    files = {"loud/__init__.py": "value = 1\n", "loud/Data.JSON": "{}"}
    write_wheel(world.index, "Loud", "1.0", files, scripts={"Loud": "loud:main"})
    env = world.conflict("Loud", "colours", name="disk/Env")
    (env / "Notes.TXT").write_text("mine")
    before = lines(env)
    done = world.tfrepair("fix", "--yes", "--env", env, "--strategy", strategy)
    assert done.code == 0, done
    assert world.imported(env) == NEW
    assert world.imported(env, "loud", "value") == "1"
    assert (env / "Notes.TXT").read_text() == "mine"
    assert world.tfrepair("rollback", "--yes", "--env", case_blind / "env").code == 0
    assert lines(env) == before


def given_away(folder):
    """To the user that tests of root's become: what an ordinary user meets in an environment of his own."""
    if os.geteuid() == 0:
        for path in (folder, *folder.rglob("*")):
            os.lchown(path, NOBODY, NOBODY)


def test_a_folder_that_may_not_be_entered_is_named(world, monkeypatch):
    env = world.conflict()
    folder = site(env) / "tensorflow" / "inner"
    folder.mkdir()
    listed = fingerprint._listed

    def refusing(path):
        if path.rstrip("/") == str(folder):
            raise PermissionError(errno.EACCES, "Permission denied", path)
        return listed(path)

    monkeypatch.setattr(fingerprint, "_listed", refusing)  # the interpreter of the tests may be closed to other users
    before = world.tree()
    for option in ("--yes", "--dry-run"):
        done = world.tfrepair("fix", option, "--env", env)
        assert done.code == 6, done
        assert f"at `{folder}`: the permission is missing; nothing was changed" in done.err
    assert world.tree() == before


def test_a_rollback_names_a_folder_that_may_not_be_entered(world):
    env = world.conflict()
    assert world.tfrepair("fix", "--yes", "--env", env).code == 0
    folder = site(env) / "keras"
    for path in (world.folder, world.state):
        given_away(path)
    before = world.tree()
    folder.chmod(0)
    with without_rights(world.folder.parent):
        refused = world.tfrepair("rollback", "--yes", "--env", env)
    folder.chmod(0o755)
    assert refused.code == 6, refused
    assert f"chmod u+rwx {folder}" in refused.err
    assert world.tree() == before
    assert len(world.records()) == 1


FORGING = "esc\x1b[31mX\nfake: all is well\x07\r\x0b\x85\u2028"
SHOWN = "esc\\x1b[31mX\\nfake: all is well\\x07\\x0d\\x0b\\x85\\u2028"


def test_no_name_forges_a_line_of_the_screen(world):
    env = world.conflict()
    folder = world.folder / FORGING
    shutil.move(env, folder)
    for words in (
        ["diagnose", "--env", folder],
        ["diagnose", "--env", folder / "nowhere"],
        ["fix", "--dry-run", "--env", folder],
        ["fix", "--yes", "--env", folder],
        ["verify", "--env", folder],
        ["runs", "list"],
        ["runs", "show", "2"],
        ["rollback", "--yes", "--env", folder],
        ["rollback", "--yes", "--env", folder / "nowhere"],
        ["runs", "clean", "--yes"],
        ["report", "--no-import", "--env", folder],
    ):
        done = world.tfrepair(*words)
        assert done.code in {0, 1, 2}, done
        text = done.out + done.err
        assert "all is well" in text
        assert not [line for line in text.split("\n") if line.strip().startswith("fake")], done
        assert not {"\x1b", "\x07", "\r", "\x0b", "\x85", "\u2028"}.intersection(text)
        assert words[0] == "report" or SHOWN in text
