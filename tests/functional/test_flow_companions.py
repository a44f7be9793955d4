"""TensorBoard, tf-keras and their like: brought to the release that pairs with the TensorFlow that is chosen."""

import pytest
from functional_support import KERAS, MINOR, NEW, NUMPY, PROTOBUF, site, tensorflow_files, write_wheel

SERIES = NEW.rpartition(".")[0]
BEFORE = f"{SERIES.partition('.')[0]}.{int(SERIES.partition('.')[2]) - 1}"
OLD_SETUPTOOLS, NEW_SETUPTOOLS = "81.0.0", "82.0.0"


@pytest.fixture
def board(world):
    """TensorBoard in the releases of two TensorFlows, and the setuptools that it does and does not bear."""
    for version in (f"{BEFORE}.0", f"{SERIES}.0", f"{SERIES}.2"):
        files = {"tensorboard/__init__.py": f"__version__ = '{version}'\n"}
        write_wheel(world.index, "tensorboard", version, files, ["setuptools>=41"])
    for version in (OLD_SETUPTOOLS, NEW_SETUPTOOLS):
        write_wheel(world.index, "setuptools", version, {"setuptools/__init__.py": f"__version__ = '{version}'\n"})
    write_wheel(world.index, "setuptools", "60.0", {"setuptools/__init__.py": "__version__ = '60.0'\n"})
    return world


@pytest.mark.skipif(NEW == "2.21.0", reason="this TensorBoard bears every setuptools")
def test_tensorboard_and_its_setuptools_come_along(board):
    env = board.conflict(f"tensorboard=={BEFORE}.0", f"setuptools=={NEW_SETUPTOOLS}")
    seen = board.tfrepair("diagnose", "--env", env, "--json")
    texts = [row["text"] for finding in seen.json["findings"] for row in finding["evidence"]]
    assert any(f"`tensorboard` {BEFORE}.0 is outside `tensorboard=={SERIES}.*`" in text for text in texts)
    done = board.tfrepair("fix", "--yes", "--env", env, "--json")
    assert done.code == 0, done
    assert board.imported(env, "tensorboard") == f"{SERIES}.2"
    assert board.imported(env, "setuptools") == OLD_SETUPTOOLS


def test_a_companion_that_can_be_imported_again_is_named_in_one_line(world):
    text = {"tensorflow_text/__init__.py": "import tensorflow\n"}
    write_wheel(world.index, "tensorflow-text", f"{SERIES}.0", text, [f"tensorflow<{SERIES}.99,>={SERIES}"])
    broken = {"tensorflow_hub/__init__.py": "import what_nobody_has\n"}
    write_wheel(world.index, "tensorflow-hub", "0.16.1", broken, ["numpy"])
    env = world.conflict(f"tensorflow-text=={SERIES}.0", "tensorflow-hub==0.16.1")
    done = world.tfrepair("fix", "--yes", "--env", env, "--json")
    assert done.code == 0, done
    assert done.json["messages"] == ["repaired", "could not be imported before and can now: tensorflow-text"]


def test_what_is_not_installed_is_not_brought(board):
    env = board.conflict()
    done = board.tfrepair("fix", "--yes", "--env", env)
    assert done.code == 0, done
    assert not list(site(env).glob("tensorboard*"))


def test_tf_keras_brings_no_second_tensorflow(world):
    """It asks for `tensorflow`; what is installed is `tensorflow-cpu`, which has the same files."""
    requires = ["numpy<2.0.0,>=1.23.5", f"protobuf>={PROTOBUF}", f"keras>={KERAS}"]
    write_wheel(world.index, "tensorflow-cpu", NEW, tensorflow_files(NEW), requires)
    for version in (f"{BEFORE}.0", f"{SERIES}.0"):
        files = {"tf_keras/__init__.py": f"__version__ = '{version}'\n"}
        write_wheel(world.index, "tf-keras", version, files, ["tensorflow"])
    env = world.venv(
        f"numpy=={NUMPY}", f"protobuf=={PROTOBUF}", f"keras=={KERAS}", f"tensorflow-cpu=={NEW}", f"tf-keras=={BEFORE}.0"
    )
    (site(env) / "tensorflow" / "python" / "tools.py").unlink()
    done = world.tfrepair("fix", "--yes", "--env", env, "--json")
    assert done.code == 0, done
    names = {pin["name"] for pin in done.json["plan"]["lock"]}
    assert "tensorflow-cpu" in names
    assert "tensorflow" not in names
    assert world.imported(env, "tf_keras") == f"{SERIES}.0"
    assert not list(site(env).glob("tensorflow-*"))
    seen = world.tfrepair("diagnose", "--env", env, "--json")
    assert (seen.code, seen.json["findings"]) == (0, [])


def test_where_none_pairs_tensorflow_is_repaired_and_the_plan_says_what_will_not_work(world):
    text = {"tensorflow_text/__init__.py": "raise ImportError('built for another TensorFlow')\n"}
    write_wheel(world.index, "tensorflow-text", f"{BEFORE}.0", text, [f"tensorflow<{SERIES},>={BEFORE}"])
    env = world.conflict(f"tensorflow-text=={BEFORE}.0")
    done = world.tfrepair("fix", "--yes", "--env", env, "--json")
    assert done.code == 0, done
    assert world.imported(env) == NEW
    said = done.json["plan"]["notes"]
    assert any(f"tensorflow-text {BEFORE}.0 was made for another TensorFlow" in note for note in said)
    assert list(site(env).glob(f"tensorflow_text-{BEFORE}.0.dist-info"))


def test_verify_with_a_companion(world):
    env = world.healthy()
    (site(env) / "tensorflow_hub.py").write_text(
        "class KerasLayer:\n    def __init__(self, function):\n        raise ValueError('no layer today')\n"
    )
    done = world.tfrepair("verify", "--env", env, "--with", "hub", "--json")
    assert done.code == 1, done
    assert "ValueError: no layer today" in str(done.json)
    said = world.tfrepair("verify", "--env", env, "--with", "hub")
    assert "but `tensorflow-hub` does not" in said.out + said.err
    assert f"next: `tfrepair diagnose --env {env}` names the cause" in said.out + said.err
    missing = world.tfrepair("verify", "--env", env, "--with", "tf-keras")
    assert missing.code == 1
    assert "No module named 'tf_keras'" in missing.out + missing.err
    there = world.tfrepair("verify", "--env", env, "--with", "numpy", "--with", "protobuf")
    assert there.code == 0, there


def test_verify_with_an_unknown_name_is_refused_with_the_nearest(world):
    env = world.healthy()
    done = world.tfrepair("verify", "--env", env, "--with", "tensorbord", "--json")
    assert done.code == 2, done
    assert "`--with tensorbord` is not known" in done.json["error"]["message"]
    assert "did you mean `tensorboard`?" in done.json["error"]["hint"]
    assert MINOR in str(site(env))


def test_a_companion_that_is_not_installed_is_no_cause_to_diagnose(board):
    env = board.healthy()
    done = board.tfrepair("verify", "--env", env, "--with", "tensorboard")
    assert done.code == 1, done
    assert "`tensorboard` is not installed there: install it" in done.out
    assert "tfrepair diagnose" not in done.out
