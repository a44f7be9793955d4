"""`--venv` and empty environments."""

from real_support import base, computed, site

from tfrepair.target.release_data import load_releases


def test_an_old_release_gets_a_working_environment(world):
    env = world.folder / "new"
    done = world.tfrepair(
        "fix", "--yes", "--tensorflow", "2.11.0", "--venv", env, "--base-python", base("3.10"), "--json"
    )
    assert done.code == 0, done
    assert done.json["result"]["tensorflow"] == "2.11.0"
    assert computed(world, env) == "2.11.0"
    world.run(env / "bin" / "pip", "--version")
    text = str(world.folder / ".tfrepair-new").encode()
    naming = [p for p in env.rglob("*") if p.is_file() and p.stat().st_size < 5_000_000 and text in p.read_bytes()]
    assert naming == []
    verified = world.tfrepair("verify", "--env", env, "--with", "tensorboard")
    assert verified.code == 0, verified


def test_an_empty_environment_gets_the_newest_release_that_fits(world):
    env = world.venv("3.12")
    done = world.tfrepair("fix", "--yes", "--env", env, "--json")
    assert done.code == 0, done
    assert done.json["findings"][0]["id"] == "not-installed"
    newest = max(
        (v for v, r in load_releases().by_name["tensorflow"].items() if r.final),
        key=lambda v: tuple(map(int, v.split(".")[:3])),
    )
    assert computed(world, env) == newest


def test_a_healthy_environment_is_left_alone(world):
    env = world.venv("3.11")
    world.uv(env, "tensorflow-cpu==2.18.1", "setuptools<82")
    before = world.tree()
    for command in (["diagnose"], ["diagnose", "--deep"], ["verify"], ["fix", "--dry-run"], ["fix", "--yes"]):
        done = world.tfrepair(*command, "--env", env)
        assert done.code == 0, done
    assert world.tree() == before
    assert site(env).is_dir()


def test_a_release_of_another_era_on_its_own_python(world):
    env = world.folder / "old"
    done = world.tfrepair(
        "fix", "--yes", "--tensorflow", "1.15.5", "--venv", env, "--base-python", base("3.7"), "--json"
    )
    assert done.code == 0, done
    assert done.json["result"]["tensorflow"] == "1.15.5"
    assert world.tfrepair("verify", "--env", env).code == 0


def test_pip_as_the_installer(world):
    env = world.venv("3.10")
    pin = "tensorflow-cpu==2.11.0"
    done = world.tfrepair("fix", "--yes", "--env", env, "--tensorflow", pin, "--installer", "pip", "--json")
    assert done.code == 0, done
    assert done.json["plan"]["resolved"].startswith("pip, as of 2022-12-18")
    assert computed(world, env) == "2.11.0"


def test_a_wheel_file_as_the_pin(world, tmp_path, monkeypatch):
    monkeypatch.setenv("UV_CACHE_DIR", str(tmp_path / "cache"))  # the shared one would keep this folder's wheels
    env = world.venv("3.10")
    world.pip(env, "download", "--no-deps", "tensorflow-cpu==2.11.0", "--dest", world.folder / "wheels")
    (wheel,) = (world.folder / "wheels").glob("*.whl")
    done = world.tfrepair("fix", "--yes", "--env", env, "--tensorflow", wheel, "--json")
    assert done.code == 0, done
    assert done.json["plan"]["lock"][0]["hashes"]
    assert computed(world, env) == "2.11.0"
