"""A team's own playbook: named on the command line it acts, found in the current folder it does not."""

import os
import sys

import pytest
from functional_support import INIT, KERAS, NEW, NUMPY, PROTOBUF, site, tensorflow_files, write_wheel

OURS = """
schema: 1
name: our-licence
title: The licence file of our build is missing
about: Our build of TensorFlow wants a licence file in the environment.
diagnose:
  signatures:
    - pattern: 'LicenceError: no licence'
      confidence: high
      means: our build found no licence file
repair: automatic
fix:
  - name: Write the licence
    action: run
    args:
      argv: {argv}
"""
NEEDS_LICENCE = """
import os, sys
if not os.path.exists(os.path.join(sys.prefix, "licence.txt")):
    class LicenceError(Exception):
        pass
    raise LicenceError("no licence")
"""
WRITE = "import sys, pathlib; pathlib.Path(sys.prefix, 'licence.txt').write_text('granted')"


@pytest.fixture
def env(world):
    (world.index / f"tensorflow-{NEW}-py3-none-any.whl").unlink()
    files = tensorflow_files(NEW, init=NEEDS_LICENCE + INIT)
    write_wheel(world.index, "tensorflow", NEW, files, [f"numpy=={NUMPY}", "protobuf", "keras"])
    return world.venv(f"numpy=={NUMPY}", f"protobuf=={PROTOBUF}", f"keras=={KERAS}", f"tensorflow=={NEW}")


def playbook(folder, argv):
    import json

    path = folder / "our-licence.yaml"
    path.parent.mkdir(exist_ok=True)
    path.write_text(OURS.replace("{argv}", json.dumps(argv)))
    return path


def test_named_on_the_command_line_its_command_runs_in_the_stage(world, env):
    path = playbook(world.folder.parent, ["python", "-c", WRITE])
    before = world.tree()
    planned = world.tfrepair("fix", "--dry-run", "--env", env, "--playbook", path, "--json")
    assert planned.code == 1, planned
    assert planned.ids == ["our-licence"]
    assert planned.json["plan"]["operations"][-1]["action"] == "run"
    assert "cannot be foretold" in planned.json["plan"]["operations"][-1]["summary"]
    assert world.tree() == before
    done = world.tfrepair("fix", "--yes", "--env", env, "--playbook", path, "--json")
    assert done.code == 0, done
    assert (env / "licence.txt").read_text() == "granted"
    assert world.imported(env) == NEW
    assert world.tfrepair("rollback", "--yes", "--env", env).code == 0
    assert world.tree(".tfrepair-env") == before


def test_the_paths_that_facts_name_are_those_of_the_stage(world, env):
    path = playbook(
        world.folder.parent, ["{interpreter.executable}", "-c", WRITE + "; pathlib.Path(sys.argv[1]).touch()"]
    )
    path.write_text(path.read_text().replace('touch()"]', 'touch()", "{environment.prefix}/mark"]'))
    before = world.tree()
    done = world.tfrepair("fix", "--yes", "--env", env, "--playbook", path, "--json")
    assert done.code == 0, done
    assert (env / "licence.txt").exists()
    assert (env / "mark").exists()
    assert world.tfrepair("rollback", "--yes", "--env", env).code == 0
    assert world.tree(".tfrepair-env") == before, "the command wrote into the environment itself"


def test_a_rule_that_still_holds_when_tensorflow_works_is_said_to_be_that(world):
    env = world.healthy()
    path = world.folder.parent / "never.yaml"
    rule = "{fact: distribution.numpy.version, exists: true}"
    text = OURS.replace("{argv}", '["python", "-c", "pass"]').replace("our-licence", "never")
    signatures = text[text.index("  signatures") : text.index("repair: ")]
    rules = f"  rules:\n    - when: {rule}\n      evidence: [{{kind: host, text: it is there}}]\n"
    path.write_text(text.replace(signatures, rules))
    before = world.tree()
    done = world.tfrepair("fix", "--yes", "--env", env, "--playbook", path, "--json")
    assert done.code == 3, done
    assert "TensorFlow works after round" in done.json["error"]["message"]
    assert "[never]" in done.json["error"]["message"]
    assert world.tree(".tfrepair-env") == before


