"""What the actions of playbooks do, through the command line, and that none of them acts without being trusted."""

import json
import os
import shutil
import subprocess
import sys

import pytest
from functional_support import NEW, NUMPY, OLD, site, write_marking_sdist, write_wheel
from playbook_support import GRANT, needs_licence, python, write_playbook

VARIABLES = """
  - name: Where our data is
    action: environment
    args:
      variables: {OUR_DATA: "it's in $HOME; %PATH% \\"x\\" !y", OUR_HOME: '{environment.prefix}/data', UNWANTED: null}
"""


@pytest.fixture
def env(world):
    return needs_licence(world)


def variables_of(shell, script, names, environ=None):
    """What a shell has in these variables after it has activated the environment."""
    source = "." if os.path.basename(shell) in {"bash", "zsh"} else "source"
    ask = f"import json, os; print(json.dumps([os.environ.get(name) for name in {json.dumps(names)}]))"
    code = f"{source} '{script}'\n'{sys.executable}' -c '{ask}'\n"
    environ = {**os.environ, "VIRTUAL_ENV_DISABLE_PROMPT": "1", **(environ or {})}
    # not with `-c`, where csh has no prompt, which its script needs
    done = subprocess.run([shell], input=code, capture_output=True, text=True, check=False, env=environ)
    assert done.returncode == 0, (shell, done.stderr)
    return json.loads(done.stdout.splitlines()[-1])


def test_environment_variables_are_set_by_every_activation_script_once(world, env):
    path = write_playbook(world.folder.parent, f"fix:{GRANT}{VARIABLES}")
    planned = world.tfrepair("fix", "--dry-run", "--env", env, "--playbook", path)
    assert "services and Jupyter kernels do not read" in planned.out.replace("\n     ", " "), planned
    done = world.tfrepair("fix", "--yes", "--env", env, "--playbook", path, "--json")
    assert done.code == 0, done
    expected = ['it\'s in $HOME; %PATH% "x" !y', f"{env}/data", None]
    names = ("OUR_DATA", "OUR_HOME", "UNWANTED")
    shells = {"bash": "activate", "zsh": "activate", "fish": "activate.fish", "tcsh": "activate.csh"}
    found = {shell: shutil.which(shell) for shell in shells}
    assert found["bash"]
    for shell, program in found.items():
        if program:
            got = variables_of(program, env / "bin" / shells[shell], names, {"UNWANTED": "set before"})
            assert got == expected, shell
    powershell = (env / "bin" / "Activate.ps1").read_text()
    assert "$env:OUR_DATA = 'it''s in $HOME; %PATH% \"x\" !y'" in powershell
    (env / "licence.txt").unlink()
    again = world.tfrepair("fix", "--yes", "--env", env, "--playbook", path, "--json")
    assert again.code == 0, again
    assert (env / "bin" / "activate").read_text().count("export OUR_DATA=") == 1
    assert world.tfrepair("rollback", "--yes", "--env", env).code == 0
    assert (env / "bin" / "activate").read_text().count("OUR_DATA") == 3, "as after the first repair"


def test_environment_variables_go_with_a_rollback(world, env):
    path = write_playbook(world.folder.parent, f"fix:{GRANT}{VARIABLES}")
    before = world.tree()
    assert world.tfrepair("fix", "--yes", "--env", env, "--playbook", path).code == 0
    assert world.tfrepair("rollback", "--yes", "--env", env).code == 0
    assert world.tree(".tfrepair-env") == before


def test_environment_variables_survive_a_rebuild(world, env):
    path = write_playbook(world.folder.parent, f"fix:{GRANT}{VARIABLES}")
    assert world.tfrepair("fix", "--yes", "--env", env, "--playbook", path).code == 0
    done = world.tfrepair("fix", "--yes", "--env", env, "--strategy", "rebuild", "--json")
    assert done.code == 0, done
    assert variables_of("/bin/bash", env / "bin" / "activate", ("OUR_HOME",)) == [f"{env}/data"]


