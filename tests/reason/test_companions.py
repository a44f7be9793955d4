"""What is used beside TensorFlow comes in the release that pairs with it."""

import pytest
from test_planner import Index, dist, pin, situation

from tfrepair.errors import NoRepairError, UnresolvableError
from tfrepair.model.plan import Choice, Install, Lock
from tfrepair.reason.planner import make_plan

BOUNDS = ("tensorflow-text==2.10.*", "tensorboard==2.10.*")
TENSORFLOW = dist("tensorflow", "2.9.0", requires=["numpy"], requested=True)
TEXT = dist("tensorflow-text", "2.9.0", requires=["tensorflow<2.10,>=2.9.0"], requested=True)


def beside(*distributions, **more):
    return situation(
        TENSORFLOW, *distributions, bounds=BOUNDS, companions=frozenset({"tensorflow-text", "tensorboard"}), **more
    )


def test_a_companion_that_is_installed_comes_along_and_one_that_is_not_does_not():
    index = Index(pin("tensorflow", "2.10.0"), pin("tensorflow-text", "2.10.0"))
    plan = make_plan(beside(TEXT), index)
    request = index.asked[0]
    assert "tensorflow-text" in request.roots
    assert "tensorboard" not in request.roots
    assert {*BOUNDS} <= set(request.constraints)
    (install,) = [operation for operation in plan.operations if isinstance(operation, Install)]
    assert install.names == ("tensorflow", "tensorflow-text")
    (move,) = plan.moves
    assert (move.name, move.why) == ("tensorflow-text", "tensorflow 2.10.0 works with tensorflow-text==2.10.*")


def test_one_that_came_later_than_the_release_changes_nothing_else():
    tree = (dist("tensorflow", "2.10.0", requires=["h5py"], requested=True), dist("h5py", "3.16.0"))
    index = Index(pin("tensorflow", "2.10.0"), pin("tensorflow-text", "2.10.0"), pin("h5py", "3.16.0"), refusals=1)
    bounds = {"bounds": BOUNDS, "companions": frozenset({"tensorflow-text"})}
    make_plan(situation(*tree, TEXT, gentle=True, **bounds), index)
    first, second = index.asked
    assert "tensorflow-text" not in first.exempt
    assert "tensorflow-text" in second.exempt
    assert {"h5py==3.16.0"} <= set(first.constraints) & set(second.constraints)


def test_no_other_distribution_with_the_files_of_tensorflow_comes_along():
    index = Index(pin("tensorflow-cpu", "2.10.0"))
    make_plan(beside(choice=Choice(name="tensorflow-cpu", version="2.10.0", reason="r")), index)
    assert index.asked[0].without == ("tensorflow", "tensorflow-gpu")


def test_but_the_one_that_has_the_code_of_a_stub_does():
    index = Index(pin("tensorflow", "2.10.0"))
    make_plan(beside(partner="tensorflow-cpu"), index)
    assert index.asked[0].without == ("tensorflow-gpu",)


class WithoutText(Index):
    """No tensorflow-text can be had."""

    def __call__(self, request):
        self.asked.append(request)
        if "tensorflow-text" in request.roots:
            raise UnresolvableError("no", reason="there is no version of tensorflow-text==2.10.* for this Python")
        return Lock(pins=self.pins, pylock="")


def test_where_none_that_pairs_can_be_had_tensorflow_comes_without_it_and_the_plan_says_so():
    index = WithoutText(pin("tensorflow", "2.10.0"), pin("tensorboard", "2.10.1"))
    plan = make_plan(beside(TEXT, dist("tensorboard", "2.9.1")), index)
    assert "tensorboard" in index.asked[-1].roots
    (note,) = [note for note in plan.notes if "tensorflow-text" in note]
    assert "tensorflow-text==2.10.*" in note
    assert "not expected to work" in note


def test_a_refusal_that_has_nothing_to_do_with_companions_stays_one():
    index = Index(refusals=99)
    with pytest.raises(NoRepairError, match="they disagree"):
        make_plan(beside(TEXT), index)
    assert all("tensorflow-text" in request.roots for request in index.asked)
