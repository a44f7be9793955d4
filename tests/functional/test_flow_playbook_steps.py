"""What the keywords of steps do, through the command line: fail, try again, go on, take back, remember."""

import json
import re
import signal

import pytest
from functional_support import NEW, site, write_slow_sdist
from playbook_support import GRANT, SECOND_TROUBLE, needs_licence, python, write_playbook

from tfrepair.execute.journal import Journal
from tfrepair.execute.lock import environment_lock
from tfrepair.execute.paths import Beside
from tfrepair.log import Log

FAILS_TWICE = (
    "import pathlib, sys; p = pathlib.Path(sys.argv[1]); n = len(p.read_text()) if p.exists() else 0; "
    "p.write_text('x' * (n + 1)); print('attempt', n + 1); sys.exit(0 if n == 2 else 75)"
)


@pytest.fixture
def env(world):
    return needs_licence(world)


def test_a_step_that_fails_and_says_continue_does_not_end_the_repair(world, env):
    path = write_playbook(
        world.folder.parent,
        f"""fix:{GRANT}
  - name: Tell our server
    action: run
    args: {{argv: {python("import sys; print('nobody there'); sys.exit(4)")}}}
    register: server
    on_failure:
      then: continue
      message: 'our server was not told: {{registered.server.output}} ({{registered.server.exit_code}})'
  - name: Say how it went
    action: message
    args: {{text: 'server: {{registered.server.ok}}, {{registered.server.attempts}} attempt'}}
""",
    )
    planned = world.tfrepair("fix", "--dry-run", "--env", env, "--playbook", path, "--json")
    operations = planned.json["plan"]["operations"]
    assert [one["action"] for one in operations[-3:]] == ["write", "run", "message"], planned
    assert "if it fails the rest goes on" in operations[-2]["summary"]
    done = world.tfrepair("fix", "--yes", "--env", env, "--playbook", path, "--json")
    assert done.code == 0, done
    assert done.json["messages"][-3:] == [
        (
            "the step `Tell our server` failed, and the rest went on: "
            "`python -c 'import sys; print('\"'\"'nobody there'\"'\"'); sys.exit(4)'` ended with 4: nobody there"
        ),
        "our server was not told: nobody there (4)",
        "server: false, 1 attempt",
    ]
    journal = (world.records()[-1] / "journal.jsonl").read_text()
    assert [json.loads(line)["event"] for line in journal.splitlines()].count("failed") == 1
    shown = world.tfrepair("rollback", "--yes", "--env", env)
    assert shown.code == 0, shown


def test_a_step_that_fails_for_good_takes_back_what_was_done_elsewhere(world, env):
    ledger = world.folder.parent / "ledger"
    note = "import pathlib, sys; p = pathlib.Path(sys.argv[1]); p.write_text((p.read_text() if p.exists() else '') + sys.argv[2])"
    path = write_playbook(
        world.folder.parent,
        f"""variables: {{ledger: {ledger}}}
fix:{GRANT}
  - name: Take a seat
    action: run
    args: {{argv: {python(note, "{vars.ledger}", "+a")}}}
    undo: {python(note, "{vars.ledger}", "-a")}
  - name: Take another
    action: run
    args: {{argv: {python(note + "; sys.exit('no seat left')", "{vars.ledger}", "+b")}}}
    undo: {python(note, "{vars.ledger}", "-b")}
    on_failure: {{message: ask the desk for a seat}}
  - name: Never reached
    action: run
    args: {{argv: {python(note, "{vars.ledger}", "+c")}}}
""",
    )
    before = world.tree()
    done = world.tfrepair("fix", "--yes", "--env", env, "--playbook", path, "--json")
    assert done.code == 3, done
    assert "no seat left" in done.json["error"]["message"]
    assert done.json["error"]["message"].endswith("ask the desk for a seat")
    assert ledger.read_text() == "+a+b-b-a"
    assert world.tree(".tfrepair-env") == before


