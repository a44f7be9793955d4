"""By what stands in a record folders are moved and removed: nobody else's is followed, nor a folder that they have made."""

import json
import os

import pytest
from execute_support import broken_environment

from tfrepair.errors import SurroundingsError
from tfrepair.execute.paths import Beside
from tfrepair.execute.recover import recover
from tfrepair.execute.run_folder import RunFolder

ALICE = 4711
only_root = pytest.mark.skipif(
    not hasattr(os, "geteuid") or os.geteuid() != 0, reason="only root can make what belongs to another user"
)


@pytest.fixture
def env(tmp_path):
    return broken_environment(tmp_path / "work" / "env")


@pytest.fixture
def victim(tmp_path):
    folder = tmp_path / "victim"
    folder.mkdir()
    (folder / "precious").write_text("all there is")
    return folder


def begun(prefix, environ):
    """A run that began and did not end."""
    run = RunFolder.create(prefix, environ)
    run.beside.create()
    run.begin()
    return run


def point_to(record, beside, **changes):
    pointer = json.loads(record.beside.pointer.read_text())
    beside.create()
    beside.pointer.write_text(json.dumps({**pointer, **changes}))


def refused(prefix, match="no record of it"):
    with pytest.raises(SurroundingsError, match=match) as raised:
        recover(prefix, lock_timeout=1)
    assert raised.value.hint


def test_a_record_that_this_user_has_made_is_followed(env, environ):
    run = begun(env, environ)
    assert recover(env, lock_timeout=1).outcome == "dropped"
    assert not run.beside.run(run.id).exists()


@pytest.mark.parametrize("there", ["folder", "run.json"])
@only_root
def test_a_record_of_another_user_is_not(env, environ, there):
    run = begun(env, environ)
    os.chown(run.folder if there == "folder" else run.folder / there, ALICE, ALICE)
    refused(env)
    assert run.beside.run(run.id).is_dir()


def test_a_record_that_others_may_write_is_not(env, environ):
    run = begun(env, environ)
    run.folder.chmod(0o777)
    refused(env)


def test_a_name_of_a_run_that_is_a_path_removes_nothing(env, environ, victim):
    run = begun(env, environ)
    for name in (str(victim), "../../victim", run.id[:-1] + "x"):
        run.update(id=name)
        point_to(run, run.beside, run=name)
        refused(env)
    assert (victim / "precious").read_text() == "all there is"


def test_a_link_to_a_record_is_not_followed(env, environ, tmp_path):
    run = begun(env, environ)
    real = tmp_path / "elsewhere"
    run.folder.rename(real)
    run.folder.symlink_to(real)
    refused(env)


def test_the_record_of_another_environment_is_not_followed(env, environ, tmp_path):
    other = begun(broken_environment(tmp_path / "work" / "other"), environ)
    point_to(other, Beside.of(env))
    refused(env)
    assert other.beside.run(other.id).is_dir()


@only_root
def test_what_another_user_has_made_beside_an_environment_is_no_place_for_a_stage(env):
    beside = Beside.of(env)
    beside.folder.mkdir()
    os.chown(beside.folder, ALICE, ALICE)
    with pytest.raises(SurroundingsError, match=f"uid {ALICE}"):
        beside.create()
    os.chown(env, ALICE, ALICE)
    beside.create()  # the owner of the environment may, to root


def test_where_everybody_may_write_is_no_place_for_a_stage(env):
    beside = Beside.of(env)
    beside.folder.mkdir()
    beside.folder.chmod(0o777)
    with pytest.raises(SurroundingsError, match="can be written by everybody"):
        beside.create()


def test_a_link_that_lies_there_leads_nothing_elsewhere(env, tmp_path):
    beside = Beside.of(env)
    beside.folder.mkdir()
    (beside.folder / ".gitignore").symlink_to(tmp_path / "nologin")
    beside.create()
    assert not (tmp_path / "nologin").exists()