def test_a_kernel_is_registered_for_the_final_path(world, env):
    write_wheel(world.index, "ipykernel", "6.0", {"ipykernel/__init__.py": "", "ipykernel_launcher.py": ""})
    text = f"""fix:{GRANT}
  - name: Have what a kernel needs
    action: install
    args: {{requirements: [ipykernel]}}
  - name: Be a kernel
    action: kernel
    args: {{name: Ours, display_name: 'Ours ({{interpreter.minor}})', environment: {{OUR_DATA: /data}}}}
"""
    path = write_playbook(world.folder.parent, text)
    done = world.tfrepair("fix", "--yes", "--env", env, "--playbook", path, "--json")
    assert done.code == 0, done
    assert json.loads((env / "share/jupyter/kernels/ours/kernel.json").read_text()) == {
        "argv": [f"{env}/bin/python", "-m", "ipykernel_launcher", "-f", "{connection_file}"],
        "display_name": f"Ours ({sys.version_info[0]}.{sys.version_info[1]})",
        "language": "python",
        "env": {"OUR_DATA": "/data"},
    }


def test_no_kernel_is_registered_without_ipykernel(world, env):
    text = f"""fix:{GRANT}
  - name: Be a kernel
    action: kernel
    args: {{name: ours}}
"""
    path = write_playbook(world.folder.parent, text)
    planned = world.tfrepair("fix", "--dry-run", "--env", env, "--playbook", path, "--json")
    assert "kernel" not in [one["action"] for one in planned.json["plan"]["operations"]], planned
    assert any("`ipykernel` is not installed" in note for note in planned.json["plan"]["notes"])


def test_a_file_is_written_anew_and_not_into(world, env):
    """What is there may be one file with the old environment's: it stays as it was, and comes back."""
    target = site(env) / "numpy" / "__init__.py"
    original = target.read_text()
    text = f"""fix:{GRANT}
  - name: Change a file that is shared
    action: write
    args:
      path: {target.relative_to(env).as_posix()}
      content: |
        {{vars.x}} is not filled in here
        __version__ = '{NUMPY}'
"""
    path = write_playbook(world.folder.parent, text.replace("{vars.x} is", "# {vars.x} is"))
    before = world.tree()
    done = world.tfrepair("fix", "--yes", "--env", env, "--playbook", path, "--json")
    assert done.code == 0, done
    assert target.read_text() == f"# {{vars.x}} is not filled in here\n__version__ = '{NUMPY}'\n"
    assert world.tfrepair("rollback", "--yes", "--env", env).code == 0
    assert target.read_text() == original
    assert world.tree(".tfrepair-env") == before


def test_a_file_is_not_written_through_a_link_out_of_the_environment(world, env):
    outside = world.folder.parent / "outside"
    outside.mkdir()
    (env / "etc").symlink_to(outside)
    text = f"""fix:{GRANT}
  - name: Write
    action: write
    args: {{path: etc/deep/ours.conf, content: x}}
"""
    done = world.tfrepair(
        "fix", "--yes", "--env", env, "--playbook", write_playbook(world.folder.parent, text), "--json"
    )
    assert done.code == 3, done
    assert "does not lie inside the environment" in done.json["error"]["message"]
    assert not list(outside.iterdir())


def test_what_makes_the_environment_is_not_written_though_only_a_loop_names_it(world, env):
    text = f"""fix:{GRANT}
  - name: Write
    action: write
    loop: [pyvenv.cfg]
    args: {{path: '{{item}}', content: x}}
"""
    path = write_playbook(world.folder.parent, text)
    before = world.tree()
    done = world.tfrepair("fix", "--yes", "--env", env, "--playbook", path, "--json")
    assert done.code == 2, done
    assert "what makes the folder an environment" in done.json["error"]["message"]
    assert world.tree() == before


def test_a_command_is_spared_when_what_it_creates_is_there(world, env):
    text = f"""fix:{GRANT}
  - name: Make it
    action: run
    args:
      argv: {python("open('made.txt', 'a').write('x')")}
      creates: CREATES
    register: made
  - name: Say
    action: message
    args: {{text: 'skipped: {{registered.made.skipped}}'}}
"""
    path = write_playbook(world.folder.parent, text.replace("CREATES", "licence.txt"))
    done = world.tfrepair("fix", "--yes", "--env", env, "--playbook", path, "--json")
    assert (done.code, done.json["messages"][-1]) == (0, "skipped: true"), done
    assert not (env / "made.txt").exists()


