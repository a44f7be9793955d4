"""Every option has an environment variable, except those that must be typed."""

import os
import subprocess
import sys

import pytest
import typer

from tfrepair.cli.app import command_line

TYPED = ("--trust", "--allow", "--help", "--version")
LISTS = {"--playbook", "--only", "--skip", "--var", "--with", "--extra-index-url", "--find-links", "--constraint", "--requirement"}  # fmt: skip


def options():
    for name, command in typer.main.get_command(command_line(())).commands.items():
        if name in {"runs", "playbook"}:
            continue
        for parameter in command.params:
            if parameter.param_type_name == "option":
                yield name, parameter


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
