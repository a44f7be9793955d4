"""README.md tells the truth about what can be checked here."""

import re
from pathlib import Path

from tfrepair.playbook.loader import load_builtin

README = (Path(__file__).parent.parent / "README.md").read_text(encoding="utf-8")


def test_the_table_of_causes_is_that_of_the_playbooks():
    rows = re.findall(r"^\| `([\w-]+)` \| (.+) \| (\w+) \|$", README, re.MULTILINE)
    assert rows == [(p.name, p.title, p.repair) for p in load_builtin()]


def test_the_two_commands_stand_at_the_top():
    block = README.split("```sh\n", 1)[1].split("```", 1)[0].splitlines()
    assert [line[:5] for line in block] == ["# set", "bash ", "# run", "pytho"]
