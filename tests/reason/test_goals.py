"""What the steps of playbooks ask for."""

from dataclasses import replace

import pytest

from tfrepair.errors import NoRepairError, UsageError
from tfrepair.model.facts import Fact, Facts, Known
from tfrepair.model.finding import Finding
from tfrepair.model.goals import Goals
from tfrepair.model.operations import Keywords
from tfrepair.model.playbook import Match, Playbook, Source, Step, Variable
from tfrepair.playbook.builder import build
from tfrepair.playbook.loader import load_builtin
from tfrepair.reason.goals import by_hand, goals_of, in_the_way, untrusted
from tfrepair.reason.variables import bound

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
    ours = replace(
        playbook(step("install", requirements=["numpy=={vars.numpy}"])), variables=(Variable(name="numpy", env="OURS"),)
    )
    (given,) = bound([ours], {"numpy": "1.26.4"}, {"OURS": "1.25.0"})
    assert goals_of([FINDING], [given], facts()).install == ("numpy==1.26.4",)
    (given,) = bound([ours], {}, {"OURS": "1.25.0"})
    assert goals_of([FINDING], [given], facts()).install == ("numpy==1.25.0",)
    with pytest.raises(UsageError, match="numpy") as caught:
        goals_of([FINDING], [ours], facts())
    assert "--var numpy=VALUE" in caught.value.hint
    assert "OURS" in caught.value.hint


@pytest.mark.parametrize(
    ("kind", "text", "value"),
    [("int", "3", 3), ("float", "2.5", 2.5), ("bool", "true", True), ("list", "a, b", ["a", "b"]), ("str", "3", "3")],
)
def test_a_variable_has_the_type_that_it_says(kind, text, value):
    ours = replace(playbook(), variables=(Variable(name="x", type=kind),))
    (given,) = bound([ours], {"x": text}, {})
    assert given.values == {"x": value}


def test_a_default_that_is_a_fraction_is_a_number():
    data = {
        "name": "x", "title": "t", "about": "a", "repair": "manual", "diagnose": {},
        "variables": {"share": {"type": "float", "default": "0.5", "choices": ["0.5", 1]}, "word": "0.5"},
    }  # fmt: skip
    share, word = build(data, Source(path="x.yaml", origin="option")).variables
    assert (share.default, share.choices) == (0.5, (0.5, 1.0))
    assert word.default == "0.5"


def test_everything_that_is_wrong_with_variables_is_said_at_once():
    one = Variable(name="count", type="int", default=1, has_default=True)
    other = Variable(name="kind", choices=("lab", "office"), env="OUR_KIND")
    ours = replace(playbook(), variables=(one, other))
    with pytest.raises(UsageError) as caught:
        bound([ours], {"count": "many", "kimd": "x"}, {"OUR_KIND": "a secret"})
    for text in ("`--var kimd`: no playbook has this variable, did you mean `kind`?", "is not a whole number"):
        assert text in caught.value.message
    assert "`OUR_KIND` for `kind` is not one of `lab`, `office`" in caught.value.message
    assert "a secret" not in caught.value.message


def test_a_loop_goes_through_the_chosen_items_of_a_fact():
    steps = Step(
        name="Take {item.name} away", action="uninstall", args={"distributions": ["{item.name}"]},
        loop="inventory.damaged", where={"family": True},
    )  # fmt: skip
    damaged = [{"name": "a", "family": True}, {"name": "b", "family": False}, {"name": "c", "family": True}]
    assert goals_of([FINDING], [playbook(steps)], facts(inventory__damaged=damaged)).uninstall == ("a", "c")
    assert goals_of([FINDING], [playbook(steps)], facts()).uninstall == ()


def test_the_items_of_a_list_that_is_written_are_texts_like_all_others():
    loop = ("{host.name}", "{{b}}", {"name": "{host.name}/c", "fact": ["{host.name}"], "count": 3})
    ours = playbook(*(Step(name="Do {item}", action="run", args={"argv": ["do", "{item}"]}, loop=loop[:2]),))
    goals = goals_of([FINDING], [ours], facts(host__name="{vars.n}"))
    assert [operation.argv for operation in goals.operations] == [("do", "{vars.n}"), ("do", "{b}")]
    assert goals.operations[0].keywords.step == "Do {vars.n}"
    argv = ["{item.name}", "{item.count}"]
    ours = playbook(Step(name="Do", action="run", args={"argv": argv}, loop=loop[2:], where={"count": 3}))
    (operation,) = goals_of([FINDING], [ours], facts(host__name="a")).operations
    assert operation.argv == ("a/c", "3")
    ours = playbook(Step(name="Say", action="message", args={"text": "{item}"}, loop=loop[:1]))
    assert goals_of([FINDING], [ours], facts()).messages == ("unknown",)
    with pytest.raises(NoRepairError, match=r"host\.name"):
        goals_of([FINDING], [playbook(replace(ours.steps[0], action="run", args={"argv": ["{item}"]}))], facts())


def test_a_fact_that_nobody_knows_is_not_written_into_an_argument():
    ours = playbook(step("install", requirements=["numpy=={distribution.numpy.version}"]))
    with pytest.raises(NoRepairError, match=r"distribution\.numpy\.version"):
        goals_of([FINDING], [ours], facts())
    with pytest.raises(UsageError, match="no single value"):
        goals_of([FINDING], [ours], facts(distribution__numpy__version=["1", "2"]))


def test_what_is_filled_in_is_checked_again():
    ours = playbook(step("write", path="{host.name}/x", content="{host.name} as it stands"))
    with pytest.raises(UsageError, match="inside the environment"):
        goals_of([FINDING], [ours], facts(host__name=".."))
    (made,) = goals_of([FINDING], [ours], facts(host__name="etc")).operations
    assert (made.path, made.content) == ("etc/x", "{host.name} as it stands")


def test_two_steps_that_ask_for_one_change_are_carried_out_as_the_more_patient_says():
    quick = Keywords(step="a", attempts=3, wait=1, timeout=5, goes_on=True, errors=("network",))
    slow = Keywords(step="b", attempts=2, wait=9, timeout=60, errors=("timeout",))
    assert quick | slow == Keywords(
        step="a, b", attempts=3, wait=9, timeout=60, goes_on=False, errors=("network", "timeout")
    )
    assert (quick | Keywords(step="c")).timeout is None


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


@pytest.mark.parametrize(
    "line", ["--index-url https://example.org", "-r other.txt", "./here", "a\n--pre", "1.26.4 numpy"]
)
def test_what_an_installer_might_read_as_an_option_is_no_requirement(line):
    for ours in (step("install", requirements=["{host.name}"]), step("install", requirements={"fact": "host.name"})):
        with pytest.raises(UsageError, match="is not a requirement"):
            goals_of([FINDING], [playbook(ours)], facts(host__name=line))
    with pytest.raises(UsageError, match="is not the name"):
        goals_of([FINDING], [playbook(step("upgrade", distributions={"fact": "host.name"}))], facts(host__name=line))


def test_of_what_is_done_by_hand_lines_with_what_is_not_known_are_left_out_where_another_remains():
    (python,) = (one for one in load_builtin() if one.name == "unsupported-python")
    told = tuple(by_hand(python, facts(tensorflow__version="1.15.0", release__pythons=["3.6", "3.7"])))
    assert told[0].startswith("TensorFlow 1.15.0 has wheels for these Pythons: 3.6, 3.7.")
    assert not any("unknown" in line or "absent" in line for line in told)
    (alone,) = by_hand(replace(python, manual=python.manual[:1]), facts())
    assert alone.startswith("Pythons on this platform")
