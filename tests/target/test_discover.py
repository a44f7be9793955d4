"""From what was named to a target, with real interpreters."""

import os
import shutil
import subprocess
import sys
from pathlib import Path

import pytest
from other_user import without_rights

from tfrepair.errors import TargetError
from tfrepair.target import bases
from tfrepair.target.bases import Base
from tfrepair.target.describe import Answer
from tfrepair.target.discover import describe_environment, find_base, find_bases, find_target
from tfrepair.target.environments import create_venv

pytestmark = pytest.mark.skipif(os.name == "nt", reason="laid out as on POSIX")


def find(environ, cwd, *, python=None, env=None, interactive=False):
    return find_target(python=python, env=env, environ=environ, cwd=cwd, interactive=interactive)


def test_every_base_describes_itself(each_base, environ, tmp_path):
    target = find(environ, tmp_path, python=each_base.executable)
    assert target.interpreter.version == each_base.version
    assert target.interpreter.starts
    assert target.environment.kind in ("system", "conda")
    assert target.interpreter.markers["python_version"] == each_base.minor
    assert target.interpreter.tags


def test_every_base_makes_an_environment_that_is_described(each_base, environ, tmp_path):
    folder = tmp_path / "env"
    create_venv(each_base, folder, prompt="mine", system_site_packages=False, seed=False)
    target = describe_environment(folder, environ)
    assert target.environment.kind == "venv"
    assert target.environment.prefix == str(folder)
    assert target.interpreter.version == each_base.version
    assert os.path.realpath(target.interpreter.base_executable) == os.path.realpath(each_base.executable)
    assert Path(target.environment.purelib).is_relative_to(folder)
    assert not target.environment.externally_managed


def test_an_interpreter_a_folder_and_a_variable_name_the_same(venv, environ, tmp_path):
    by_python = find(environ, tmp_path, python="env/bin/python")
    by_env = find(environ, tmp_path, env="env")
    by_variable = find({**environ, "VIRTUAL_ENV": str(venv)}, tmp_path)
    assert by_python.interpreter == by_env.interpreter == by_variable.interpreter
    assert by_python.environment == by_env.environment == by_variable.environment
    assert "VIRTUAL_ENV" in by_variable.reason
    assert "--env env" in by_env.reason


def test_an_environment_whose_python_has_become_another_minor_version_does_not_work(venv, environ, tmp_path):
    (library,) = (venv / "lib").glob("python3.*")
    library.rename(library.with_name("python3.5"))
    config = venv / "pyvenv.cfg"
    minor = library.name.removeprefix("python")
    config.write_text(config.read_text().replace(f"version = {minor}", "version = 3.5"))
    found = find(environ, tmp_path, env="env")
    assert not found.interpreter.starts
    assert f"it is Python {minor} now, and the environment was made for 3.5" in found.interpreter.start_error
    assert str(library.with_name("python3.5")) in found.interpreter.start_error
    (library / "site-packages").mkdir(parents=True)
    assert find(environ, tmp_path, env="env").interpreter.starts, "what is installed for this one counts"


def test_nothing_of_the_current_folder_runs(venv, environ, tmp_path):
    (tmp_path / "json.py").write_text("raise SystemExit('from the current folder')")
    assert find({**environ, "PYTHONPATH": str(tmp_path)}, tmp_path, env=str(venv)).interpreter.starts


def test_an_environment_in_the_current_folder_counts_only_on_a_terminal(venv, environ, tmp_path):
    venv.rename(tmp_path / ".venv")
    assert find(environ, tmp_path, interactive=True).environment.prefix == str(tmp_path / ".venv")
    assert find(environ, tmp_path).environment.prefix != str(tmp_path / ".venv")


