"""tfrepair installed in the very environment that is broken, and the wheel installed elsewhere."""

from pathlib import Path

import pytest
from real_support import computed, site

REPOSITORY = Path(__file__).parent.parent.parent


@pytest.fixture(scope="module")
def wheel(tmp_path_factory):
    import subprocess
    import sys

    out = tmp_path_factory.mktemp("dist")
    done = subprocess.run(
        [sys.executable, "-m", "build", "--wheel", "--no-isolation", "--outdir", str(out), str(REPOSITORY)],
        capture_output=True, text=True, check=False,
    )  # fmt: skip
    assert done.returncode == 0, done.stderr
    (made,) = out.glob("*.whl")
    return made


def test_the_built_wheel_brings_every_playbook_and_runs(world, wheel):
    env = world.venv("3.10", "elsewhere")
    world.pip(env, "install", wheel)
    names = {path.stem for path in (REPOSITORY / "playbooks").glob("*.yaml")}
    listed = world.run(env / "bin" / "tfrepair", "playbook", "list").stdout
    assert names == {line.split()[0] for line in listed.splitlines()}
    assert all("built-in" in line for line in listed.splitlines())
    assert world.run(env / "bin" / "tfrepair", "--version").stdout.startswith("tfrepair ")
    done = world.run(env / "bin" / "tfrepair", "diagnose", "--env", env, "--json", check=False)
    assert done.returncode == 1, done.stderr
    assert '"not-installed"' in done.stdout


def test_it_repairs_the_environment_it_is_installed_in(world, wheel):
    env = world.venv("3.10")
    world.uv(env, "tensorflow-cpu==2.10.1")  # with NumPy 2: it does not import
    world.pip(env, "install", wheel)
    tool = env / "bin" / "tfrepair"
    seen = world.run(tool, "diagnose", "--env", env, "--json", check=False)
    assert seen.returncode == 1, seen.stderr
    assert '"numpy-abi"' in seen.stdout
    done = world.run(tool, "fix", "--yes", "--env", env, "--json", check=False)
    assert done.returncode == 0, done.stdout + done.stderr
    assert computed(world, env) == "2.10.1"
    assert world.run(tool, "--version").stdout.startswith("tfrepair ")
    assert not list(Path("/tmp").glob("tfrepair-*-self-*")), "the private copy stays behind"
    assert (site(env) / "tfrepair").is_dir()
    back = world.run(tool, "rollback", "--yes", "--env", env, check=False)
    assert back.returncode == 0, back.stdout + back.stderr
