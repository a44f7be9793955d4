from __future__ import annotations

import sys
from dataclasses import replace
from pathlib import Path

import pytest
from packaging.version import Version

from tfrepair.errors import SurroundingsError, UnresolvableError
from tfrepair.model.known_good import KnownLock
from tfrepair.target.installer.base import ResolveRequest, make_installer
from tfrepair.target.installer.pip import _ways, pip_environment
from tfrepair.target.installer.pip_choice import Pip, brought_along
from tfrepair.target.installer.pip_report import document_of
from tfrepair.target.installer.pylock import pins
from tfrepair.target.installer.retry import TransientError
from tfrepair.target.installer.settings import IndexSettings


@pytest.fixture
def local(wheels):
    return IndexSettings(no_index=True, find_links=(str(wheels),))


def pip(settings, environ, **more):
    return make_installer("pip", settings, environ, sys.version_info[:3], **more)


def watched(installer):
    """The installer, and the command lines that it starts."""
    started = []

    class Watched(type(installer.outside)):
        def start(self, argv, **more):
            started.append(argv)
            return super().start(argv, **more)

    fields = {field: getattr(installer.outside, field) for field in installer.outside.__dataclass_fields__}
    return replace(installer, outside=Watched(**fields)), started


def request(*roots, **more):
    return ResolveRequest(python=sys.executable, roots=roots, **more)


def versions(lock):
    return {pin.name: pin.version for pin in lock.pins}


def test_pip_resolves_and_installs_with_hashes(local, environ, venv):
    installer = pip(local, environ)
    lock = installer.resolve(replace(request("demo-a", cutoff="2022-12-18"), python=venv.python))
    assert versions(lock) == {"demo-a": "2.0", "demo-b": "1.1"}
    assert all(pin.hashes for pin in lock.pins)
    assert lock.method == "pip, without upload times: measured bounds only"
    lines = []
    installer.install(venv.python, lock, ["demo-a", "demo-b"], reinstall=False, on_line=lines.append)
    assert venv.versions() == {"demo-a": "2.0", "demo-b": "1.1"}
    assert any("Successfully installed" in line for line in lines)
    (venv.site / "demo_b" / "__init__.py").write_text("x = 666\n")
    installer.install(venv.python, lock, ["demo-b"], reinstall=True, past_cache=True)
    assert (venv.site / "demo_b" / "__init__.py").read_text() == "x = 1\n"


def test_preferences_are_kept_unless_they_are_in_the_way(local, environ):
    installer = pip(local, environ)
    assert versions(installer.resolve(request("demo-a", preferences=(("demo-b", "1.0"),))))["demo-b"] == "1.0"
    wanted = request("demo-a", "demo-c", preferences=(("demo-b", "1.1"), ("demo-a", "1.0")))
    assert versions(installer.resolve(wanted)) == {"demo-a": "1.0", "demo-b": "1.0", "demo-c": "1.0"}


def test_a_preference_that_the_constraints_rule_out_is_never_asked_for(local, environ):
    installer, started = watched(pip(local, environ))
    wanted = request("demo-a", constraints=("demo-b<1.1",), preferences=(("demo-b", "1.1"),))
    assert versions(installer.resolve(wanted))["demo-b"] == "1.0"
    assert len(started) == 1


def test_a_preference_that_the_constraints_hold_already_is_no_reason_to_ask_twice(local, environ):
    installer, started = watched(pip(local, environ))
    with pytest.raises(UnresolvableError):
        installer.resolve(request("demo-c", constraints=("demo-b==1.1",), preferences=(("demo-b", "1.1"),)))
    assert len(started) == 1


def test_what_was_refused_is_not_asked_again(local, environ):
    installer, started = watched(pip(local, environ))
    for exempt in ((), ("demo-b",)):
        with pytest.raises(UnresolvableError):
            installer.resolve(request("demo-c", "demo-b>1.0", exempt=exempt))
    assert len(started) == 1


def test_an_old_pip_says_that_it_knows_no_cutoff(local, environ):
    old = Pip(command=("pip",), version=Version("23.0.1"))
    (way,) = _ways(request("demo-a", cutoff="2022-12-18"), old, local)
    assert way.cutoff is None
    assert way.method == "pip 23.0.1, too old to resolve as of a day: measured bounds only"


def test_indexes_on_disk_come_last_because_they_have_no_upload_times():
    new = Pip(command=("pip",), version=Version("26.3"))
    settings = IndexSettings(extra_index_urls=("file:///opt/simple", "https://a.test"))
    ways = [
        (way.settings.extra_index_urls, way.cutoff) for way in _ways(request("x", cutoff="2022-12-18"), new, settings)
    ]
    every = settings.extra_index_urls
    assert ways == [(("https://a.test",), "2022-12-18"), (every, "2022-12-18"), (every, None)]


def test_pip_resolves_as_of_a_day(dated_index, environ, venv):
    wanted = replace(request("demo-a", cutoff="2022-12-18"), python=venv.python)
    lock = pip(IndexSettings(index_url=dated_index), environ).resolve(wanted)
    assert versions(lock) == {"demo-a": "1.0", "demo-b": "1.1"}
    assert lock.method == "pip, as of 2022-12-18"


