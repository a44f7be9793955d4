"""Which release a repair brings, by way of files and configuration."""

import sys

import pytest
from functional_support import NEW, NEWEST, OLD, PROTOBUF, write_wheel

OLDER = pytest.mark.skipif(NEWEST, reason="for this Python the index has every release")


@pytest.fixture
def chosen(world):
    env = world.folder / "new"

    def choose(*options):
        done = world.tfrepair("fix", "--dry-run", "--venv", env, *options, "--json")
        assert done.code == 1, done
        return done.json

    return choose


@pytest.mark.parametrize("way", ["option", "variable"])
def test_a_constraint_on_tensorflow_holds_when_nothing_is_pinned(world, chosen, monkeypatch, way):
    path = world.folder / "limits.txt"
    path.write_text(f"tensorflow<={OLD}\n")
    if way == "option":
        said = chosen("--constraint", path)
        source = "--constraint"
    else:
        monkeypatch.setenv("PIP_CONSTRAINT", str(path))
        said = chosen()
        source = str(path)
    assert said["plan"]["tensorflow"]["version"] == OLD
    assert source in said["plan"]["tensorflow"]["reason"]


def test_a_range_in_the_projects_files_leaves_the_release_that_is_there(world):
    (world.folder / "requirements.txt").write_text(f"tensorflow>={OLD}\n")
    env = world.healthy(name="env")
    world.install(env, f"tensorflow=={OLD}")
    next((env / "lib").rglob("framework.py")).unlink()
    done = world.tfrepair("fix", "--dry-run", "--env", env, "--json")
    assert done.code == 1, done
    assert done.json["plan"]["tensorflow"]["version"] == OLD
    assert "requirements.txt:1" in done.json["plan"]["tensorflow"]["reason"]


def test_the_wheel_behind_a_url_in_a_requirements_file_tells_the_release(world, chosen):
    path = world.folder / "ours.txt"
    (wheel,) = world.index.glob(f"tensorflow-{OLD}-*")
    path.write_text(f"tensorflow @ {wheel.as_uri()}\n")
    assert chosen("--requirement", path)["plan"]["tensorflow"]["version"] == OLD


@OLDER
@pytest.mark.parametrize(
    ("installer", "asked"),
    [
        ("uv", ()),
        ("uv", ("--tensorflow", ">=2.8")),
        ("uv", ("--tensorflow", "~=2.8", "--offline")),
        ("pip", ("--tensorflow", ">=2.8,<2.18")),
    ],
)
def test_an_index_that_has_not_the_newest_release_gives_the_newest_that_it_has(chosen, installer, asked):
    said = chosen("--base-python", sys.executable, "--installer", installer, *asked)["plan"]["tensorflow"]
    assert said["version"] == NEW
    assert "the index has none of the" in said["reason"]


@OLDER
def test_a_release_that_was_named_is_not_replaced_by_what_the_index_has(world):
    done = world.tfrepair("fix", "--dry-run", "--venv", world.folder / "new", "--tensorflow", "2.20.0", "--json")
    assert done.code == 4, done
    assert "2.20.0" in done.json["error"]["message"]


def test_a_constraints_file_that_a_requirements_file_names_holds(world, chosen):
    (world.folder / "limit.txt").write_text(f"tensorflow<={OLD}\n")
    path = world.folder / "ours.txt"
    path.write_text("-c limit.txt\ntensorflow>=2.0\n")
    assert chosen("--requirement", path)["plan"]["tensorflow"]["version"] == OLD


def test_a_requirements_file_that_says_otherwise_than_the_pin_is_named(world, chosen):
    path = world.folder / "ours.txt"
    path.write_text(f"tensorflow=={OLD}\n")
    said = chosen("--requirement", path, "--tensorflow", NEW)["plan"]
    assert said["tensorflow"]["version"] == NEW
    assert f"`{path}` asks for `tensorflow=={OLD}`; `--tensorflow` comes before it" in said["notes"]
    path.write_text(f"tensorflow=={NEW}\n")
    said = chosen("--requirement", path, "--tensorflow", NEW)["plan"]
    assert not any("comes before it" in note for note in said["notes"])


def test_a_requirements_file_that_names_no_tensorflow_is_named(world, chosen):
    path, limit = world.folder / "ours.txt", world.folder / "limit.txt"
    path.write_text("numpy\n")
    limit.write_text(f"tensorflow=={NEW}\n")
    notes = chosen("--requirement", path, "--constraint", limit)["plan"]["notes"]
    assert f"`{path}`: no line asks for TensorFlow" in notes
    path.write_text(f"numpy\ntensorflow=={OLD}\n")
    assert not any("no line" in note for note in chosen("--requirement", path)["plan"]["notes"])


