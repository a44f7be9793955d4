"""Plug-ins: they add facts, actions and playbooks; one that does not load is a finding."""

import json
import os
import subprocess
import sys
import textwrap
import venv

import pytest
from fake_plugin import MANUAL, PROBE, shelf  # noqa: F401

from tfrepair.app import plugins as plugins_module
from tfrepair.app.playbooks import builtin_facts, declared_facts
from tfrepair.app.plugins import plugins
from tfrepair.cli.app import run

ACTION = """
    from tfrepair.model.goals import Goals

    ARGS = {"who": "text"}

    def goals(args, facts):
        return Goals(messages=(f"ask {args['who']}",))
"""


@pytest.fixture
def env(tmp_path, monkeypatch):
    monkeypatch.setenv("TFREPAIR_STATE_DIR", str(tmp_path / "state"))
    monkeypatch.setenv("TFREPAIR_CONFIG_DIR", str(tmp_path / "config"))
    monkeypatch.chdir(tmp_path)
    venv.create(tmp_path / "env", with_pip=False, symlinks=True)
    return tmp_path / "env"


def diagnosed(capsys, env, *more):
    code = run(["diagnose", "--no-import", "--json", "--env", str(env), *more])
    return code, json.loads(capsys.readouterr().out)


def quota(shelf, value=3, severity="error"):  # noqa: F811
    return shelf.add(
        "acme-quota",
        """
        [tfrepair.probes]
        quota = acme_quota.probe:PROBE
        [tfrepair.playbooks]
        acme = acme_quota
        """,
        {
            "acme_quota/__init__.py": "",
            "acme_quota/probe.py": PROBE.format(name="acme.quota", value=value),
            "acme_quota/quota.yaml": MANUAL.format(name="acme.quota-full", fact="acme.quota", severity=severity),
        },
    )


def test_a_probe_and_a_playbook_of_a_distribution_make_a_finding(shelf, env, capsys):  # noqa: F811
    quota(shelf)
    code, body = diagnosed(capsys, env)
    (finding,) = [finding for finding in body["findings"] if finding["id"] == "acme.quota-full"]
    assert finding["evidence"] == [{"kind": "host", "text": "3 of them"}]
    assert code in (1, 4)
    assert "plugin-failed" not in [finding["id"] for finding in body["findings"]]


def test_the_fact_is_one_that_every_playbook_may_name(shelf, env, capsys, tmp_path):  # noqa: F811
    quota(shelf, value=2)
    mine = tmp_path / "mine.yaml"
    mine.write_text(MANUAL.format(name="mine", fact="acme.quota", severity="error").replace("at_least: 3", "equals: 2"))
    _, body = diagnosed(capsys, env, "--playbook", str(mine))
    assert "mine" in [finding["id"] for finding in body["findings"]]


def test_an_action_of_a_distribution_is_one_that_a_step_may_name(shelf, env, capsys, tmp_path):  # noqa: F811
    shelf.add("acme-ask", "[tfrepair.actions]\nacme.ask = acme_ask\n", {"acme_ask.py": ACTION})
    mine = tmp_path / "mine.yaml"
    text = MANUAL.format(name="mine", fact="host.cpus", severity="error").replace("manual\nmanual: [Take", "automatic")
    text = text.replace(" some away.]", "").replace("host.cpus, at_least: 3", "host.system, exists: true")
    text = text.replace("{host.cpus}", "many")
    mine.write_text(text + "fix:\n  - {name: Ask, action: acme.ask, args: {who: Ada}}\n")
    assert run(["playbook", "validate", str(mine)]) == 0, capsys.readouterr().out
    assert plugins().all_actions["acme.ask"].goals({"who": "Ada"}, None).messages == ("ask Ada",)
    mine.write_text(mine.read_text().replace("who:", "whom:"))
    capsys.readouterr()
    assert run(["playbook", "validate", str(mine)]) == 2
    assert "the action `acme.ask` has no argument `whom`, did you mean `who`?" in capsys.readouterr().out


