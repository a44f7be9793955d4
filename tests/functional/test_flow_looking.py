"""`verify` and `diagnose`: what they say, and that they touch nothing."""

import json
import os

import pytest
from functional_support import NEW, NUMPY_2, site


@pytest.fixture
def fine(world):
    return world.healthy()


def test_verify_passes_on_a_healthy_environment(world, fine):
    before, times = world.tree(), world.times(world.folder)
    done = world.tfrepair("verify", "--env", fine)
    assert done.code == 0, done
    assert f"TensorFlow {NEW} imports and computes" in done.out
    assert world.tree() == before
    assert world.times(world.folder) == times


def test_a_quiet_diagnosis_is_its_causes_and_what_comes_next(world):
    env = world.conflict()
    done = world.tfrepair("diagnose", "--quiet", "--env", env)
    assert done.code == 1, done
    *causes, after = done.out.splitlines()
    assert causes[0].startswith("1. error: ")
    assert causes[0].endswith("[conflicting-distributions]")
    assert all(line[0].isdigit() for line in causes), done
    assert after.startswith("next: `tfrepair fix --dry-run --env")
    assert done.err == ""


def test_a_quiet_dry_run_is_its_plan_or_its_document(world):
    env = world.conflict()
    done = world.tfrepair("fix", "--dry-run", "--quiet", "--env", env)
    assert done.out.lstrip().startswith("plan, round 1: ")
    assert done.err == ""
    done = world.tfrepair("fix", "--dry-run", "--quiet", "--env", env, "--json")
    assert done.json["plan"]["operations"]
    assert done.err == ""


def test_verify_fails_on_a_broken_one_and_says_where(world, fine):
    world.install(fine, f"numpy=={NUMPY_2}")
    done = world.tfrepair("verify", "--env", fine)
    assert done.code == 1, done
    assert "failed when it was imported (rung `import` of the smoke test)" in done.out
    assert "Unable to convert function return value" in done.out


@pytest.mark.parametrize("more", [[], ["--json"]])
def test_verify_shows_no_credentials_of_what_the_import_printed(world, fine, more):
    (package,) = fine.glob("lib/python3*/site-packages/tensorflow/__init__.py")
    package.unlink()
    package.write_text("raise ImportError('cannot reach https://me:hunter2@files/x?token=sesame')\n")
    done = world.tfrepair("verify", "--env", fine, *more)
    assert done.code == 1, done
    assert "https://***@files/x?token=***" in done.out
    assert "hunter2" not in done.out + done.err
    assert "sesame" not in done.out + done.err


def test_verify_with_a_companion(world, fine):
    assert world.tfrepair("verify", "--env", fine, "--with", "numpy").code == 0
    done = world.tfrepair("verify", "--env", fine, "--with", "tensorboard", "--json")
    assert done.code == 1, done
    assert done.json["status"] == "broken"
    assert done.json["result"]["smoke"]["rung"] == "with tensorboard"


def test_verify_prints_one_document(world, fine):
    good = world.tfrepair("verify", "--env", fine, "--json")
    assert (good.code, good.json["status"], good.json["result"]["tensorflow"]) == (0, "healthy", NEW)
    assert good.json["result"]["python"] == str(fine / "bin" / "python")
    world.install(fine, f"numpy=={NUMPY_2}")
    bad = world.tfrepair("verify", "--env", fine, "--json")
    assert (bad.code, bad.json["status"], bad.json["result"]["smoke"]["ok"]) == (1, "broken", False)


def test_without_importing_it_is_not_said_whether_it_works(world, fine):
    done = world.tfrepair("diagnose", "--no-import", "--env", fine, "--json")
    assert done.code == 0, done
    assert done.json["works"] is None
    assert done.json["findings"] == []
    assert "result" not in done.json


def test_without_importing_the_conflict_is_found_all_the_same(world):
    env = world.conflict()
    done = world.tfrepair("diagnose", "--no-import", "--env", env, "--json")
    assert done.code == 1, done
    assert done.json["works"] is None, "the contract: `diagnose --no-import` says works null"
    assert done.ids[0] == "conflicting-distributions"
    assert "numpy-abi" in done.ids


def test_a_healthy_environment_has_no_findings(world, fine):
    for options in ([], ["--deep"]):
        done = world.tfrepair("diagnose", "--env", fine, "--json", *options)
        assert (done.code, done.json["works"], done.json["findings"]) == (0, True, []), done


def test_only_and_skip_choose_the_findings(world):
    env = world.conflict()
    only = world.tfrepair("diagnose", "--env", env, "--only", "numpy-abi", "--json")
    assert only.ids == ["numpy-abi"], only
    assert only.code == 1
    skipped = world.tfrepair("diagnose", "--env", env, "--skip", "numpy-abi", "--json")
    assert "numpy-abi" not in skipped.ids
    assert skipped.ids[0] == "conflicting-distributions"
    both = world.tfrepair("diagnose", "--env", env, "--skip", "conflicting-distributions", "--json")
    assert {f["id"]: f["caused_by"] for f in both.json["findings"]}["corrupt-install"] is None, (
        "its cause is not judged"
    )
    wrong = world.tfrepair("diagnose", "--env", env, "--only", "numpy-ab", "--json")
    assert wrong.code == 2, wrong
    assert "numpy-abi" in wrong.json["error"]["hint"]


