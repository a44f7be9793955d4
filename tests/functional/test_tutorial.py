"""docs/tutorial.md does what it says: its files are written and its commands run, in order."""

import re
import shlex
from pathlib import Path

from functional_support import write_wheel

TUTORIAL = Path(__file__).parent.parent.parent / "docs" / "tutorial.md"
BLOCK = re.compile(r"^```(\w+)\n(.*?)^```$", re.MULTILINE | re.DOTALL)
COMMAND = re.compile(r"^tfrepair (.*?)(?:\s+# exit (\d+))?$")


def test_the_tutorial_works_as_it_is_written(world):
    world.healthy()
    write_wheel(world.index, "ipykernel", "6.29", {"ipykernel/__init__.py": "", "ipykernel_launcher.py": ""})
    before = world.tree()
    said = {}
    for kind, text in BLOCK.findall(TUTORIAL.read_text(encoding="utf-8")):
        if kind == "yaml":
            name = text.partition("\n")[0].removeprefix("# ")
            path = world.folder / name
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_text(text)
            continue
        for line in text.splitlines():
            words, code = COMMAND.fullmatch(line).groups()
            done = world.tfrepair(*shlex.split(words))
            assert done.code == int(code or 0), f"{line}\n{done}"
            said[words] = done.out + done.err
    assert '"distribution.numpy.version"' in (world.folder / "facts.json").read_text()
    planned = next(" ".join(text.split()) for words, text in said.items() if "--var kernel=vision --dry-run" in words)
    for part in ("`vision` (Lab, Python 3.", "`etc/lab.conf`: 2 lines", "cannot be foretold", "LAB_DATA"):
        assert part in planned
    done = next(text for words, text in said.items() if "--var kernel=vision --yes" in words)
    assert re.search(r"there are \d+ files at the top of the environment", done)
    tested = [text for words, text in said.items() if words.startswith("playbook test")]
    assert "4 of 4 cases came out as expected" in tested[0]
    assert "wrong.yaml:4:1: expected the findings `lab-kernel`, found none" in tested[1]
    ours = (world.folder / "cases/lab-kernel/ours.yaml").read_text()
    assert "{id: lab-kernel, severity: error, confidence: high}" in ours
    assert "# no `operations`: " in ours
    assert "only an index knows which `ipykernel` fits" in ours
    mine = {"facts.json", "lab-kernel.yaml", "lab-numpy.yaml", "cases", "draft"}
    left = world.tree(".tfrepair-env", *mine)
    assert left == before, "the rollback at the end put everything back"
