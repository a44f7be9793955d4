"""The scripts that run inside targets."""

import ast
import os
import subprocess
import sys
from pathlib import Path

import pytest

import tfrepair.target.scripts
from tfrepair.target.extras import MODULES

BESIDE = ("extras_script", "store_script", "numpy", *MODULES.values())
SCRIPTS = sorted(Path(tfrepair.target.scripts.__file__).parent.glob("*_script.py"))
IN_TARGETS = [path for path in SCRIPTS if path.name != "pip_script.py"]


@pytest.mark.parametrize("path", IN_TARGETS, ids=lambda path: path.name)
def test_they_parse_on_python_3_6(path):
    ast.parse(path.read_text(encoding="utf-8"), feature_version=(3, 6))


@pytest.mark.parametrize("path", IN_TARGETS, ids=lambda path: path.name)
def test_they_need_nothing_but_the_standard_library(path):
    tree = ast.parse(path.read_text(encoding="utf-8"))
    names = {
        alias.name.split(".")[0] for node in ast.walk(tree) if isinstance(node, ast.Import) for alias in node.names
    }
    names |= {node.module.split(".")[0] for node in ast.walk(tree) if isinstance(node, ast.ImportFrom)}
    assert names - {"tensorflow", *BESIDE} <= sys.stdlib_module_names


@pytest.mark.parametrize("path", SCRIPTS, ids=lambda path: path.name)
def test_they_are_in_ascii(path):
    path.read_text(encoding="ascii")


def test_python_2_is_told_apart_without_a_syntax_error():
    found = sorted(Path.home().glob(".pyenv/versions/2.7*/bin/python"))
    if not found:
        pytest.skip("no Python 2.7 on this machine")
    script = next(path for path in SCRIPTS if path.name == "describe_script.py")
    done = subprocess.run(
        [str(found[0]), "-E", str(script), "MARK"], capture_output=True, text=True, check=True, env=dict(os.environ)
    )
    assert '"unsupported": [2, 7' in done.stdout
