"""What is used beside TensorFlow follows it when it moves: TensorBoard, tf-keras, tensorflow-text and the rest."""

from real_support import computed, site

COMPANIONS = ("tensorboard", "tf-keras", "text", "hub", "probability", "keras")


def version(env, name):
    folders = [path.name for path in site(env).glob(f"{name.replace('-', '_')}-*.dist-info")]
    assert len(folders) == 1, folders
    return folders[0].removesuffix(".dist-info").rpartition("-")[2]


def test_they_move_with_the_pin_and_setuptools_82_goes(world):
    env = world.venv("3.11", pip=False)
    world.uv(
        env, "tensorflow-cpu==2.18.1", "tensorboard==2.18.0", "setuptools==82.0.0", "tensorflow-hub==0.16.1",
        "tensorflow-probability==0.25.0", "numpy==1.26.4",
    )  # fmt: skip
    world.uv(env, "--no-deps", "tf-keras==2.18.0", "tensorflow-text==2.18.1")
    broken = world.tfrepair("verify", "--env", env, "--with", "tensorboard")
    assert broken.code == 1, broken
    assert "pkg_resources" in broken.out
    done = world.tfrepair("fix", "--yes", "--env", env, "--tensorflow", "tensorflow-cpu==2.17.1", "--json")
    assert done.code == 0, done
    assert computed(world, env) == "2.17.1"
    assert [version(env, name) for name in ("tensorboard", "tf-keras", "tensorflow-text")] == [
        "2.17.1", "2.17.0", "2.17.0",
    ]  # fmt: skip
    assert version(env, "tensorflow-probability").startswith("0.24.")
    assert int(version(env, "setuptools").partition(".")[0]) < 82
    assert not list(site(env).glob("tensorflow-2*")), "a second TensorFlow"
    seen = world.tfrepair("verify", "--env", env, *(f"--with={name}" for name in COMPANIONS), "--json")
    assert seen.code == 0, seen
    assert seen.json["result"]["smoke"]["ok"]


def test_each_of_them_is_tried_where_it_is_healthy(world):
    env = world.venv("3.11", pip=False)
    beside = {
        "tensorboard": "2.15.2", "tf-keras": "2.15.1", "tensorflow-text": "2.15.0", "tensorflow-hub": "0.16.1",
        "tensorflow-addons": "0.23.0", "tensorflow-probability": "0.23.0", "tensorflow-datasets": "4.9.4",
        "tf2onnx": "1.16.1", "tensorflow-estimator": "2.15.0", "tensorflow-io-gcs-filesystem": "0.36.0",
    }  # fmt: skip
    world.uv(
        env, "--exclude-newer", "2024-04-01", "tensorflow-cpu==2.15.1", *(f"{name}=={v}" for name, v in beside.items())
    )
    seen = world.tfrepair("verify", "--env", env, *(f"--with={name}" for name in beside), "--json")
    assert seen.code == 0, seen
    assert len([m for m in seen.json["messages"] if m.endswith("works beside it")]) == len(beside), seen
