"""What the steps of playbooks ask for."""

import pytest

from tfrepair.errors import UsageError
from tfrepair.model.facts import Fact, Facts, Known
from tfrepair.model.finding import Finding
from tfrepair.model.goals import Goals
from tfrepair.model.playbook import Match, Playbook, Source, Step
from tfrepair.reason.goals import goals_of, in_the_way, untrusted

FINDING = Finding(
    id="ours", title="Ours", severity="error", confidence="high", evidence=(), repair="automatic", playbook="ours"
)


def playbook(*steps, trusted=True):
    source = Source(path="ours.yaml", origin="option", trusted=trusted)
    return Playbook(name="ours", title="Ours", about="", repair="automatic", source=source, steps=steps)


def facts(**values):
    return Facts.of(Fact(path=path.replace("__", "."), state=Known(v), source="test") for path, v in values.items())


def step(action, **args):
    return Step(name=action, action=action, args=args)


def test_steps_of_all_playbooks_are_one_sum():
    ours = playbook(
        step("uninstall", distributions={"fact": "tensorflow.distributions"}),
        step("install", requirements=["tensorflow", "setuptools<82"]),
        step("remove", paths=["/env/x"], why="left over"),
    )
    asked = goals_of([FINDING], [ours], facts(tensorflow__distributions=["TensorFlow_GPU", "tensorflow"]))
    assert asked == Goals(
        uninstall=("tensorflow-gpu", "tensorflow"),
        install=("tensorflow", "setuptools<82"),
        remove=(("/env/x", "left over"),),
    )


def test_a_step_whose_condition_is_false_asks_for_nothing():
    match = Match(fact="host.system", operator="equals", equals="windows")
    ours = playbook(Step(name="x", action="venv", when=match))
    assert goals_of([FINDING], [ours], facts(host__system="linux")) == Goals()
    assert goals_of([FINDING], [ours], facts(host__system="windows")) == Goals(rebuild=True)


def test_variables_are_filled_into_arguments():
    ours = playbook(step("install", requirements=["numpy=={vars.numpy}"]))
    assert goals_of([FINDING], [ours], facts(vars__numpy="1.26.4")).install == ("numpy==1.26.4",)
    with pytest.raises(UsageError, match="numpy"):
        goals_of([FINDING], [ours], facts())


def test_a_playbook_that_is_not_trusted_is_named():
    assert untrusted([FINDING], [playbook(trusted=False)]) == ("ours.yaml",)
    assert untrusted([FINDING], [playbook()]) == ()


def suspicion(name, confidence, repair):
    return Finding(
        id=name, title=name, severity="error", confidence=confidence, evidence=(), repair=repair, playbook=name
    )  # fmt: skip


def test_what_only_the_user_can_do_is_in_the_way_when_it_is_sure_or_all_there_is():
    numpy = suspicion("numpy-abi", "high", "automatic")
    sure, weak = suspicion("no-avx", "high", "manual"), suspicion("permissions", "low", "manual")
    assert in_the_way((numpy, sure, weak)) == (sure,)
    assert in_the_way((numpy, weak)) == ()
    assert in_the_way((weak,)) == (weak,)
    assert in_the_way(()) == ()
