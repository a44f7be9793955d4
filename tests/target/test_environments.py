"""Fresh environments from every interpreter here, without network."""

import dataclasses
import os
import subprocess
import sys
import zipfile

import pytest

from tfrepair.errors import StepError
from tfrepair.target.describe import read_config
from tfrepair.target.discover import describe_environment
from tfrepair.target.environments import create_venv, prepare
from tfrepair.target.interpreter import run


def test_pip_is_there_and_setuptools_of_the_wrong_era_is_not(each_base, environ, tmp_path):
    folder = tmp_path / "env"
    create_venv(each_base, folder, prompt="my env", system_site_packages=True)
    target = describe_environment(folder, environ)
    assert target.environment.system_site_packages
    done = run([target.interpreter.executable, "-m", "pip", "--version"], env=environ)
    assert done.ok, done.stderr
    if each_base.version >= (3, 9):
        assert not list(tmp_path.rglob("setuptools-*.dist-info"))
    activate = next(folder.glob("*/activate")).read_text()
    assert "my env" in activate or "my env" in read_config(folder / "pyvenv.cfg").get("prompt", "")


def test_the_users_settings_for_virtualenv_do_not_count(base, tmp_path, monkeypatch):
    monkeypatch.setenv("VIRTUALENV_SYSTEM_SITE_PACKAGES", "true")
    create_venv(base, tmp_path / "env", prompt=None, system_site_packages=False, seed=False)
    assert read_config(tmp_path / "env" / "pyvenv.cfg")["include-system-site-packages"] == "false"
    assert not list((tmp_path / "env").rglob("pip"))
    assert os.listdir(tmp_path) == ["env"]


def test_a_base_that_was_prepared_for_is_not_asked_again_and_nothing_is_unpacked(base, tmp_path, monkeypatch):
    prepare(base.executable)
    assert list(tmp_path.iterdir()) == []
    monkeypatch.setattr(subprocess, "Popen", None)
    monkeypatch.setattr(zipfile.ZipFile, "extractall", None)
    create_venv(base, tmp_path / "env", prompt=None, system_site_packages=False)
    assert (tmp_path / "env/pyvenv.cfg").is_file()


def test_what_virtualenv_remembers_goes_with_the_process(base, tmp_path):
    code = (
        "import sys; from tfrepair.app.preload import preload; from tfrepair.target import environments\n"
        "preload(base=sys.argv[1]); print(environments._app_data(), end='')"
    )
    done = subprocess.run(
        [sys.executable, "-c", code, base.executable], capture_output=True, text=True, check=True, cwd=tmp_path
    )
    assert os.path.isabs(done.stdout)
    assert not os.path.exists(done.stdout)


def test_a_base_that_does_not_start_is_one_clear_error(base, tmp_path):
    gone = dataclasses.replace(base, executable=str(tmp_path / "nothing"))
    with pytest.raises(StepError, match="cannot build an environment"):
        create_venv(gone, tmp_path / "env", prompt=None, system_site_packages=False)


@pytest.mark.skipif(os.name == "nt", reason="a file as a folder")
def test_a_place_that_cannot_be_written_is_one_clear_error(base, tmp_path):
    (tmp_path / "file").write_text("")
    with pytest.raises(StepError, match="cannot build an environment"):
        create_venv(base, tmp_path / "file" / "env", prompt=None, system_site_packages=False)
