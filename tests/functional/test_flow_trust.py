"""A playbook of the current folder diagnoses and shows a plan. Each way in which it might act without `--trust`."""

import http.server
import json
import threading

import pytest
from functional_support import write_wheel

OURS = """
schema: 1
name: evil
title: The package evil is missing
about: A cloned repository says so. It is not true.
diagnose:
  rules:
    - when: {fact: distribution.evil.version, exists: false}
      evidence: [{kind: host, text: it is missing}]
repair: automatic
fix:
"""
WHEEL = "evil-1.0-py3-none-any.whl"


class Server:
    """An index on the loopback that remembers what it was asked."""

    def __init__(self, folder):
        asked = self.asked = []

        class Handler(http.server.SimpleHTTPRequestHandler):
            def __init__(self, *arguments, **options):
                super().__init__(*arguments, directory=str(folder), **options)

            def do_GET(self):
                asked.append(self.path)
                super().do_GET()

            def log_message(self, *arguments):
                pass

        self.httpd = http.server.ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self.url = f"http://127.0.0.1:{self.httpd.server_port}"
        threading.Thread(target=self.httpd.serve_forever, daemon=True).start()


@pytest.fixture
def server(tmp_path):
    folder = tmp_path / "served"
    folder.mkdir()
    write_wheel(folder, "evil", "1.0", {"evil.py": ""})
    made = Server(folder)
    yield made
    made.httpd.shutdown()
    made.httpd.server_close()


@pytest.fixture
def env(world):
    return world.healthy()


def hostile(world, *steps):
    folder = world.folder / ".tfrepair"
    folder.mkdir(exist_ok=True)
    lines = [f"  - {json.dumps({'name': 'Do it', **step})}" for step in steps]
    (folder / "evil.yaml").write_text(OURS + "\n".join(lines) + "\n")


def stays_harmless(world, env, *, codes, outside=()):
    """Every command on the environment; nothing changes in it, beside it, or outside."""
    before = world.tree()
    for words in (("diagnose",), ("fix", "--dry-run"), ("fix", "--yes")):
        done = world.tfrepair(*words, "--env", env, "--json")
        assert done.code in codes, done
        assert world.tree() == before, words
        assert not [path for path in outside if path.exists()], words


def test_run(world, env, tmp_path):
    mark = tmp_path / "ran"
    hostile(world, {"action": "run", "args": {"argv": ["touch", str(mark)]}})
    stays_harmless(world, env, codes=(0, 1, 2), outside=[mark])
    assert world.tfrepair("fix", "--env", env).code == 2, "nobody is there to be asked"
    assert world.tfrepair("report", "--env", env).code == 0
    assert not mark.exists()
    done = world.tfrepair("fix", "--yes", "--trust", "--env", env, "--json")
    assert mark.exists(), done


ACTING = {
    "write": {"path": "acted.txt", "content": "x"},
    "environment": {"variables": {"ACTED": "x"}},
    "kernel": {"name": "acted"},
    "remove": {"paths": ["{environment.prefix}/left.txt"], "why": "of no use"},
    "upgrade": {"distributions": ["paint"]},
}


def traces(world, env):
    """What each of these actions has left behind in an environment."""
    return {
        "write": (env / "acted.txt").exists(),
        "environment": "ACTED" in (env / "bin" / "activate").read_text(),
        "kernel": (env / "share" / "jupyter" / "kernels" / "acted").exists(),
        "remove": not (env / "left.txt").exists(),
        "upgrade": world.imported(env, "paint") == "2.0",
    }


@pytest.mark.parametrize("action", ACTING)
def test_another_action(world, env, action):
    for version in ("1.0", "2.0"):
        write_wheel(world.index, "paint", version, {"paint.py": f"__version__ = '{version}'\n"})
    write_wheel(world.index, "evil", "1.0", {"evil.py": ""})
    write_wheel(world.index, "ipykernel", "6.0", {"ipykernel/__init__.py": "", "ipykernel_launcher.py": ""})
    world.install(env, "paint==1.0", "ipykernel")
    (env / "left.txt").write_text("left over")
    step = {"action": action, "args": ACTING[action]}
    hostile(world, step)
    stays_harmless(world, env, codes=(1,))
    assert not any(traces(world, env).values())
    hostile(world, step, {"action": "install", "args": {"requirements": ["evil"]}})  # else the finding stays
    done = world.tfrepair("fix", "--yes", "--trust", "--env", env, "--json")
    assert traces(world, env) == {name: name == action for name in ACTING}, done


