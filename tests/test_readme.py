"""README.md tells the truth about what can be checked here."""

import re
import shlex
from pathlib import Path

import pytest
import typer

from tfrepair.cli.app import command_line
from tfrepair.playbook.loader import load_builtin

README = (Path(__file__).parent.parent / "README.md").read_text(encoding="utf-8")


def test_the_table_of_causes_is_that_of_the_playbooks():
    rows = re.findall(r"^\| `([\w-]+)` \| (.+) \| (\w+) \|$", README, re.MULTILINE)
    assert rows == [(p.name, p.title, p.repair) for p in load_builtin()]


def test_the_two_commands_stand_at_the_top():
    block = README.split("```sh\n", 1)[1].split("```", 1)[0].splitlines()
    assert [line[:5] for line in block] == ["# set", "bash ", "# run", "pytho"]


COMMANDS = [
    line.partition("#")[0].split(" | ")[-1].strip().replace(" \\\n", " ")
    for block in re.findall(r"```sh\n(.*?)```", README, re.DOTALL)
    for line in block.replace("\\\n", " ").splitlines()
    if "tfrepair " in line and not line.startswith(("#", "pip", "bash", "python", "git"))
]


@pytest.mark.parametrize("line", COMMANDS)
def test_the_commands_are_such(line):
    """They are read as the command line reads them; nothing is run."""
    words = shlex.split(line)
    words = words[words.index("tfrepair") + 1 :]
    command = typer.main.get_command(command_line(()))
    while hasattr(command, "commands"):
        command = command.commands[words.pop(0)]
    command.make_context(command.name, [word for word in words if word not in {"<", ">"}])
