"""A plan that is written, reviewed and carried out later."""

import json

import pytest
from functional_support import NEW, NUMPY_2, OLD, json_of, site, tensorflow_files, write_wheel


@pytest.fixture
def env(world):
    return world.conflict("colours")


@pytest.fixture
def plan(world, env):
    path = world.folder.parent / "plan.json"
    done = world.tfrepair("fix", "--dry-run", "--env", env, "--plan-out", path)
    assert done.code == 1, done
    return path


def test_what_was_reviewed_is_what_runs(world, env, plan):
    reviewed = json_of(plan)
    write_wheel(world.index, "colours", "1.1", {"colours/__init__.py": ""})
    done = world.tfrepair("fix", "--yes", "--env", env, "--plan", plan, "--json")
    assert done.code == 0, done
    stored = json_of(world.records()[0] / "plan.json")
    assert stored == reviewed
    assert world.imported(env) == NEW


def test_a_plan_and_another_release_do_not_go_together(world, env, plan):
    before = world.tree()
    refused = world.tfrepair("fix", "--yes", "--env", env, "--plan", plan, "--tensorflow", "2.3.1")
    assert refused.code == 2, refused
    assert f"installs tensorflow {NEW}, and `--tensorflow 2.3.1` asks for another" in refused.err
    assert world.tree() == before
    assert world.tfrepair("fix", "--yes", "--env", env, "--plan", plan, "--tensorflow", NEW).code == 0


def test_a_reviewed_plan_holds_although_the_index_has_moved_on(world, env, plan):
    """Another release is what a new plan could take; the reviewed one says which."""
    reviewed = json_of(plan)
    (world.index / f"tensorflow-{OLD}-py3-none-any.whl").unlink()
    done = world.tfrepair("fix", "--yes", "--env", env, "--plan", plan, "--json")
    assert done.code == 0, done
    assert [pin["hashes"] for pin in reviewed["lock"]["pins"]] == [row["hashes"] for row in done.json["plan"]["lock"]]


def test_a_wheel_that_changed_since_the_review_is_refused(world, env, plan):
    before = world.tree()
    files = tensorflow_files(NEW)
    files["tensorflow/surprise.py"] = "print('not what was reviewed')\n"
    (world.index / f"tensorflow-{NEW}-py3-none-any.whl").unlink()
    write_wheel(world.index, "tensorflow", NEW, files)
    done = world.tfrepair("fix", "--yes", "--env", env, "--plan", plan, "--json")
    assert not (site(env) / "tensorflow" / "surprise.py").exists()
    if done.code != 0:  # unless the installer still has in its cache what was reviewed
        assert done.code in (3, 6), done
        assert "hash" in str(done.json["error"]).lower()
        assert world.tree(".tfrepair-env") == before


def test_it_is_refused_when_the_environment_changed_since(world, env, plan):
    (site(env) / "new.py").write_text("")
    before = world.tree()
    done = world.tfrepair("fix", "--yes", "--env", env, "--plan", plan, "--json")
    assert done.code == 6, done
    assert "changed since" in done.json["error"]["message"]
    assert "nothing was changed" in done.json["error"]["message"]
    assert world.tree() == before


def test_it_is_refused_for_another_environment(world, env, plan):
    other = world.venv(f"numpy=={NUMPY_2}", f"tensorflow=={OLD}", name="other")
    before = world.tree()
    done = world.tfrepair("fix", "--yes", "--env", other, "--plan", plan, "--json")
    assert done.code == 2, done
    assert str(env) in done.json["error"]["message"]
    assert str(other) in done.json["error"]["message"]
    assert world.tree() == before


def test_it_is_refused_when_it_is_no_plan(world, env):
    path = world.folder.parent / "plan.json"
    for text in ("", "{}", "[]", '{"format": "tfrepair.plan/1", "round": 1}', "\xff"):
        path.write_text(text, encoding="latin-1")
        done = world.tfrepair("fix", "--yes", "--env", env, "--plan", path, "--json")
        assert done.code == 2, (text, done)
        assert done.json["error"]["code"] == "usage"
    gone = world.tfrepair("fix", "--yes", "--env", env, "--plan", path.with_name("gone.json"), "--json")
    assert gone.code == 2, gone


