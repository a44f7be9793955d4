"""Two distributions installed over each other: the case that this tool exists for."""

import pytest
from real_support import computed, site


@pytest.fixture
def textbook(world):
    env = world.venv("3.10")
    world.pip(env, "install", "tensorflow==2.9.0")
    world.pip(env, "install", "tensorflow-gpu==2.10.0")
    return env


def ids(outcome):
    return [finding["id"] for finding in outcome.json["findings"]]


def test_the_textbook_conflict_is_named_planned_repaired_and_can_be_undone(world, textbook):
    before = world.tree()
    seen = world.tfrepair("diagnose", "--env", textbook, "--json")
    assert seen.code == 1, seen
    assert ids(seen)[0] == "conflicting-distributions"
    assert "numpy-abi" in ids(seen)
    assert world.tree() == before

    planned = world.tfrepair("fix", "--dry-run", "--env", textbook, "--json")
    assert planned.code == 1, planned
    lock = {row["name"]: row for row in planned.json["plan"]["lock"]}
    assert lock["tensorflow"]["version"] == "2.10.0"
    assert lock["numpy"]["version"].startswith("1.")
    assert all(row["hashes"] for row in lock.values())
    assert world.tree() == before

    fixed = world.tfrepair("fix", "--yes", "--env", textbook, "--json")
    assert fixed.code == 0, fixed
    assert fixed.json["status"] == "repaired"
    assert computed(world, textbook) == "2.10.0"
    world.run(textbook / "bin" / "saved_model_cli", "--help")
    world.run(textbook / "bin" / "pip", "--version")
    assert not list(site(textbook).glob("tensorflow_gpu*"))

    again = world.tfrepair("fix", "--yes", "--env", textbook)
    assert again.code == 0, again
    assert "nothing was done" in again.out

    back = world.tfrepair("rollback", "--yes", "--env", textbook, "--json")
    assert back.code == 0, back
    assert back.json["status"] == "restored"
    assert world.tree(".tfrepair-env") == before


def test_a_half_removed_install_is_repaired(world, textbook):
    world.pip(textbook, "uninstall", "-y", "tensorflow-gpu")
    world.run(textbook / "bin" / "python", "-B", "-c", "import tensorflow")  # the husk imports: that proves nothing
    seen = world.tfrepair("diagnose", "--env", textbook, "--json")
    assert seen.code == 1, seen
    assert ids(seen)[0] == "corrupt-install"
    fixed = world.tfrepair("fix", "--yes", "--env", textbook, "--json")
    assert fixed.code == 0, fixed
    assert computed(world, textbook) == "2.9.0"
