"""Where no line of a text decides, what similar failures had is guessed, and never surely."""

import pytest

from tfrepair.model.facts import Fact, Facts, Known
from tfrepair.model.known_cases import KnownCases
from tfrepair.playbook.loader import load_builtin
from tfrepair.reason.explain import explain
from tfrepair.reason.resemblance import known_cases, resembling

DRIVER = "the tensorflow container finds zero accelerators after the kernel was replaced, reboot does not help"
CASES = [
    ("gpu-driver-not-loaded", "https://forum.example/1", DRIVER),
    ("gpu-driver-not-loaded", "https://forum.example/2", "accelerators vanish in the container once the kernel moved"),
    ("no-avx", "https://forum.example/3", "an ancient celeron stops tensorflow at once, silently"),
    ("no-avx", "", "the celeron in my nas stops it at once"),
    ("", "https://forum.example/4", "my loss becomes nan after the third epoch with tensorflow, help"),
    ("", "https://forum.example/5", "accuracy and loss stay at nan in every epoch"),
]
KNOWN = known_cases(CASES)
CONTAINER = "in our container tensorflow lists no accelerators since the kernel was replaced\n"


def found(text, facts=None, known=KNOWN):
    return explain(text, facts or Facts(), load_builtin(), known).findings


def test_the_causes_of_similar_cases_the_likeliest_first():
    first, *others = resembling(CONTAINER, KNOWN)
    assert first.cause == "gpu-driver-not-loaded"
    assert set(first.sources) == {"https://forum.example/1", "https://forum.example/2"}
    assert first.share > 0.8
    assert sum(one.share for one in (first, *others)) == pytest.approx(1)


def test_the_line_that_is_most_alike_is_quoted():
    assert resembling(f"we have a question\n{CONTAINER}thank you\n", KNOWN)[0].line == CONTAINER.strip()


def test_what_is_like_nothing_has_no_cause():
    assert resembling("lorem ipsum dolor sit amet", KNOWN) == ()
    assert resembling("", KNOWN) == ()


def test_it_survives_being_stored():
    again = KnownCases.parse(KNOWN.document())
    assert (again.causes, again.sources) == (KNOWN.causes, KNOWN.sources)
    assert [one.cause for one in resembling(CONTAINER, again)] == [one.cause for one in resembling(CONTAINER, KNOWN)]


def test_a_guess_says_so_and_where_the_like_was_told_of():
    (finding,) = found(CONTAINER)
    assert (finding.id, finding.confidence) == ("gpu-driver-not-loaded", "low")
    guess, reports = (piece.text for piece in finding.evidence)
    assert guess == f"a guess, as it reads like real failures of this cause: `{CONTAINER.strip()}`"
    assert "https://forum.example/1" in reports
    assert finding.decided_by == CONTAINER.strip()


def test_without_known_cases_nothing_is_guessed():
    assert found(CONTAINER, known=None) == ()


def test_a_failure_of_another_kind_is_no_cause():
    assert found("why is my loss nan in every epoch of tensorflow?") == ()


def test_what_reads_like_a_failure_of_another_kind_is_not_blamed_on_a_weak_word():
    text = "loss and accuracy are nan in every epoch, why is it so with tensorflow on my gpu?\n"
    assert {finding.confidence for finding in found(text, known=None)} == {"low"}
    assert found(text) == ()


def test_more_than_a_weak_hint_is_not_outvoted():
    text = "loss and accuracy are nan in every epoch\nValueError: Unknown layer: MyLayer\n"
    (finding, *_) = found(text, known=None)
    assert finding.confidence == "medium"
    assert found(text)[0].id == finding.id


def test_what_tensorflow_logs_in_any_case_does_not_count():
    log = "2026-01-01 10:00:00.0: I tensorflow/core/platform/cpu_feature_guard.cc:193] loss accuracy nan every epoch\n"
    assert [one.cause for one in resembling(log + CONTAINER, KNOWN)] == [
        one.cause for one in resembling(CONTAINER, KNOWN)
    ]
    assert resembling(log, KNOWN) == ()


def test_what_is_not_about_tensorflow_is_not_guessed_about():
    assert found(CONTAINER.replace("tensorflow", "it")) == ()


def test_what_tells_of_no_trouble_is_not_guessed_about():
    assert found("tensorflow in our container lists accelerators, the kernel was replaced") == ()


def test_beside_what_a_line_decides_nothing_is_guessed():
    text = f"{CONTAINER}AttributeError: _ARRAY_API not found\n"
    assert found(text)[0].confidence == "high"
    assert "gpu-driver-not-loaded" not in {finding.id for finding in found(text)}


def test_what_is_not_sure_names_reports_that_read_like_it():
    text = "a celeron in my nas stops tensorflow at once, illegal instruction\n"
    without, with_reports = (found(text, known=known)[0] for known in (None, KNOWN))
    assert (without.id, with_reports.id) == ("no-avx", "no-avx")
    assert [piece.text for piece in with_reports.evidence] == [
        *(piece.text for piece in without.evidence),
        "real failures of this cause that read like it: https://forum.example/3",
    ]


def test_what_is_less_sure_comes_first_and_the_guess_after_it():
    text = f"{CONTAINER}ModuleNotFoundError: No module named 'tensorflow'\n"
    without, with_guess = (found(text, known=known) for known in (None, KNOWN))
    assert without
    assert without[0].confidence != "high"
    assert [finding.id for finding in with_guess] == [*(f.id for f in without), "gpu-driver-not-loaded"]


def test_what_the_machine_rules_out_is_not_guessed():
    text = "DLL load failed while importing _pywrap_tensorflow_internal: A dynamic link library (DLL) initialization routine failed."
    known = known_cases([("no-avx", "", text), ("no-avx", "", text)])
    facts = {"host.system": "windows", "host.has_avx": True}
    told = Facts.of(Fact(path=path, state=Known(value), source="test") for path, value in facts.items())
    assert "no-avx" in {finding.id for finding in found(text, known=known)}
    assert "no-avx" not in {finding.id for finding in found(text, told, known)}
