"""Where no line of a text decides, what similar failures had is guessed, and never surely."""

import pytest
from learning import Case, known_cases

from tfrepair.model.facts import Fact, Facts, Known
from tfrepair.model.known_cases import KnownCases
from tfrepair.playbook.loader import load_builtin
from tfrepair.reason import resemblance
from tfrepair.reason.explain import explain
from tfrepair.reason.resemblance import resembling

DRIVER = "the tensorflow container finds zero accelerators after the kernel was replaced, reboot does not help"
CASES = [
    ("gpu-driver-not-loaded", "https://forum.example/1", DRIVER),
    ("gpu-driver-not-loaded", "https://forum.example/2", "accelerators vanish in the container once the kernel moved"),
    ("no-avx", "https://forum.example/3", "an ancient celeron stops tensorflow at once, silently"),
    ("no-avx", "", "the celeron in my nas stops it at once"),
    ("", "https://forum.example/4", "my loss becomes nan after the third epoch with tensorflow, help"),
    ("", "https://forum.example/5", "accuracy and loss stay at nan in every epoch"),
]
KNOWN = known_cases(Case(*case, Facts()) for case in CASES)
ARRAY_API = "AttributeError: _ARRAY_API not found\n"
CONTAINER = "in our container tensorflow lists no accelerators since the kernel was replaced\n"


def told(values):
    return Facts.of(Fact(path=path, state=Known(value), source="test") for path, value in values.items())


def found(text, facts=None, known=KNOWN):
    return explain(text, facts or Facts(), load_builtin(), known).findings


def alike(text, facts=None, known=KNOWN):
    return resembling(text, facts or Facts(), known)


def test_the_causes_of_similar_cases_the_likeliest_first():
    found = alike(CONTAINER)
    assert next(iter(found.likelihoods)) == "gpu-driver-not-loaded"
    assert found.likelihoods["gpu-driver-not-loaded"] > 2 * max(found.likelihoods["no-avx"], found.likelihoods[""])
    assert set(found.sources("gpu-driver-not-loaded")) == {"https://forum.example/1", "https://forum.example/2"}


def test_what_is_exactly_like_a_case_most_likely_has_its_cause():
    assert all(next(iter(alike(text).likelihoods)) == cause for cause, _, text in CASES)


def test_the_line_that_is_most_alike_is_quoted():
    assert alike(f"we have a question\n{CONTAINER}thank you\n").line("gpu-driver-not-loaded") == CONTAINER.strip()


def test_what_is_known_of_the_machine_counts():
    text = "tensorflow stops at once on import"
    causes = {"linux": "no-avx", "windows": "path-leak"}
    known = known_cases(
        Case(cause, "", text, told({"host.system": system})) for system, cause in causes.items() for _ in range(2)
    )
    for system, cause in causes.items():
        assert next(iter(alike(text, told({"host.system": system}), known).likelihoods)) == cause


@pytest.mark.parametrize("text", ["lorem ipsum dolor sit amet", ""])
def test_what_is_like_nothing_has_no_cause(text):
    assert alike(text).likelihoods == {}


def test_what_is_hardly_like_anything_is_explained_by_its_lines_alone(monkeypatch):
    text = f"{CONTAINER}protobuf and numpy conflict with tensorflow, how to fix?\n"
    monkeypatch.setattr(resemblance, "_LEAST", 1.0)
    assert alike(text).likelihoods == {}
    assert found(text) == found(text, known=None) != ()


def test_what_a_line_decides_needs_no_similar_case():
    assert alike(ARRAY_API).likelihoods == {}
    of_tensorflow = told({"tensorflow.version": "2.11.0"})
    assert [(finding.id, finding.confidence) for finding in found(ARRAY_API, of_tensorflow)] == [("numpy-abi", "high")]


def test_it_survives_being_stored():
    again = KnownCases.parse(KNOWN.document())
    assert (again.causes, again.sources) == (KNOWN.causes, KNOWN.sources)
    assert list(alike(CONTAINER, known=again).likelihoods) == list(alike(CONTAINER).likelihoods)
    assert again.document() == KNOWN.document()


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
    assert alike(log + CONTAINER).likelihoods == alike(CONTAINER).likelihoods
    assert alike(log).likelihoods == {}


