"""Repairs that need more than one round, and those that no round helps."""

import pytest
from functional_support import INIT, KERAS, NEW, NUMPY, PROTOBUF, site, tensorflow_files, write_wheel

BLOCKER = """
import sys


class Blocker:
    @staticmethod
    def find_spec(name, path=None, target=None):
        if name == "tensorflow":
            raise ImportError("blocked by a file that nobody owns")


sys.meta_path.insert(0, Blocker)
"""


def rounds(world, record):
    return [entry for entry in world.log(record) if entry.get("event") == "round"]


def test_a_damage_that_shows_only_after_the_first_round_is_repaired_in_the_second(world):
    env = world.healthy()
    (site(env) / "tensorflow" / "python" / "tools.py").unlink()
    numpy = site(env) / "numpy" / "__init__.py"
    size = numpy.stat().st_size
    numpy.unlink()
    numpy.write_text("raise ImportError('numpy.core.umath failed to import')\n".ljust(size, "#"))
    done = world.tfrepair("fix", "--yes", "--env", env)
    assert done.code == 0, done
    assert "plan, round 1" in done.out
    assert "plan, round 2" in done.out
    assert world.imported(env) == NEW
    (record,) = world.records()
    assert [(entry["number"], entry["strategy"]) for entry in rounds(world, record)] == [
        (1, "in-place"),
        (2, "in-place"),
    ]
    assert (record / "plan-1.json").is_file()
    assert (record / "plan-2.json").is_file()


def test_what_only_a_fresh_environment_leaves_behind_is_repaired_by_a_rebuild(world):
    env = world.conflict("colours")
    (site(env) / "_virtualenv.py").write_text(BLOCKER)
    (site(env) / "_virtualenv.pth").write_text("import _virtualenv\n")
    before = world.tree()
    done = world.tfrepair("fix", "--yes", "--env", env)
    assert done.code == 0, done
    (record,) = world.records()
    taken = rounds(world, record)
    assert len(taken) > 1
    assert taken[0]["strategy"] == "in-place"
    assert taken[-1]["strategy"] == "rebuild"
    for entry in taken:
        assert f"plan, round {entry['number']}:" in done.out
        assert f"round {entry['number']}: applying" in done.err
    assert done.out.count("plan, round") == len(taken)
    assert world.imported(env) == NEW
    assert world.imported(env, "colours", "__name__") == "colours"
    back = world.tfrepair("rollback", "--yes", "--env", env)
    assert back.code == 0, back
    assert world.tree(".tfrepair-env") == before


@pytest.fixture
def hopeless(world):
    """The release on the index does not work whatever is done."""
    for version in (NEW,):
        (world.index / f"tensorflow-{version}-py3-none-any.whl").unlink()
        files = tensorflow_files(version, init=INIT + "\nraise RuntimeError('broken by its makers')\n")
        write_wheel(world.index, "tensorflow", version, files, ["numpy<2.0.0", "protobuf", "keras"])
    return world.conflict("colours")


def test_no_progress_ends_with_everything_as_it_was(world, hopeless):
    before, times = world.tree(), world.times(hopeless)
    done = world.tfrepair("fix", "--yes", "--env", hopeless, "--json")
    assert done.code == 3, done
    body = done.json
    assert body["status"] == "rolled-back"
    assert body["error"]["code"] == "step"
    assert "as it was" in body["error"]["message"]
    assert world.tree(".tfrepair-env") == before
    assert {p: t[0] for p, t in world.times(hopeless).items()} == {p: t[0] for p, t in times.items()}
    assert not list((world.folder / ".tfrepair-env").glob("*/tree"))
    (record,) = world.records()
    assert body["run"]["id"] == record.name
    taken = rounds(world, record)
    assert [entry["number"] for entry in taken] == list(range(1, len(taken) + 1))
    assert 1 < len(taken) <= 4
    failed = [entry for entry in world.log(record) if entry.get("event") == "round failed"]
    assert all("broken by its makers" in entry["output"] for entry in failed)
    assert len(failed) == len(taken)
    listed = world.tfrepair("runs", "list")
    assert "rolled-back" in listed.out
    again = world.tfrepair("rollback", "--yes", "--env", hopeless)
    assert again.code == 2, again


def test_with_strategy_in_place_no_rebuild_is_tried(world, hopeless):
    before = world.tree()
    done = world.tfrepair("fix", "--yes", "--strategy", "in-place", "--env", hopeless, "--json")
    assert done.code == 3, done
    assert {entry["strategy"] for entry in rounds(world, world.records()[0])} == {"in-place"}
    assert world.tree(".tfrepair-env") == before


def test_an_environment_whose_every_file_is_as_recorded_but_does_not_work_is_tried_and_rolled_back(world, hopeless):
    """Installed as it is on the index, nothing to replace: still an answer with the exit code of the state."""
    env = world.venv(f"numpy=={NUMPY}", f"protobuf=={PROTOBUF}", f"keras=={KERAS}", f"tensorflow=={NEW}", name="two")
    before = world.tree()
    done = world.tfrepair("fix", "--yes", "--env", env, "--json")
    assert done.code in (3, 4), done
    assert done.json["findings"][0]["confidence"] == "low"
    assert world.tree(".tfrepair-two") == before


def test_an_import_that_only_takes_too_long_is_no_damage(world):
    files = tensorflow_files(NEW, init=f"{INIT}\nimport time\ntime.sleep(300)\n")
    write_wheel(world.index, "tensorflow", NEW, files, ["numpy<2", "protobuf", "keras"])
    slow = world.healthy(name="slow")
    seen = world.tfrepair("diagnose", "--env", slow, "--timeout", "1", "--json")
    assert (seen.code, seen.ids) == (1, []), seen
    assert "did not end within 1 s" in seen.json["messages"][0]
    done = world.tfrepair("fix", "--yes", "--env", slow, "--timeout", "1", "--json")
    assert done.code == 6, done
    assert "--timeout" in done.json["error"]["hint"]
    assert "did not end within 1 s" in world.tfrepair("verify", "--env", slow, "--timeout", "1").out
    done = world.tfrepair("fix", "--yes", "--env", world.conflict(), "--timeout", "1", "--json")
    assert (done.code, done.json["status"]) == (3, "rolled-back"), done
    assert "did not end within 1 s" in done.json["error"]["message"]
    assert len(rounds(world, world.records()[-1])) == 1
