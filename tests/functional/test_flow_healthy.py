"""What works is left alone."""

import pytest
from functional_support import NEW, OLD, site


@pytest.fixture
def env(world):
    return world.healthy()


@pytest.mark.parametrize(
    "words",
    [
        ["fix", "--yes"],
        ["fix", "--dry-run"],
        ["fix", "--yes", "--tensorflow", NEW],
        ["fix", "--yes", "--only", "numpy-abi"],
    ],
)
def test_not_a_byte_and_not_a_time_is_changed(world, env, words):
    before, times = world.tree(), world.times(world.folder)
    done = world.tfrepair(*words, "--env", env, "--json")
    assert done.code == 0, done
    assert done.json["status"] == "healthy"
    assert done.json["works"] is True
    assert world.tree() == before
    assert world.times(world.folder) == times
    assert world.records() == []
    assert [path.name for path in world.folder.iterdir()] == ["env"]


def test_no_question_is_asked_without_yes(world, env):
    done = world.child("fix", "--env", env, stdin=-3, stdout=-1, stderr=-1, text=True)
    out, err = done.communicate(timeout=60)
    assert done.returncode == 0, err
    assert "nothing was done" in out


def test_the_variable_of_an_option_counts(world, env, monkeypatch):
    monkeypatch.setenv("TFREPAIR_ENV", str(env))
    monkeypatch.setenv("TFREPAIR_YES", "1")
    monkeypatch.setenv("TFREPAIR_JSON", "1")
    done = world.tfrepair("fix")
    assert done.code == 0, done
    assert done.json["target"]["prefix"] == str(env)


def test_an_error_is_one_document_when_only_the_variable_asks_for_json(world, monkeypatch):
    monkeypatch.setenv("TFREPAIR_JSON", "1")
    done = world.tfrepair("fix", "--nonsense")
    assert done.code == 2, done
    assert done.json["status"] == "failed"


def test_a_requirements_file_that_is_met_changes_nothing(world, env):
    path = world.folder.parent / "ours.txt"
    path.write_text(f"tensorflow=={NEW}\nkeras\nlamp ; python_version < '3'\n")
    before = world.tree()
    done = world.tfrepair("fix", "--yes", "--env", env, "--requirement", path, "--json")
    assert (done.code, done.json["status"]) == (0, "healthy"), done
    assert world.tree() == before


def test_what_a_requirements_file_asks_for_comes_although_tensorflow_works(world, env):
    path = world.folder.parent / "ours.txt"
    path.write_text("lamp\n")
    shown = world.tfrepair("fix", "--dry-run", "--env", env, "--requirement", path, "--json")
    assert (shown.code, shown.json["status"]) == (1, "planned"), shown
    done = world.tfrepair("fix", "--yes", "--env", env, "--requirement", path, "--json")
    assert (done.code, done.json["status"]) == (0, "repaired"), done
    assert (site(env) / "lamp.py").is_file()
    assert world.imported(env) == NEW


def test_a_pin_in_a_requirements_file_counts_although_another_release_works(world, env):
    path = world.folder.parent / "ours.txt"
    path.write_text(f"tensorflow=={OLD}\n")
    kept = world.tfrepair("fix", "--yes", "--env", env, "--requirement", path, "--tensorflow", NEW, "--json")
    assert (kept.code, kept.json["status"]) == (0, "healthy"), kept
    done = world.tfrepair("fix", "--yes", "--env", env, "--requirement", path, "--json")
    assert (done.code, done.json["status"]) == (0, "repaired"), done
    assert world.imported(env) == OLD
