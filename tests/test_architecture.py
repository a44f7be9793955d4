"""Who may import whom, and where each third-party effect lives."""

import ast
import re
from pathlib import Path

import pytest

PACKAGE = Path(__file__).parent.parent / "tfrepair"

# room -> the rooms of ours it may import
ALLOWED = {
    "errors": set(),
    "log": {"errors", "model"},
    "model": {"errors"},
    "actions": {"model"},
    "reason": {"model", "actions", "errors"},
    "playbook": {"model", "errors", "actions"},
    "target": {"model", "errors", "log"},
    "probes": {"model", "target", "errors"},
    "execute": {"model", "target", "errors", "log"},
    "app": {"model", "reason", "playbook", "actions", "probes", "target", "execute", "errors", "log"},
    "cli": {"app", "errors", "log", "model", "playbook"},
    "__init__": {"app", "errors"},
    "testing": {"app", "actions", "model", "probes", "target", "errors"},
    "__main__": {"cli"},
}

# third-party (or effectful) module -> the places that may import it
OWNERS = {
    "subprocess": {"target/interpreter.py"},
    "pip_api": {"target/pip_view.py"},
    "virtualenv": {"target/environments.py"},
    "tenacity": {"target/installer/retry.py"},
    "structlog": {"log.py"},
    "typer": {"cli"},
    "rich": {"cli"},
    "filelock": {"execute/lock.py"},
}


def modules():
    return sorted(path for path in PACKAGE.rglob("*.py") if "scripts" not in path.parts)


def imports(path):
    for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
        if isinstance(node, ast.Import):
            yield from (alias.name for alias in node.names)
        elif isinstance(node, ast.ImportFrom):
            assert node.level == 0, f"{path}: relative imports hide the room"
            yield node.module
            if node.module == "tfrepair":
                yield from (f"tfrepair.{alias.name}" for alias in node.names)


def room(path):
    parts = path.relative_to(PACKAGE).parts
    return parts[0].removesuffix(".py")


@pytest.mark.parametrize("path", modules(), ids=lambda path: path.relative_to(PACKAGE).as_posix())
def test_a_room_imports_only_the_rooms_below_it(path):
    here = room(path)
    for name in imports(path):
        parts = name.split(".")
        if parts[0] != "tfrepair" or len(parts) == 1 or parts[1] in {"__version__", here}:
            continue
        assert parts[1] in ALLOWED[here], f"{here} may not import {name}"


@pytest.mark.parametrize("path", modules(), ids=lambda path: path.relative_to(PACKAGE).as_posix())
def test_each_effect_lives_in_its_one_place(path):
    place = path.relative_to(PACKAGE).as_posix()
    for name in imports(path):
        owners = OWNERS.get(name.split(".")[0])
        assert owners is None or place in owners or room(path) in owners, f"{place} may not import {name}"


@pytest.mark.parametrize("path", modules(), ids=lambda path: path.relative_to(PACKAGE).as_posix())
def test_only_the_borders_read_the_process_environment(path):
    if room(path) in {"cli", "target", "testing"}:
        return
    for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
        assert not (
            isinstance(node, ast.Attribute)
            and node.attr in {"environ", "getenv"}
            and isinstance(node.value, ast.Name)
            and node.value.id == "os"
        ), path


def test_every_room_says_what_it_is_for():
    for folder in sorted({path.parent for path in PACKAGE.rglob("*.py")}):
        text = (folder / "__init__.py").read_text(encoding="utf-8")
        assert ast.get_docstring(ast.parse(text)), f"{folder} has no docstring"


def test_pure_rooms_do_no_input_or_output():
    for path in modules():
        if room(path) in {"model", "reason", "actions"}:
            assert not {"os", "shutil", "socket", "tempfile"} & {name.split(".")[0] for name in imports(path)}, path


def test_the_table_of_rooms_in_contributing_is_true():
    text = (PACKAGE.parent / "CONTRIBUTING.md").read_text(encoding="utf-8")
    rows = dict(re.findall(r"^\| `tfrepair/(\w+)` \|.*\| ([^|]+) \|$", text, re.MULTILINE))
    above = set()
    for room, cell in rows.items():
        named = (
            set()
            if cell == "nothing of ours"
            else above.copy()
            if cell == "all of the above"
            else set(cell.split(", "))
        )
        assert named == ALLOWED[room] - {"errors", "log"}, room
        above.add(room)
    assert rows.keys() == {path.name for path in PACKAGE.iterdir() if (path / "__init__.py").is_file()}