@pytest.mark.skipif(shutil.which("git") is None, reason="needs git")
def test_an_environment_that_git_tracks_is_not_trusted(venv, environ, tmp_path):
    venv.rename(tmp_path / "venv")
    (tmp_path / "venv" / ".gitignore").unlink(missing_ok=True)
    subprocess.run(["git", "init", "-q", "."], cwd=tmp_path, check=True)
    subprocess.run(["git", "add", "venv/pyvenv.cfg"], cwd=tmp_path, check=True)
    assert find(environ, tmp_path, interactive=True).environment.prefix != str(tmp_path / "venv")


def test_the_fallback_skips_the_tools_own_interpreter(venv, environ, tmp_path):
    own = str(Path(sys.prefix) / "bin")
    path = os.pathsep.join([own, "relative", str(venv / "bin")])
    target = find({**environ, "PATH": path}, tmp_path)
    assert target.environment.prefix == str(venv)
    assert "PATH" in target.reason
    with pytest.raises(TargetError, match="no `python3` on PATH"):
        find({**environ, "PATH": own}, tmp_path)


def test_an_environment_in_the_current_folder_is_taken_only_if_nobody_else_may_have_put_it_there(environ, tmp_path):
    folder = tmp_path / ".venv"
    (folder / "bin").mkdir(parents=True)
    (folder / "pyvenv.cfg").write_text("home = /usr/bin\nversion = 3.11.0\n")
    (folder / "bin" / "python").write_text("#!/bin/sh\n")
    path = {**environ, "PATH": ""}
    assert find(path, tmp_path, interactive=True).environment.prefix == str(folder)
    folder.rename(tmp_path / "shared")
    folder.symlink_to(tmp_path / "shared")
    assert find(path, tmp_path, interactive=True).environment.prefix == str(folder)
    (folder / "bin").chmod(0o777)
    with pytest.raises(TargetError, match="no `python3` on PATH"):
        find(path, tmp_path, interactive=True)


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ({"python": "nothing"}, "does not exist"),
        ({"env": "nothing"}, "does not exist"),
        ({"env": "empty"}, "no Python environment"),
        ({"python": "empty"}, "no Python environment"),
        ({"python": "text"}, "not a Python interpreter"),
        ({"python": "/bin/sh"}, "not a Python interpreter"),
        ({"python": "dangling"}, "a link to a file that is gone"),
        ({"python": "a", "env": "b"}, "both"),
    ],
)
def test_what_is_no_target_is_named_with_a_hint(options, message, environ, tmp_path):
    (tmp_path / "empty").mkdir()
    (tmp_path / "text").write_text("no program")
    (tmp_path / "dangling").symlink_to(tmp_path / "gone")
    with pytest.raises(TargetError, match=message) as raised:
        find(environ, tmp_path, **options)
    assert raised.value.hint


def test_a_variable_that_names_nothing_is_an_error_and_not_passed_over(environ, tmp_path):
    with pytest.raises(TargetError, match="VIRTUAL_ENV"):
        find({**environ, "VIRTUAL_ENV": str(tmp_path / "gone")}, tmp_path)


def test_a_folder_of_environments_suggests_one(venv, environ, tmp_path):
    with pytest.raises(TargetError) as raised:
        find(environ, tmp_path, env=str(tmp_path))
    assert str(venv) in raised.value.hint


def test_python_2_is_refused(environ, tmp_path):
    found = sorted(Path.home().glob(".pyenv/versions/2.7*/bin/python"))
    if not found:
        pytest.skip("no Python 2.7 on this machine")
    with pytest.raises(TargetError, match=r"Python 2\.7"):
        find(environ, tmp_path, python=str(found[0]))


def test_bases_are_no_environments_and_are_found_by_version_path_and_environment(base, venv, environ):
    every = find_bases(environ)
    assert len({os.path.realpath(each.executable) for each in every}) == len(every)
    assert find_base(base.minor, environ).version[:2] == base.version[:2]
    assert find_base(base.version_text, environ).version == base.version
    for spec in (base.executable, str(venv), str(venv / "bin" / "python")):
        found = find_base(spec, environ)
        assert isinstance(found, Base)
        assert os.path.realpath(found.executable) == os.path.realpath(base.executable)


