import json
import re
from pathlib import Path

import pytest

from tfrepair.actions.registry import ACTIONS
from tfrepair.app.playbooks import known_facts
from tfrepair.errors import PlaybookError
from tfrepair.model.playbook import (
    AllOf,
    AnyOf,
    EvidenceTemplate,
    ManualLine,
    Match,
    NoneOf,
    Playbook,
    Rule,
    Signature,
    Source,
    Step,
)
from tfrepair.playbook.builtin import builtin_files, digest, stored_documents
from tfrepair.playbook.loader import check_file, check_files, load_builtin, load_playbook
from tfrepair.playbook.schema import json_schema

FULL = """
schema: 1
name: acme.quota
title: The quota of the lab
about: >
  One sentence.
  Another.
rank: 7
references: [https://example.org/quota]
explains: [numpy-abi]
diagnose:
  signatures:
    - pattern: 'Disk quota exceeded'
      confidence: low
      when: {fact: host.system, equals: linux}
      means: no room
  rules:
    - when:
        all:
          - any: [{fact: a.b, in: [1, x]}, {fact: a.b, at_least: 2.5}]
          - none: [{fact: a.c, specifier: "<2"}, {fact: a.c, exists: false}]
      unless: {fact: a.d, contains: {name: x}}
      severity: info
      confidence: medium
      error_when: {fact: a.g, equals: true}
      only_if_alone: true
      evidence:
        - {kind: path, text: 'at {item.path}', each: a.e, where: {path: [p, q]}}
repair: automatic
fix:
  - name: Say it
    action: message
    args: {text: 'free some room'}
    when: {fact: a.b, matches: 'x'}
    unless: {fact: a.b, equals: null}
    timeout: 60
manual:
  - Ask.
"""


def test_a_playbook_arrives_whole(tmp_path):
    path = tmp_path / "quota.yaml"
    path.write_text(FULL)

    assert load_playbook(path, "project", trusted=False) == Playbook(
        name="acme.quota",
        title="The quota of the lab",
        about="One sentence. Another.",
        repair="automatic",
        source=Source(path=str(path), origin="project", trusted=False),
        rank=7,
        references=("https://example.org/quota",),
        explains=("numpy-abi",),
        signatures=(
            Signature(
                pattern="Disk quota exceeded",
                confidence="low",
                when=Match(fact="host.system", operator="equals", equals="linux"),
                means="no room",
            ),
        ),
        rules=(
            Rule(
                when=AllOf(
                    parts=(
                        AnyOf(
                            parts=(
                                Match(fact="a.b", operator="in", is_in=(1, "x")),
                                Match(fact="a.b", operator="at_least", at_least=2.5),
                            )
                        ),
                        NoneOf(
                            parts=(
                                Match(fact="a.c", operator="specifier", specifier="<2"),
                                Match(fact="a.c", operator="exists", exists=False),
                            )
                        ),
                    )
                ),
                unless=Match(fact="a.d", operator="contains", contains={"name": "x"}),
                severity="info",
                confidence="medium",
                error_when=Match(fact="a.g", operator="equals", equals=True),
                only_if_alone=True,
                evidence=(
                    EvidenceTemplate(kind="path", text="at {item.path}", each="a.e", where={"path": ["p", "q"]}),
                ),
            ),
        ),
        steps=(
            Step(
                name="Say it",
                action="message",
                args={"text": "free some room"},
                when=Match(fact="a.b", operator="matches", matches="x"),
                unless=Match(fact="a.b", operator="equals", equals=None),
                timeout=60.0,
            ),
        ),
        manual=(ManualLine(text="Ask."),),
    )


def test_the_builtin_playbooks_name_only_facts_that_a_probe_knows():
    assert load_builtin(known_facts=known_facts())


def test_a_builtin_playbook_is_named_like_its_file():
    assert {playbook.name for playbook in load_builtin()} == {path.stem for path in builtin_files()}


def test_no_two_builtin_playbooks_explain_each_other():
    explains = {playbook.name: set(playbook.explains) for playbook in load_builtin()}

    def reachable(name, seen=frozenset()):
        return {far for near in explains[name] - seen for far in {near} | reachable(near, seen | {near})}

    assert not [name for name in explains if name in reachable(name)]


def test_a_builtin_playbook_is_complete():
    for playbook in load_builtin():
        assert playbook.references, playbook.name
        assert playbook.manual, playbook.name
        assert playbook.about.count(". ") == 1 or playbook.about.count(".") >= 2, playbook.name


