"""One operation as its keywords say."""

import pytest

from tfrepair.errors import CommandError, StepError, TimeLimitError
from tfrepair.execute.performing import Outcome, Performer
from tfrepair.model.operations import Keywords, RunCommand
from tfrepair.target.installer.retry import TransientError


def performer(*turns, said=None):
    """One whose operations end like this, in turn: an exception, or an outcome."""
    left = list(turns)
    slept = []

    def apply(_operation):
        turn = left.pop(0)
        if isinstance(turn, BaseException):
            raise turn
        return turn

    made = Performer(apply=apply, progress=(said if said is not None else []).append, sleep=slept.append)
    return made, slept


def run(**keywords):
    return RunCommand(argv=("x",), keywords=Keywords(step="X", register=("x",), **keywords))


FAILED = CommandError("`x` ended with 3: no", exit_code=3, output="no")


def test_it_is_tried_again_until_it_works_and_waits_between():
    said = []
    made, slept = performer(FAILED, FAILED, Outcome(exit_code=0, output="yes"), said=said)
    outcome = made.perform(run(attempts=3, wait=1.5))
    assert (outcome.ok, outcome.output, outcome.attempts) == (True, "yes", 3)
    assert slept == [1.0, 0.5, 1.0, 0.5]
    assert said[0] == "`x` ended with 3: no; trying again in 2 s"


def test_after_the_last_attempt_its_error_ends_the_repair_and_is_remembered():
    made, _ = performer(FAILED, FAILED)
    with pytest.raises(CommandError):
        made.perform(run(attempts=2))
    assert made.registered["x"].facts == {
        "ok": False, "skipped": False, "exit_code": 3, "output": "no", "error": "`x` ended with 3: no",
        "seconds": pytest.approx(0, abs=1), "attempts": 2,
    }  # fmt: skip


@pytest.mark.parametrize(
    ("error", "kind"),
    [(FAILED, "exit-code"), (TimeLimitError("late"), "timeout"), (TransientError("no answer"), "network")],
)
def test_only_the_named_kinds_of_failure_are_tried_again(error, kind):
    others = tuple({"exit-code", "timeout", "network"} - {kind})
    made, _ = performer(error, Outcome())
    with pytest.raises(type(error)):
        made.perform(run(attempts=2, errors=others))
    made, _ = performer(error, Outcome())
    assert made.perform(run(attempts=2, errors=(kind,))).attempts == 2


def test_a_failure_that_the_rest_goes_on_from_is_an_outcome():
    made, _ = performer(StepError("no"))
    assert made.perform(run(goes_on=True)).error == "no"
    assert not made.registered["x"].ok


def test_an_error_of_our_own_is_neither_tried_again_nor_gone_on_from():
    made, _ = performer(ZeroDivisionError(), Outcome())
    with pytest.raises(ZeroDivisionError):
        made.perform(run(attempts=3, goes_on=True))


def test_a_step_that_took_longer_than_it_may_has_failed(monkeypatch):
    import tfrepair.execute.performing as room

    clock = iter(range(0, 100, 10))
    monkeypatch.setattr(room.time, "monotonic", lambda: next(clock))
    made, _ = performer(Outcome())
    with pytest.raises(TimeLimitError, match="longer than 5 s"):
        made.perform(run(timeout=5))
