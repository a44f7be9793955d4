from __future__ import annotations

import os
from pathlib import Path

import pytest

from tfrepair.errors import UsageError
from tfrepair.target.installer.pip_configuration import configuration_files
from tfrepair.target.installer.settings import IndexSettings, index_settings
from tfrepair.target.installer.uv_child import uv_environment


def write(path: Path, text: str) -> Path:
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(text)
    return path


@pytest.fixture
def machine(tmp_path):
    home = tmp_path / "home"
    home.mkdir()

    def settings(environ=None, **more):
        environment = {"HOME": str(home), **(environ or {})}
        more = {"prefix": tmp_path / "prefix", "system": "linux", "root": tmp_path, "cwd": tmp_path, **more}
        return index_settings(environ=environment, **more)

    return settings


def test_without_any_configuration_nothing_is_set(machine):
    assert machine() == IndexSettings()


def test_later_levels_win_and_variables_win_over_files(machine, tmp_path):
    write(tmp_path / "etc/xdg/pip/pip.conf", "[global]\nindex-url = https://xdg.test/\nproxy = http://proxy.test\n")
    write(tmp_path / "etc/pip.conf", "[global]\nindex_url = https://etc.test/\ntimeout = 7\n")
    write(tmp_path / "home/.pip/pip.conf", "[global]\nindex-url = https://legacy.test/\n")
    assert machine().index_url == "https://legacy.test/"
    write(tmp_path / "home/.config/pip/pip.conf", "[global]\nindex-url = https://user.test/\nretries = 2\n")
    assert machine().index_url == "https://user.test/"
    write(tmp_path / "prefix/pip.conf", "[global]\nindex-url = https://site.test/\n")
    assert machine().index_url == "https://site.test/"
    write(tmp_path / "home/.pip/pip.conf", "[install]\nindex-url = https://install.test/\n")
    assert machine().index_url == "https://install.test/"
    found = machine({"PIP_INDEX_URL": "https://variable.test/"})
    assert found.index_url == "https://variable.test/"
    assert (found.proxy, found.timeout, found.retries) == ("http://proxy.test", 7.0, 2)
    assert (
        machine({"PIP_INDEX_URL": "https://p.test", "UV_DEFAULT_INDEX": "https://uv.test"}).index_url
        == "https://uv.test"
    )
    assert machine({"UV_INDEX_URL": "https://uv.test"}, index_url="https://own.test").index_url == "https://own.test"


def test_a_named_configuration_file_is_the_strongest_and_shuts_out_the_users(machine, tmp_path):
    bundle = write(tmp_path / "named.pem", "")
    named = write(tmp_path / "named.conf", f"[global]\nindex-url = https://named.test/\ncert = {bundle}\n")
    write(tmp_path / "etc/pip.conf", "[global]\nindex-url = https://etc.test/\n")
    write(tmp_path / "home/.config/pip/pip.conf", "[global]\nindex-url = https://user.test/\n")
    found = machine({"PIP_CONFIG_FILE": str(named)})
    assert (found.index_url, found.cert) == ("https://named.test/", str(bundle))
    write(tmp_path / "named.conf", f"[global]\ncert = {bundle}\n")
    assert machine({"PIP_CONFIG_FILE": str(named)}).index_url == "https://etc.test/"
    assert machine({"PIP_CONFIG_FILE": os.devnull}) == IndexSettings()


def test_lists_are_split_and_options_come_first(machine, tmp_path):
    wheels = tmp_path / "more wheels"
    wheels.mkdir()
    write(
        tmp_path / "etc/pip.conf",
        f"[global]\nextra-index-url =\n    https://a.test/\n    https://b.test/\nfind-links = {tmp_path}\n"
        "trusted-host = a.test b.test\nno-index = yes\n",
    )
    found = machine(extra_index_urls=["https://own.test/"], find_links=["more wheels"])
    assert found.extra_index_urls == ("https://own.test/", "https://a.test/", "https://b.test/")
    assert found.find_links == (str(wheels), str(tmp_path))
    assert found.trusted_hosts == ("a.test", "b.test")
    assert found.no_index


