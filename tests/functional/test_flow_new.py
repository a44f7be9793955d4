"""`--venv`: a working TensorFlow in a folder that is not there yet, or in one that is."""

import sys

import pytest
from functional_support import NEW, OLD, naming, tensorflow_files, write_wheel


def test_a_new_environment_on_a_named_base(world):
    env = world.folder / "new"
    done = world.tfrepair("fix", "--yes", "--venv", env, "--base-python", sys.executable, "--tensorflow", NEW, "--json")
    assert done.code == 0, done
    body = done.json
    assert body["status"] == "repaired"
    assert body["plan"]["strategy"] == "create"
    assert [operation["action"] for operation in body["plan"]["operations"]] == ["venv", "install"]
    assert body["result"]["python"] == str(env / "bin" / "python")
    assert world.imported(env) == NEW
    assert naming(env, ".tfrepair-new") == []
    again = world.tfrepair("fix", "--yes", "--venv", env, "--tensorflow", NEW)
    assert again.code == 0, again
    assert "nothing was done" in again.out


def test_folders_above_it_are_made_and_go_again_when_nothing_came_of_it(world):
    env = world.folder / "deep" / "er" / "new"
    words = ("--venv", env, "--base-python", sys.executable, "--tensorflow", NEW)
    whole = (world.index / f"tensorflow-{NEW}-py3-none-any.whl").read_bytes()
    files = tensorflow_files(NEW, init="raise ImportError('never')\n")
    wheel = write_wheel(world.index, "tensorflow", NEW, files, ["numpy<2"])
    failed = world.tfrepair("fix", "--yes", *words)
    assert failed.code == 3, failed
    assert list(world.folder.iterdir()) == []
    wheel.write_bytes(whole)
    assert world.tfrepair("fix", "--yes", *words).code == 0
    assert world.imported(env) == NEW


def test_rolling_a_new_environment_back_removes_it_and_forth_brings_it_again(world):
    env = world.folder / "new"
    done = world.tfrepair("fix", "--yes", "--venv", env, "--base-python", sys.executable, "--tensorflow", OLD)
    assert done.code == 0, done
    made = world.tree(".tfrepair-new")
    back = world.tfrepair("rollback", "--yes", "--env", env)
    assert back.code == 0, back
    assert not env.exists()
    forth = world.tfrepair("rollback", "--yes", "--env", env)
    assert forth.code == 0, forth
    assert "which was a rollback: what that had put away is back" in forth.out
    assert world.tree(".tfrepair-new") == made


def test_a_dry_run_makes_nothing(world):
    done = world.tfrepair(
        "fix",
        "--dry-run",
        "--venv",
        world.folder / "new",
        "--base-python",
        sys.executable,
        "--tensorflow",
        NEW,
        "--json",
    )
    assert done.code == 1, done
    assert done.json["plan"]["strategy"] == "create"
    assert "not checked" not in done.err, "there is nothing to import yet, and the disk is the one of the folder above"
    assert done.json["messages"][-1] == "next: the same command without `--dry-run` carries it out"
    assert list(world.folder.iterdir()) == []


def test_a_python_that_nobody_named_is_chosen_for_a_reason(world):
    wish = ("fix", "--dry-run", "--venv", world.folder / "new", "--tensorflow", NEW)
    chosen = world.tfrepair(*wish)
    assert chosen.code == 1, chosen
    assert f"is the newest here that has a wheel of tensorflow {NEW}; `--base-python` names another" in unwrapped(
        chosen.out
    )
    named = world.tfrepair(*wish, "--base-python", sys.executable)
    assert named.code == 1, named
    assert "newest here" not in unwrapped(named.out)


def unwrapped(text):
    return " ".join(text.split())


def test_what_is_named_beside_it_is_only_looked_at_and_gives_the_release(world):
    old = world.conflict()
    before, times = world.tree(), world.times(old)
    new = world.folder / "new"
    done = world.tfrepair("fix", "--yes", "--venv", new, "--env", old, "--json")
    assert done.code == 0, done
    assert world.imported(new) == NEW
    assert world.tree("new", ".tfrepair-new") == before
    assert world.times(old) == times


def test_an_installation_that_fails_leaves_no_folder_behind(world):
    write_wheel(world.index, "tensorflow", NEW, {"tensorflow/__init__.py": "raise ImportError('no')\n"})
    done = world.tfrepair(
        "fix", "--yes", "--venv", world.folder / "new", "--base-python", sys.executable, "--tensorflow", NEW, "--json"
    )
    assert done.code == 3, done
    assert not (world.folder / "new").exists()
    assert list(world.folder.glob("**/tree")) == []
    assert list(world.folder.iterdir()) == [], "not even the folder that it was staged in"


def test_a_release_that_the_index_lacks_leaves_no_folder_behind(world):
    (world.index / f"tensorflow-{NEW}-py3-none-any.whl").unlink()
    done = world.tfrepair(
        "fix", "--yes", "--venv", world.folder / "new", "--base-python", sys.executable, "--tensorflow", NEW, "--json"
    )
    assert done.code in (4, 6), done
    assert list(world.folder.iterdir()) == []


def test_a_folder_that_is_no_environment_is_left_alone(world):
    (world.folder / "data").mkdir()
    (world.folder / "data" / "file").write_text("mine")
    before = world.tree()
    done = world.tfrepair("fix", "--yes", "--venv", world.folder / "data", "--json")
    assert done.code == 2, done
    assert world.tree() == before


@pytest.mark.parametrize("where", ["empty", "linked"])
def test_an_empty_folder_is_filled(world, where):
    real = world.folder / "empty"
    real.mkdir()
    if where == "linked":
        (world.folder / "linked").symlink_to("empty")
    done = world.tfrepair(
        "fix", "--yes", "--venv", world.folder / where, "--base-python", sys.executable, "--tensorflow", NEW, "--json"
    )
    assert done.code == 0, done
    assert world.imported(world.folder / where) == NEW