BROKEN = {
    "raises": ("[tfrepair.probes]\nx = broken_plugin:PROBE", "raise RuntimeError('no licence')", "RuntimeError: no licence"),
    "ends": ("[tfrepair.actions]\nacme.x = broken_plugin", "import sys\nsys.exit(3)", "SystemExit: 3"),
    "is not there": ("[tfrepair.probes]\nx = no_such_module_at_all:PROBE", "", "No module named 'no_such_module_at_all'"),
    "no such name": ("[tfrepair.probes]\nx = broken_plugin:PROBE", "", "AttributeError"),
    "no probe": ("[tfrepair.probes]\nx = broken_plugin:PROBE", "PROBE = 3", "it is not a `Probe`, but int"),
    "a bare name": (
        "[tfrepair.probes]\nx = broken_plugin:PROBE",
        PROBE.format(name="quota", value=1),
        "names of plug-ins are `vendor.name`",
    ),
    "a fact of ours": (
        "[tfrepair.probes]\nx = broken_plugin:PROBE",
        PROBE.format(name="acme.x", value=1).replace('"acme.x":', '"host.system":'),
        "declares `host.system`: its facts start with `acme.`",
    ),
    "a bare action": ("[tfrepair.actions]\nrun = broken_plugin", ACTION, "names of plug-ins are `vendor.name`"),
    "no action": ("[tfrepair.actions]\nacme.x = broken_plugin", "", "has no `ARGS`"),
    "no package": ("[tfrepair.playbooks]\nx = broken_plugin", "", "it is not a package in a folder"),
}  # fmt: skip


@pytest.mark.parametrize("kind", BROKEN)
def test_one_that_does_not_load_is_a_finding_and_the_rest_goes_on(shelf, env, capsys, kind):  # noqa: F811
    points, code, why = BROKEN[kind]
    shelf.add("acme-broken", points + "\n", {"broken_plugin.py": code})
    quota(shelf)
    _, body = diagnosed(capsys, env)
    found = {finding["id"]: finding for finding in body["findings"]}
    text = found["plugin-failed"]["evidence"][0]["text"]
    assert why in text
    assert "acme-broken" in text
    assert found["plugin-failed"]["severity"] == "warning"
    assert "acme.quota-full" in found


def test_a_playbook_of_a_distribution_that_is_wrong_is_a_finding(shelf, env, capsys):  # noqa: F811
    shelf.add(
        "acme-bad",
        "[tfrepair.playbooks]\na = acme_bad_playbooks\n",
        {
            "acme_bad_playbooks/__init__.py": "",
            "acme_bad_playbooks/a.yaml": "schema: 1\n",
            "acme_bad_playbooks/b.yaml": MANUAL.format(name="numpy-abi", fact="disk.free", severity="error"),
        },
    )
    _, body = diagnosed(capsys, env)
    (failed,) = [finding for finding in body["findings"] if finding["id"] == "plugin-failed"]
    first, second = (evidence["text"] for evidence in failed["evidence"])
    assert "a.yaml:1:1: the playbook lacks the key" in first
    assert "`numpy-abi`: names of plug-ins are `vendor.name`" in second


def test_a_probe_that_ends_the_process_has_failed_as_one_that_raises(shelf, env, capsys):  # noqa: F811
    code = PROBE.format(name="acme.x", value=1).replace("    yield Fact", "    raise SystemExit(3)\n        yield Fact")
    shelf.add("acme-ends", "[tfrepair.probes]\nacme.x = acme_ends:PROBE\n", {"acme_ends.py": code})
    status, body = diagnosed(capsys, env, "--facts-out", str(env / "facts.json"))
    assert (status, body["command"]) != (3, None)
    assert "the probe `acme.x` failed: SystemExit: 3" in (env / "facts.json").read_text()


