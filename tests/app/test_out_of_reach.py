"""Steps that an environment has no place for."""

from types import SimpleNamespace

import pytest

from tfrepair.app.out_of_reach import refuse_out_of_reach
from tfrepair.errors import NoRepairError
from tfrepair.execute.scope import EVERYTHING, Scope
from tfrepair.model.operations import RegisterKernel, SetEnvironment, WriteFile

WRITE = WriteFile(path="etc/ours.conf", content="x")
KERNEL = RegisterKernel(name="ours", display_name="Ours")
VARIABLES = SetEnvironment(variables=(("A", "b"),))


def place(kind):
    return SimpleNamespace(kind=kind, prefix="/srv/env")


def test_a_venv_has_a_place_for_all_of_them_but_not_for_what_a_repair_keeps():
    refuse_out_of_reach([WRITE, KERNEL, VARIABLES], place("venv"), EVERYTHING)
    with pytest.raises(NoRepairError, match="no part of what a repair"):
        refuse_out_of_reach([WriteFile(path=".tfrepair-stash/x", content="")], place("venv"), EVERYTHING)


@pytest.mark.parametrize("operation", [WRITE, KERNEL])
def test_what_lies_outside_of_what_is_exchanged_is_refused(operation):
    scope = Scope(("bin", "lib/python3.11"))
    with pytest.raises(NoRepairError, match="nothing was changed"):
        refuse_out_of_reach([operation], place("system"), scope)
    refuse_out_of_reach([WriteFile(path="lib/python3.11/site-packages/ours.pth", content="")], place("system"), scope)


@pytest.mark.parametrize("kind", ["system", "user", "conda"])
def test_variables_need_activation_scripts(kind):
    with pytest.raises(NoRepairError, match="activation scripts"):
        refuse_out_of_reach([VARIABLES], place(kind), EVERYTHING)
