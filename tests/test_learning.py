"""What is learned from cases, against the same by the library alone."""

import learning
import numpy as np
import pytest
from learning import COST, Case, Lesson, known_cases
from sklearn.svm import LinearSVC

from tfrepair.model.facts import Facts
from tfrepair.model.known_cases import numbers
from tfrepair.reason.resemblance import resembling, vector, words

TEXTS = [
    ("no-avx", "Illegal instruction (core dumped) on import tensorflow"),
    ("no-avx", "illegal hardware instruction on an old Celeron, tensorflow stops"),
    ("numpy-abi", "RuntimeError: module compiled against API version 0xe, numpy is another"),
    ("numpy-abi", "numpy.dtype size changed, tensorflow stops"),
    ("not-installed", "No module named tensorflow"),
    ("not-installed", "ModuleNotFoundError: No module named tensorflow on import"),
    ("", "my loss is nan, numpy prints a warning"),
]
ASKED = ("illegal instruction, tensorflow stops", "No module named tensorflow", "numpy is another")


def lesson(made_up=()):
    return Lesson(Case(cause, f"https://{n}", text, Facts(), n in made_up) for n, (cause, text) in enumerate(TEXTS))


@pytest.mark.parametrize("out", [(), (0,), (1, 4), (2, 3, 5)])
def test_each_cause_is_as_likely_as_its_plane_over_the_other_cases_says(monkeypatch, out):
    monkeypatch.setattr(learning, "LEAST", 0.0)
    taught = lesson()
    known = taught.without(out)
    rest = [number for number in range(len(TEXTS)) if number not in out]

    def row(text):
        weights = vector(words(text, Facts()), taught.rarity)
        return [weights.get(word, 0.0) for word in taught.rarity]

    table = np.array([*(row(TEXTS[number][1]) for number in rest), [0.0] * len(taught.rarity)])
    had = np.array([*(TEXTS[number][0] for number in rest), ""])
    machine = LinearSVC(C=COST, random_state=0).fit(table, had)
    for text in ASKED:
        (sides,) = machine.decision_function([row(text)])
        found = known.likelihoods(vector(words(text, Facts()), known.rarity(words(text, Facts()))))
        assert [found[name] for name in machine.classes_] == pytest.approx((sides + 1) / 2, abs=0.02)


def test_a_text_without_words_has_none_of_the_causes():
    likelihoods = lesson().without(()).likelihoods({})
    assert max(likelihoods, key=likelihoods.get) == ""


def test_made_up_cases_teach_and_are_never_shown():
    known = lesson(made_up=(0, 1)).without(())
    assert known.causes == [cause for cause, _ in TEXTS[2:]]
    assert known.sources == [f"https://{number}" for number in range(2, len(TEXTS))]
    found = resembling("Illegal instruction on import tensorflow", Facts(), known)
    assert found.likeliest == "no-avx"
    assert found.sources("no-avx") == ()


def test_what_is_left_out_is_not_shown():
    known = lesson().without((6, 2))
    assert known.causes == [TEXTS[number][0] for number in (0, 1, 3, 4, 5)]
    assert all(number < len(known.causes) for row in known.words.values() for number in numbers(row)[1::2])


def test_a_word_of_one_case_only_says_nothing():
    assert "celeron" not in known_cases(Case(cause, "", text, Facts()) for cause, text in TEXTS).says


def test_a_case_that_counts_little_teaches_little():
    asked = words(TEXTS[0][1], Facts())

    def likelihood(weight):
        cases = [Case(cause, "", text, Facts(), weight=weight if cause == "no-avx" else 1.0) for cause, text in TEXTS]
        known = known_cases(cases)
        return known.likelihoods(vector(asked, known.rarity(asked)))["no-avx"]

    assert likelihood(0.05) < likelihood(0.5) < likelihood(1.0)
