"""Hostile playbooks: refused within a second, in few words, without a traceback, and nothing was started."""

import codecs
import os
import time

import pytest

from tfrepair.cli.app import run
from tfrepair.execute.fingerprint import tree_digest

HEAD = """schema: 1
name: evil
title: Evil
about: One. Two.
diagnose:
  rules:
    - when: {fact: host.system, exists: true}
      evidence: [{kind: host, text: here}]
repair: automatic
"""
STEP = "  - {name: s, action: message, args: {text: t}}\n"
LAUGHS = "a: &a [lol, lol]\n" + "".join(
    f"{b}: &{b} [*{a}, *{a}, *{a}]\n" for a, b in zip("abcdefgh", "bcdefghi", strict=True)
)
TESTS = {
    "a key twice": (HEAD + "rank: 1\nrank: 2\n", "11:1: the key `rank` stands here a second time"),
    "an alias": (HEAD + "rank: *x\n", "aliases (`*x`) are not supported"),
    "an anchor": (HEAD + "rank: &x 1\n", "anchors (`&x`) are not supported"),
    "a merge key": (HEAD + "<<: {rank: 1}\n", "merge keys (`<<`) are not supported"),
    "a tag": (HEAD + "rank: !!int '1'\n", "tags (`tag:yaml.org,2002:int`) are not supported"),
    "a tag that runs code": (HEAD + "rank: !!python/object/apply:os.system [id]\n", "tags (`"),
    "a tag of its own": ("%TAG ! tag:evil:\n---\n!x {}\n", "tags (`"),
    "a thousand million laughs": (LAUGHS, "anchors (`&a`) are not supported"),
    "no UTF-8": (HEAD.encode() + b"rank: \xff\n", "10:7: the file is not UTF-8"),
    "UTF-16": (codecs.BOM_UTF16 + HEAD.encode("utf-16-le"), "1:1: the file is not UTF-8"),
    "ten megabytes": (b"# " + b"a" * 10_000_000, "1:1: the file is larger than 1000000 bytes"),
    "ten thousand steps": (HEAD + "fix:\n" + STEP * 10_000, "the document has more than 20000 values"),
    "ten thousand keys": (HEAD + "args: {" + ", ".join(f"k{n}: 1" for n in range(10_000)) + "}\n", "unknown key `args`"),
    "nested flow lists": ("a: " + "[" * 100_000, "exceeded maximum nesting depth"),
    "nested flow mappings": ("{a: " * 100_000, "nested more than 40 levels deep"),
    "nested blocks": ("".join(" " * n + "a:\n" for n in range(1_000)), "nested more than 40 levels deep"),
    "nested items": ("- " * 100_000, "nested more than 40 levels deep"),
    "a control character": (HEAD + "rank: a\x1b[2Jb\n", "10:8: the control character U+001B is not allowed"),
    "an escaped control character": (HEAD + 'rank: "\\e[2J"\n', "10:7: the control character U+001B is not allowed"),
    "text that runs backwards": (HEAD + "rank: a\u202eb\n", "the control character U+202E is not allowed"),
    "a null byte": (HEAD + "rank: \0\n", "the control character U+0000 is not allowed"),
    "a template in a condition": (HEAD.replace("exists: true", 'equals: "{{ 7 * 7 }}"') + "fix: {{ x }}\n", ":10:"),
    "an expression in a text": (HEAD.replace("text: here", "text: '{host.system.__class__.__mro__}'"), "no probe knows"),
    "a call in a text": (HEAD.replace("text: here", "text: '{open(1).read()}'"), "is not the path of a fact"),
    "a format in a text": (HEAD.replace("text: here", "text: '{host.system!r:>99999999}'"), "is not the path of a fact"),
    "a pattern that takes for ever": (HEAD.replace("exists: true", "matches: '(a+)+$'"), "repeats a repetition"),
    "a pattern with a huge count": (HEAD.replace("exists: true", "matches: 'a{4294967296}'"), "is not a regular expression"),
    "a long pattern": (HEAD.replace("exists: true", f"matches: '{'(' * 400_000}'"), "is longer than 500 characters"),
    "a name that is a path": (HEAD.replace("name: evil", "name: ../../../../tmp/evil"), "`name` must be lower-case words"),
    "a name with an escape": (HEAD.replace("name: evil", 'name: "evil\\n\\n"'), "`name` must be lower-case words"),
    "a huge key": (HEAD + "k" * 900_000 + ": 1\n", ""),
    "a huge text": (HEAD + "rank: " + "k" * 900_000 + "\n", "`rank` must be a whole number"),
    "a huge number": (HEAD + "rank: " + "9" * 500_000 + "\n", "`rank` must be a whole number"),
}  # fmt: skip