def test_a_command_that_goes_by_path_meets_the_stage_and_not_the_active_environment(world, env, monkeypatch):
    """`python` inside a shell is that of the stage, although the user has the environment activated."""
    monkeypatch.setenv("VIRTUAL_ENV", str(env))
    monkeypatch.setenv("PATH", f"{env}/bin{os.pathsep}{os.environ['PATH']}")
    path = playbook(world.folder.parent, ["sh", "-c", f'python -c "{WRITE}"'])
    before = world.tree()
    done = world.tfrepair("fix", "--yes", "--env", env, "--playbook", path, "--json")
    assert done.code == 0, done
    assert world.imported(env) == NEW
    assert world.tfrepair("rollback", "--yes", "--env", env).code == 0
    assert world.tree(".tfrepair-env") == before, "the command wrote into the environment itself"


def test_a_command_that_writes_into_files_does_not_reach_the_original(world, env):
    code = WRITE + "; open(pathlib.Path(sys.prefix, 'keep.txt'), 'a').write('more')"
    (env / "keep.txt").write_text("mine")
    path = playbook(world.folder.parent, ["python", "-c", code])
    before = world.tree()
    done = world.tfrepair("fix", "--yes", "--env", env, "--playbook", path)
    assert done.code == 0, done
    assert (env / "keep.txt").read_text() == "minemore"
    assert world.tfrepair("rollback", "--yes", "--env", env).code == 0
    assert world.tree(".tfrepair-env") == before


def test_a_command_that_fails_is_rolled_back(world, env):
    path = playbook(world.folder.parent, ["python", "-c", "import sys; sys.exit('it went wrong')"])
    before = world.tree()
    done = world.tfrepair("fix", "--yes", "--env", env, "--playbook", path, "--json")
    assert done.code == 3, done
    assert "it went wrong" in done.json["error"]["message"]
    assert world.tree(".tfrepair-env") == before


def test_a_command_that_is_not_there_is_rolled_back(world, env):
    path = playbook(world.folder.parent, ["no-such-program-anywhere"])
    before = world.tree()
    done = world.tfrepair("fix", "--yes", "--env", env, "--playbook", path, "--json")
    assert done.code == 3, done
    assert "no-such-program-anywhere" in done.json["error"]["message"]
    assert world.tree(".tfrepair-env") == before


def test_one_in_the_current_folder_diagnoses_and_does_not_act(world, env):
    mark = world.folder.parent / "acted"
    playbook(world.folder / ".tfrepair", [sys.executable, "-c", f"open({str(mark)!r}, 'w')"])
    seen = world.tfrepair("diagnose", "--env", env, "--json")
    assert (seen.code, seen.ids) == (1, ["our-licence"]), seen
    before = world.tree()
    done = world.tfrepair("fix", "--yes", "--env", env, "--json")
    assert not mark.exists()
    assert done.code in (1, 3, 4), done
    assert world.tree(".tfrepair-env") == before
    assert "--trust" in done.out + done.err, "it says what would let it act"


def test_one_in_the_current_folder_shows_its_plan_in_a_dry_run(world, env):
    """The contract: it may diagnose and show a plan."""
    playbook(world.folder / ".tfrepair", ["python", "-c", WRITE])
    planned = world.tfrepair("fix", "--dry-run", "--env", env, "--json")
    assert planned.code == 1, planned
    assert "run" in [operation["action"] for operation in planned.json["plan"]["operations"]]


def test_one_in_the_current_folder_acts_with_trust(world, env):
    playbook(world.folder / ".tfrepair", ["python", "-c", WRITE])
    done = world.tfrepair("fix", "--yes", "--trust", "--env", env, "--json")
    assert done.code == 0, done
    assert (env / "licence.txt").is_file()


def test_a_playbook_with_mistakes_starts_nothing(world, env):
    path = world.folder.parent / "bad.yaml"
    path.write_text("schema: 1\nname: bad\nfixx: []\n")
    before = world.tree()
    done = world.tfrepair("fix", "--yes", "--env", env, "--playbook", path, "--json")
    assert done.code == 2, done
    assert "bad.yaml:" in done.json["error"]["message"]
    assert world.tree() == before
    assert site(env).is_dir()
