"""What worked before works after: distributions with native code beside TensorFlow."""

import json

import pytest
from functional_support import LIBRARY, MINOR, NEW, NUMPY, NUMPY_2, json_of, write_wheel

NEEDS_2 = """
import numpy

if int(numpy.__version__.partition(".")[0]) < 2:
    raise ImportError("built for NumPy 2 and never said so")
"""


def native(world, name, version, text, requires=("numpy",)):
    module = name.replace("-", "_")
    write_wheel(
        world.index, name, version, {f"{module}/__init__.py": text, f"{module}/_core.so": LIBRARY}, list(requires)
    )


def json_lines(path):
    return [json.loads(line) for line in path.read_text().splitlines()]


def rounds(world):
    (record,) = world.records()
    return [entry["number"] for entry in world.log(record) if entry.get("event") == "round"]


def events(world, name):
    (record,) = world.records()
    return [entry for entry in world.log(record) if entry.get("event") == name]


def test_what_no_longer_imports_moves_in_a_further_round(world):
    native(world, "fastmath", "1.0", NEEDS_2)
    env = world.conflict("fastmath==1.0")
    native(world, "fastmath", "1.1", "import numpy\n__version__ = '1.1'\n")
    done = world.tfrepair("fix", "--yes", "--env", env, "--json")
    assert done.code == 0, done
    assert rounds(world) == [1, 2]
    assert world.imported(env, "numpy") == NUMPY
    assert world.imported(env, "fastmath") == "1.1"
    (move,) = [move for move in done.json["plan"]["moves"] if move["name"] == "fastmath"]
    assert (move["before"], move["after"]) == ("1.0", "1.1")
    assert "worked before the repair and no longer does" in move["why"]
    assert "built for NumPy 2 and never said so" in move["why"]
    (record,) = world.records()
    verified = [entry for entry in json_lines(record / "journal.jsonl") if entry["event"] == "verified"]
    assert [(entry["detail"]["ok"], entry["detail"]["rung"]) for entry in verified] == [
        (False, "kept distributions"),
        (True, "keras"),
    ]


def test_where_no_version_helps_everything_is_as_it_was_and_the_distribution_is_named(world):
    native(world, "fastmath", "1.0", NEEDS_2)
    env = world.conflict("fastmath==1.0")
    before = world.tree()
    done = world.tfrepair("fix", "--yes", "--env", env, "--json")
    assert done.code == 3, done
    assert done.json["status"] == "rolled-back"
    said = done.json["error"]["message"]
    assert "`fastmath` 1.0: `import fastmath` worked before the repair and no longer does" in said
    assert "ImportError: built for NumPy 2 and never said so" in said
    assert f"tensorflow {NEW} works" in said
    assert "as it was" in said
    assert world.tree(".tfrepair-env") == before


def test_what_still_does_not_import_after_it_moved_is_not_moved_again(world):
    native(world, "fastmath", "1.0", NEEDS_2)
    env = world.conflict("fastmath==1.0")
    native(world, "fastmath", "1.1", NEEDS_2)
    before = world.tree()
    done = world.tfrepair("fix", "--yes", "--env", env, "--json")
    assert done.code == 3, done
    assert rounds(world) == [1, 2]
    assert world.tree(".tfrepair-env") == before


def test_a_reviewed_plan_gets_no_further_round(world):
    native(world, "fastmath", "1.0", NEEDS_2)
    env = world.conflict("fastmath==1.0")
    native(world, "fastmath", "1.1", "import numpy\n")
    plan = world.folder / "plan.json"
    assert world.tfrepair("fix", "--dry-run", "--env", env, "--plan-out", plan).code == 1
    done = world.tfrepair("fix", "--yes", "--env", env, "--plan", plan, "--json")
    assert done.code == 3, done
    assert "fastmath" in done.json["error"]["message"]
    assert rounds(world) == [1]
    assert json_of(plan)["round"] == 1


def test_what_did_not_import_before_is_nobodys_loss(world):
    native(world, "fastmath", "1.0", "import numpy\nraise ImportError('never worked')\n")
    env = world.conflict("fastmath==1.0")
    done = world.tfrepair("fix", "--yes", "--env", env, "--json")
    assert done.code == 0, done
    assert rounds(world) == [1]
    assert world.imported(env, "numpy") == NUMPY


def test_what_works_on_both_sides_is_imported_on_both(world):
    native(world, "fastmath", "1.0", "import numpy\n")
    env = world.conflict("fastmath==1.0")
    done = world.tfrepair("fix", "--yes", "--env", env)
    assert done.code == 0, done
    (before,), (after,) = events(world, "imported before"), events(world, "imported after")
    assert before["modules"] == {"fastmath": ["fastmath"]}
    assert (after["modules"], after["lost"]) == (["fastmath"], [])
    assert not list((env / "lib" / f"python{MINOR}").rglob("fastmath/**/*.pyc"))


def test_a_part_that_is_loaded_later_counts(world):
    """`import scipy` loads nothing of `scipy.linalg`."""
    files = {
        "lazy/__init__.py": "",
        "lazy/linalg/__init__.py": NEEDS_2,
        "lazy/linalg/_core.so": LIBRARY,
    }
    write_wheel(world.index, "lazy", "1.0", files, ["numpy"])
    env = world.conflict("lazy==1.0")
    done = world.tfrepair("fix", "--yes", "--env", env, "--json")
    assert done.code == 3, done
    assert "`import lazy.linalg` worked before" in done.json["error"]["message"]


@pytest.mark.parametrize("what", ["pure", "unconcerned"])
def test_nothing_is_imported_for_what_cannot_notice(world, what):
    if what == "pure":
        write_wheel(world.index, "thing", "1.0", {"thing.py": "import numpy\n"}, ["numpy"])
    else:
        native(world, "thing", "1.0", "", requires=["colours"])
    env = world.conflict("thing==1.0", "colours")
    assert world.imported(env, "numpy") == NUMPY_2
    done = world.tfrepair("fix", "--yes", "--env", env)
    assert done.code == 0, done
    assert events(world, "imported before") == []
    assert "importing what may notice" not in done.err


def test_where_a_version_and_the_pin_cannot_both_be_only_that_moves_and_the_plan_says_why(world):
    """`asks` asks for NumPy 2; TensorFlow cannot have it. `other` can stay, and stays."""
    native(world, "asks", "1.0", "import numpy\n", requires=["numpy>=2"])
    native(world, "other", "1.0", "import numpy\n__version__ = '1.0'\n")
    env = world.conflict("asks==1.0", "other==1.0")
    native(world, "asks", "0.9", "import numpy\n__version__ = '0.9'\n", requires=["numpy>=1.20"])
    native(world, "asks", "0.8", "import numpy\n__version__ = '0.8'\n", requires=["numpy>=1.20"])
    native(world, "other", "1.1", "import numpy\n__version__ = '1.1'\n")
    done = world.tfrepair("fix", "--yes", "--env", env, "--json")
    assert done.code == 0, done
    moves = {move["name"]: move for move in done.json["plan"]["moves"]}
    assert set(moves) == {"numpy", "asks"}
    assert (moves["asks"]["before"], moves["asks"]["after"]) == ("1.0", "0.9")
    assert moves["asks"]["why"] == f"asks 1.0 requires numpy>=2, and numpy {NUMPY} is what comes"
    assert world.imported(env, "asks") == "0.9"
    assert world.imported(env, "other") == "1.0"
