"""An index that misbehaves: what can pass is tried again, what cannot is refused, and nothing is changed."""

import datetime as dt
import hashlib

import pytest
import trustme
from functional_support import NEW, NEWEST, NUMPY, write_wheel
from index_support import (
    Index,
    absent,
    another,
    cut_short,
    free_port,
    hung_up,
    login,
    pip_conf,
    serving,
    stalled,
    times,
    tls,
    unavailable,
)  # fmt: skip

TENSORFLOW = f"tensorflow-{NEW}-py3-none-any.whl"


@pytest.fixture(params=["uv", "pip"])
def installer(request):
    return request.param


@pytest.fixture
def index(world):
    with serving(Index(world.index)) as served:
        yield served


@pytest.fixture
def configured(user):
    """Writes the user's pip.conf: a short patience, and an index."""

    def write(url, **more):
        pip_conf(user / ".config/pip/pip.conf", index_url=url, **{"timeout": 1, "retries": 1, **more})

    return write


@pytest.fixture
def authority():
    return trustme.CA()


@pytest.fixture
def trusted(authority, user):
    path = user / "authority.pem"
    authority.cert_pem.write_to_path(str(path))
    return path


def fix(world, env, installer, *more):
    return world.tfrepair(
        "fix", "--yes", "--env", env, "--installer", installer, "--tensorflow", f"tensorflow=={NEW}", "--json", *more,
        links=False,
    )  # fmt: skip


def refused(world, env, installer, code=6):
    """The error of a repair that the index does not let happen."""
    before = world.tree()
    done = fix(world, env, installer)
    assert done.code == code, done
    assert done.json["status"] == "failed"
    assert "Traceback" not in done.err
    assert world.tree(".tfrepair-env") == before
    error = done.json["error"]
    assert error["hint"]
    return error


def repaired(world, env, installer):
    done = fix(world, env, installer)
    assert done.code == 0, done
    assert world.imported(env) == NEW
    assert world.imported(env, "numpy") == NUMPY
    return done


def test_a_refused_connection(world, configured, installer):
    place = f"127.0.0.1:{free_port()}"
    env = world.conflict()
    configured(f"http://{place}/simple/")
    error = refused(world, env, installer)
    assert error["code"] == "network"
    assert place in error["message"]
    assert "onnection refused" in error["message"]


def test_unavailable_twice_then_good(world, configured, index, installer):
    end = TENSORFLOW if installer == "uv" else "/simple/keras/"
    env = world.conflict()
    configured(index.url)
    index.faults[end] = times(2, unavailable)
    repaired(world, env, installer)
    assert index.asked(end) > 2


def test_unavailable_for_good(world, configured, index, installer):
    env = world.conflict()
    configured(index.url)
    index.faults[TENSORFLOW] = unavailable
    error = refused(world, env, installer)
    assert error["code"] == "network"
    assert "503" in error["message"]
    assert index.place in error["message"]
    assert index.asked(TENSORFLOW) >= 3


@pytest.mark.parametrize("name", ["keras", "numpy"])
def test_a_dependency_that_is_unavailable_for_good(world, configured, index, installer, name):
    """Of NumPy a constraint speaks, too: pip calls that a conflict."""
    env = world.conflict()
    configured(index.url.replace("://", "://joe:s3cr3t-pa55@"))
    index.faults[f"/simple/{name}/"] = unavailable
    error = refused(world, env, installer)
    assert error["code"] == "network"
    assert "503" in error["message"]
    assert f"{index.place}/simple/{name}/`)" in error["message"]
    assert "s3cr3t-pa55" not in str(error)
    assert index.asked(f"/simple/{name}/") >= 3


@pytest.mark.parametrize("fault", [hung_up, cut_short])
def test_a_transfer_that_breaks_off_once(world, configured, index, installer, fault):
    env = world.conflict()
    configured(index.url)
    index.faults[TENSORFLOW] = times(1, fault)
    repaired(world, env, installer)


@pytest.mark.parametrize("fault", [stalled, cut_short])
def test_a_transfer_that_always_breaks_off(world, configured, index, installer, fault):
    env = world.conflict()
    configured(index.url)
    index.faults[TENSORFLOW] = fault
    error = refused(world, env, installer)
    assert error["code"] == ("download" if fault is cut_short else "network")
    assert "tensorflow" in error["message"] or index.place in error["message"]


