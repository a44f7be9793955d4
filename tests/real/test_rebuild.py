"""What a rebuild carries along, and a base interpreter that is gone."""

import shutil

from real_support import base, computed, site

PROJECT = """
[build-system]
requires = ["setuptools"]
build-backend = "setuptools.build_meta"
[project]
name = "mine"
version = "1.2.3"
[project.scripts]
mine = "mine:main"
"""


def furnished(world, env):
    """An unrelated set: from the index, editable, a script, a folder of the user's own."""
    project = world.folder / "project"
    project.mkdir()
    (project / "pyproject.toml").write_text(PROJECT)
    (project / "mine.py").write_text("def main():\n    print('mine runs')\n")
    world.uv(env, "pandas==2.2.3", "requests==2.32.3", "-e", project)
    (env / "notes" / "empty").mkdir(parents=True)
    (env / "notes" / "todo.txt").write_text("train it again")
    (site(env) / "helper_of_mine.py").write_text("VALUE = 42\n")


def assert_furnished(world, env):
    versions = (
        "import pandas, requests, helper_of_mine; print(pandas.__version__, requests.__version__, helper_of_mine.VALUE)"
    )
    assert world.run(env / "bin" / "python", "-c", versions).stdout.split() == ["2.2.3", "2.32.3", "42"]
    assert world.run(env / "bin" / "mine").stdout == "mine runs\n"
    assert (env / "notes" / "todo.txt").read_text() == "train it again"
    assert (env / "notes" / "empty").is_dir()
    shell = f". {env}/bin/activate && echo $VIRTUAL_ENV && echo $PS1 && command -v mine"
    lines = world.run("bash", "-c", shell).stdout.split("\n")
    assert lines[0] == str(env)
    assert env.name in lines[1]
    assert lines[2] == f"{env}/bin/mine"
    stage = str(world.folder / f".tfrepair-{env.name}").encode()
    naming = [p for p in env.rglob("*") if p.is_file() and p.stat().st_size < 5_000_000 and stage in p.read_bytes()]
    assert naming == []


def test_a_rebuild_keeps_everything_else(world):
    env = world.venv("3.11")
    world.uv(env, "tensorflow-cpu==2.15.1", "setuptools<82")
    furnished(world, env)
    world.uv(env, "--no-deps", "protobuf==3.19.6")
    done = world.tfrepair("fix", "--yes", "--strategy", "rebuild", "--env", env, "--json")
    assert done.code == 0, done
    assert done.json["plan"]["strategy"] == "rebuild"
    assert computed(world, env) == "2.15.1"
    assert_furnished(world, env)
    back = world.tfrepair("rollback", "--yes", "--env", env)
    assert back.code == 0, back
    assert_furnished(world, env)


def test_a_venv_whose_base_is_gone_is_rebuilt_on_another_of_the_same_minor(world):
    copy = world.folder.parent / "gone"
    shutil.copytree(base("3.11").rsplit("/bin/", 1)[0], copy, symlinks=True)
    env = world.folder / "env"
    world.run(copy / "bin" / "python3.11", "-m", "venv", env)
    world.uv(env, "tensorflow-cpu==2.15.1", "setuptools<82")
    furnished(world, env)
    shutil.rmtree(copy)
    seen = world.tfrepair("diagnose", "--env", env, "--json")
    assert seen.code == 1, seen
    assert seen.json["findings"][0]["id"] == "broken-interpreter"
    done = world.tfrepair("fix", "--yes", "--env", env, "--json")
    assert done.code == 0, done
    assert computed(world, env) == "2.15.1"
    assert_furnished(world, env)


def test_another_python_keeps_the_users_versions(world):
    env = world.venv("3.12")
    world.uv(env, "pandas==2.2.3", "requests==2.32.3")
    wanted = ("--env", env, "--tensorflow", "tensorflow-cpu==2.11.0")
    refused = world.tfrepair("fix", "--yes", *wanted)
    assert refused.code == 4, refused
    assert "--base-python" in refused.err
    done = world.tfrepair("fix", "--yes", *wanted, "--base-python", base("3.10"), "--json")
    assert done.code == 0, done
    assert computed(world, env) == "2.11.0"
    versions = "import pandas, requests; print(pandas.__version__, requests.__version__)"
    assert world.run(env / "bin" / "python", "-c", versions).stdout.split() == ["2.2.3", "2.32.3"]
