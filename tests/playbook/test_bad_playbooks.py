"""Wrong playbooks with the exact messages they get; `tests/bad_playbooks/<x>.yaml` beside `<x>.txt`."""

from pathlib import Path

import pytest

from tfrepair.errors import PlaybookError
from tfrepair.playbook.loader import check_file, load_playbook

FOLDER = Path(__file__).parent.parent / "bad_playbooks"
FACTS = {
    "host.system": "Text: `linux`, `darwin` or `windows`.",
    "host.machine": "Text: `x86_64`, `aarch64`.",
    "host.free_mb": "Number: of megabytes.",
    "import.ok": "True or false: it worked.",
    "inventory.overlaps": "list of {names, folder, family}: files that several recorded",
    "inventory.conflicts": "list like inventory.overlaps: those of TensorFlow",
    "inventory.names": "list of text: canonical names",
    "distribution.*.version": "text: the installed version",
    "a.b": "anything",
}
PLAYBOOKS = ("numpy-abi", "keras-mismatch")


@pytest.mark.parametrize("path", sorted(FOLDER.glob("*.yaml")), ids=lambda path: path.stem)
def test_every_mistake_is_named_at_its_place(path, monkeypatch):
    monkeypatch.chdir(FOLDER)
    name = Path(path.name)

    problems = check_file(name, known_facts=FACTS, known_playbooks=PLAYBOOKS)

    assert list(problems) == path.with_suffix(".txt").read_text(encoding="utf-8").splitlines()
    with pytest.raises(PlaybookError) as caught:
        load_playbook(name, "option", known_facts=FACTS, known_playbooks=PLAYBOOKS)
    assert caught.value.problems == problems


def test_a_file_that_is_not_there_is_one_problem(tmp_path):
    path = tmp_path / "x.yaml"
    assert check_file(path) == (f"{path}:1:1: the file cannot be read: No such file or directory",)


def test_a_folder_is_one_problem(tmp_path):
    assert check_file(tmp_path) == (f"{tmp_path}:1:1: the file cannot be read: it is not a regular file",)
