"""The published conformance test, and the cases of our playbook."""

from pathlib import Path

from acme_tfrepair import install_stack
from acme_tfrepair.stack import PROBE

from tfrepair.model.goals import Goals
from tfrepair.testing import check_action, check_cases, check_plugins, check_probe


def test_everything_that_the_distribution_brings_loads():
    check_plugins("acme-tfrepair")


def test_the_probe_keeps_its_word():
    check_probe(PROBE)


def test_the_action_keeps_its_word():
    check_action("acme.install-stack", install_stack, {"stack": "vision"})
    assert install_stack.goals({"stack": "vision"}, None) == Goals(install=("tensorflow", "acme-vision>=3,<4"))


def test_the_cases_come_out_as_expected():
    check_cases(Path(__file__).parent.parent)
