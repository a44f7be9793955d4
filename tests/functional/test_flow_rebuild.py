"""`--strategy rebuild`: a fresh environment that everything else moves into."""

import os
import shutil
import subprocess

import pytest
from functional_support import NEW, naming, site


@pytest.fixture
def env(world):
    env = world.conflict("colours", "lamp", prompt="my project")
    (env / "notes" / "empty").mkdir(parents=True)
    (env / "notes" / "todo.txt").write_text("train it again")
    (env / "notes" / "todo.txt").chmod(0o600)
    (env / "notes" / "link").symlink_to("todo.txt")
    (site(env) / "helper_of_mine.py").write_text("VALUE = 42\n")
    (env / "bin" / "mine").write_text(f"#!{env}/bin/python\nimport helper_of_mine\nprint(helper_of_mine.VALUE)\n")
    (env / "bin" / "mine").chmod(0o755)
    return env


def said(*argv):
    done = subprocess.run([str(word) for word in argv], capture_output=True, text=True, check=False, cwd="/")
    assert done.returncode == 0, done.stderr
    return done.stdout


def test_everything_else_moves_in(world, env):
    done = world.tfrepair("fix", "--yes", "--strategy", "rebuild", "--env", env, "--json")
    assert done.code == 0, done
    assert done.json["plan"]["strategy"] == "rebuild"
    assert [operation["action"] for operation in done.json["plan"]["operations"]] == ["venv", "carry", "install"]
    assert world.imported(env) == NEW
    assert said(env / "bin" / "colours") == "red\n"
    assert said(env / "bin" / "mine") == "42\n"
    assert world.imported(env, "lamp", "__name__") == "lamp"
    assert (env / "notes" / "todo.txt").read_text() == "train it again"
    assert (env / "notes" / "todo.txt").stat().st_mode & 0o777 == 0o600
    assert (env / "notes" / "empty").is_dir()
    assert os.readlink(env / "notes" / "link") == "todo.txt"
    assert not list(site(env).glob("tensorflow_gpu*"))


def test_no_file_names_the_stage(world, env):
    assert world.tfrepair("fix", "--yes", "--strategy", "rebuild", "--env", env).code == 0
    assert naming(env, ".tfrepair-env") == []
    for path in env.rglob("*"):
        assert not path.is_symlink() or ".tfrepair-env" not in os.readlink(path)


def activated(env):
    names = "for name in python colours mine; do command -v $name; done"
    if shutil.which("bash") is None:
        pytest.skip("virtualenv shows its prompt in bash and zsh only")
    return said("bash", "-c", f". {env}/bin/activate; echo $VIRTUAL_ENV; echo $PS1; {names}").splitlines()


def test_activation_and_prompt_are_those_of_the_environment(world, env):
    assert "(my project)" in activated(env)[1]
    assert world.tfrepair("fix", "--yes", "--strategy", "rebuild", "--env", env).code == 0
    after = activated(env)
    assert after[0] == str(env)
    assert "(my project)" in after[1]
    assert after[2:] == [f"{env}/bin/{name}" for name in ("python", "colours", "mine")]
    assert said(env / "bin" / "python", "-c", "import sys; print(sys.prefix)").strip() == str(env)


def test_the_base_is_the_one_that_the_environment_has(world, env, monkeypatch):
    """Wherever it lies: it need not be on PATH or in a folder of pyenv."""
    monkeypatch.setenv("PATH", os.defpath)
    base = (env / "bin" / "python").resolve()
    done = world.tfrepair("fix", "--yes", "--strategy", "rebuild", "--env", env, "--json")
    assert done.code == 0, done
    assert (env / "bin" / "python").resolve() == base


def test_the_way_back_is_the_exact_tree(world, env):
    before = world.tree()
    assert world.tfrepair("fix", "--yes", "--strategy", "rebuild", "--env", env).code == 0
    back = world.tfrepair("rollback", "--yes", "--env", env)
    assert back.code == 0, back
    assert world.tree(".tfrepair-env") == before
    assert said(env / "bin" / "mine") == "42\n"


def test_a_working_environment_is_rebuilt_when_that_is_asked_for(world):
    env = world.healthy(name="fine")
    done = world.tfrepair("fix", "--yes", "--strategy", "rebuild", "--env", env, "--json")
    assert done.code == 0, done
    assert done.json["status"] == "repaired"
    assert world.imported(env) == NEW


def test_an_environment_that_is_reached_by_a_link_stays_reached_by_it(world, env):
    link = world.folder / "current"
    link.symlink_to("env")
    done = world.tfrepair("fix", "--yes", "--env", link, "--json")
    assert done.code == 0, done
    assert link.is_symlink()
    assert world.imported(link) == NEW
    assert world.imported(env) == NEW
    back = world.tfrepair("rollback", "--yes", "--env", link)
    assert back.code == 0, back


def test_the_plan_says_what_stays_behind(world, env):
    (site(env) / "sitecustomize.py").write_text("import os\nos._exit(1)\n")
    shown = world.tfrepair("fix", "--dry-run", "--env", env, "--json")
    assert shown.code == 1, shown
    summaries = [operation["summary"] for operation in shown.json["plan"]["operations"]]
    assert any("sitecustomize.py" in summary for summary in summaries), summaries
