"""Where nobody says when files were uploaded: both installers hold TensorFlow's tree to what is known to work."""

import sys
from dataclasses import replace

import pytest

from tfrepair.errors import SurroundingsError, UnresolvableError
from tfrepair.model.known_good import KnownLock
from tfrepair.target.installer import pip as pip_module
from tfrepair.target.installer.base import ResolveRequest, make_installer
from tfrepair.target.installer.settings import IndexSettings

KNOWN = KnownLock(
    release="demo-a 1.0", python="3.10", wanted="3.10", pins=(("demo-a", "1.0"), ("demo-b", "1.0"), ("demo-z", "7"))
)
TEXT = "the versions that worked with demo-a 1.0 on Python 3.10"


@pytest.fixture(params=["uv", "pip"])
def resolve(request, environ, venv):
    def ask(settings, *roots, **more):
        installer = make_installer(request.param, settings, environ, sys.version_info[:3])
        wanted = ResolveRequest(
            **{"python": venv.python, "roots": roots, "cutoff": "2022-12-18", "known_good": KNOWN, **more}
        )
        lock = installer.resolve(wanted)
        return {pin.name: pin.version for pin in lock.pins}, lock.method.removeprefix(f"{request.param}, "), lock

    return ask


@pytest.fixture
def folder(wheels):
    return IndexSettings(no_index=True, find_links=(str(wheels),))


@pytest.mark.parametrize("offline", [False, True])
def test_a_folder_of_wheels(resolve, folder, offline):
    versions, method, lock = resolve(replace(folder, offline=offline), "demo-a")
    assert versions == {"demo-a": "1.0", "demo-b": "1.0"}
    assert method == f"without upload times: {TEXT}"
    assert lock.cutoff is None


def test_offline_with_a_folder_of_wheels_beside_an_index(resolve, wheels):
    settings = IndexSettings(index_url="http://127.0.0.1:9/simple", find_links=(str(wheels),), offline=True)
    versions, method, _ = resolve(settings, "demo-a")
    assert versions == {"demo-a": "1.0", "demo-b": "1.0"}
    assert method == f"without upload times: {TEXT}"


def test_an_index_without_upload_times(resolve, wheels, index_of):
    versions, method, _ = resolve(IndexSettings(index_url=index_of(wheels)), "demo-a")
    assert versions == {"demo-a": "1.0", "demo-b": "1.0"}
    assert method == f"without upload times: {TEXT}"


def test_where_there_are_upload_times_the_cutoff_counts(resolve, dated_index):
    versions, method, _ = resolve(IndexSettings(index_url=dated_index), "demo-a")
    assert versions == {"demo-a": "1.0", "demo-b": "1.1"}
    assert method == "as of 2022-12-18"


def test_an_index_that_took_in_everything_later_is_asked_as_of_no_day(resolve, dated_index):
    versions, method, lock = resolve(IndexSettings(index_url=dated_index), "demo-a==1.0", cutoff="2020-01-01")
    assert versions == {"demo-a": "1.0", "demo-b": "1.0"}
    assert method == f"as of no day, since nothing fits the cutoff: {TEXT}"
    assert lock.cutoff is None


def test_what_does_not_fit_here_gives_way_to_the_bounds_and_that_is_said(resolve, folder):
    known = replace(KNOWN, pins=(("demo-a", "2.0"), ("demo-b", "0.5")))
    versions, method, _ = resolve(folder, "demo-a", known_good=known, constraints=("demo-b<9",))
    assert versions == {"demo-a": "2.0", "demo-b": "1.1"}
    assert method == "without upload times: measured bounds only"


def test_what_the_user_has_is_not_held(resolve, folder):
    versions, _, _ = resolve(folder, "demo-a", exempt=("demo-b",))
    assert versions == {"demo-a": "1.0", "demo-b": "1.1"}


def test_what_worked_on_another_python_is_used_where_nothing_is_built(resolve, folder):
    versions, method, _ = resolve(folder, "demo-a", known_good=replace(KNOWN, wanted="3.9"))
    assert versions == {"demo-a": "1.0", "demo-b": "1.0"}
    assert method == f"without upload times: {TEXT} (of 3.9 nothing is known)"


def test_offline_what_is_lacking_is_the_surroundings_but_other_requests_may_fit(resolve, folder):
    with pytest.raises(SurroundingsError, match="Without the network") as caught:
        resolve(replace(folder, offline=True), "demo-nowhere")
    assert isinstance(caught.value, UnresolvableError)


def test_a_pip_that_is_too_old_for_a_cutoff_is_held_too(environ, venv, folder, monkeypatch):
    monkeypatch.setattr(pip_module, "CUTS_OFF", pip_module.CUTS_OFF.__class__("99"))
    installer = make_installer("pip", folder, environ, sys.version_info[:3])
    wanted = ResolveRequest(python=venv.python, roots=("demo-a",), cutoff="2022-12-18", known_good=KNOWN)
    lock = installer.resolve(wanted)
    assert {pin.name: pin.version for pin in lock.pins} == {"demo-a": "1.0", "demo-b": "1.0"}
    assert lock.method.endswith(f"too old to resolve as of a day: {TEXT}")