def test_only_what_is_absent_is_no_error_and_no_health(world):
    env = world.conflict()
    done = world.tfrepair("diagnose", "--env", env, "--only", "no-avx", "--json")
    assert done.json["findings"] == []
    assert done.json["works"] is False
    assert done.code == 1, done


def test_one_changed_byte_is_seen_with_deep(world, fine):
    tools = site(fine) / "keras" / "layers.py"
    text = tools.read_text()
    tools.unlink()
    tools.write_text(text.replace("0.0", "1.0"))
    shallow = world.tfrepair("diagnose", "--env", fine, "--json")
    assert (shallow.code, shallow.json["findings"]) == (0, []), shallow
    deep = world.tfrepair("diagnose", "--deep", "--env", fine, "--json")
    assert "corrupt-install" in deep.ids, deep


DOCUMENTS = [
    (["diagnose", "--env", "{env}"], 0),
    (["diagnose", "--env", "nowhere"], 2),
    (["diagnose", "--python", "a", "--env", "b"], 2),
    (["diagnose", "--nonsense"], 2),
    (["diagnose", "--facts", "nowhere.json"], 2),
    (["verify", "--env", "{env}"], 0),
    (["verify", "--env", "nowhere"], 2),
    (["fix", "--yes", "--env", "{env}"], 0),
    (["fix", "--dry-run", "--env", "{env}"], 0),
    (["fix", "--strategy", "sideways", "--env", "{env}"], 2),
    (["fix", "--yes", "--tensorflow", "latest", "--env", "{env}"], 2),
    (["fix", "--yes", "--tensorflow", "1.0.0", "--env", "{env}"], 4),
    (["rollback", "--yes", "--env", "{env}"], 2),
    (["rollback", "--yes", "20000101"], 2),
    (["runs", "list"], 0),
    (["runs", "show", "20000101"], 2),
    (["runs", "clean", "--yes"], 0),
    (["playbook", "list"], 0),
    (["playbook", "validate", "{good}"], 0),
    (["playbook", "validate", "{bad}"], 2),
    (["playbook", "validate", "nowhere.yaml"], 2),
]


def test_with_json_standard_output_is_one_document(world, fine):
    good, bad = world.folder / "good.yaml", world.folder / "bad.yaml"
    good.write_text(
        "schema: 1\nname: ours\ntitle: Ours\nabout: ours\ndiagnose:\n  signatures:\n"
        "    - {pattern: boom, means: it says so}\nrepair: manual\nmanual: [look at it]\n"
    )
    bad.write_text("schema: 1\n")
    wrong = []
    for words, code in DOCUMENTS:
        done = world.tfrepair(*(word.format(env=fine, good=good, bad=bad) for word in words), "--json")
        try:
            body = json.loads(done.out)
        except ValueError:
            wrong.append((words, f"not one document: {done}"))
            continue
        command = " ".join(words[: 2 if words[0] in ("runs", "playbook") else 1])
        if (done.code, body["schema_version"], body["command"]) != (code, 1, command):
            wrong.append((words, done.code, body["command"]))
        if code == 2 and "problems" not in body and (body["status"] != "failed" or not body["error"]["message"]):
            wrong.append((words, body))
    assert wrong == []


@pytest.mark.skipif(not hasattr(os, "geteuid") or os.geteuid() != 0, reason="a warning to root")
def test_root_hears_whose_code_runs(world):
    env = world.healthy()
    assert "warning" not in world.tfrepair("diagnose", "--no-import", "--env", env).out
    os.chown(env, 4711, 4712)
    seen = world.tfrepair("diagnose", "--no-import", "--env", env)
    assert f"warning: `{env}` is #4711's" in seen.out
    assert "sudo -u '#4711' tfrepair" in seen.out
    for words in (["-q"], ["-q", "--json"]):
        assert f"warning: `{env}` is #4711's" in world.tfrepair("diagnose", "--no-import", "--env", env, *words).err


def test_of_a_moved_environment_its_scripts_are_named_and_what_to_do_about_them(world):
    env = world.healthy()
    script = env / "bin" / "tool"
    script.write_text(f"#!{env}/bin/python\n")
    moved = env.rename(env.with_name("moved"))
    done = world.tfrepair("diagnose", "--env", moved)
    assert done.code == 0, done
    assert f"`{moved}/bin/tool` starts `{env}/bin/python`" in done.out
    words = f"fix --dry-run --env {moved} --only path-leak"
    assert f"next: `tfrepair {words}` shows what to do by hand" in done.out
    by_hand = world.tfrepair(*words.split())
    assert by_hand.code == 4, by_hand
    assert f"`tfrepair fix --strategy rebuild --env {moved}`" in by_hand.out
    rebuilt = world.tfrepair("fix", "--yes", "--strategy", "rebuild", "--env", moved)
    assert rebuilt.code == 0, rebuilt
    assert (moved / "bin" / "tool").read_text() == f"#!{moved}/bin/python\n"