def test_a_file_that_is_not_the_one_the_index_promises(world, configured, index, installer):
    env = world.conflict()
    configured(index.url)
    (wheel,) = world.index.glob(TENSORFLOW)
    promised = hashlib.sha256(wheel.read_bytes()).hexdigest()
    index.faults[TENSORFLOW] = another
    error = refused(world, env, installer)
    assert f"the hash of `tensorflow` should be sha256:{promised}" in error["message"]


def test_an_expired_certificate(world, configured, installer, authority, trusted):
    env = world.conflict()
    past = dt.datetime.now(dt.timezone.utc) - dt.timedelta(days=2)
    context = tls(authority, not_before=past - dt.timedelta(days=30), not_after=past)
    with serving(Index(world.index), context) as index:
        configured(index.url, cert=trusted)
        error = refused(world, env, installer)
        assert index.place in error["message"]
        assert "expired" in error["message"].lower()


def test_a_certificate_of_an_unknown_authority(world, configured, installer, authority, trusted):
    env = world.conflict()
    with serving(Index(world.index), tls(authority)) as index:
        configured(index.url)
        error = refused(world, env, installer)
        assert "cert" in error["hint"]
        configured(index.url, cert=trusted)
        repaired(world, env, installer)


def test_a_host_that_is_trusted_without_its_certificate(world, configured, installer, authority):
    env = world.conflict()
    with serving(Index(world.index), tls(authority)) as index:
        configured(index.url, trusted_host=index.place)
        repaired(world, env, installer)


def test_a_certificate_of_the_client(world, configured, installer, authority, trusted, user):
    env = world.conflict()
    with serving(Index(world.index), tls(authority, client=True)) as index:
        configured(index.url, cert=trusted)
        error = refused(world, env, installer)
        assert "certificate" in error["message"].lower()
        assert "client-cert" in error["hint"]
        own = user / "client.pem"
        authority.issue_cert("joe@index.test").private_key_and_cert_chain_pem.write_to_path(str(own))
        configured(index.url, cert=trusted, client_cert="~/client.pem")
        repaired(world, env, installer)


def test_an_index_that_lacks_one_dependency(world, configured, index, installer):
    env = world.conflict()
    configured(index.url)
    for wheel in world.index.glob("keras-*"):
        wheel.unlink()
    error = refused(world, env, installer, code=4)
    assert "keras" in error["message"]
    assert "--tensorflow" in error["hint"]
    if not NEWEST:  # what is known of it is of NumPy 2: beside these stand-ins more is tried
        assert index.asked("/simple/keras/") <= 3, "nothing else that can be asked for brings it"


def test_a_login_page_in_the_place_of_the_index(world, configured, index, installer):
    env = world.conflict()
    configured(index.url.replace("://", "://joe:s3cr3t-pa55@"))
    index.faults["/"] = login
    error = refused(world, env, installer)
    assert f"{index.place}/simple/` answers with what is no index page" in error["message"]
    assert "names no file of `tensorflow`" in error["message"]
    assert "login page" in error["hint"]
    assert "s3cr3t-pa55" not in str(error)


def test_an_index_that_has_no_page_for_anything(world, configured, index, installer):
    env = world.conflict()
    configured(index.url.replace("/simple/", "/wrong/"))
    index.faults["/"] = absent
    error = refused(world, env, installer)
    assert f"{index.place}/wrong/` has no page for any distribution" in error["message"]
    assert "check the URL" in error["hint"]


def test_an_index_that_lacks_tensorflow_alone_is_one(world, configured, index, installer):
    env = world.conflict()
    configured(index.url)
    write_wheel(world.index, "pip", "1.0", {"pip.py": "x = 1\n"})
    index.faults["/simple/tensorflow/"] = absent
    error = refused(world, env, installer, code=4)
    assert "has no tensorflow at all" in error["hint"]


def test_a_page_without_files_for_a_dependency_ends_it(world, configured, index, installer):
    env = world.conflict()
    configured(index.url)
    index.faults["/simple/keras/"] = login
    error = refused(world, env, installer, code=4)
    assert "keras" in error["message"]
    if not NEWEST:  # what is known of it is of NumPy 2: beside these stand-ins more is tried
        assert index.asked("/simple/keras/") <= 3, "nothing else that can be asked for brings it"
