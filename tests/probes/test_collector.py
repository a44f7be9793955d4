"""Running probes."""

import os
import sys
import threading
import time
from dataclasses import replace
from pathlib import Path

import pytest

from tfrepair.model.facts import Absent, Fact, Known, Unknown
from tfrepair.probes.collector import Probe, ProbeOptions, all_probes, collect, in_order, known
from tfrepair.target.discover import find_target


@pytest.fixture(scope="module")
def target():
    return find_target(python=sys.executable, env=None, environ=os.environ, cwd=Path("/"), interactive=False)


def probe(name, *, after=(), provides=None, facts=None):
    return Probe(
        name=name,
        provides=provides or {f"{name}.a": "Text."},
        after=after,
        collect=facts or (lambda context: known(name, {f"{name}.a": name})),
    )


def test_every_probe_runs_after_those_it_builds_on():
    assert [each.name for each in in_order([probe("c", after=("b",)), probe("b", after=("a",)), probe("a")])] == [
        "a",
        "b",
        "c",
    ]
    assert [each.name for each in in_order([probe("a", after=("not installed",))])] == ["a"]
    with pytest.raises(ValueError, match="wait for each other"):
        in_order([probe("a", after=("b",)), probe("b", after=("a",))])


def test_a_probe_sees_what_those_before_it_learned(target):
    seen = []
    second = probe("b", after=("a",), facts=lambda context: seen.append(context.facts.value("a.a")) or ())
    collect(target, ProbeOptions(), {}, probes=[second, probe("a")])
    assert seen == ["a"]


def test_a_probe_that_fails_leaves_unknowns_with_the_reason_and_the_others_alone(target):
    def fail(context):
        yield Fact(path="bad.a", state=Known(1), source="bad")
        raise OSError("disk")

    bad = probe("bad", provides={"bad.a": "Number.", "distribution.*.x": "Number."}, facts=fail)
    facts = collect(target, ProbeOptions(), {}, probes=[bad, probe("good")])
    assert facts.get("bad.a") == Unknown("the probe `bad` failed: OSError: disk")
    assert facts.get("good.a") == Known("good")
    assert "distribution.*.x" not in facts.by_path


def test_what_a_probe_does_not_mention_is_unknown(target):
    silent = probe("silent", facts=lambda context: ())
    assert isinstance(collect(target, ProbeOptions(), {}, probes=[silent]).get("silent.a"), Unknown)


def test_none_means_absent():
    assert [fact.state for fact in known("p", {"a": None, "b": False})] == [Absent(), Known(False)]


def test_progress_is_told(target):
    names = []
    collect(target, ProbeOptions(), {}, probes=[probe("a"), probe("b")], on_probe=names.append)
    assert names == ["a", "b"]


def test_a_probe_that_hangs_is_left_behind_and_what_builds_on_it_goes_on(target):
    gate = threading.Event()
    slow = replace(probe("slow", facts=lambda context: gate.wait(60) and ()), limit=0.2)
    next_one = probe(
        "next", after=("slow",), facts=lambda context: known("next", {"next.a": "slow.a" in context.facts.by_path})
    )
    began = time.monotonic()
    facts = collect(target, ProbeOptions(), {}, probes=[slow, next_one, probe("other")])
    gate.set()
    assert time.monotonic() - began < 30
    assert facts.get("slow.a") == Unknown("the probe `slow` did not end within 0.2 seconds")
    assert facts.get("next.a") == Known(True)
    assert facts.get("other.a") == Known("other")


def test_a_probe_that_reads_runs_beside_what_another_waits_for(target):
    met = threading.Barrier(2)

    def start_and_wait(context):
        context.waiting()
        return known("process", {"process.a": met.wait(30)})

    process = replace(probe("process", facts=start_and_wait), starts_processes=True)
    reading = probe("reading", facts=lambda context: known("reading", {"reading.a": met.wait(30)}))
    facts = collect(target, ProbeOptions(), {}, probes=[process, reading])
    assert {facts.value("process.a"), facts.value("reading.a")} == {0, 1}


def test_nothing_is_read_while_a_process_is_to_be_started_and_its_time_does_not_count(target):
    began = []
    starting = replace(probe("starting", facts=lambda context: began.append("it") or time.sleep(0.6) or ()), limit=9.0)
    starting = replace(starting, starts_processes=True)
    reading = replace(
        probe("reading", facts=lambda context: began.append("reading") or known("r", {"reading.a": 1})), limit=0.5
    )
    facts = collect(target, ProbeOptions(), {}, probes=[reading, starting])
    assert began == ["it", "reading"]
    assert facts.get("reading.a") == Known(1)


def test_what_is_no_failure_of_a_probe_is_not_swallowed(target):
    def leave(context):
        raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        collect(target, ProbeOptions(), {}, probes=[probe("a", facts=leave)])


def test_what_starts_a_process_runs_where_an_interruption_arrives(target):
    threads = []
    here = replace(
        probe("here", facts=lambda context: threads.append(threading.current_thread()) or ()), starts_processes=True
    )
    collect(
        target, ProbeOptions(), {}, probes=[here, probe("other", after=("here",), facts=here.collect), probe("apart")]
    )
    assert threads == [threading.current_thread()] * 2


def test_every_probe_of_the_package_says_what_it_provides():
    probes = all_probes()
    names = {each.name for each in probes}
    paths = [path for each in probes for path in each.provides]
    assert len(paths) == len(set(paths))
    for each in probes:
        assert set(each.after) <= names
        assert each.provides
        assert all(text.strip() for text in each.provides.values())


def test_this_interpreter_can_be_probed(target):
    wanted = {"interpreter", "environment", "host", "imports", "pip_view"}
    probes = [each for each in all_probes() if each.name in wanted]
    facts = collect(target, ProbeOptions(imports=False), os.environ, probes=probes)
    assert facts.value("interpreter.starts") is True
    assert facts.value("interpreter.version") == ".".join(map(str, sys.version_info[:3]))
    assert facts.get("interpreter.failing_startup_file") == Absent()
    assert facts.value("environment.prefix") == sys.prefix
    assert facts.get("import.ok") == Unknown("not asked for")
    assert facts.get("pip.version") == Unknown("not asked for")
    assert facts.value("host.system") in ("linux", "darwin", "windows")
