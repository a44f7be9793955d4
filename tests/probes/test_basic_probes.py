"""What the probes of interpreter, environment, host, import and pip say."""

import os
from dataclasses import replace

import pytest

from tfrepair.model.facts import Absent, Facts, Known, Unknown
from tfrepair.model.run import Smoke
from tfrepair.model.target import Host
from tfrepair.probes import environment, host, imports, interpreter, pip_view
from tfrepair.probes.collector import Context, ProbeOptions, known
from tfrepair.target.discover import describe_environment, find_bases
from tfrepair.target.environments import create_venv

pytestmark = pytest.mark.skipif(os.name == "nt", reason="laid out as on POSIX")


@pytest.fixture
def venv(tmp_path):
    base = find_bases(os.environ)[0]
    create_venv(base, tmp_path / "env", prompt=None, system_site_packages=False, seed=False)
    return tmp_path / "env"


@pytest.fixture
def context(venv):
    return Context(
        target=describe_environment(venv, os.environ), facts=Facts(), options=ProbeOptions(), environ=os.environ
    )


def facts_of(module, context):
    return Facts.of(module.PROBE.collect(context))


def test_a_startup_file_that_stops_the_interpreter_is_a_fact(venv):
    site = next(venv.glob("lib/python*/site-packages"))
    (site / "stop.pth").write_text("import sys; sys.exit('no')\n")
    broken = Context(
        target=describe_environment(venv, os.environ), facts=Facts(), options=ProbeOptions(), environ=os.environ
    )
    facts = facts_of(interpreter, broken)
    assert facts.value("interpreter.starts") is False
    assert "no" in facts.value("interpreter.start_error")
    assert facts.value("interpreter.starts_without_site") is True
    assert facts.value("interpreter.failing_startup_file") == str(site / "stop.pth")
    assert facts.value("interpreter.base_exists") is True
    assert facts_of(imports, broken).get("import.ok") == Unknown("the interpreter does not start")


def test_a_base_that_is_gone_is_a_fact(context, tmp_path):
    gone = replace(
        context.target.interpreter,
        base_executable=str(tmp_path / "gone"),
        starts=False,
        start_error="gone",
        executable=str(tmp_path / "gone"),
    )
    facts = facts_of(interpreter, replace(context, target=replace(context.target, interpreter=gone)))
    assert facts.value("interpreter.base_exists") is False
    assert facts.value("interpreter.starts_without_site") is False
    assert facts.get("interpreter.failing_startup_file") == Absent()


def test_the_environment_is_told(context, venv):
    facts = facts_of(environment, context)
    assert facts.value("environment.prefix") == str(venv)
    assert facts.value("environment.kind") == "venv"
    assert facts.value("environment.has_pip") is False


def test_avx_is_a_question_only_on_x86(context):
    facts = facts_of(host, context)
    assert facts.get("host.has_avx") == Known("avx" in facts.value("host.cpu_flags")) or not facts.value(
        "host.machine"
    ).startswith("x86")
    arm = replace(context.target, host=Host(system="linux", machine="aarch64"))
    assert facts_of(host, replace(context, target=arm)).get("host.has_avx") == Absent()


def test_a_smoke_test_becomes_facts():
    smoke = Smoke(
        ok=False,
        rung="import",
        seconds=1.5,
        tensorflow=None,
        exit_code=-4,
        signal="SIGILL",
        output="text",
        exceptions=("A: b",),
    )
    facts = Facts.of(imports.smoke_facts(smoke))
    assert facts.value("import.exceptions") == ["A: b"]
    assert facts.get("import.tensorflow") == Absent()
    assert set(facts.by_path) == set(imports.PROBE.provides)


def test_an_empty_environment_is_tried_all_the_same(context):
    facts = facts_of(imports, context)
    assert facts.value("import.ok") is False
    assert facts.value("import.rung") == "metadata"


def test_pip_that_is_not_there_is_unknown(context):
    state = facts_of(pip_view, replace(context, options=ProbeOptions(deep=True))).get("pip.disagrees")
    assert isinstance(state, Unknown)
    assert "there is no pip" in state.reason


def test_disagreements_are_sentences():
    inventory = Facts.of(
        known(
            "inventory",
            {
                "inventory.distributions": [
                    {"name": "Both", "version": "1"},
                    {"name": "moved", "version": "1"},
                    {"name": "mine", "version": "1"},
                ]
            },
        )
    )
    told = list(pip_view._disagreements({"both": "1", "moved": "2", "pips": "3"}, pip_view._seen(inventory)))
    assert told == [
        "mine 1 is on disk, and pip does not list it",
        "pip lists moved 2, and its metadata says 1",
        "pip lists pips 3, and no metadata on disk says so",
    ]


@pytest.mark.parametrize(
    ("output", "words"),
    [
        ("", None),
        ("\n  \n", None),
        ("starting\nkilled\n", "killed"),
        (
            "starting\nFatal Python error: Segmentation fault\n\nThread 1:\n  File x\n",
            "Fatal Python error: Segmentation fault",
        ),
        (
            "2026-11-28 01:16:26.0: F external/xla/flags.cc:224] Unknown flags\nmore\nFatal Python error: Aborted\n\n  File x\n",
            "2026-11-28 01:16:26.0: F external/xla/flags.cc:224] Unknown flags",
        ),
        (
            "terminate called after throwing an instance of 'x'\n  what():  bad\nFatal Python error: Aborted\n",
            "what():  bad",
        ),
    ],
)
def test_the_last_words_of_an_import_tell_of_its_end(output, words):
    smoke = Smoke(ok=False, rung="import", seconds=1.0, tensorflow=None, exit_code=-6, signal="SIGABRT", output=output)
    assert Facts.of(imports.smoke_facts(smoke)).value("import.last_words") == words