def test_an_upgrade_brings_the_newest_version_that_fits(world, env):
    for version in ("1.0", "1.5", "2.0"):
        write_wheel(world.index, "paint", version, {"paint.py": f"__version__ = '{version}'\n"})
    world.install(env, "paint==1.0")
    text = f"""fix:{GRANT}
  - name: Newer paint
    action: upgrade
    args: {{distributions: [Paint]}}
"""
    path = write_playbook(world.folder.parent, text)
    (world.folder / "constraints.txt").write_text("paint<2\n")
    done = world.tfrepair("fix", "--yes", "--env", env, "--playbook", path, "--constraint", "constraints.txt", "--json")
    assert done.code == 0, done
    assert world.imported(env, "paint") == "1.5"
    assert ("paint", "1.0", "1.5") in [(m["name"], m["before"], m["after"]) for m in done.json["plan"]["moves"]]
    assert "newest version" in done.json["plan"]["moves"][0]["why"]
    assert world.imported(env) == NEW


ACTING = {
    "write": "args: {path: acted, content: x}",
    "environment": "args: {variables: {ACTED: x}}",
    "kernel": "args: {name: acted}",
    "upgrade": "args: {distributions: [numpy]}",
    "run": "args: {argv: [touch, acted]}",
    "install": "args: {requirements: [colours]}",
}


@pytest.mark.parametrize("action", ACTING)
def test_what_lies_in_the_current_folder_shows_its_plan_and_does_not_act(world, env, action):
    text = f"fix:{GRANT}\n  - name: Act\n    action: {action}\n    {ACTING[action]}\n"
    write_playbook(world.folder / ".tfrepair", text)
    before = world.tree()
    planned = world.tfrepair("fix", "--dry-run", "--env", env, "--json")
    assert planned.code == 1, planned
    assert world.tree() == before
    done = world.tfrepair("fix", "--yes", "--env", env, "--json")
    assert done.code == 1, done
    assert "--trust" in done.out
    assert world.tree() == before


@pytest.mark.parametrize("installer", ["uv", "pip"])
def test_nothing_is_built_to_plan_for_a_playbook_of_the_current_folder(world, env, installer):
    """Building a source archive, only to learn what it requires, runs what is in it."""
    mark = world.folder.parent / "built"
    write_marking_sdist(world.index, "ours", "1.0", mark)
    text = f"fix:{GRANT}\n  - name: Act\n    action: install\n    args: {{requirements: [ours]}}\n"
    write_playbook(world.folder / ".tfrepair", text)
    words = ["fix", "--dry-run", "--env", env, "--installer", installer, "--json"]
    planned = world.tfrepair(*words)
    assert planned.code == 4, planned
    assert not mark.exists()
    trusted = world.tfrepair(*words, "--trust")
    assert trusted.code == 1, trusted
    assert mark.exists(), "with trust it is built, so the test could have failed"


SERIES = """
schema: 1
name: our-series
title: TensorFlow is not of our series
about: Our models are made with one series of TensorFlow.
variables:
  series: {description: The release that we use, default: '1.0'}
diagnose:
  rules:
    - when: {fact: tensorflow.version, specifier: '!=%s'}
      evidence:
        - {kind: distribution, text: 'TensorFlow is {tensorflow.version}'}
repair: automatic
fix:
  - name: Install ours
    action: install
    args: {requirements: ['tensorflow=={vars.series}']}
"""


def test_a_release_that_a_step_names_is_the_one_that_is_installed(world):
    env = world.healthy()
    assert world.imported(env) == NEW
    path = world.folder.parent / "our-series.yaml"
    path.write_text(SERIES % OLD)
    words = ("--env", env, "--playbook", path, "--var", f"series={OLD}")
    seen = world.tfrepair("diagnose", *words)
    assert f"--playbook {path} --var series={OLD}`" in seen.out, "the command that comes next does the same"
    done = world.tfrepair("fix", "--yes", *words, "--json")
    assert done.code == 0, done
    assert world.imported(env) == OLD
    assert "a step of a playbook" in done.json["plan"]["tensorflow"]["reason"]