def test_a_plan_that_was_edited_to_leave_the_environment_is_stopped(world, env, plan):
    outside = world.folder / "precious.txt"
    outside.write_text("mine")
    body = json_of(plan)
    body["operations"].insert(0, {"action": "remove", "path": "../precious.txt", "why": "because"})
    plan.write_text(json.dumps(body))
    before = world.tree()
    done = world.tfrepair("fix", "--yes", "--env", env, "--plan", plan, "--json")
    assert done.code == 3, done
    assert outside.read_text() == "mine"
    assert world.tree(".tfrepair-env") == before


def test_the_file_cannot_be_written(world, env):
    before = world.tree()
    done = world.tfrepair("fix", "--dry-run", "--env", env, "--plan-out", world.folder / "no" / "plan.json", "--json")
    assert done.code == 2, done
    assert world.tree() == before


def test_what_the_current_folder_asked_for_is_trusted_when_it_is_carried_out(world, env):
    path = world.folder.parent / "plan.json"
    mark = world.folder.parent / "mark"
    (world.folder / ".tfrepair").mkdir()
    (world.folder / ".tfrepair" / "ours.yaml").write_text(
        f"""schema: 1
name: ours
title: Colours are there
about: Ours.
diagnose: {{rules: [{{when: {{fact: distribution.colours.version, exists: true}}, evidence: [{{kind: host, text: x}}]}}]}}
repair: automatic
fix:
  - name: Note it
    action: run
    args: {{argv: [python, -c, "import pathlib; pathlib.Path({str(mark)!r}).touch()"]}}
"""
    )
    assert world.tfrepair("fix", "--dry-run", "--env", env, "--plan-out", path).code == 1
    refused = world.tfrepair("fix", "--yes", "--env", env, "--plan", path)
    assert refused.code == 1, refused
    assert not mark.exists()
    world.tfrepair("fix", "--yes", "--env", env, "--plan", path, "--trust")
    assert mark.exists()


def test_a_reviewed_plan_is_carried_out_although_all_is_well(world):
    env, path = world.healthy(), world.folder.parent / "plan.json"
    assert world.tfrepair("fix", "--dry-run", "--env", env, "--tensorflow", OLD, "--plan-out", path).code == 1
    done = world.tfrepair("fix", "--yes", "--env", env, "--plan", path, "--json")
    assert (done.code, done.json["status"]) == (0, "repaired"), done
    assert json_of(world.records()[0] / "plan.json") == json_of(path)
    assert world.imported(env) == OLD
    before = world.tree()
    again = world.tfrepair("fix", "--yes", "--env", env, "--plan", path, "--json")
    assert again.code == 6, again
    assert "changed since" in again.json["error"]["message"]
    assert world.tree() == before


@pytest.mark.parametrize(
    "words", [("--plan", "nowhere.json"), ("--constraint", "none.txt"), ("--requirement", "no.txt")]
)
def test_a_file_that_is_not_there_is_a_mistake_although_all_is_well(world, words):
    refused = world.tfrepair("fix", "--yes", "--env", world.healthy(), *words, "--json")
    assert (refused.code, refused.json["error"]["code"]) == (2, "usage"), refused
    assert words[1] in refused.json["error"]["message"]


def test_a_plan_and_another_way_do_not_go_together(world, env, plan):
    refused = world.tfrepair("fix", "--yes", "--env", env, "--plan", plan, "--strategy", "rebuild")
    assert refused.code == 2, refused
    assert "says `in-place`, and `--strategy rebuild` asks for another way" in refused.err
    assert f"`tfrepair fix --dry-run --env {env} --plan-out FILE`" in refused.err


def test_what_is_no_plan_is_named_by_its_place(world, env, plan):
    document = json_of(plan)
    document["operations"][0]["action"] = "levitate"
    plan.write_text(json.dumps(document))
    refused = world.tfrepair("fix", "--yes", "--env", env, "--plan", plan)
    assert refused.code == 2, refused
    assert "cannot be read as a plan: `operations.0`: it is nothing that this tfrepair knows" in refused.err
    assert len(refused.err.splitlines()) <= 4