def test_a_base_that_is_not_there_is_told_with_those_that_are(base, environ):
    with pytest.raises(TargetError, match=r"there is no Python 3\.99") as raised:
        find_base("3.99", environ)
    assert base.version_text in raised.value.message
    with pytest.raises(TargetError, match="not a CPython"):
        find_base("/bin/sh", environ)


def test_for_one_version_no_interpreter_is_started_whose_name_says_another(tmp_path, monkeypatch):
    asked = []

    def ask(executable, *_, **__):
        asked.append(Path(executable).name)
        return Answer(data=None)

    for name in ("python3.9", "python3.10", "python3.11t", "python3"):
        (tmp_path / name).write_text("")
        (tmp_path / name).chmod(0o755)
    monkeypatch.setattr(bases, "ask", ask)
    monkeypatch.setattr(bases, "_system", lambda: ())
    environ = {"PATH": str(tmp_path), "HOME": str(tmp_path)}
    assert find_bases(environ, "3.10") == ()
    assert sorted(asked) == ["python3", "python3.10"]
    asked.clear()
    with pytest.raises(TargetError, match=r"no Python 3\.10 on this machine"):  # then all are asked, to name them
        find_base("3.10", environ)
    assert set(asked) == {"python3", "python3.9", "python3.10", "python3.11t"}


def test_a_shim_that_fails_is_no_base(environ, tmp_path):
    shims = tmp_path / "bin"
    shims.mkdir()
    (shims / "python3.7").write_text("#!/bin/sh\nexit 127\n")
    (shims / "python3.7").chmod(0o755)
    assert all(not each.executable.startswith(str(shims)) for each in find_bases({**environ, "PATH": str(shims)}))


def test_what_may_not_be_looked_at_is_refused_with_a_sentence(environ, tmp_path):
    (tmp_path / "closed" / "env").mkdir(parents=True)
    (tmp_path / "bare" / "bin").mkdir(parents=True)
    (tmp_path / "closed").chmod(0)
    behind = {**environ, "PATH": f"{tmp_path / 'closed' / 'env'}{os.pathsep}{environ.get('PATH', '')}"}
    with without_rights(tmp_path):
        for word in ("closed", "closed/env"):
            with pytest.raises(TargetError, match="closed"):
                find(behind, tmp_path, env=word)
        with pytest.raises(TargetError, match="closed"):
            find(behind, tmp_path, python="closed/env/bin/python")
    (tmp_path / "closed").chmod(0o755)


@pytest.mark.parametrize("conda", [False, True])
@pytest.mark.parametrize("packages", [False, True])
def test_a_folder_whose_interpreter_is_another_python_never_stands_for_that_python(
    each_base, environ, tmp_path, conda, packages
):
    folder = tmp_path / "env"
    (folder / "bin").mkdir(parents=True)
    (folder / "bin" / "python").symlink_to(each_base.executable)
    if conda:
        (folder / "conda-meta").mkdir()
    if packages:
        (folder / "lib" / f"python{each_base.minor}" / "site-packages").mkdir(parents=True)
        target = find(environ, tmp_path, env=str(folder))
        assert target.environment.prefix == str(folder)
        assert not target.interpreter.starts
    else:
        with pytest.raises(TargetError, match="holds no Python environment: its interpreter is that of"):
            find(environ, tmp_path, env=str(folder))


def test_without_a_terminal_it_is_said_that_the_environment_in_the_current_folder_is_passed_over(
    venv, environ, tmp_path
):
    venv.rename(tmp_path / ".venv")
    found = find(environ, tmp_path)
    assert found.environment.prefix != str(tmp_path / ".venv")
    assert "`./.venv` is not taken without a terminal: `--env .venv` names it" in found.reason
    (tmp_path / ".venv").rename(tmp_path / "env")
    assert "without a terminal" not in find(environ, tmp_path).reason
