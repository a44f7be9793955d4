"""Where no day can be had: a folder of wheels without the network, and a pip that is too old."""

from real_support import base, computed

from tfrepair.target.release_data import load_known_good

BAIT = ("numpy==2.2.6", "numpy==1.26.4", "protobuf==4.25.8", "protobuf==3.19.4", "h5py==3.14.0", "absl-py==2.3.1")
"""What an installation of today would take, and what would do: all newer or other than what is known to work."""


def test_a_folder_of_wheels_is_enough(world, tmp_path, monkeypatch):
    monkeypatch.setenv("UV_CACHE_DIR", str(tmp_path / "cache"))  # the shared one would keep this folder's wheels
    maker = world.venv("3.10", "maker")
    world.pip(maker, "install", "wheel")  # some of the tree has only source archives
    lock = load_known_good().get("tensorflow-cpu", "2.9.0", "3.10")
    assert lock.exact
    constraints, wheels = world.folder / "constraints.txt", world.folder / "wheels"
    constraints.write_text("".join(f"{name}=={version}\n" for name, version in lock.pins))
    world.pip(maker, "wheel", "tensorflow-cpu==2.9.0", "-c", constraints, "--wheel-dir", wheels)
    for bait in BAIT:
        world.pip(maker, "download", "--no-deps", bait, "--dest", wheels)
    env = world.folder / "env"
    pin = ("--tensorflow", "tensorflow-cpu==2.9.0", "--venv", env, "--base-python", base("3.10"))
    done = world.tfrepair("fix", "--yes", *pin, "--offline", "--find-links", wheels, "--json")
    assert done.code == 0, done
    assert done.json["plan"]["resolved"] == f"uv, without upload times: {lock.text}"
    assert {row["name"]: row["version"] for row in done.json["plan"]["lock"]}.items() <= dict(lock.pins).items()
    assert computed(world, env) == "2.9.0"


def test_a_pip_that_knows_no_day_takes_what_is_known_to_work(world):
    env = world.folder / "env"
    pin = ("--tensorflow", "tensorflow-cpu==2.3.4", "--venv", env, "--base-python", base("3.8"))
    done = world.tfrepair("fix", "--yes", *pin, "--installer", "pip", "--json")
    assert done.code == 0, done
    lock = load_known_good().get("tensorflow-cpu", "2.3.4", "3.8")
    assert done.json["plan"]["resolved"].endswith(f"too old to resolve as of a day: {lock.text}")
    assert computed(world, env) == "2.3.4"
