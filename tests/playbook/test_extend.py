"""A playbook that extends a built-in one."""

import time

from tfrepair.model.playbook import Match
from tfrepair.playbook.loader import check_file, load_builtin, load_playbook

BASE = {playbook.name: playbook for playbook in load_builtin()}


def extended(folder, text):
    path = folder / "ours.yaml"
    path.write_text(f"schema: 1\n{text}")
    return load_playbook(path, "option")


def test_what_is_not_written_comes_from_the_base(tmp_path):
    ours = extended(tmp_path, "extends: numpy-abi\n")
    base = BASE["numpy-abi"]
    assert ours.extends == "numpy-abi"
    assert (ours.name, ours.rules, ours.steps, ours.signatures, ours.manual) == (
        base.name, base.rules, base.steps, base.signatures, base.manual,
    )  # fmt: skip


def test_entries_are_changed_dropped_and_added_by_their_ids(tmp_path):
    ours = extended(
        tmp_path,
        """extends: numpy-abi
name: our-numpy
variables: {numpy: '1.26.4'}
diagnose:
  rules:
    - {id: works-outside, severity: error}
    - {id: declared, drop: true}
    - when: {fact: host.system, equals: windows}
      evidence: [{kind: host, text: 'a Windows'}]
  signatures:
    - pattern: our own words
fix:
  - {id: reinstall-numpy, drop: true}
  - id: install-tensorflow
    args: {requirements: [tensorflow, 'numpy=={vars.numpy}']}
    timeout: 600
  - id: say-it
    name: Say it
    action: message
    args: {text: done}
manual: [Ask the desk.]
""",
    )
    base = BASE["numpy-abi"]
    assert [rule.id for rule in ours.rules] == ["measured-bounds", "works-outside", "part-of-it", None]
    changed = next(rule for rule in base.rules if rule.id == "works-outside")
    assert (ours.rules[1].severity, ours.rules[1].when) == ("error", changed.when)
    assert ours.rules[3].when == Match(fact="host.system", operator="equals", equals="windows")
    assert ours.signatures[:-1] == base.signatures
    assert [(step.id, step.action, step.timeout) for step in ours.steps] == [
        ("install-tensorflow", "install", 600.0),
        ("say-it", "message", None),
    ]
    assert ours.steps[0].name == base.steps[0].name
    assert [line.text for line in ours.manual] == ["Ask the desk."]
    assert ours.values == {"numpy": "1.26.4"}


def test_a_mistake_in_a_change_stands_where_the_change_is_written(tmp_path):
    path = tmp_path / "ours.yaml"
    path.write_text(
        "schema: 1\nextends: corrupt-install\nfix:\n  - id: remove-orphans\n    when: {fact: host.sistem, exists: true}\n"
    )
    assert check_file(path, known_facts={"host.system": "Text."}) == (
        f"{path}:5:18: no probe knows the fact `host.sistem`, did you mean `host.system`?",
    )


def test_every_step_and_rule_of_the_built_in_playbooks_has_an_id():
    for playbook in BASE.values():
        for entries in (playbook.steps, playbook.rules):
            ids = [entry.id for entry in entries]
            assert None not in ids, playbook.name
            assert len(set(ids)) == len(ids), playbook.name


def test_an_extending_playbook_with_very_many_entries_is_checked_within_seconds(tmp_path):
    path = tmp_path / "ours.yaml"
    steps = "".join(f"  - {{id: s{n}, name: n, action: message, args: {{text: t}}}}\n" for n in range(3000))
    path.write_text(f"schema: 1\nextends: numpy-abi\nfix:\n{steps}")
    started = time.perf_counter()
    assert check_file(path) == ()
    assert time.perf_counter() - started < 15
