"""Somebody else installs into the environment while it is being repaired."""

import pytest
from functional_support import INIT, NEW, site, tensorflow_files, write_wheel

from tfrepair.app import repair

FOREIGN = """
import os
if ".tfrepair-" in __file__:
    _count = os.path.join(os.environ["FOREIGN"], "times")
    _times = int(open(_count).read())
    if _times:
        open(_count, "w").write(str(_times - 1))
        open(os.path.join(os.environ["FOREIGN"], "env", "foreign-" + str(_times)), "w").write("pip was here")
"""


@pytest.fixture
def meddled(world, monkeypatch):
    """An environment into which a file is written when the staged TensorFlow is imported, some times."""
    monkeypatch.setenv("FOREIGN", str(world.folder))
    env = world.conflict("colours")
    (world.index / f"tensorflow-{NEW}-py3-none-any.whl").unlink()
    files = tensorflow_files(NEW, init=INIT + FOREIGN)
    write_wheel(world.index, "tensorflow", NEW, files, ["numpy<2", "protobuf", "keras"])

    def times(number):
        (world.folder / "times").write_text(str(number))
        return env

    return times


def test_it_is_staged_again_with_what_came(world, meddled):
    env = meddled(1)
    done = world.tfrepair("fix", "--yes", "--env", env)
    assert done.code == 0, done
    assert done.out.count("plan, round 1") == 2, "what is done now is shown too"
    assert world.imported(env) == NEW
    assert (env / "foreign-1").read_text() == "pip was here"
    assert site(env).joinpath("colours").is_dir()


def test_when_it_happens_again_the_surroundings_are_to_blame(world, meddled):
    env = meddled(9)
    before = world.tree("env/foreign-9", "env/foreign-8", ".tfrepair-env", "times")
    done = world.tfrepair("fix", "--yes", "--env", env, "--json")
    assert done.code == 6, done
    assert "was changed while it was being repaired" in done.json["error"]["message"]
    assert sorted(path.name for path in env.glob("foreign-*")) == ["foreign-8", "foreign-9"]
    assert world.tree("env/foreign-9", "env/foreign-8", ".tfrepair-env", "times") == before


UNTRUSTED = """schema: 1
name: our-lamp
title: A lamp is there
about: A cloned repository says so.
diagnose:
  rules:
    - when: {fact: distribution.lamp.version, exists: true}
      evidence: [{kind: host, text: it is there}]
repair: automatic
fix:
  - name: Be run
    action: run
    args: {argv: [python, -c, "import pathlib; pathlib.Path('MARK').touch()"]}
"""


@pytest.fixture
def before_staging(monkeypatch):
    """Has something done when the plan is to be carried out, once."""

    def put(action):
        def running(subject, bench):
            monkeypatch.setattr(repair, "refuse_while_used", real)
            action()
            real(subject, bench)

        monkeypatch.setattr(repair, "refuse_while_used", running)

    real = repair.refuse_while_used
    return put


def test_what_files_of_the_current_folder_want_now_needs_trust_too(world, before_staging):
    env = world.conflict()
    mark = world.folder.parent / "mark"
    (world.folder / ".tfrepair").mkdir()
    (world.folder / ".tfrepair" / "our-lamp.yaml").write_text(UNTRUSTED.replace("MARK", str(mark)))
    before_staging(lambda: world.install(env, "lamp"))
    done = world.tfrepair("fix", "--yes", "--env", env, "--json")
    assert (done.code, done.json["status"]) == (1, "planned"), done
    assert "only with `--trust`" in done.json["messages"][0]
    assert not mark.exists()


def test_of_two_repairs_the_second_finds_that_it_works(world, before_staging):
    env = world.conflict()
    (site(env) / "mine.txt").write_text("data")
    before = world.tree(".tfrepair-env")
    before_staging(lambda: world.tfrepair("fix", "--yes", "--env", env))
    done = world.tfrepair("fix", "--yes", "--env", env, "--json")
    assert (done.code, done.json["status"]) == (0, "healthy"), done
    assert world.imported(env) == NEW
    assert world.tfrepair("rollback", "--yes", "--env", env).code == 0
    assert world.tree(".tfrepair-env") == before, "the way back is that of the first"
