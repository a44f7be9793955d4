"""Two distributions in one folder: from the diagnosis to the repair and back."""

import pytest
from functional_support import KERAS, NEW, NUMPY, NUMPY_2, OLD, json_of, plain, site


@pytest.fixture
def env(world):
    return world.conflict("colours", "lamp")


def test_what_is_left_after_a_repair_is_said(world, monkeypatch):
    env = world.conflict()
    monkeypatch.chdir(world.folder)
    (world.folder / "keras.py").write_text("mine = True\n")
    done = world.tfrepair("fix", "--yes", "--env", env, "--json")
    assert done.code == 0, done
    left = f"next: `tfrepair fix --dry-run --env {env} --only shadowed-module` shows what to do by hand"
    assert any(message.startswith(left) for message in done.json["messages"]), done.json["messages"]


def test_nothing_is_left_where_scripts_of_the_copy_name_the_place_it_takes(world, env):
    done = world.tfrepair("fix", "--yes", "--env", env, "--json")
    assert done.code == 0, done
    assert not [message for message in done.json["messages"] if "next:" in message]
    assert world.tfrepair("diagnose", "--env", env, "--json").json["findings"] == []


def test_the_diagnosis_names_the_root_first_and_what_follows_from_it_after(world, env):
    before = world.tree()
    seen = world.tfrepair("diagnose", "--env", env, "--json")
    assert seen.code == 1, seen
    body = seen.json
    assert (body["schema_version"], body["command"], body["status"], body["works"]) == (1, "diagnose", "broken", False)
    assert body["target"]["prefix"] == str(env)
    assert body["target"]["kind"] == "venv"
    causes = {finding["id"]: finding["caused_by"] for finding in body["findings"]}
    assert causes == {
        "conflicting-distributions": None,
        "numpy-abi": None,
        "corrupt-install": "conflicting-distributions",
    }
    assert seen.ids[0] == "conflicting-distributions"
    assert seen.ids[-1] == "corrupt-install", "what only follows comes last"
    for finding in body["findings"]:
        assert finding["severity"] == "error"
        assert finding["repair"] == "automatic"
        assert finding["evidence"]
    texts = [item["text"] for finding in body["findings"] for item in finding["evidence"]]
    assert any("Unable to convert function return value" in text for text in texts)
    assert any(f"`tensorflow-gpu` {NEW} is installed" in text for text in texts)
    assert world.tree() == before


def test_the_text_of_the_diagnosis_shows_the_same_order(world, env):
    seen = world.tfrepair("diagnose", "--env", env)
    assert seen.code == 1, seen
    root = seen.out.index("[conflicting-distributions]")
    follower = seen.out.index("follows from it: TensorFlow's files are damaged")
    assert root < follower < seen.out.index("[numpy-abi]")
    assert "nothing was changed" in seen.out


def test_a_dry_run_shows_the_exact_plan_and_changes_nothing_at_all(world, env):
    before, times = world.tree(), world.times(world.folder)
    planned = world.tfrepair("fix", "--dry-run", "--env", env, "--json")
    assert planned.code == 1, planned
    assert planned.json["status"] == "planned"
    lock = {row["name"]: row for row in planned.json["plan"]["lock"]}
    assert {name: row["version"] for name, row in lock.items()}["tensorflow"] == NEW
    assert lock["numpy"]["version"] == NUMPY
    assert all(row["hashes"][0].startswith("sha256:") for row in lock.values())
    assert world.tree() == before
    assert world.times(world.folder) == times
    assert world.records() == []


def test_the_dry_run_is_the_real_run_stopped_early(world, env):
    planned = world.tfrepair("fix", "--dry-run", "--env", env, "--json")
    fixed = world.tfrepair("fix", "--yes", "--env", env, "--json")
    assert fixed.code == 0, fixed
    (record,) = world.records()
    stored = json_of(record / "plan.json")
    shown = [{k: v for k, v in o.items() if k != "summary"} for o in planned.json["plan"]["operations"]]
    assert shown == stored["operations"]
    assert fixed.json["plan"] == planned.json["plan"]
    assert [(pin["name"], pin["version"], pin["hashes"]) for pin in stored["lock"]["pins"]] == [
        (row["name"], row["version"], row["hashes"]) for row in planned.json["plan"]["lock"]
    ]
    summaries = [operation["summary"] for operation in planned.json["plan"]["operations"]]
    assert any("uninstall tensorflow-gpu" in summary for summary in summaries)


def test_the_repair_makes_it_work_and_leaves_the_others_alone(world, env):
    others = {path: path.stat().st_ino for path in [site(env) / "lamp.py", site(env) / "colours" / "__init__.py"]}
    fixed = world.tfrepair("fix", "--yes", "--env", env, "--json")
    assert fixed.code == 0, fixed
    body = fixed.json
    assert body["status"] == "repaired"
    assert body["result"]["python"] == str(env / "bin" / "python")
    assert body["result"]["tensorflow"] == NEW
    assert body["result"]["smoke"]["ok"] is True
    assert body["run"]["id"] == world.records()[0].name
    assert body["works"] is True
    assert world.imported(env) == NEW
    assert world.imported(env, name="build") == "cpu"
    assert world.imported(env, "numpy") == NUMPY
    assert world.imported(env, "keras") == KERAS
    assert world.imported(env, "lamp", "__name__") == "lamp"
    assert not list(site(env).glob("tensorflow_gpu*"))
    assert {path: path.stat().st_ino for path in others} == others
    assert "numpy" in [move["name"] for move in body["plan"]["moves"]], "what the user had asked for moves visibly"


