"""The benchmark of a new environment: what it says of its figures."""

import importlib.util
import sys
from pathlib import Path

import pytest

SCRIPT = Path(__file__).parent.parent / "benchmarks" / "install.py"


@pytest.fixture(scope="module")
def install():
    spec = importlib.util.spec_from_file_location("install_benchmark", SCRIPT)
    module = importlib.util.module_from_spec(spec)
    sys.modules["install_benchmark"] = module
    spec.loader.exec_module(module)
    return module


def test_ratios_of_medians_and_the_goals(install, capsys):
    clock = {"tfrepair": [12.0, 10.0, 30.0], "uv": [10.0, 9.0, 11.0], "pip": [60.0, 48.0, 50.0]}
    rows = {name: [(seconds, seconds / 2) for seconds in figures] for name, figures in clock.items()}
    install.report("tensorflow-cpu==2.20.0", "3.11", rows, {"resolving": [1.0, 2.0, 3.0]})
    said = capsys.readouterr().out
    assert "medians of 3 turns" in said
    assert "tfrepair     12.0 [10.0, 30.0]" in said
    assert "tfrepair      6.0 [5.0, 15.0]" in said
    assert said.count("pip / tfrepair: 4.17 (goal: at least 4.0)") == 2
    assert said.count("tfrepair / uv: 1.20 (goal: at most 1.3)") == 2
    assert "2.0  resolving" in said


def test_the_steps_that_tfrepair_prints_are_found(install):
    text = "resolving versions for Python 3.11.7: 0.6 s\nround 1: staging: 1.4 s\nrepaired\n"
    assert [(m["what"], m["seconds"]) for m in install.STEP.finditer(text)] == [
        ("resolving versions for Python 3.11.7", "0.6"),
        ("round 1: staging", "1.4"),
    ]