def test_playbooks_beside_a_file_may_be_explained_by_it(tmp_path):
    for name, other in (("one", "two"), ("two", "numpy-abi")):
        (tmp_path / f"{name}.yaml").write_text(FULL.replace("numpy-abi", other).replace("acme.quota", name))
    assert check_file(tmp_path / "one.yaml") == ()
    assert check_file(tmp_path / "two.yaml") == ()


def test_the_json_schema_describes_the_language():
    schema = json_schema()
    json.dumps(schema)
    whole, change = (schema["$defs"][name] for name in ("PlaybookDocument", "ExtendingDocument"))
    assert whole["additionalProperties"] is change["additionalProperties"] is False
    assert set(whole["required"]) == {"schema", "name", "title", "about", "diagnose", "repair"}
    assert set(change["required"]) == {"schema", "extends"}
    refs = set(re.findall(r'"#/\$defs/(\w+)"', json.dumps(schema)))
    assert refs <= schema["$defs"].keys()


def test_the_json_schema_knows_the_actions_and_their_arguments():
    for name in ("StepDocument", "StepChangeDocument"):
        step = json_schema()["$defs"][name]
        assert step["properties"]["action"]["anyOf"][0]["enum"] == sorted(ACTIONS)
        arguments = {
            part["if"]["properties"]["action"]["const"]: part["then"]["properties"]["args"] for part in step["allOf"]
        }
        assert arguments.keys() == ACTIONS.keys()
        assert arguments["run"]["properties"].keys() == {"argv", "creates"}
        assert arguments["run"]["required"] == ["argv"]


def test_the_playbooks_are_found_beside_the_package():
    assert all(path.is_file() for path in builtin_files())
    assert Path(load_builtin()[0].source.path).suffix == ".yaml"


def test_a_damaged_builtin_playbook_is_named_with_its_place(tmp_path, monkeypatch):
    for text in ("name: [", "name: x\ntitle: y\n", FULL.replace("all:", "al:")):
        (tmp_path / "x.yaml").write_text(text)
        monkeypatch.setattr("tfrepair.playbook.loader.builtin_files", lambda: (tmp_path / "x.yaml",))
        with pytest.raises(PlaybookError) as caught:
            load_builtin()
        assert f"{tmp_path / 'x.yaml'}:" in str(caught.value.problems)


def test_the_quick_way_gives_the_same_playbooks_as_the_thorough_one():
    assert load_builtin() == load_builtin(known_facts=known_facts())


def test_the_stored_playbooks_are_those_of_the_files():
    files = {digest(path.read_bytes()) for path in builtin_files()}
    assert stored_documents().keys() == files, "run `python tools/language.py`"


def test_of_a_file_that_was_not_stored_counts_what_it_says(tmp_path, monkeypatch):
    path = builtin_files()[0]
    changed = tmp_path / path.name
    changed.write_text(path.read_text().replace("title: ", "title: Changed. ", 1))
    monkeypatch.setattr("tfrepair.playbook.loader.builtin_files", lambda: (changed, *builtin_files()[1:]))
    before, after = load_playbook(path, "built-in"), {playbook.name: playbook for playbook in load_builtin()}
    assert after[before.name].title == f"Changed. {before.title}"
    assert len(after) == len(builtin_files())


def checked(folder, **explains):
    """Check playbooks, each in a file that is called otherwise, that explain these others."""
    for name, others in explains.items():
        (folder / f"file-of-{name}.yaml").write_text(
            f"schema: 1\nname: {name}\ntitle: T\nabout: A.\nexplains: {json.dumps(others)}\n"
            "diagnose: {signatures: [{pattern: Disk quota}]}\nrepair: manual\nmanual: [Ask.]\n"
        )
    paths = sorted(folder.glob("*.yaml"))
    return [problem.removeprefix(f"{folder}/") for problem in check_files(paths, known_facts={}, actions=ACTIONS)]


def test_playbooks_of_a_folder_name_each_other_by_name(tmp_path):
    assert not checked(tmp_path, one=["two"], two=["numpy-abi"])
    assert not check_file(tmp_path / "file-of-one.yaml", known_facts={}, actions=ACTIONS)
    assert checked(tmp_path, one=["file-of-two"]) == ["file-of-one.yaml:5:12: there is no playbook `file-of-two`"]


def test_playbooks_that_explain_each_other(tmp_path):
    said = "in turn: which of them is the cause can be said by one of them only"
    assert checked(tmp_path, one=["numpy-abi", "two"], two=["three"], three=["one"], four=["one"]) == [
        f"file-of-one.yaml:5:25: `two` explains `one` {said}",
        f"file-of-three.yaml:5:12: `one` explains `three` {said}",
        f"file-of-two.yaml:5:12: `three` explains `two` {said}",
    ]