def test_what_is_not_about_tensorflow_is_not_guessed_about():
    assert found(CONTAINER.replace("tensorflow", "it")) == ()


def test_what_is_about_something_else_is_not_guessed_about():
    text = CONTAINER.replace("tensorflow", "the gpu with pytorch")
    assert {finding.id for finding in found(text)} <= {finding.id for finding in found(text, known=None)}
    assert not any("a guess" in piece.text for finding in found(text) for piece in finding.evidence)


def test_what_no_line_could_speak_for_is_not_guessed():
    told_of = "the gpu of my notebook stays idle with tensorflow, nothing is listed"
    known = known_cases([Case("windows-gpu-dropped", "", told_of, Facts())] * 2)
    assert "windows-gpu-dropped" in {finding.id for finding in found(told_of, known=known)}
    assert "windows-gpu-dropped" not in {f.id for f in found(told_of, told({"host.system": "linux"}), known)}
    assert "windows-gpu-dropped" not in {f.id for f in found(f"{told_of}\nin /usr/local/lib", known=known)}


def test_what_tells_of_no_trouble_must_be_more_like_it():
    text = "my celeron runs tensorflow in the nas"
    likelihoods = alike(text).likelihoods
    assert likelihoods["no-avx"] > 0.3 > likelihoods["gpu-driver-not-loaded"] > 0.1
    assert [finding.id for finding in found(text)] == ["no-avx"]
    assert {"no-avx", "gpu-driver-not-loaded"} <= {finding.id for finding in found(f"{text}, help")}


def test_beside_what_a_line_decides_nothing_is_guessed():
    text = f"tensorflow in a notebook\n{ARRAY_API}"
    assert alike(text).likelihoods
    assert [(finding.id, finding.confidence) for finding in found(text)] == [("numpy-abi", "high")]


def test_what_a_line_decides_is_not_sure_where_similar_failures_clearly_had_another_cause():
    ((cause, confidence), guess, *_) = [
        (finding.id, finding.confidence) for finding in found(f"{CONTAINER}{ARRAY_API}")
    ]
    assert (cause, confidence) == ("numpy-abi", "medium")
    assert guess == ("gpu-driver-not-loaded", "low")


def test_what_is_not_sure_names_reports_that_read_like_it():
    text = "a celeron in my nas stops tensorflow at once, illegal instruction\n"
    without, with_reports = (found(text, known=known)[0] for known in (None, KNOWN))
    assert (without.id, with_reports.id) == ("no-avx", "no-avx")
    assert [piece.text for piece in with_reports.evidence] == [
        *(piece.text for piece in without.evidence),
        "real failures of this cause that read like it: https://forum.example/3",
    ]


@pytest.mark.parametrize(
    ("before", "first"),
    [("hello\n", "protobuf-mismatch"), (CONTAINER, "gpu-driver-not-loaded")],
    ids=["hardly alike", "clearly alike"],
)
def test_what_is_not_sure_is_ordered_by_what_lines_and_similar_failures_say_together(before, first):
    text = f"{before}protobuf and numpy conflict, how to fix this?\n"
    without, together = (found(text, known=known) for known in (None, KNOWN))
    assert [(finding.id, finding.confidence) for finding in without] == [("protobuf-mismatch", "low")]
    assert together[0].id == first
    assert "protobuf-mismatch" in {finding.id for finding in together}
    confidences = [("high", "medium", "low").index(finding.confidence) for finding in together]
    assert confidences == sorted(confidences)


def test_what_the_machine_rules_out_is_not_guessed():
    text = "DLL load failed while importing _pywrap_tensorflow_internal: A dynamic link library (DLL) initialization routine failed."
    known = known_cases([Case("no-avx", "", text, Facts())] * 2)
    facts = told({"host.system": "windows", "host.has_avx": True})
    assert "no-avx" in {finding.id for finding in found(text, known=known)}
    assert "no-avx" not in {finding.id for finding in found(text, facts, known)}
