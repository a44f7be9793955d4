from __future__ import annotations

import sys
from dataclasses import replace

import pytest

from tfrepair.errors import StepError, SurroundingsError, UnresolvableError
from tfrepair.target.installer import pylock
from tfrepair.target.installer.base import ResolveRequest, make_installer
from tfrepair.target.installer.retry import TransientError
from tfrepair.target.installer.settings import IndexSettings
from tfrepair.target.interpreter import run


@pytest.fixture
def local(wheels):
    return IndexSettings(no_index=True, find_links=(str(wheels),))


def uv(settings, environ, **more):
    return make_installer("uv", settings, environ, sys.version_info[:3], **more)


def request(*roots, **more):
    return ResolveRequest(python=sys.executable, roots=roots, **more)


def versions(lock):
    return {pin.name: pin.version for pin in lock.pins}


def test_the_newest_versions_are_resolved_with_hashes(local, environ):
    lock = uv(local, environ).resolve(request("demo-a"))
    assert versions(lock) == {"demo-a": "2.0", "demo-b": "1.1"}
    assert all(pin.hashes and pin.hashes[0].startswith("sha256:") and pin.is_wheel for pin in lock.pins)
    assert lock.method == "uv"
    assert "[[packages]]" in lock.pylock


def test_constraints_hold_and_preferences_are_kept_where_they_can_be(local, environ):
    wanted = request("demo-a", constraints=("demo-a<2",), preferences=(("Demo_B", "1.0"), ("demo-z", "9")))
    assert versions(uv(local, environ).resolve(wanted)) == {"demo-a": "1.0", "demo-b": "1.0"}


def test_a_preference_in_the_way_gives_way(local, environ):
    wanted = request("demo-a", "demo-c", preferences=(("demo-b", "1.1"),))
    assert versions(uv(local, environ).resolve(wanted)) == {"demo-a": "2.0", "demo-b": "1.0", "demo-c": "1.0"}


def test_constraint_files_of_the_configuration_count(local, environ, tmp_path):
    path = tmp_path / "limits file.txt"
    path.write_text("demo-a<2\n")
    settings = replace(local, constraints=(str(path),))
    assert versions(uv(settings, environ).resolve(request("demo-a")))["demo-a"] == "1.0"


def test_what_cannot_be_resolved_is_explained_in_the_resolvers_words(local, environ, tmp_path):
    path = tmp_path / "c.txt"
    path.write_text("demo-b<9\n")
    settings = replace(local, constraints=(str(path),))
    with pytest.raises(UnresolvableError) as caught:
        uv(settings, environ).resolve(request("demo-c", "demo-b>1.0"))
    assert caught.value.exit_code == 4
    assert caught.value.reason.startswith("Because ")
    assert "demo-c and demo-b>1.0" in caught.value.reason
    assert str(path) in (caught.value.hint or "")


def test_a_folder_of_wheels_has_no_upload_times_and_the_lock_says_so(local, environ):
    lock = uv(local, environ).resolve(request("demo-a", cutoff="2022-12-18"))
    assert versions(lock)["demo-a"] == "2.0"
    assert lock.method == "uv, without upload times: measured bounds only"
    assert lock.cutoff is None


def test_an_index_without_upload_times_is_used_all_the_same(wheels, environ, index_of):
    settings = IndexSettings(index_url=index_of(wheels))
    lock = uv(settings, environ).resolve(request("demo-a", cutoff="2022-12-18", exempt=("demo-x",)))
    assert versions(lock) == {"demo-a": "2.0", "demo-b": "1.1"}
    assert lock.method == "uv, without upload times: measured bounds only"


def test_the_cutoff_holds_for_what_has_upload_times_beside_an_index_that_has_none(
    dated_index, environ, index_of, make_wheel, tmp_path
):
    make_wheel(tmp_path / "own", "demo-x", "3.0", ["demo-a"])
    settings = IndexSettings(index_url=dated_index, extra_index_urls=(index_of(tmp_path / "own"),))
    lock = uv(settings, environ).resolve(request("demo-x", cutoff="2022-12-18"))
    assert versions(lock) == {"demo-a": "1.0", "demo-b": "1.1", "demo-x": "3.0"}
    assert lock.method == "uv, as of 2022-12-18 (demo-x: without upload times)"
    assert lock.cutoff == "2022-12-18"


def test_the_cutoff_does_not_hold_for_the_exempt(dated_index, environ):
    installer = uv(IndexSettings(index_url=dated_index), environ)
    assert versions(installer.resolve(request("demo-a", cutoff="2022-12-18")))["demo-a"] == "1.0"
    lock = installer.resolve(request("demo-a", cutoff="2022-12-18", exempt=("demo-a",)))
    assert versions(lock)["demo-a"] == "2.0"
    assert lock.method == "uv, as of 2022-12-18 (demo-a: as of today)"
    stays = request("demo-a", cutoff="2022-12-18", exempt=("demo-a",), preferences=(("demo-a", "2.0"),))
    assert installer.resolve(stays).method == "uv, as of 2022-12-18"