def test_what_does_not_exist_is_left_out_with_a_note(machine, tmp_path):
    write(
        tmp_path / "etc/pip.conf",
        "[global]\nextra-index-url = file:///nope/simple https://joe:pw@a.test/\nfind-links = /nope/wheels wheels\n"
        "constraint = c.txt\n",
    )
    (tmp_path / "wheels").mkdir()
    found = machine()
    assert found.extra_index_urls == ("https://joe:pw@a.test/",)
    assert found.find_links == found.constraints == ()
    assert found.notes == (
        "the extra index `file:///nope/simple` does not exist, so it was left out",
        "the folder with wheels `/nope/wheels` does not exist, so it was left out",
        "the folder with wheels `wheels` is relative, and nothing is taken from the current folder, so it was left out",
        "the constraint file `c.txt` is relative, and nothing is taken from the current folder, so it was left out",
    )


def test_a_constraint_file_that_does_not_exist_is_refused_as_by_pip(machine, tmp_path):
    """Left out, it would let in what the user ruled out."""
    write(tmp_path / "etc/pip.conf", "[global]\nconstraint = /nope/c.txt\n")
    with pytest.raises(UsageError, match=r"the constraint file `/nope/c\.txt` that pip"):
        machine()


def test_certificates_may_be_written_with_the_users_home_as_for_pip(machine, tmp_path):
    write(tmp_path / "etc/pip.conf", "[global]\ncert = ~/ca.pem\nclient-cert = ~/nope.pem\n")
    write(tmp_path / "home/ca.pem", "")
    found = machine()
    assert found.cert == str(tmp_path / "home/ca.pem")
    assert found.client_cert is None
    assert found.notes == ("the certificate of the client `~/nope.pem` does not exist, so it was left out",)


def test_an_option_that_names_nothing_is_a_usage_error(machine):
    with pytest.raises(UsageError, match="`nope` of `--find-links` does not exist"):
        machine(find_links=["nope"])


def test_an_unreadable_file_is_a_note(machine, tmp_path):
    write(tmp_path / "etc/pip.conf", "index-url = https://no.section.test/\n")
    found = machine()
    assert found.index_url is None
    assert "etc/pip.conf` cannot be read" in found.notes[0]


@pytest.mark.skipif(os.name == "nt", reason="Windows knows other permissions")
def test_a_file_that_may_not_be_read_is_a_note(machine, tmp_path):
    write(tmp_path / "etc/pip.conf", "[global]\nindex-url = https://a.test/\n")
    (tmp_path / "etc/pip.conf").chmod(0)
    me = os.geteuid()
    try:
        if me == 0:  # root may read everything
            os.seteuid(65534)
        found = machine()
    finally:
        os.seteuid(me)
    assert found.index_url is None
    assert any("etc/pip.conf` cannot be read" in note for note in found.notes)


def test_a_folder_in_the_place_of_a_file_is_a_note(machine, tmp_path):
    (tmp_path / "etc/pip.conf").mkdir(parents=True)
    assert "etc/pip.conf` cannot be read" in machine().notes[0]


def test_a_number_that_is_none_is_a_note(machine):
    found = machine({"PIP_DEFAULT_TIMEOUT": "soon"})
    assert found.timeout is None
    assert "soon" in found.notes[0]


def test_a_named_uv_index_gets_the_credentials_of_its_variables(machine):
    found = machine(
        {
            "UV_INDEX": "my-own=https://a.test/simple",
            "UV_INDEX_MY_OWN_USERNAME": "joe",
            "UV_INDEX_MY_OWN_PASSWORD": "p/w",
        }
    )
    assert found.extra_index_urls == ("https://joe:p%2Fw@a.test/simple",)


