"""Where nothing fits this Python, the ones that would do are named with the command."""

import dataclasses
import sys
from pathlib import Path
from types import SimpleNamespace

from tfrepair.app.base_python import with_way_out
from tfrepair.app.subject import Subject
from tfrepair.errors import NoRepairError, TargetError
from tfrepair.model.facts import Fact, Facts, Known
from tfrepair.target import discover
from tfrepair.target.release_data import load_releases

REFUSAL = NoRepairError("no wheel", hint="name another")


def target_of(minor, kind="venv"):
    found = discover.find_target(python=sys.executable, env=None, environ={}, cwd=Path(), interactive=False)
    tags = (f"cp3{minor}-cp3{minor}-manylinux_2_17_x86_64", f"cp3{minor}-cp3{minor}-manylinux2014_x86_64")
    return dataclasses.replace(
        found,
        interpreter=dataclasses.replace(found.interpreter, version=(3, minor, 1), tags=tags),
        environment=dataclasses.replace(found.environment, prefix="/srv/env", kind=kind),
    )


def bases(*minors):
    return tuple(
        SimpleNamespace(version=(3, minor, 1), executable=f"/opt/python3.{minor}", free_threaded=False)
        for minor in minors
    )


def described(base):
    return target_of(base.version[1])


def bench(pin, *minors, described=described):
    request = SimpleNamespace(venv=None, tensorflow=pin)
    return SimpleNamespace(
        request=request, environ={}, cwd=Path("/nowhere"), releases=load_releases(), bases=bases(*minors),
        described=described, requirements=(), constraints=(), project=(), configured=(),
    )  # fmt: skip


def asked(pin, subject, *minors):
    return with_way_out(REFUSAL, subject, bench(pin, *minors), Facts())


def test_each_python_that_would_do_is_named_with_its_command():
    subject = Subject(prefix=Path("/srv/env"), target=target_of(13))
    said = asked("2.9.0", subject, 13, 10, 9, 6)
    assert said.message == "no wheel"
    assert (
        "`tfrepair fix --env /srv/env --base-python 3.10 --tensorflow 2.9.0` rebuilds it on Python 3.10.1" in said.hint
    )
    assert "--base-python 3.9 " in said.hint
    assert "3.13" not in said.hint
    assert "3.6" not in said.hint
    assert said.hint.endswith("nothing was changed")


def test_for_an_installation_of_python_an_environment_is_made_beside_it():
    said = asked("2.9.0", Subject(prefix=Path("/usr/local"), target=target_of(13, "system")), 10)
    assert "`tfrepair fix --venv DIR --base-python 3.10 --tensorflow 2.9.0` makes an environment on" in said.hint


def test_where_none_would_do_the_refusal_stays():
    subject = Subject(prefix=Path("/srv/env"), target=target_of(13))
    assert asked("2.9.0", subject, 13, 12) is REFUSAL


def test_the_release_on_disk_is_in_the_command_and_paths_are_quoted():
    states = {"tensorflow.name": Known("tensorflow-cpu"), "tensorflow.version": Known("2.9.0")}
    facts = Facts.of(Fact(path=path, state=state, source="test") for path, state in states.items())
    asked_for = bench(None, 10)
    asked_for.request.venv = Path("/srv/my env")
    said = with_way_out(REFUSAL, Subject(prefix=Path("/usr/local"), target=target_of(13, "system")), asked_for, facts)
    assert "--venv '/srv/my env' --base-python 3.10 --tensorflow tensorflow-cpu==2.9.0`" in said.hint


def test_an_interpreter_that_cannot_be_asked_is_passed_over():
    def broken(base):
        if base.version[1] == 10:
            raise TargetError("it is broken")
        return described(base)

    here = bench("2.9.0", 10, 9, described=broken)
    said = with_way_out(REFUSAL, Subject(prefix=Path("/srv/env"), target=target_of(13)), here, Facts())
    assert "--base-python 3.9 " in said.hint