def test_install(world, env):
    write_wheel(world.index, "evil", "1.0", {"evil.py": ""})
    hostile(world, {"action": "install", "args": {"requirements": ["evil"]}})
    stays_harmless(world, env, codes=(0, 1, 2))
    done = world.tfrepair("fix", "--yes", "--trust", "--env", env, "--json")
    assert done.code == 0, done
    assert world.imported(env, "evil", "__name__") == "evil"


def test_install_from_an_address(world, env, server):
    hostile(world, {"action": "install", "args": {"requirements": [f"evil @ {server.url}/{WHEEL}"]}})
    stays_harmless(world, env, codes=(0, 1, 2))
    assert server.asked == []
    world.tfrepair("fix", "--yes", "--trust", "--env", env)
    assert server.asked != []


def test_install_from_a_file(world, env, tmp_path, server):
    wheel = tmp_path / "served" / WHEEL
    for line in (f"evil @ {wheel.as_uri()}", str(wheel), f"./{WHEEL}"):
        hostile(world, {"action": "install", "args": {"requirements": [line]}})
        stays_harmless(world, env, codes=(0, 1, 2, 4))


def test_an_option_of_the_installer_in_place_of_a_requirement(world, env, server):
    """Not even with trust: a requirement is a requirement."""
    before = world.tree(".tfrepair")
    for option in (
        "--index-url ",
        "--extra-index-url=",
        "--find-links ",
        "-i ",
        "--trusted-host ",
        "-r ",
        "-c ",
        "-e ",
    ):
        hostile(world, {"action": "install", "args": {"requirements": [f"{option}{server.url}/", "evil"]}})
        done = world.tfrepair("fix", "--yes", "--trust", "--env", env, "--json")
        assert done.code == 2, done
        assert f"`{option}{server.url}/` is not a requirement" in done.json["error"]["message"], done
        assert world.tree(".tfrepair") == before
    assert server.asked == []


def test_configuration_of_installers_in_the_current_folder(world, env, server):
    write_wheel(world.index, "evil", "1.0", {"evil.py": ""})
    (world.folder / "uv.toml").write_text(f'index-url = "{server.url}/simple"\n')
    (world.folder / "pyproject.toml").write_text(f'[[tool.uv.index]]\nurl = "{server.url}/simple"\ndefault = true\n')
    for name in ("pip.conf", "pip.ini", ".netrc", ".pypirc", ".env"):
        (world.folder / name).write_text(f"[global]\nindex-url = {server.url}/simple\n")
    hostile(world, {"action": "install", "args": {"requirements": ["evil"]}})
    stays_harmless(world, env, codes=(0, 1, 2))
    assert world.tfrepair("fix", "--yes", "--trust", "--env", env).code == 0
    assert server.asked == []


def test_remove_what_lies_outside(world, env, tmp_path):
    """Not even with trust: what is removed lies in the environment."""
    precious = tmp_path / "precious.txt"
    precious.write_text("mine")
    (world.folder / "photos").mkdir()
    (world.folder / "photos" / "cat.jpg").write_text("meow")
    paths = [str(precious), f"{env}/../photos", "../photos", str(world.folder / "photos")]
    for path in paths:
        hostile(world, {"action": "remove", "args": {"paths": [path], "why": "of no use"}})
        stays_harmless(world, env, codes=(0, 1, 2, 3, 4))
        done = world.tfrepair("fix", "--yes", "--trust", "--env", env)
        assert done.code in (2, 3), done
        assert (precious.read_text(), (world.folder / "photos" / "cat.jpg").read_text()) == ("mine", "meow")


def test_uninstall_and_rebuild(world, env):
    for step in (
        {"action": "uninstall", "args": {"distributions": ["numpy"]}},
        {"action": "reinstall", "args": {"distributions": ["numpy"]}},
        {"action": "venv"},
    ):
        hostile(world, step)
        stays_harmless(world, env, codes=(0, 1, 2, 4))


def test_take_the_place_of_a_builtin_playbook(world, env, tmp_path):
    mark = tmp_path / "ran"
    hostile(world, {"action": "run", "args": {"argv": ["touch", str(mark)]}})
    path = world.folder / ".tfrepair" / "evil.yaml"
    path.write_text(path.read_text().replace("name: evil", "name: numpy-abi"))
    stays_harmless(world, env, codes=(2,), outside=[mark])


def test_a_plan_that_was_made_without_trust_does_not_act_later(world, env, tmp_path):
    mark, plan = tmp_path / "ran", tmp_path / "plan.json"
    hostile(world, {"action": "run", "args": {"argv": ["touch", str(mark)]}})
    assert world.tfrepair("fix", "--dry-run", "--plan-out", plan, "--env", env).code == 1
    done = world.tfrepair("fix", "--yes", "--plan", plan, "--env", env, "--json")
    assert done.code == 1, done
    assert not mark.exists()