@pytest.fixture
def work(tmp_path, monkeypatch):
    monkeypatch.setenv("TFREPAIR_STATE_DIR", str(tmp_path / "state"))
    monkeypatch.setenv("TFREPAIR_CONFIG_DIR", str(tmp_path / "config"))
    (tmp_path / "work").mkdir()
    monkeypatch.chdir(tmp_path / "work")
    return tmp_path / "work"


def refused(capsys, *words):
    """The lines of a refusal, which takes less than a second of the processor."""
    start = time.process_time()
    code = run([str(word) for word in words])
    taken = time.process_time() - start
    out, err = capsys.readouterr()
    assert code == 2, out + err
    assert "Traceback" not in out + err
    assert taken < 1, f"{taken:.1f} s"
    return (out + err).splitlines()


@pytest.mark.parametrize("name", TESTS)
def test_it_is_refused_where_it_lies_and_where_it_is_named(work, capsys, name):
    content, message = TESTS[name]
    path = work / ".tfrepair" / "evil.yaml"
    path.parent.mkdir()
    path.write_bytes(content if isinstance(content, bytes) else content.encode())
    run(["playbook", "list"])  # what is imported once is not the file's
    capsys.readouterr()
    before = tree_digest(work)
    for words in (("playbook", "validate", path), ("diagnose",)):
        lines = refused(capsys, *words)
        assert len(lines) <= 20, lines
        assert any(message in line and "evil.yaml:" in line for line in lines), lines
        assert max(map(len, lines)) < 1_000
    assert tree_digest(work) == before


def test_what_is_no_file_is_refused_without_waiting(work, capsys):
    folder = work / ".tfrepair"
    folder.mkdir()
    os.mkfifo(folder / "pipe.yaml")
    (folder / "folder.yaml").mkdir()
    (folder / "loop.yaml").symlink_to("loop.yaml")
    (folder / "device.yaml").symlink_to("/dev/zero")
    for name in ("pipe", "folder", "loop", "device"):
        assert len(refused(capsys, "playbook", "validate", folder / f"{name}.yaml")) == 1
    lines = refused(capsys, "diagnose")
    assert len(lines) == 2
    assert "error: " in lines[0]


def test_very_many_mistakes_are_not_all_shown(work, capsys):
    path = work / "many.yaml"
    path.write_text(HEAD + "".join(f"key{n}: 1\n" for n in range(9_000)))
    lines = refused(capsys, "playbook", "validate", path)
    assert len(lines) == 101
    assert lines[-1] == f"{path}:9009:1: and 8901 more problems up to here: mend these first"
    path.write_text(HEAD + "fix:\n" + "  - {nam: s, acton: message}\n" * 5_000)
    assert len(refused(capsys, "playbook", "validate", path)) == 101


def test_yaml_that_surprises_is_read_as_written(work, capsys):
    """2.10 stays 2.10, on stays on, and a day stays its text."""
    text = HEAD.replace("host.system", "host.cpu_name").replace(
        "exists: true", "in: [2.10, on, 2024-01-02, 1:30, 0x10, 1_000, ~, No]"
    )
    path = work / "mine.yaml"
    path.write_text(text.replace("automatic", "manual") + "manual: [on, 2.10]\n")
    assert run(["playbook", "validate", str(path)]) == 0, capsys.readouterr().out
    from tfrepair.playbook.loader import load_playbook

    playbook = load_playbook(path, "option")
    assert playbook.rules[0].when.is_in == ("2.10", "on", "2024-01-02", "1:30", "0x10", "1_000", "~", "No")