def test_an_action_that_fails_is_named_with_its_step(shelf, env, capsys, tmp_path):  # noqa: F811
    broken = ACTION.replace(
        "return Goals", "if args['who'] == 'Bo':\n            return None\n        raise RuntimeError('no'); Goals"
    )
    shelf.add("acme-ask", "[tfrepair.actions]\nacme.ask = acme_ask\n", {"acme_ask.py": broken})
    mine = tmp_path / "mine.yaml"
    text = MANUAL.format(name="mine", fact="host.system", severity="error").replace("at_least: 3", "exists: true")
    text = text.replace(
        "manual\nmanual: [Take some away.]", "automatic\nfix:\n  - {name: Ask, action: acme.ask, args: {who: Ada}}"
    )
    for who, why in (("Ada", "RuntimeError: no"), ("Bo", "it returned NoneType, not `Goals`")):
        mine.write_text(text.replace("Ada", who))
        words = ["fix", "--dry-run", "--json", "--env", str(env), "--playbook", str(mine), "--only", "mine"]
        status = run(words)
        error = json.loads(capsys.readouterr().out)["error"]
        assert (status, error["message"]) == (
            2, f"the action `acme.ask` of the step `Ask` failed: {why}; nothing was changed"
        ), error  # fmt: skip
    (shelf.folder / "acme_ask.py").write_text(
        textwrap.dedent(ACTION) + "\n\ndef problems(args):\n    raise RuntimeError('no')\n"
    )
    shelf.forget()
    plugins_module._loaded.cache_clear()
    assert run(["playbook", "validate", str(mine)]) == 2
    said = "mine.yaml:13:41: the action `acme.ask` failed to look at its arguments: RuntimeError: no"
    assert said in capsys.readouterr().out


def test_the_other_probe_of_a_fact_is_named(shelf):  # noqa: F811
    code = PROBE.format(name="acme.x", value=1)
    for name in ("acme-a", "acme-b"):
        points = f"[tfrepair.probes]\n{name} = {name.replace('-', '_')}:PROBE\n"
        shelf.add(
            name,
            points,
            {f"{name.replace('-', '_')}.py": code.replace('Probe(name="acme.x"', f'Probe(name="acme.{name}"')},
        )
    (failure,) = plugins().failed
    assert failure.why == "the probe `acme.acme-a` declares `acme.x` already"


def test_what_a_plugin_prints_at_its_import_does_not_reach_the_document(shelf, env, capsys):  # noqa: F811
    noisy = "print('hello')\n" + PROBE.replace("\n    ", "\n").format(name="acme.noisy", value=1)
    shelf.add("acme-noisy", "[tfrepair.probes]\nn = acme_noisy:PROBE\n", {"acme_noisy.py": noisy})
    _, body = diagnosed(capsys, env)
    assert body["command"] == "diagnose"
    assert "acme.noisy" in plugins().provides


def test_a_distribution_in_the_current_folder_is_not_loaded(env, tmp_path):
    """A cloned repository must not run code by being diagnosed, however tfrepair was started."""
    mark = tmp_path / "ran"
    code = f"open({str(mark)!r}, 'w').close()\n"
    info = tmp_path / "evil-1.0.dist-info"
    info.mkdir()
    (info / "METADATA").write_text("Metadata-Version: 2.1\nName: evil\nVersion: 1.0\n")
    (info / "entry_points.txt").write_text("[tfrepair.probes]\nevil = evil_probe:PROBE\n")
    for name in ("evil_probe", "yaml", "typer", "pydantic", "sitecustomize_", "tfrepair_plugin"):
        (tmp_path / f"{name}.py").write_text(code)
    environ = {**os.environ, "PYTHONPATH": ""}
    script = os.path.join(os.path.dirname(sys.executable), "tfrepair")
    for start in ([sys.executable, "-m", "tfrepair"], [script]):
        words = [*start, "diagnose", "--no-import", "--json", "--env", str(env)]
        done = subprocess.run(words, cwd=tmp_path, env=environ, capture_output=True, text=True, check=False)
        assert done.returncode in (1, 4), done.stderr
        assert not mark.exists(), start


def test_the_stored_facts_are_those_that_the_probes_declare():
    assert builtin_facts() == declared_facts(), "run `python tools/language.py`"