def test_exactly_the_named_distributions_are_installed(local, environ, venv):
    installer = uv(local, environ)
    lock = installer.resolve(request("demo-a"))
    lines = []
    installer.install(venv.python, lock, ["demo-a"], reinstall=False, on_line=lines.append)
    assert venv.versions() == {"demo-a": "2.0"}
    assert any("demo-a==2.0" in line for line in lines)


def test_what_is_in_the_cache_is_not_fetched_again(dated_index, asked, environ, venv, tmp_path):
    environ["UV_CACHE_DIR"] = str(tmp_path / "cache")
    installer = uv(IndexSettings(index_url=dated_index), environ)
    lock = installer.resolve(request("demo-a", cutoff="2022-12-18"))
    assert [package["index"] for package in pylock.parse(lock.pylock)["packages"]] == [dated_index, dated_index]
    for fetches in (2, 0):
        asked.clear()
        installer.install(venv.python, lock, ["demo-a", "demo-b"], reinstall=False)
        assert len(asked) == fetches
        assert venv.versions() == {"demo-a": "1.0", "demo-b": "1.1"}
        done = run([installer.binary, "pip", "uninstall", "--python", venv.python, "demo-a", "demo-b"], env=environ)
        assert done.ok, done.stdout


@pytest.mark.parametrize("cached", [True, False])
def test_where_wheels_come_from_is_asked_of_the_cache_and_without_one_of_the_index(dated_index, asked, environ, cached):
    questions = []

    def start(argv, **options):
        words = [*argv, "--no-cache"] if "--offline" in argv and not cached else argv
        if "--emit-index-annotation" in argv:
            questions.append("--offline" in argv)
            asked.clear()
        return run(words, **options)

    lock = uv(IndexSettings(index_url=dated_index), environ, run=start).resolve(request("demo-a", cutoff="2022-12-18"))
    assert [package["index"] for package in pylock.parse(lock.pylock)["packages"]] == [dated_index, dated_index]
    assert questions == ([True] if cached else [True, False])
    assert bool(asked) is not cached


def test_offline_where_wheels_come_from_is_asked_once(local, environ):
    questions = []

    def start(argv, **options):
        done = run(argv, **options)
        if "--emit-index-annotation" in argv:
            questions.append((argv.count("--offline"), done.ok))
        return done

    uv(replace(local, no_index=False, offline=True), environ, run=start).resolve(request("demo-a"))
    assert questions == [(1, True)]


def test_a_name_outside_the_lock_is_refused(local, environ, venv):
    installer = uv(local, environ)
    lock = installer.resolve(request("demo-b"))
    with pytest.raises(StepError, match="does not hold `demo-a`"):
        installer.install(venv.python, lock, ["demo-a"], reinstall=False)


def test_past_the_cache_heals_a_file_that_was_damaged_through_its_hard_link(local, environ, venv):
    installer = uv(local, {**environ, "UV_LINK_MODE": "hardlink"})
    lock = installer.resolve(request("demo-b"))
    module = venv.site / "demo_b" / "__init__.py"
    installer.install(venv.python, lock, ["demo-b"], reinstall=False)
    if module.stat().st_nlink < 2:
        pytest.skip("the file system of this test does not hard-link from the cache")
    module.write_text("x = 666\n")
    installer.install(venv.python, lock, ["demo-b"], reinstall=True)
    assert module.read_text() == "x = 666\n"
    installer.install(venv.python, lock, ["demo-b"], reinstall=True, past_cache=True)
    assert module.read_text() == "x = 1\n"
    installer.install(venv.python, lock, ["demo-b"], reinstall=True)
    assert module.read_text() == "x = 1\n"


def test_a_wheel_file_of_the_lock_is_installed_as_it_is(local, environ, venv, wheels):
    installer = uv(local, environ)
    lock = installer.resolve(request("demo-b"))
    lock = replace(lock, local=(str(wheels / "demo_a-1.0-py3-none-any.whl"),))
    installer.install(venv.python, lock, ["demo-b"], reinstall=False)
    assert venv.versions() == {"demo-b": "1.1"}
    installer.install(venv.python, lock, ["demo-a", "demo-b"], reinstall=False)
    assert venv.versions() == {"demo-a": "1.0", "demo-b": "1.1"}


def test_a_direct_reference_is_locked_with_its_hash(local, environ, venv, wheels):
    installer = uv(local, environ)
    url = (wheels / "demo_a-1.0-py3-none-any.whl").as_uri()
    lock = installer.resolve(request(f"demo-a @ {url}"))
    assert versions(lock) == {"demo-a": "1.0", "demo-b": "1.1"}
    assert lock.pins[0].hashes
    assert lock.pins[0].is_wheel
    installer.install(venv.python, lock, ["demo-a", "demo-b"], reinstall=False)
    assert venv.versions() == {"demo-a": "1.0", "demo-b": "1.1"}


