"""Ranking: what a text says for several causes, and which of them comes first."""

import pytest

from tfrepair.model.facts import Facts
from tfrepair.model.playbook import AllOf, EvidenceTemplate, Match, Playbook, Rule, Signature, Source
from tfrepair.reason.explain import explain
from tfrepair.reason.text_facts import facts_in, has_avx, stated_machine

SOURCE = Source(path="x.yaml", origin="option")


def playbook(name, pattern, confidence="medium", *, when=None, **more):
    signature = Signature(pattern=pattern, confidence=confidence, when=when)
    return Playbook(name=name, title=name, about="", repair="manual", source=SOURCE, signatures=(signature,), **more)


def ranked(text, *playbooks, facts=None):
    return [(finding.id, finding.confidence) for finding in explain(text, facts or Facts(), playbooks).findings]


ON_WINDOWS = Match(fact="host.system", operator="equals", equals="windows")

OLD_PYTHON = Match(fact="interpreter.minor", operator="equals", equals="3.5")


def known(system):
    return stated_machine(system=system, machine=None, python=None, tensorflow=None, cpu=None)


def test_the_surer_signature_comes_first():
    assert ranked("a b", playbook("one", "a", "low"), playbook("two", "b", "high")) == [("two", "high"), ("one", "low")]


def test_an_exception_comes_before_a_warning():
    text = "2024-01-01 10:00:00.1: W tensorflow/x.cc:1] warned\nImportError: raised\n"
    assert [name for name, _ in ranked(text, playbook("one", "warned"), playbook("two", "raised"))] == ["two", "one"]


def test_an_error_of_the_log_comes_before_what_it_merely_tells():
    text = "told\n2024-01-01 10:00:00.1: E tensorflow/x.cc:1] failed\n"
    assert [name for name, _ in ranked(text, playbook("one", "told"), playbook("two", "failed"))] == ["two", "one"]


def test_a_cause_that_the_facts_rule_out_is_no_candidate():
    one = playbook("one", "a", when=ON_WINDOWS)
    assert ranked("a", one, facts=known("linux")) == []
    assert ranked("a", one, facts=known("windows")) == [("one", "medium")]


def test_a_condition_that_is_not_known_makes_less_sure_and_is_named():
    one, two = playbook("one", "a", "high", when=ON_WINDOWS), playbook("two", "a", "medium")
    assert ranked("a", one) == [("one", "medium")]
    found = explain("a", Facts(), [one, two]).findings
    assert found[0].decided_by == "host.system"


def test_two_causes_as_likely_as_each_other_are_never_sure():
    found = ranked("a b", playbook("one", "a", "high"), playbook("two", "b", "high"))
    assert [confidence for _, confidence in found] == ["medium", "medium"]


def test_no_cause_is_surer_than_one_before_it():
    one, two = playbook("one", "a", "high", when=AllOf(parts=(ON_WINDOWS, OLD_PYTHON))), playbook("two", "b", "low")
    assert ranked("a", one) == [("one", "medium")]
    assert ranked("a b", one, two) == [("two", "low"), ("one", "low")]


def test_a_cause_stands_before_what_it_explains():
    text = "ImportError: raised\ntold\n"
    effect, cause = playbook("a-effect", "raised"), playbook("b-cause", "told", explains=("a-effect",))
    found = explain(text, Facts(), [effect, cause]).findings
    assert [(finding.id, finding.caused_by) for finding in found] == [("b-cause", None), ("a-effect", "b-cause")]


COPY = "/tensorflow/__init__.py"


@pytest.mark.parametrize(
    ("first", "second", "copies"),
    [
        ("/home/ada/.local/lib/python3.8/site-packages", "/usr/lib/python3.8/dist-packages", 1),
        ("/home/ada/env/lib/python3.8/site-packages", "~/env/lib/python3.8/site-packages", 0),
        ("/srv/env/lib/python3.8/site-packages", "/srv/env/lib64/python3.8/site-packages", 0),
        ("C:\\Users\\ada\\env\\Lib\\site-packages", "~\\env\\lib\\site-packages", 0),
        ("C:\\Users\\ada\\env\\Lib\\site-packages", "D:\\env\\Lib\\site-packages", 1),
        ("lib/site-packages", "site-packages", 0),
    ],
)
def test_one_folder_is_no_second_copy_of_a_module(first, second, copies):
    told = facts_in(f'File "{first}{COPY}", line 1\nFile "{second}{COPY}", line 2\n').value("search_path.copies")
    assert len(told) == copies