def test_a_file_of_the_project_that_cannot_be_read_is_named(world, chosen):
    (world.folder / "pyproject.toml").write_text("[project\n")
    (world.folder / "ours.txt").write_text(f"tensorflow=={OLD}\n")
    notes = chosen("--requirement", world.folder / "ours.txt")["plan"]["notes"]
    assert any("`pyproject.toml` asks for nothing here: it could not be read" in note for note in notes), notes


def test_ranges_of_several_files_hold_together_and_what_contradicts_them_is_named(world, chosen):
    (world.folder / "requirements.txt").write_text("tensorflow>=2.1\n")
    (world.folder / "constraints.txt").write_text(f"tensorflow<{NEW}\n")
    (world.folder / "pyproject.toml").write_text(f'[project]\ndependencies = ["tensorflow>={NEW}"]\n')
    said = chosen()["plan"]
    assert said["tensorflow"]["version"] == OLD
    assert said["tensorflow"]["reason"].startswith("asked for by requirements.txt:1 and constraints.txt:1")
    (note,) = (note for note in said["notes"] if "does not count" in note)
    assert note.startswith(f"`pyproject.toml:project.dependencies` asks for `tensorflow>={NEW}`")


def test_lines_of_a_requirements_file_for_other_platforms_do_not_count(world, chosen):
    path = world.folder / "ours.txt"
    path.write_text(f"tensorflow=={NEW}; sys_platform == 'nowhere'\ntensorflow=={OLD}\n")
    said = chosen("--requirement", path)["plan"]
    assert said["tensorflow"]["version"] == OLD
    assert not any("does not count" in note for note in said["notes"])


def test_of_a_requirements_file_of_the_project_only_tensorflow_is_used_and_the_plan_says_so(world, chosen):
    (world.folder / "requirements.txt").write_text(f"tensorflow=={OLD}\nrich\n")
    note = "of `requirements.txt` only what asks for TensorFlow is used; `--requirement requirements.txt` installs the rest too"
    assert note in chosen()["plan"]["notes"]
    assert note not in chosen("--tensorflow", OLD)["plan"]["notes"]
    (world.folder / "requirements.txt").write_text(f"tensorflow=={OLD}\n")
    assert note not in chosen()["plan"]["notes"]


def test_of_a_pyproject_only_tensorflow_is_used_and_the_plan_says_so(world, chosen):
    def notes(*dependencies):
        text = f"[project]\nname = 'a'\nversion = '1'\ndependencies = {list(dependencies)}\n"
        (world.folder / "pyproject.toml").write_text(text)
        return [note for note in chosen()["plan"]["notes"] if note.startswith("of `pyproject.toml` only what asks for")]

    assert len(notes(f"tensorflow=={OLD}", "numpy<1.20")) == 1
    assert notes(f"tensorflow=={OLD}") == []
    assert notes("numpy<1.20") == []


def test_a_range_that_it_does_not_meet_moves_it(world):
    (world.folder / "requirements.txt").write_text(f"tensorflow>={NEW}\n")
    env = world.healthy(name="env")
    world.install(env, f"tensorflow=={OLD}")
    next((env / "lib").rglob("framework.py")).unlink()
    done = world.tfrepair("fix", "--dry-run", "--env", env, "--tensorflow", NEW, "--json")
    assert done.code == 1, done
    assert done.json["plan"]["tensorflow"]["version"] == NEW


def test_a_release_that_never_was_is_no_matter_of_the_python(world):
    done = world.tfrepair("fix", "--dry-run", "--venv", world.folder / "new", "--tensorflow", "2.16.9", "--json")
    assert done.code == 4, done
    error = done.json["error"]
    assert "is not in the data of tfrepair" in error["message"]
    assert "of 2.16 there are 2.16.0rc0, 2.16.1, 2.16.2;" in error["hint"]
    assert "--base-python" not in error["hint"]


def test_where_only_files_are_missing_only_those_come_back(world):
    """The tree of a release that is there, though damaged, is not changed for it."""
    newer = f"{PROTOBUF}.1"
    write_wheel(world.index, "protobuf", newer, {"google/protobuf/__init__.py": ""})
    env = world.healthy(name="env")
    world.install(env, f"protobuf=={newer}")
    next((env / "lib").rglob("framework.py")).unlink()
    done = world.tfrepair("fix", "--yes", "--env", env, "--json")
    assert done.code == 0, done
    assert {pin["name"]: pin["version"] for pin in done.json["plan"]["lock"]}["protobuf"] == newer
    assert [o["names"] for o in done.json["plan"]["operations"] if o["action"] == "install"] == [["tensorflow"]]