def test_where_nothing_fits_the_day_what_is_known_to_work_counts(dated_index, environ):
    known = KnownLock(release="demo-a 2.0", python="3.11", wanted="3.11", pins=(("demo-b", "1.0"),))
    wanted = request("demo-a==2.0", cutoff="2022-12-18", known_good=known)
    lock = pip(IndexSettings(index_url=dated_index), environ).resolve(wanted)
    assert versions(lock) == {"demo-a": "2.0", "demo-b": "1.0"}
    assert lock.method == f"pip, as of no day, since nothing fits the cutoff: {known.text}"


def test_a_lock_of_uv_is_installed_by_pip(local, environ, venv, wheels):
    url = (wheels / "demo_a-1.0-py3-none-any.whl").as_uri()
    lock = make_installer("uv", local, environ, sys.version_info[:3]).resolve(request(f"demo-a @ {url}"))
    pip(local, environ).install(venv.python, lock, ["demo-a", "demo-b"], reinstall=False)
    assert venv.versions() == {"demo-a": "1.0", "demo-b": "1.1"}


def test_a_conflict_is_explained(local, environ):
    with pytest.raises(UnresolvableError) as caught:
        pip(local, environ).resolve(request("demo-c", "demo-b>1.0"))
    assert "demo-c 1.0 depends on demo-b<1.1" in caught.value.reason


def test_credentials_open_an_index_and_stand_nowhere(environ, venv, private_index):
    settings = IndexSettings(index_url=f"http://joe:s3cr3t@{private_index}/simple")
    installer = pip(settings, environ)
    lock = installer.resolve(replace(request("demo-a", cutoff="2022-12-18"), python=venv.python))
    assert lock.method == "pip, without upload times: measured bounds only"
    seen = []
    installer.install(venv.python, lock, ["demo-a", "demo-b"], reinstall=False, on_line=seen.append)
    assert venv.versions() == {"demo-a": "2.0", "demo-b": "1.1"}
    assert "s3cr3t" not in "\n".join([*seen, lock.pylock, repr(lock)])


def test_a_constraint_behind_a_password_counts_and_is_on_no_command_line(environ, venv, wheels, private_index):
    (wheels / "team.txt").write_text("demo-a<2\n")
    address = f"http://joe:s3cr3t@{private_index}"
    settings = IndexSettings(index_url=f"{address}/simple", constraints=(f"{address}/files/team.txt",))
    installer, started = watched(pip(settings, environ))
    lock = installer.resolve(replace(request("demo-a"), python=venv.python))
    assert versions(lock)["demo-a"] == "1.0"
    installer.install(venv.python, lock, ["demo-a"], reinstall=False)
    assert venv.versions()["demo-a"] == "1.0"
    assert started
    assert not any("s3cr3t" in item for argv in started for item in argv)


def test_a_silent_index_is_not_taken_for_one_without_the_distribution(environ):
    slept = []
    installer = pip(IndexSettings(index_url="http://127.0.0.1:9/simple", retries=1), environ, sleep=slept.append)
    with pytest.raises(TransientError, match=r"`127\.0\.0\.1"):
        installer.resolve(request("demo-a"))
    assert slept


def test_python_3_6_has_no_pip_that_can_resolve(local, environ):
    with pytest.raises(SurroundingsError, match=r"No pip for Python 3\.6") as caught:
        make_installer("pip", local, environ, (3, 6, 15))
    assert "--installer uv" in (caught.value.hint or "")


def test_virtualenv_brings_a_pip_that_resolves_as_of_a_day():
    found = [pip for pip, pythons in brought_along(sys.executable) if pythons.contains("3.12.1")]
    assert max(pip.version for pip in found) >= Version("26.0")
    assert all(Path(pip.command[1]).parent.is_file() for pip in found)


def test_the_child_sees_the_settings_and_no_configuration_file():
    settings = IndexSettings(index_url="https://joe:pw@index.test/simple", cert="/ca.pem", timeout=5.0, offline=True)
    env = pip_environment(settings, {"PIP_TARGET": "/x", "PYTHONPATH": "/y", "PATH": "/bin", "PIP_CACHE_DIR": "/c"})
    assert env["PIP_INDEX_URL"] == "https://joe:pw@index.test/simple"
    assert (env["PIP_CERT"], env["PIP_DEFAULT_TIMEOUT"], env["PIP_NO_INDEX"]) == ("/ca.pem", "5", "1")
    assert env["PIP_CACHE_DIR"] == "/c"
    assert "PIP_TARGET" not in env
    assert "PYTHONPATH" not in env


def test_a_report_becomes_a_lock():
    metadata = {"name": "Demo_A", "version": "1.0"}
    url = "https://joe:pw@index.test/demo_a-1.0.tar.gz"
    info = {"url": url, "archive_info": {"hash": "sha256=ab"}}
    document = document_of({"install": [{"metadata": metadata, "download_info": info, "is_direct": False}]})
    (pin,) = pins(document)
    assert (pin.name, pin.version, pin.hashes, pin.is_wheel) == ("demo-a", "1.0", ("sha256:ab",), False)
    assert document["packages"][0]["sdist"]["url"] == "https://index.test/demo_a-1.0.tar.gz"


def test_what_does_not_come_along_is_in_no_lock_whoever_asks_for_it(local, environ):
    lock = pip(local, environ).resolve(request("demo-a", without=("demo-b",)))
    assert versions(lock) == {"demo-a": "2.0"}
    assert 'name = "demo-b"' not in lock.pylock
