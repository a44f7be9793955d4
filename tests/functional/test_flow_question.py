"""The question before a repair: on a terminal, and where there is none."""

import json
import os
import pty

import pytest
from functional_support import NEW, screens
from playbook_support import GRANT, needs_licence, write_playbook


@pytest.fixture
def env(world):
    return world.conflict()


def answered(world, answers, *arguments):
    """Run tfrepair on a pseudo-terminal and type each answer when its question stands there; exit code and screen."""
    leader, follower = pty.openpty()
    child = world.child(*arguments, stdin=follower, stdout=follower, stderr=follower, close_fds=True)
    os.close(follower)
    screen, todo, seen = b"", list(answers), 0
    for screen in screens(leader, seconds=60):
        if todo and screen.count(b"[y/N]") > seen:
            seen += 1
            os.write(leader, todo.pop(0).encode() + b"\n")
    child.wait(30)
    os.close(leader)
    return child.returncode, screen.decode(errors="replace")


def test_without_a_terminal_it_is_refused_and_nothing_is_started(world, env, monkeypatch):
    before = world.tree()
    done = world.child("fix", "--env", env, "--json", stdin=-3, stdout=-1, stderr=-1, text=True)
    out, err = done.communicate(timeout=60)
    assert done.returncode == 2, err
    assert '"status": "failed"' in out
    assert "--yes" in out
    assert "resolving" not in err, "it takes long, and nobody will be asked"
    assert world.tree() == before
    assert world.records() == []


def test_without_a_terminal_what_needs_no_question_is_done(world):
    env = world.healthy()
    done = world.child("fix", "--env", env, stdin=-3, stdout=-1, stderr=-1, text=True)
    said = [line for line in done.communicate(timeout=60)[0].splitlines() if not line.startswith("next: ")]
    assert said[-2].startswith("it works")
    assert done.returncode == 0
    broken = world.conflict(name="broken")
    plan = world.child("fix", "--dry-run", "--env", broken, stdin=-3, stdout=-1, stderr=-1, text=True)
    assert "strategy in-place: on a copy of" in plan.communicate(timeout=60)[0]
    assert plan.returncode == 1


def test_declined_on_a_terminal_changes_nothing(world, env):
    before = world.tree()
    code, screen = answered(world, ["n"], "fix", "--env", env)
    assert code == 1, screen
    assert "carry out this plan?" in screen
    assert "declined: nothing was changed" in screen
    assert world.tree() == before
    assert world.records() == []


def test_an_empty_answer_is_a_no(world, env):
    before = world.tree()
    code, screen = answered(world, [""], "fix", "--env", env)
    assert code == 1, screen
    assert world.tree() == before


def test_accepted_on_a_terminal_repairs(world, env):
    code, screen = answered(world, ["y"], "fix", "--env", env)
    assert code == 0, screen
    assert screen.index("plan, round 1") < screen.index("carry out this plan?") < screen.index("repaired")
    assert screen.count("[y/N]") == 1
    assert world.imported(env) == NEW


def test_the_question_names_the_playbook_of_the_current_folder_that_would_act(world):
    env = needs_licence(world)
    path = write_playbook(world.folder / ".tfrepair", f"fix:{GRANT}")
    before = world.tree()
    for answer, code in (("n", 1), ("y", 0)):
        ended, screen = answered(world, [answer], "fix", "--env", env)
        assert ended == code, screen
        assert f"with what {path} of the current folder asks for?" in "".join(screen.splitlines()), screen
        assert (world.tree() == before) == (answer == "n")
        assert (env / "licence.txt").exists() == (answer == "y")


def test_a_rollback_asks_too(world, env):
    assert world.tfrepair("fix", "--yes", "--env", env).code == 0
    repaired = world.tree()
    code, screen = answered(world, ["n"], "rollback", "--env", env)
    assert code == 1, screen
    assert "put" in screen
    assert world.tree() == repaired
    code, screen = answered(world, ["yes"], "rollback", "--env", env)
    assert code == 0, screen
    assert world.tfrepair("verify", "--env", env).code == 1


def test_a_rollback_without_a_terminal_is_refused(world, env):
    assert world.tfrepair("fix", "--yes", "--env", env).code == 0
    repaired = world.tree()
    done = world.child("rollback", "--env", env, stdin=-3, stdout=-1, stderr=-1, text=True)
    _, err = done.communicate(timeout=60)
    assert done.returncode == 2, err
    assert "--yes" in err
    assert world.tree() == repaired


def test_the_json_document_stands_alone_while_the_question_is_asked_on_the_error_stream(world, env):
    leader, follower = pty.openpty()
    child = world.child("fix", "--env", env, "--json", stdin=follower, stdout=-1, stderr=follower)
    os.close(follower)
    os.write(leader, b"n\n")
    out = child.stdout.read()
    child.wait(30)
    child.stdout.close()
    os.close(leader)
    import json

    assert json.loads(out)["status"] == "planned"
    assert child.returncode == 1


def test_cleaning_that_was_declined_is_said_and_prints_one_document(world, env):
    assert world.tfrepair("fix", "--yes", "--env", env).code == 0
    before = world.tree()
    for words in ([], ["--json"]):
        leader, follower = pty.openpty()
        child = world.child("runs", "clean", *words, stdin=follower, stdout=-1, stderr=-1, text=True)
        os.write(leader, b"n\n")
        out, err = child.communicate(timeout=60)
        os.close(follower)
        os.close(leader)
        assert child.returncode == 1, err
        assert "drop what these 1 keep? [y/N]" in err
        if words:
            assert json.loads(out)["messages"] == ["declined: nothing was changed"]
            assert json.loads(out)["cleaned"] == []
        else:
            assert out == "declined: nothing was changed\n"
    assert world.tree() == before
