"""Pip's own view, and requirements files."""

import os
from pathlib import Path

import pytest

from tfrepair.errors import UsageError
from tfrepair.model.facts import Unknown
from tfrepair.target.environments import create_venv
from tfrepair.target.pip_view import PipView, pip_view, read_requirements, read_requirements_file

pytestmark = pytest.mark.skipif(os.name == "nt", reason="laid out as on POSIX")


def test_pip_lists_what_is_installed(base, environ, tmp_path):
    create_venv(base, tmp_path / "env", prompt=None, system_site_packages=False)
    view = pip_view(str(tmp_path / "env" / "bin" / "python"), environ)
    assert isinstance(view, PipView)
    assert view.distributions == {"pip": view.version}


def test_without_pip_it_is_unknown_and_why(venv, environ):
    found = pip_view(str(venv / "bin" / "python"), environ)
    assert isinstance(found, Unknown)
    assert "there is no pip" in found.reason


@pytest.mark.parametrize("python", ["/bin/true", "/nothing/at/all"])
def test_what_is_no_python_is_unknown(python, environ):
    assert isinstance(pip_view(python, environ), Unknown)


def write(folder, **texts):
    for name, text in texts.items():
        (folder / f"{name}.txt").write_text(text)
    return folder / "main.txt"


def test_included_files_are_followed_and_markers_and_constraints_kept_apart(environ, tmp_path):
    (tmp_path / "deep").mkdir()
    (tmp_path / "deep" / "more.txt").write_text("tensorflow>2 # newest\n-r ../main.txt\n")
    path = write(
        tmp_path,
        main='\ufeff# all\n--index-url https://example.org/simple\nnumpy<2 ; python_version < "3.9"\nnumpy>=2; python_version >= "3.9"\n'
        "requests[socks]==2.31 \\\n  --hash=sha256:" + "a" * 64 + "\n-r deep/more.txt\n-c held.txt\n",
        held="h5py==3.1\n",
    )
    found = read_requirements_file(path, environ)
    assert found.requirements == (
        'numpy<2 ; python_version < "3.9"',
        'numpy>=2 ; python_version >= "3.9"',
        "requests[socks]==2.31",
        "tensorflow>2",
    )
    assert found.constraints == ("h5py==3.1",)
    assert read_requirements(path, environ) == found.requirements
    assert read_requirements(tmp_path / "held.txt", environ, constraint=True) == ("h5py==3.1",)


def test_urls_wheels_and_projects_are_named(environ, tmp_path):
    project = tmp_path / "project"
    project.mkdir()
    (project / "pyproject.toml").write_text('[project]\nname = "mine"\nversion = "1"\n')
    wheel = tmp_path / "a_b-1.0-py3-none-any.whl"
    wheel.write_bytes(b"")
    path = write(
        tmp_path, main=f"tensorflow @ https://example.org/tensorflow-2.10.0-py3-none-any.whl\n{wheel}\n-e {project}\n"
    )
    assert read_requirements(path, environ) == (
        "tensorflow @ https://example.org/tensorflow-2.10.0-py3-none-any.whl",
        f"a-b @ {wheel.as_uri()}",
        f"mine @ {project.as_uri()}",
    )


@pytest.mark.parametrize(
    ("text", "where"),
    [
        ("fine\n\nb = 3\n", "main.txt:3: Invalid requirement"),
        ("-r gone.txt\n", "gone.txt: No such file"),
        ("fine\n-r https://example.org/r.txt\n", "main.txt:2: "),
    ],
)
def test_a_mistake_is_named_with_file_and_line(text, where, environ, tmp_path):
    with pytest.raises(UsageError) as raised:
        read_requirements(write(tmp_path, main=text), environ)
    assert where in raised.value.message


def test_nothing_of_the_current_folder_runs(environ, tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    (tmp_path / "pip.py").write_text("raise SystemExit('from the current folder')")
    (tmp_path / "pip_api.py").write_text("raise SystemExit('from the current folder')")
    assert read_requirements(write(tmp_path, main="numpy\n"), environ) == ("numpy",)
    assert Path.cwd() == tmp_path
