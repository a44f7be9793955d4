"""pip's configuration counts for both installers, through a whole repair; the current folder does not."""

import pytest
from functional_support import KERAS, NEW, NUMPY, naming
from index_support import PASSWORD, USER, Index, pip_conf, serving, unavailable

SETTINGS = ("fix", "--yes", "--tensorflow", f"tensorflow=={NEW}", "--json")


@pytest.fixture(params=["uv", "pip"])
def repair(request, world):
    def run(env, *more):
        return world.tfrepair(*SETTINGS, "--env", env, "--installer", request.param, *more, links=False)

    return run


@pytest.fixture
def index(world):
    with serving(Index(world.index)) as served:
        yield served


def test_a_proxy_with_a_password(world, user, index, repair):
    """The index's name means nothing here: only the proxy can know it."""
    env = world.conflict()
    conf = pip_conf(
        user / ".config/pip/pip.conf",
        index_url="http://index.invalid/simple/",
        proxy=f"http://{USER}:{PASSWORD}@{index.place}",
        trusted_host="index.invalid",
    )
    done = repair(env)
    assert done.code == 0, done
    assert world.imported(env) == NEW
    assert all(path.startswith("http://index.invalid/") for path, _ in index.seen)
    assert all("Proxy-Authorization" in headers for _, headers in index.seen)
    assert PASSWORD not in done.out + done.err
    assert naming(world.folder.parent, PASSWORD) == [conf]


def test_every_level_has_its_say(world, user, index, repair, tmp_path_factory):
    """The main index lacks a wheel that an extra one has; a folder has another, and a constraint chooses."""
    env = world.conflict()
    more, links = tmp_path_factory.mktemp("more"), tmp_path_factory.mktemp("links")
    for wheel in world.index.glob("keras-*"):
        wheel.rename(more / wheel.name)
    for wheel in world.index.glob("numpy-*"):
        wheel.rename(links / wheel.name)
    limits = links / "limits.txt"
    limits.write_text(f"numpy=={NUMPY}\n")
    with serving(Index(more)) as extra:
        pip_conf(env / "pip.conf", index_url=index.url)
        pip_conf(user / ".pip/pip.conf", extra_index_url=extra.url, index_url="http://127.0.0.1:9/simple/")
        pip_conf(user / ".config/pip/pip.conf", find_links=links, constraint=limits)
        done = repair(env)
        assert done.code == 0, done
        assert extra.asked("/simple/keras/") or extra.asked("/simple/tensorflow/")
    assert world.imported(env) == NEW
    assert world.imported(env, "numpy") == NUMPY
    assert world.imported(env, "keras") == KERAS


def test_no_index_means_none_and_nothing_of_the_current_folder_counts(world, user, index, repair):
    env = world.conflict()
    pip_conf(user / ".config/pip/pip.conf", find_links=world.index, index_url=index.url, no_index="true")
    here = world.folder
    for name in ("pip.conf", "pip.ini", ".pip/pip.conf"):
        pip_conf(here / name, index_url=index.url, extra_index_url=index.url, no_index="false")
    (here / "uv.toml").write_text(f'index-url = "{index.url}"\nno-index = false\n')
    (here / "pyproject.toml").write_text(
        f'[project]\nname = "x"\nversion = "1"\n[[tool.uv.index]]\nurl = "{index.url}"\ndefault = true\n'
    )
    (here / "requirements.txt").write_text(f"--index-url {index.url}\ntensorflow=={NEW}\n")
    (here / ".env").write_text(f"UV_DEFAULT_INDEX={index.url}\nPIP_INDEX_URL={index.url}\n")
    index.faults["/"] = unavailable
    done = repair(env)
    assert done.code == 0, done
    assert world.imported(env) == NEW
    assert index.seen == []


def test_what_was_left_out_of_the_configuration_is_in_the_plan(world, user, index):
    env = world.conflict()
    conf = pip_conf(user / ".config/pip/pip.conf", index_url=index.url, find_links="/nope/wheels", timeout="soon")
    pip_conf(user / ".pip/pip.conf").write_text("no section\n")
    done = world.tfrepair("fix", "--dry-run", "--env", env, "--tensorflow", f"tensorflow=={NEW}", links=False)
    assert done.code == 1, done
    assert conf.exists()
    for said in (f"`{user / '.pip/pip.conf'}` cannot be read", "`/nope/wheels` does not exist", "not a number"):
        assert said in " ".join(done.out.split())


def test_a_constraint_file_that_is_not_there_is_refused(world, user, index, repair):
    """pip refuses, too: without it, what the user ruled out might come."""
    env = world.conflict()
    pip_conf(user / ".config/pip/pip.conf", index_url=index.url, constraint="/nope/limits.txt")
    before = world.tree()
    done = repair(env)
    assert done.code == 2, done
    assert "`/nope/limits.txt`" in done.json["error"]["message"]
    assert world.tree() == before
    assert world.tfrepair("diagnose", "--env", env).code == 1