def test_a_file_that_is_not_the_locked_one_is_refused(local, environ, venv, make_wheel, tmp_path):
    folder = tmp_path / "own"
    make_wheel(folder, "demo-h", "1.0")
    settings = IndexSettings(no_index=True, find_links=(str(folder),))
    lock = uv(settings, environ).resolve(request("demo-h"))
    installer = uv(settings, {**environ, "UV_CACHE_DIR": str(tmp_path / "cache")})
    make_wheel(folder, "demo-h", "1.0", body="import os\n")
    with pytest.raises(SurroundingsError, match="not the one that was locked"):
        installer.install(venv.python, lock, ["demo-h"], reinstall=False)
    assert venv.versions() == {}


def test_a_silent_index_is_asked_three_times_with_a_countdown_then_named(environ):
    waits = []
    slept = []
    settings = IndexSettings(index_url="http://joe:s3cr3t@127.0.0.1:9/simple")
    installer = uv(settings, environ, sleep=slept.append, on_wait=lambda reason, left: waits.append((reason, left)))
    with pytest.raises(TransientError) as caught:
        installer.resolve(request("demo-a"))
    assert caught.value.exit_code == 6
    assert "`127.0.0.1:9` does not answer properly" in caught.value.message
    assert "s3cr3t" not in str(caught.value) + repr(waits)
    assert slept
    assert {reason for reason, _ in waits} == {caught.value.message}


def test_credentials_open_an_index_and_stand_nowhere(environ, venv, private_index):
    seen = []

    def watched(argv, **more):
        done = run(argv, **more)
        seen.extend([*argv, done.stdout, done.stderr])
        return done

    settings = IndexSettings(index_url=f"http://joe:s3cr3t@{private_index}/simple")
    installer = uv(settings, environ, run=watched)
    lock = installer.resolve(request("demo-a"))
    installer.install(venv.python, lock, ["demo-a", "demo-b"], reinstall=False, on_line=seen.append)
    assert venv.versions() == {"demo-a": "2.0", "demo-b": "1.1"}
    assert "s3cr3t" not in "\n".join([*seen, lock.pylock, repr(lock), repr(settings.redacted())])


def test_missing_credentials_are_named_with_the_host(environ, private_index):
    with pytest.raises(SurroundingsError, match=rf"{private_index}.* asks for credentials"):
        uv(IndexSettings(index_url=f"http://{private_index}/simple"), environ).resolve(request("demo-a"))


def test_an_extra_index_that_refuses_is_named_where_something_is_lacking(environ, dated_index, private_index):
    settings = IndexSettings(index_url=dated_index, extra_index_urls=(f"http://joe:wrong@{private_index}/simple",))
    with pytest.raises(SurroundingsError, match=rf"{private_index}.* asks for credentials") as caught:
        uv(settings, environ).resolve(request("demo-a", "only-inside"))
    assert "wrong" not in caught.value.message
    with pytest.raises(UnresolvableError):
        uv(IndexSettings(index_url=dated_index, extra_index_urls=(dated_index,)), environ).resolve(
            request("demo-a", "only-inside")
        )


def test_offline_says_that_the_network_was_not_used(environ):
    settings = IndexSettings(index_url="http://127.0.0.1:9/simple", offline=True)
    with pytest.raises(SurroundingsError, match="Without the network") as caught:
        uv(settings, environ).resolve(request("demo-a"))
    assert "--find-links" in (caught.value.hint or "")


def test_an_interpreter_that_is_not_there_is_named(local, environ):
    with pytest.raises(SurroundingsError, match="/nope/python"):
        uv(local, environ).resolve(replace(request("demo-a"), python="/nope/python"))


def test_an_interruption_passes_through(local, environ):
    def interrupted(*_args, **_more):
        raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        uv(local, environ, run=interrupted).resolve(request("demo-a"))


def test_nothing_of_the_current_folder_or_of_stray_variables_counts(local, environ, tmp_path, monkeypatch):
    (tmp_path / "uv.toml").write_text("no-index = false\n[[nonsense")
    monkeypatch.chdir(tmp_path)
    stray = {**environ, "UV_EXCLUDE_NEWER": "1999-01-01", "UV_CONSTRAINT": "/nope", "PYTHONPATH": str(tmp_path)}
    assert versions(uv(local, stray).resolve(request("demo-b"))) == {"demo-b": "1.1"}


def test_what_does_not_come_along_is_in_no_lock_whoever_asks_for_it(local, environ):
    lock = uv(local, environ).resolve(request("demo-a", without=("demo-b",)))
    assert versions(lock) == {"demo-a": "2.0"}
    assert 'name = "demo-b"' not in lock.pylock