@pytest.mark.parametrize(
    ("text", "path", "value"),
    [
        (r"File C:\Users\ada\x.py", "host.system", "windows"),
        ("/Users/ada/x.py", "host.system", "darwin"),
        ("libcudart.so.11.0: cannot open", "host.system", "linux"),
        ("tensorflow-2.3.0-cp38-cp38-win_amd64.whl", "interpreter.minor", "3.8"),
        ("/home/a/lib/python3.10/site-packages/x", "interpreter.minor", "3.10"),
        (r"C:\Python38\lib\site-packages", "interpreter.minor", "3.8"),
        ("Python 3.8.10 (default, Jun  4 2021)", "interpreter.version", "3.8.10"),
        (r"C:\Python36-32\lib", "interpreter.bits", 32),
        ("Successfully installed keras-2.3.1 numpy-1.19.5 tensorflow-2.4.0", "distribution.numpy.version", "1.19.5"),
        ("Successfully installed keras-2.3.1 numpy-1.19.5 tensorflow-2.4.0", "tensorflow.version", "2.4.0"),
        (
            "tensorflow 2.3.1 requires numpy<1.19.0, but you have numpy 1.19.5 which",
            "distribution.numpy.version",
            "1.19.5",
        ),
        ("Error loading shared library ld-linux-x86-64.so.2", "host.libc", "musl"),
    ],
)
def test_what_a_text_tells_of_the_machine(text, path, value):
    assert facts_in(text).value(path) == value


def test_what_a_text_says_two_ways_it_does_not_say():
    assert facts_in("/home/a/lib/python3.10/x /home/a/lib/python3.8/x").value("interpreter.minor") is None
    assert facts_in(r"/home/ada and C:\Users").value("host.system") is None


@pytest.mark.parametrize(
    ("cpu", "expected"),
    [
        ("Intel(R) Celeron(R) CPU N3060", False),
        ("Intel(R) Core(TM)2 Duo CPU E8400", False),
        ("AMD Phenom(tm) II X4 955", False),
        ("fpu vme sse sse2 ssse3", False),
        ("fpu sse2 avx avx2", True),
        ("Intel(R) Core(TM) i7-8550U", True),
    ],
)
def test_what_the_name_or_the_flags_of_a_processor_tell(cpu, expected):
    assert has_avx(cpu) is expected


def guessing(name, pattern, confidence="medium"):
    signature = Signature(pattern=pattern, confidence=confidence, only_if_alone=True)
    return Playbook(name=name, title=name, about="", repair="manual", source=SOURCE, signatures=(signature,))


def test_what_people_say_is_a_guess_where_nothing_else_is_found():
    one, two = guessing("one", "gpu", "high"), playbook("two", "Error: x", "low")
    assert ranked("my gpu is not used", one, two) == [("one", "low")]
    assert ranked("my gpu is not used\nError: x", one, two) == [("two", "low")]


def test_what_waits_for_the_unknown_does_not_stop_a_guess():
    waiting = playbook("waiting", "gpu", "high", when=ON_WINDOWS)
    assert [name for name, _ in ranked("my gpu is not used", guessing("one", "gpu"), waiting)] == ["one", "waiting"]


def test_what_tells_of_no_trouble_is_not_guessed_about():
    assert ranked("Num GPUs Available:  1", guessing("one", "GPU")) == []


def test_the_more_is_unknown_the_less_likely():
    both = AllOf(parts=(ON_WINDOWS, Match(fact="host.machine", operator="equals", equals="arm64")))
    found = ranked("a", playbook("one", "a", when=both), playbook("two", "a", when=ON_WINDOWS))
    assert [name for name, _ in found] == ["two", "one"]


def test_what_holds_on_the_machine_and_is_not_spoken_of_is_never_sure():
    rule = Rule(when=ON_WINDOWS, confidence="high", evidence=(EvidenceTemplate(kind="host", text="it is Windows"),))
    one = Playbook(name="one", title="one", about="", repair="manual", source=SOURCE, rules=(rule,))
    assert ranked("a", one, facts=known("windows")) == [("one", "medium")]
    assert ranked("a fails", one, guessing("two", "a"), facts=known("windows"))[0] == ("two", "low")


LONG = "see " + "earlier words " * 40 + "ImportError: the very word that decides " + "later words " * 40


def test_of_a_long_line_the_piece_that_decides_is_quoted():
    (finding,) = explain(f"before\n{LONG}\nafter", Facts(), [playbook("one", "very word")]).findings
    assert "the very word that decides" in finding.decided_by
    assert (finding.decided_by[:3], finding.decided_by[-3:]) == ("...", "...")
    assert len(finding.decided_by) < 310
    assert f"`{finding.decided_by}`" in finding.evidence[0].text


def test_of_a_short_line_all_is_quoted_and_of_a_long_one_its_beginning_where_that_decides():
    def said(text, pattern):
        return explain(text, Facts(), [playbook("one", pattern)]).findings[0].decided_by

    assert said("  ImportError: raised  \n", "raised") == "ImportError: raised"
    assert said(LONG, "^see") == f"{LONG[:300]}..."
    assert said(LONG, "words $") == f"...{LONG.rstrip()[-300:]}"


def test_a_match_that_begins_at_the_end_of_the_line_before_is_quoted_with_its_own_line():
    (finding,) = explain("unpacking\nKilled\n", Facts(), [playbook("one", r"(?:^|\n)Killed")]).findings
    assert finding.decided_by == "Killed"


def test_two_matches_in_one_line_are_one_piece_of_evidence():
    signatures = tuple(Signature(pattern=pattern, confidence="medium") for pattern in ("^see", "very word"))
    one = Playbook(name="one", title="", about="", repair="manual", source=SOURCE, signatures=signatures)
    assert len(explain(LONG, Facts(), [one]).findings[0].evidence) == 1