def test_what_a_command_makes_the_stage_take_of_the_disk_is_counted(world, env):
    with (site(env) / "numpy" / "big.bin").open("wb") as stream:
        stream.truncate(300_000_000)
    with next(site(env).glob("numpy-*.dist-info/RECORD")).open("a") as record:
        record.write("numpy/big.bin,,\n")
    command = f"""
  - name: Note it
    action: run
    args: {{argv: {python("pass")}}}
"""
    said = []
    for text in (f"fix:{GRANT}", f"fix:{GRANT}{command}"):
        path = write_playbook(world.folder.parent, text)
        shown = world.tfrepair("fix", "--dry-run", "--env", env, "--playbook", path)
        said += re.findall(r"needs up to (\d+) MB", f"{shown}")
    few, many = map(int, said)
    assert many >= few + 300


def test_an_undo_that_fails_is_named_with_what_to_run(world, env):
    path = write_playbook(
        world.folder.parent,
        f"""fix:
  - name: Take a seat
    action: run
    args: {{argv: {python("import sys; sys.exit('it went wrong')")}}}
    undo: {python("import sys; sys.exit('and so did this')")}
""",
    )
    before = world.tree()
    done = world.tfrepair("fix", "--yes", "--env", env, "--playbook", path, "--json")
    assert done.code == 5, done
    assert "and so did this" in done.json["error"]["message"]
    assert "run by hand: python -c" in done.json["error"]["hint"]
    assert world.tree(".tfrepair-env") == before


def test_rollback_takes_back_what_was_done_elsewhere(world, env):
    mark = world.folder.parent / "seat"
    path = write_playbook(
        world.folder.parent,
        f"""fix:{GRANT}
  - name: Take a seat
    action: run
    args: {{argv: {python("import pathlib, sys; pathlib.Path(sys.argv[1]).touch()", str(mark))}}}
    undo: {python("import pathlib, sys; pathlib.Path(sys.argv[1]).unlink()", str(mark))}
""",
    )
    done = world.tfrepair("fix", "--yes", "--env", env, "--playbook", path, "--json")
    assert done.code == 0, done
    assert mark.exists()
    with environment_lock(Beside.of(env), timeout=1, run="somebody else's"):
        busy = world.tfrepair("rollback", "--yes", "--env", env, "--lock-timeout", "0.1")
    assert busy.code == 6, busy
    assert mark.exists(), "while somebody else is at it nothing is taken back"
    back = world.tfrepair("rollback", "--yes", "--env", env, "--json")
    assert back.code == 0, back
    assert "is taken back: `python -c" in back.json["messages"][-1]
    assert not mark.exists()
    assert not (env / "licence.txt").exists()


@pytest.mark.parametrize("when", ["swapped", "restored"])
def test_an_end_that_is_asked_for_while_it_is_put_back_is_too_late(world, env, when, monkeypatch):
    path = write_playbook(world.folder.parent, f"fix:{GRANT}")
    before = world.tree(".tfrepair-env")
    assert world.tfrepair("fix", "--yes", "--env", env, "--playbook", path).code == 0

    def asked(self, event, **detail):
        real(self, event, **detail)
        if event == when:
            signal.raise_signal(signal.SIGINT)

    real = Journal.append if when == "swapped" else Log.info
    monkeypatch.setattr(*((Journal, "append") if when == "swapped" else (Log, "info")), asked)
    back = world.tfrepair("rollback", "--yes", "--env", env, "--json")
    assert (back.code, back.json["status"]) == (0, "restored"), back
    assert world.tree(".tfrepair-env") == before


def test_a_step_is_tried_again_after_the_failures_that_it_names(world, env):
    counter = world.folder.parent / "counter"
    text = f"""fix:{GRANT}
  - name: Ask our server
    action: run
    args: {{argv: {python(FAILS_TWICE, str(counter))}}}
    retry: {{attempts: 3, errors: [KINDS]}}
    register: server
  - name: Say how it went
    action: message
    args: {{text: '{{registered.server.output}} of {{registered.server.attempts}}'}}
"""
    path = write_playbook(world.folder.parent, text.replace("KINDS", "timeout"))
    done = world.tfrepair("fix", "--yes", "--env", env, "--playbook", path, "--json")
    assert (done.code, counter.read_text()) == (3, "x"), done
    counter.unlink()
    path = write_playbook(world.folder.parent, text.replace("KINDS", "exit-code, timeout"))
    done = world.tfrepair("fix", "--yes", "--env", env, "--playbook", path, "--json")
    assert done.code == 0, done
    assert counter.read_text() == "xxx"
    assert done.json["messages"][-1] == "attempt 3 of 3"


