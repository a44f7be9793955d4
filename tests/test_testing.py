"""The published conformance test finds what it promises to find."""

from types import SimpleNamespace

import pytest

from tfrepair.model.facts import Absent, Fact, Known
from tfrepair.model.goals import Goals
from tfrepair.probes.collector import Probe
from tfrepair.testing import check_action, check_plugins, check_probe


def probe(*facts, name="acme.x", provides=None):
    return Probe(name=name, provides=provides or {"acme.x": "Number: how many."}, collect=lambda context: iter(facts))


def fact(value=1, path="acme.x"):
    return Fact(path=path, state=Known(value), source="acme.x")


def raising(context):
    raise OSError("no licence server")


def test_a_probe_that_keeps_its_word():
    check_probe(probe(fact()))
    check_probe(probe(Fact(path="acme.x", state=Absent(), source="acme.x")))
    check_probe(probe())


@pytest.mark.parametrize(
    ("wrong", "message"),
    [
        (probe(name="x"), "names of plug-ins are `vendor.name`"),
        (probe(provides={"host.x": "Text: x."}), "its facts start with `acme.`"),
        (probe(provides={"acme.x": " "}), "has no description"),
        (probe(fact(path="acme.y")), "`acme.y` is not declared"),
        (probe(fact({1, 2})), "is no JSON"),
        (probe(fact((1, 2))), "comes back otherwise"),
        (probe(fact(float("nan"))), "is no JSON"),
        (probe(fact(None)), "say `Absent()`"),
        (probe("acme.x"), "yields str, not `Fact`"),
        (Probe(name="acme.x", provides={"acme.x": "Text: x."}, collect=raising), "raises OSError: no licence server"),
        (Probe(name="acme.x", provides={"acme.x": "Text: x."}, collect=raising, after=("acme.y",)), "which is not there"),
        (3, "it is not a `Probe`"),
    ],
)  # fmt: skip
def test_a_probe_that_does_not(wrong, message):
    with pytest.raises(AssertionError) as caught:
        check_probe(wrong)
    assert message in str(caught.value)


def action(goals, **args):
    return SimpleNamespace(ARGS={"who": "text"}, goals=goals)


def forgetful(args, facts, seen=[]):  # noqa: B006
    seen.append(1)
    return Goals(messages=(f"{len(seen)}",))


def greedy(args, facts):
    args.clear()
    return Goals()


def test_an_action_that_keeps_its_word():
    check_action("acme.x", action(lambda args, facts: Goals(messages=(args["who"],))), {"who": "Ada"})


@pytest.mark.parametrize(
    ("name", "wrong", "args", "message"),
    [
        ("x", action(lambda args, facts: Goals()), {}, "names of plug-ins are `vendor.name`"),
        ("acme.x", action(lambda args, facts: None), {}, "returns NoneType, not `Goals`"),
        ("acme.x", action(forgetful), {}, "asks for something else"),
        ("acme.x", action(greedy), {"who": "Ada"}, "changes its arguments"),
        ("acme.x", action(lambda args, facts: args["whom"]), {}, "raises KeyError"),
        ("acme.x", action(lambda args, facts: Goals()), {"whom": "Ada"}, "has no argument `whom`"),
        ("acme.x", SimpleNamespace(goals=greedy), {}, "has no `ARGS`"),
    ],
)
def test_an_action_that_does_not(name, wrong, args, message):
    with pytest.raises(AssertionError) as caught:
        check_action(name, wrong, args)
    assert message in str(caught.value)


def test_a_distribution_without_entry_points_is_no_plugin():
    with pytest.raises(AssertionError, match="has no entry point of tfrepair"):
        check_plugins("packaging")
