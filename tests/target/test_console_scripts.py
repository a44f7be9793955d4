"""Console scripts of an environment."""

import os
import sys
from dataclasses import replace
from pathlib import Path

import pytest

from tfrepair.target.console_scripts import console_script_problem, foreign_scripts
from tfrepair.target.discover import describe_environment


@pytest.fixture
def environment(tmp_path):
    import venv

    venv.create(tmp_path / "env", with_pip=False, symlinks=True)
    return describe_environment(tmp_path / "env", os.environ).environment


def script(environment, name, text, interpreter=sys.executable):
    path = Path(environment.scripts, name)
    path.write_text(f"#!{interpreter}\n{text}")
    path.chmod(0o755)


def test_an_environment_without_scripts_has_no_problem(environment):
    assert console_script_problem(environment, os.environ) is None


def test_a_script_that_says_who_it_is_has_no_problem(environment):
    script(environment, "pip", "print('pip 1')")
    assert console_script_problem(environment, os.environ) is None


def test_looking_writes_no_bytecode(environment):
    module = Path(environment.purelib, "who.py")
    module.write_text("NAME = 'pip 1'\n")
    script(environment, "pip", "import who; print(who.NAME)", interpreter=Path(environment.scripts, "python"))
    assert console_script_problem(environment, os.environ) is None
    assert not Path(environment.purelib, "__pycache__").exists()


def test_a_script_that_does_not_start_is_named_with_what_it_says(environment):
    script(environment, "pip", "raise SystemExit('no module named pip')")
    assert "no module named pip" in console_script_problem(environment, os.environ)


def test_a_script_whose_interpreter_is_gone_is_named(environment):
    gone = Path(environment.scripts, "python-of-old")
    script(environment, "mine", "", interpreter=gone)
    problem = console_script_problem(environment, os.environ)
    assert "mine" in problem
    assert str(gone) in problem


def foreign(environment):
    return [(path.name, str(python)) for path, python in foreign_scripts(environment)]


def test_scripts_of_a_moved_environment_are_foreign(environment):
    script(environment, "pip", "", interpreter="/nowhere/old/bin/python3.11")
    long = f"/nowhere/{'deep/' * 40}bin/python"
    Path(environment.scripts, "tool").write_text(f"#!/bin/sh\n'''exec' \"{long}\" \"$0\" \"$@\"\n' '''\n")
    assert foreign(environment) == [("pip", "/nowhere/old/bin/python3.11"), ("tool", long)]


def test_scripts_of_a_copied_environment_are_foreign_while_the_first_is_there(environment, tmp_path):
    import venv

    venv.create(tmp_path / "first", with_pip=False, symlinks=True)
    script(environment, "pip", "", interpreter=tmp_path / "first" / "bin" / "python")
    assert foreign(environment) == [("pip", str(tmp_path / "first" / "bin" / "python"))]


def test_scripts_of_a_copy_name_the_place_that_it_will_take(environment, tmp_path):
    script(environment, "sealed", "", interpreter=tmp_path / "new" / "bin" / "python")
    script(environment, "old", "", interpreter=tmp_path / "other" / "bin" / "python")
    copied = replace(environment, stands_for=str(tmp_path / "new"))
    assert foreign(copied) == [("old", str(tmp_path / "other" / "bin" / "python"))]


def test_scripts_of_its_own_and_of_somebody_are_not_foreign(environment, tmp_path):
    (tmp_path / "link").symlink_to(environment.prefix)
    script(environment, "own", "", interpreter=Path(environment.scripts, "python"))
    script(environment, "linked", "", interpreter=tmp_path / "link" / "bin" / "python")
    script(environment, "base", "", interpreter=os.path.realpath(sys.executable))
    script(environment, "found", "", interpreter="/usr/bin/env python3")
    script(environment, "shell", "", interpreter="/nowhere/bin/zsh")
    Path(environment.scripts, "program").write_bytes(b"\x7fELF\0\n")
    assert foreign(environment) == []