def test_a_step_that_takes_too_long_is_ended(world, env):
    path = write_playbook(
        world.folder.parent,
        f"""fix:{GRANT}
  - name: Wait for ever
    action: run
    args: {{argv: {python("import time; time.sleep(300)")}}}
    timeout: 0.5
""",
    )
    before = world.tree()
    done = world.tfrepair("fix", "--yes", "--env", env, "--playbook", path, "--json")
    assert done.code == 3, done
    assert done.json["error"]["code"] == "timeout"
    assert "did not end within 0.5 s" in done.json["error"]["message"]
    assert world.tree(".tfrepair-env") == before


def test_an_installation_that_takes_too_long_is_ended(world, env, monkeypatch):
    monkeypatch.setenv("SLOW_MARK", str(world.folder.parent / "building"))
    write_slow_sdist(world.index, "slow", "1.0")
    path = write_playbook(
        world.folder.parent,
        f"""fix:{GRANT}
  - name: Build what takes for ever
    action: install
    args: {{requirements: [slow]}}
    timeout: 3
    on_failure: {{message: the index of the lab has a wheel of it}}
""",
    )
    before = world.tree()
    done = world.tfrepair("fix", "--yes", "--env", env, "--playbook", path, "--json")
    assert done.code == 3, done
    assert done.json["error"]["code"] == "timeout"
    assert "the index of the lab has a wheel of it" in done.json["error"]["message"]
    assert (world.folder.parent / "building").exists()
    assert world.tree(".tfrepair-env") == before


def test_what_a_playbook_verifies_decides_too(world, env):
    text = f"""variables:
  seats: {{type: int, default: 2, description: How many seats there must be}}
fix:{GRANT}
  - name: Count the seats
    action: run
    args: {{argv: {python("import sys; print('seats', sys.argv[1])", "{vars.seats}")}}}
    register: seats
verify:
  - name: There are two seats
    that: {{fact: registered.seats.output, equals: seats 2}}
    message: 'it said {{registered.seats.output}}'
  - name: NumPy stays
    that: {{fact: distribution.numpy.version, specifier: <2}}
"""
    path = write_playbook(world.folder.parent, text)
    before = world.tree()
    words = ["fix", "--env", env, "--playbook", path, "--json"]
    planned = world.tfrepair(*words, "--dry-run")
    assert [check["name"] for check in planned.json["plan"]["checks"]] == ["There are two seats", "NumPy stays"]
    failed = world.tfrepair(*words, "--yes", "--var", "seats=1")
    assert failed.code == 3, failed
    assert "There are two seats" in failed.json["error"]["message"]
    assert "it said seats 1" in failed.json["error"]["message"]
    assert "NumPy stays" not in failed.json["error"]["message"]
    assert world.tree(".tfrepair-env") == before
    done = world.tfrepair(*words, "--yes")
    assert done.code == 0, done
    assert world.imported(env) == NEW


def test_variables_without_a_value_are_one_error(world, env):
    text = f"""variables:
  numpy: {{description: The NumPy of our images}}
  seat: {{env: OUR_SEAT}}
fix:{GRANT}
  - name: Use them
    action: message
    args: {{text: '{{vars.numpy}} {{vars.seat}}'}}
"""
    path = write_playbook(world.folder.parent, text)
    before = world.tree()
    done = world.tfrepair("fix", "--yes", "--env", env, "--playbook", path, "--json")
    assert done.code == 2, done
    for said in ("`numpy` (The NumPy of our images)", "`seat`"):
        assert said in done.json["error"]["message"]
    assert "`--var numpy=VALUE` `--var seat=VALUE`, or set `OUR_SEAT`" in done.json["error"]["hint"]
    assert world.tree() == before
    wrong = world.tfrepair("fix", "--yes", "--env", env, "--playbook", path, "--var", "numpi=1", "--json")
    assert (wrong.code, "did you mean `numpy`?" in wrong.json["error"]["message"]) == (2, True), wrong