def test_a_second_fix_does_nothing(world, env):
    assert world.tfrepair("fix", "--yes", "--env", env).code == 0
    before, times = world.tree(), world.times(env)
    again = world.tfrepair("fix", "--yes", "--env", env, "--json")
    assert again.code == 0, again
    assert again.json["status"] == "healthy"
    assert "plan" not in again.json
    assert any("nothing was done" in message for message in again.json["messages"])
    assert world.tree() == before
    assert world.times(env) == times
    assert len(world.records()) == 1


def test_a_rollback_restores_the_exact_tree_and_can_be_rolled_back_itself(world, env):
    before = world.tree()
    inodes = {path: inode for path, (_, _, inode) in world.times(env).items()}
    run = world.tfrepair("fix", "--yes", "--env", env, "--json").json["run"]["id"]
    repaired = world.tree(".tfrepair-env")
    back = world.tfrepair("rollback", "--yes", "--env", env, "--json")
    assert back.code == 0, back
    assert back.json["status"] == "restored"
    assert world.tree(".tfrepair-env") == before
    assert {path: inode for path, (_, _, inode) in world.times(env).items()} == inodes, "the very same files"
    assert world.imported(env, "numpy") == NUMPY_2
    forth = world.tfrepair("rollback", "--yes", "--env", env, "--json")
    assert forth.code == 0, forth
    assert world.tree(".tfrepair-env") == repaired
    assert world.imported(env) == NEW
    assert world.tfrepair("verify", "--env", env).code == 0
    named = world.tfrepair("rollback", "--yes", forth.json["run"]["id"], "--json")
    assert named.code == 0, named
    assert world.tree(".tfrepair-env") == before
    used = world.tfrepair("rollback", "--yes", run)
    assert used.code == 2, used


def test_a_pin_chooses_another_release(world, env):
    fixed = world.tfrepair("fix", "--yes", "--env", env, "--tensorflow", OLD, "--json")
    assert fixed.code == 0, fixed
    assert world.imported(env) == OLD
    other = world.tfrepair("fix", "--yes", "--env", env, "--tensorflow", NEW, "--json")
    assert other.code == 0, other
    assert world.imported(env) == NEW


def test_with_keep_none_nothing_is_kept_and_a_rollback_says_so(world, env):
    fixed = world.tfrepair("fix", "--yes", "--keep", "none", "--env", env)
    assert fixed.code == 0, fixed
    assert "to go back" not in fixed.out
    assert not list((world.folder / ".tfrepair-env").glob("*/tree"))
    back = world.tfrepair("rollback", "--yes", "--env", env)
    assert back.code == 2, back


def test_the_facts_written_by_a_diagnosis_give_the_same_findings_elsewhere(world, env):
    facts = world.folder.parent / "facts.json"
    live = world.tfrepair("diagnose", "--env", env, "--json", "--facts-out", facts)
    judged = world.tfrepair("diagnose", "--facts", facts, "--json")
    assert f"next: on that machine `tfrepair fix --dry-run --env {env}` shows the repair" in "\n".join(
        judged.json["messages"]
    )
    assert judged.code == live.code == 1, judged
    assert judged.json["findings"] == live.json["findings"]
    assert judged.json["works"] is False


def test_facts_of_elsewhere_and_an_environment_here_do_not_go_together(world, env, monkeypatch):
    facts = world.folder.parent / "facts.json"
    world.tfrepair("diagnose", "--env", env, "--facts-out", facts)
    refused = world.tfrepair("diagnose", "--facts", facts, "--env", env)
    assert (refused.code, "tells of another machine" in refused.err) == (2, True), refused
    monkeypatch.setenv("TFREPAIR_ENV", str(env))
    assert world.tfrepair("diagnose", "--facts", facts).code == 1, (
        "a variable that is set for all commands is no mistake"
    )


def test_what_only_leaves_out_is_said(world, env):
    seen = world.tfrepair("diagnose", "--env", env, "--only", "no-avx")
    assert seen.code == 1, seen
    assert "`--only` leaves out what is an error: conflicting-distributions" in seen.out


def test_what_skip_leaves_out_is_said(world, env):
    left_out = ("conflicting-distributions", "corrupt-install", "numpy-abi")
    seen = world.tfrepair("diagnose", "--env", env, *(word for name in left_out for word in ("--skip", name)))
    assert seen.code == 1, seen
    assert f"what `--skip` names was not looked for: {', '.join(left_out)}" in seen.out


def test_facts_on_standard_output_can_be_read_back(world, env):
    seen = world.tfrepair("diagnose", "--env", env, "--facts-out", "-", "--quiet")
    assert seen.json["format"] == "tfrepair.facts/1", seen
    seen = world.tfrepair("diagnose", "--env", env, "--facts-out", "-")
    assert seen.json["format"] == "tfrepair.facts/1", seen
    assert "conflicting-distributions" in seen.err


def test_facts_on_standard_output_and_the_json_document_do_not_mix(world, env):
    """`--json` promises one document and nothing else there."""
    seen = world.tfrepair("diagnose", "--env", env, "--facts-out", "-", "--json")
    assert plain(seen.json)["command"] == "diagnose" if seen.code != 2 else seen.json["status"] == "failed"
