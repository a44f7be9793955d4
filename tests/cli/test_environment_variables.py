"""Every option has an environment variable, except those that must be typed."""

import json
import os
import subprocess
import sys

import pytest
import typer

from tfrepair.cli.app import command_line

TYPED = ("--trust", "--allow", "--help", "--version")
LISTS = {"--playbook", "--only", "--skip", "--var", "--with", "--extra-index-url", "--find-links", "--constraint", "--requirement"}  # fmt: skip


def options():
    groups = [("", typer.main.get_command(command_line(())))]
    while groups:
        above, group = groups.pop()
        for name, command in group.commands.items():
            whole = f"{above} {name}".strip()
            if hasattr(command, "commands"):
                groups.append((whole, command))
            yield from ((whole, each) for each in command.params if each.param_type_name == "option")


def test_what_is_typed_counts_more_than_a_variable(tmp_path):
    argv = [sys.executable, "-m", "tfrepair", "diagnose", "--no-import", "--json"]
    environ = os.environ | {"TFREPAIR_ENV": str(tmp_path)}
    done = subprocess.run([*argv, "--python", sys.executable], env=environ, capture_output=True, check=False)
    assert json.loads(done.stdout)["target"]["python"] == sys.executable, done
    environ |= {"TFREPAIR_PYTHON": sys.executable}
    done = subprocess.run(argv, env=environ, capture_output=True, check=False)
    assert (done.returncode, "both name a target" in json.loads(done.stdout)["error"]["message"]) == (2, True), done


def test_an_empty_variable_names_no_target():
    argv = [sys.executable, "-m", "tfrepair", "diagnose", "--no-import", "--json", "--python", sys.executable]
    environ = os.environ | {"TFREPAIR_ENV": "", "TFREPAIR_PYTHON": ""}
    done = subprocess.run(argv, env=environ, capture_output=True, check=False)
    assert json.loads(done.stdout)["target"]["python"] == sys.executable, done


def test_every_option_can_be_set_by_its_variable():
    for name, parameter in options():
        option = parameter.opts[0]
        if option.startswith(TYPED):
            assert parameter.envvar is None, f"{name} {option}"
        elif option not in LISTS:  # those are split as PATH is, see session.listed
            wanted = f"TFREPAIR_{option.removeprefix('--').replace('-', '_').upper()}"
            assert parameter.envvar == wanted, f"{name} {option}"


@pytest.mark.parametrize(
    ("variables", "arguments", "expected"),
    [
        ({"TFREPAIR_GPU": "maybe"}, (), "error: `--gpu maybe` is not known (set by TFREPAIR_GPU)"),
        ({"TFREPAIR_KEEP": "many"}, (), "not `many` (set by TFREPAIR_KEEP)"),
        ({"TFREPAIR_GPU": "maybe"}, ("--gpu", "perhaps"), "error: `--gpu perhaps` is not known\n"),
        ({"TFREPAIR_GPU": "maybe"}, ("--gpu=perhaps",), "error: `--gpu perhaps` is not known\n"),
        ({}, ("--gpu", "perhaps"), "error: `--gpu perhaps` is not known\n"),
    ],
)
def test_an_error_says_which_variable_gave_the_option(variables, arguments, expected):
    command = [sys.executable, "-m", "tfrepair", "fix", "--dry-run", *arguments]
    done = subprocess.run(command, env=os.environ | variables, capture_output=True, text=True, check=False)
    assert done.returncode == 2
    assert expected in done.stderr


@pytest.mark.parametrize("value", ["1", "true", "T", "yes", "y", "on", " 1"])
def test_every_way_to_say_yes_gives_a_document_for_a_wrong_command_line_too(value):
    for words in (["--nonesuch"], ["--env", "/nowhere/at/all"]):
        command = [sys.executable, "-m", "tfrepair", "diagnose", *words]
        done = subprocess.run(command, env=os.environ | {"TFREPAIR_JSON": value}, capture_output=True, check=False)
        assert (done.returncode, json.loads(done.stdout)["status"]) == (2, "failed"), done