def test_steps_for_other_systems_and_for_no_item_are_left_out(world, env):
    text = f"""variables: {{names: [one, two]}}
fix:{GRANT}
  - platforms:
      linux:
        - name: Here
          action: message
          args: {{text: this is Linux}}
      windows:
        - name: Elsewhere
          action: message
          args: {{text: this is Windows}}
  - name: 'Write {{item}}'
    action: write
    loop: vars.names
    args: {{path: 'etc/{{item}}.conf', content: x}}
  - name: Not for those
    action: message
    loop: inventory.damaged
    args: {{text: '{{item.name}}'}}
  - name: Not now
    action: message
    when: {{fact: host.system, in: [windows, darwin]}}
    args: {{text: never}}
  - name: Not so
    action: message
    unless: {{fact: host.system, equals: linux}}
    args: {{text: never}}
"""
    path = write_playbook(world.folder.parent, text)
    done = world.tfrepair("fix", "--dry-run", "--env", env, "--playbook", path, "--json")
    assert done.code == 1, done
    assert [one["path"] for one in done.json["plan"]["operations"] if one["action"] == "write"] == [
        "licence.txt", "etc/one.conf", "etc/two.conf",
    ]  # fmt: skip
    assert done.json["plan"]["notes"] == ["this is Linux"]


def test_a_playbook_extends_a_built_in_one(world):
    """One step is changed, one dropped, one added; the rest is the built-in playbook's."""
    env = world.conflict()
    path = world.folder.parent / "ours.yaml"
    path.write_text(
        """schema: 1
extends: conflicting-distributions
title: Two TensorFlows, which our policy forbids
variables: {lamp: {default: '2.0', env: OUR_LAMP}}
fix:
  - id: install-tensorflow
    args: {requirements: [tensorflow, 'lamp=={vars.lamp}']}
  - {id: uninstall-keras, drop: true}
  - id: say-ours
    name: Say it
    action: message
    args: {text: see the page about our policy}
"""
    )
    assert world.tfrepair("playbook", "validate", path).code == 0
    listed = world.tfrepair("playbook", "list", "--playbook", path, "--json").json["playbooks"]
    assert [one["origin"] for one in listed if one["name"] == "conflicting-distributions"] == ["option"]
    done = world.tfrepair("fix", "--dry-run", "--env", env, "--playbook", path, "--json")
    assert done.code == 1, done
    found = done.json["findings"][0]
    assert (found["id"], found["title"]) == ("conflicting-distributions", "Two TensorFlows, which our policy forbids")
    assert "see the page about our policy" in done.json["plan"]["notes"]
    assert "uninstall" in [one["action"] for one in done.json["plan"]["operations"]]
    assert "lamp" in [pin["name"] for pin in done.json["plan"]["lock"]]


def test_a_further_round_by_a_playbook_of_the_current_folder_needs_trust(world):
    """It finds its cause only on the repaired copy, so the plan of the first round does not name it."""
    env = needs_licence(world, more=SECOND_TROUBLE)
    first = write_playbook(world.folder.parent, f"fix:{GRANT}")
    second = write_playbook(
        world.folder / ".tfrepair",
        """fix:
  - name: Act
    action: write
    args: {path: acted, content: x}
""",
        name="second-trouble",
    )
    second.write_text(second.read_text().replace("LicenceError: no licence", "second trouble"))
    before = world.tree()
    words = ["fix", "--yes", "--env", env, "--playbook", first, "--json"]
    done = world.tfrepair(*words)
    assert done.code == 3, done
    assert "--trust" in done.json["error"]["message"]
    assert world.tree(".tfrepair-env") == before
    done = world.tfrepair(*words, "--trust")
    assert done.code == 0, done
    assert (env / "acted").exists()