def test_nothing_that_is_logged_holds_a_password(machine):
    found = machine({"PIP_INDEX_URL": "https://joe:hunter2@a.test/simple", "PIP_PROXY": "http://u:pr0xy@b.test"})
    assert "hunter2" not in str(found.redacted())
    assert "pr0xy" not in str(found.redacted())
    assert found.clean("401 for https://joe:hunter2@a.test/ (hunter2)") == "401 for https://***@a.test/ (***)"


def test_a_password_is_hidden_as_it_stands_in_the_url_and_decoded(machine):
    found = machine({"PIP_INDEX_URL": "https://joe:p%40ss@a.test/simple", "PIP_PROXY": "http://u:p@b.test"})
    assert found.clean("tried p%40ss, then p@ss") == "tried ***, then ***"


@pytest.mark.parametrize(
    ("system", "environ", "expected"),
    [
        ("darwin", {"HOME": "/Users/joe"}, ["/Library/Application Support/pip/pip.conf", "/Users/joe/.pip/pip.conf"]),
        (
            "windows",
            {"PROGRAMDATA": "/pd", "APPDATA": "/ad", "USERPROFILE": "/u"},
            ["/pd/pip/pip.ini", "/u/pip/pip.ini"],
        ),
        ("linux", {"HOME": "/h", "XDG_CONFIG_DIRS": "/x"}, ["/x/pip/pip.conf", "/etc/pip.conf"]),
    ],
)
def test_each_system_has_its_places(system, environ, expected):
    found = [path.as_posix() for path in configuration_files(environ, Path("/prefix"), system)]
    assert found[:2] == expected
    assert found[-1] == ("/prefix/pip.ini" if system == "windows" else "/prefix/pip.conf")


def test_uv_gets_everything_through_its_environment(tmp_path):
    pem = write(tmp_path / "ca.pem", "")
    settings = IndexSettings(
        index_url="https://joe:pw@a.test/simple",
        extra_index_urls=("https://b.test", "https://c.test"),
        cert=str(pem),
        client_cert="/client.pem",
        proxy="http://proxy.test",
        trusted_hosts=("a.test", "b.test"),
        timeout=12.4,
        retries=4,
        keyring="subprocess",
    )
    env = uv_environment(settings, {"UV_INDEX_URL": "https://x.test", "UV_CACHE_DIR": "/c", "UV_LINK_MODE": "symlink"})
    assert env["UV_DEFAULT_INDEX"] == "https://joe:pw@a.test/simple"
    assert env["UV_INDEX"] == "https://b.test https://c.test"
    assert env["SSL_CERT_FILE"] == str(pem)
    assert (env["SSL_CLIENT_CERT"], env["HTTPS_PROXY"]) == ("/client.pem", "http://proxy.test")
    assert (env["UV_INSECURE_HOST"], env["UV_HTTP_TIMEOUT"], env["UV_HTTP_RETRIES"]) == ("a.test b.test", "12", "4")
    assert env["UV_KEYRING_PROVIDER"] == "subprocess"
    assert env["UV_CACHE_DIR"] == "/c"
    assert not env.keys() & {"UV_INDEX_URL", "UV_LINK_MODE"}


def test_uv_trusts_what_pip_trusts_by_the_variables_of_its_library(tmp_path):
    pem = write(tmp_path / "ca.pem", "")
    other = write(tmp_path / "other.pem", "")
    trusted = {"REQUESTS_CA_BUNDLE": str(pem)}
    assert uv_environment(IndexSettings(), trusted)["SSL_CERT_FILE"] == str(pem)
    assert uv_environment(IndexSettings(cert=str(other)), trusted)["SSL_CERT_FILE"] == str(other)
    assert uv_environment(IndexSettings(), {**trusted, "SSL_CERT_FILE": str(other)})["SSL_CERT_FILE"] == str(other)


def test_a_proxy_of_pips_configuration_replaces_those_of_the_variables():
    env = uv_environment(IndexSettings(proxy="http://p.test"), {"https_proxy": "http://q.test", "no_proxy": "a.test"})
    assert (env["HTTPS_PROXY"], env["no_proxy"]) == ("http://p.test", "a.test")
    assert "https_proxy" not in env
