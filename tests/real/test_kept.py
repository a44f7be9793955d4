"""Distributions with native code beside TensorFlow: what imported before a repair imports after it."""

import pytest
from real_support import computed

OLD_PANDAS = "1.5.3"
"""Built against NumPy 1, and it asks for no bound: with NumPy 2 its import fails."""


@pytest.fixture
def with_pandas(world):
    env = world.venv("3.10", pip=False)
    world.uv(env, "tensorflow-cpu==2.15.1", f"pandas=={OLD_PANDAS}", "scipy==1.11.4", "numpy==1.23.5")
    return env


def versions(outcome):
    return {pin["name"]: pin["version"] for pin in outcome.json["plan"]["lock"]}


def imported(world, env, module):
    return world.run(env / "bin" / "python", "-B", "-c", f"import {module} as m; print(m.__version__)").stdout.strip()


def test_numpy_moves_no_further_than_what_was_built_against_it_bears(world, with_pandas):
    done = world.tfrepair("fix", "--yes", "--env", with_pandas, "--tensorflow", "tensorflow-cpu==2.20.0", "--json")
    assert done.code == 0, done
    assert done.json["plan"]["round"] == 1
    assert versions(done)["numpy"].startswith("1.26.")
    assert "importing in the copy what could be imported before: numpy, pandas, scipy" in done.err
    assert (imported(world, with_pandas, "pandas"), imported(world, with_pandas, "scipy")) == (OLD_PANDAS, "1.11.4")
    assert computed(world, with_pandas) == "2.20.0"
    moved = {move["name"]: move for move in done.json["plan"]["moves"]}
    assert set(moved) <= {"numpy", "typing-extensions"}
    assert moved["numpy"]["before"] == "1.23.5"


def test_where_numpy_must_go_further_pandas_moves_in_a_second_round(world, with_pandas):
    (world.folder / "constraints.txt").write_text("numpy>=2\n")
    done = world.tfrepair(
        "fix", "--yes", "--env", with_pandas, "--tensorflow", "tensorflow-cpu==2.20.0",
        "--constraint", "constraints.txt", "--json",
    )  # fmt: skip
    assert done.code == 0, done
    assert done.json["plan"]["round"] == 2
    moved = {move["name"]: move for move in done.json["plan"]["moves"]}
    assert moved["pandas"]["before"] == OLD_PANDAS
    assert "worked before the repair and no longer does" in moved["pandas"]["why"]
    assert imported(world, with_pandas, "pandas") == moved["pandas"]["after"]
    assert imported(world, with_pandas, "numpy").startswith("2.")
    assert computed(world, with_pandas) == "2.20.0"
    back = world.tfrepair("rollback", "--yes", "--env", with_pandas)
    assert back.code == 0, back
    assert imported(world, with_pandas, "pandas") == OLD_PANDAS
