"""An installer's cache that was damaged: noticed by what RECORD says, and repaired past the cache."""

import contextlib

import pytest
from functional_support import NEW, site
from index_support import Index, pip_conf, serving

from tfrepair.target.records import check, load_record

LIBRARY = "tensorflow/libtensorflow_framework.so.2"


@pytest.fixture
def index(world):
    with serving(Index(world.index)) as served:
        yield served


def altered(path):
    """Changed in place, without a change of its size: every hard link to it shows the same."""
    content = bytearray(path.read_bytes())
    content[-1] ^= 1
    path.write_bytes(bytes(content))


def emptied(path):
    path.write_bytes(b"")


def lengthened(path):
    with path.open("ab") as stream:
        stream.write(b"# and more\n")


def differing(env):
    """Files of the environment that are not as their distribution recorded them."""
    found = {}
    for metadata in {*site(env).glob("*.dist-info")} - {*site(env).glob("pip-*")}:
        state, entries = load_record(metadata)
        assert state == "present", metadata
        damage = check(entries, site(env), env, hash_all=True)
        if damage.missing or damage.altered:
            found[metadata.name] = (*damage.missing, *damage.altered)
    return found


def linked(env, name):
    path = site(env) / name
    if path.stat().st_nlink < 2:
        pytest.skip("the file system of this test does not hard-link from the cache")
    return path


@pytest.mark.parametrize(
    ("name", "damage"),
    [
        (LIBRARY, altered),
        ("tensorflow/python/framework.py", lengthened),
        ("tensorflow/python/framework.py", altered),
        (f"tensorflow-{NEW}.dist-info/METADATA", emptied),
    ],
)
def test_a_file_that_was_altered_through_its_hard_link(world, user, name, damage):
    pip_conf(user / ".config/pip/pip.conf", find_links=world.index, no_index="true")
    repaired_past_the_cache(world, world.healthy(name="env"), world.healthy(name="other"), name, damage)


def test_the_same_with_an_index(world, user, index):
    pip_conf(user / ".config/pip/pip.conf", index_url=index.url)
    envs = world.folder / "env", world.folder / "other"
    for env in envs:
        made = world.tfrepair("fix", "--yes", "--venv", env, "--tensorflow", f"tensorflow=={NEW}", links=False)
        assert made.code == 0, made
    asked = index.asked(".whl")
    repaired_past_the_cache(world, *envs, LIBRARY, altered)
    assert index.asked(".whl") > asked


def repaired_past_the_cache(world, env, other, name, damage):
    damage(linked(env, name))
    assert differing_or_unreadable(other), "the damage must be in the cache, and so in the other environment"
    for folder in (env, other):
        (site(folder) / LIBRARY).unlink()  # so that it is installed again, from the cache
        done = world.tfrepair("fix", "--yes", "--env", folder, "--json", links=False)
        assert done.code == 0, done
        assert done.json["status"] == "repaired"
        assert differing(folder) == {}
        assert world.imported(folder) == NEW


def differing_or_unreadable(env):
    with contextlib.suppress(AssertionError):
        return differing(env)
    return True


def test_pips_cache(world, user, index):
    """pip keeps what comes from a host that it trusts, and looks at the hash only when it installs."""
    pip_conf(user / ".config/pip/pip.conf", index_url=index.url, trusted_host=index.place)
    env, cache = world.folder / "env", world.folder.parent / "cache-pip"
    fix = ("fix", "--yes", "--installer", "pip", "--tensorflow", f"tensorflow=={NEW}", "--json")
    made = world.tfrepair(*fix, "--venv", env, links=False)
    assert made.code == 0, made
    bodies = [path for path in cache.rglob("*") if path.is_file() and path.read_bytes().startswith(b"PK")]
    assert bodies, "pip must have kept the wheels"
    for body in bodies:
        altered(body)
    (site(env) / LIBRARY).unlink()
    asked = index.asked(".whl")
    done = world.tfrepair(*fix, "--env", env, links=False)
    assert done.code == 0, done
    assert index.asked(".whl") > asked
    assert differing(env) == {}
    assert world.imported(env) == NEW
