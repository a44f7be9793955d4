"""What TensorFlow logs before an exception of another kind has no part in it."""

import pytest
from around import DRIVER, FACTORY, LIBRARY, RENAMED

from tfrepair.model.facts import Facts
from tfrepair.playbook.loader import load_builtin
from tfrepair.reason.bystanders import without_bystanders
from tfrepair.reason.explain import explain
from tfrepair.reason.pasted import cleaned
from tfrepair.reason.text_facts import facts_in
from tfrepair.target.release_data import load_known_cases

LOGGED = {"library": LIBRARY, "driver": DRIVER, "factory": FACTORY, "renamed": RENAMED}


@pytest.mark.parametrize("logged", LOGGED.values(), ids=LOGGED)
def test_they_are_left_out_before_an_exception(logged):
    raised = "Traceback (most recent call last):\nModuleNotFoundError: No module named 'keras.engine'"
    assert without_bystanders(f"{logged}\n{raised}") == raised
    assert without_bystanders(f"{raised}\n{logged}") == f"{raised}\n{logged}"
    assert without_bystanders(logged) == logged


def test_they_stay_where_the_exception_speaks_of_gpus_itself():
    text = f"{LIBRARY}\nImportError: libcudart.so.11.0: cannot open shared object file"
    assert without_bystanders(text) == text


@pytest.mark.parametrize("logged", LOGGED.values(), ids=LOGGED)
@pytest.mark.parametrize(
    ("raised", "cause"),
    [
        ("ModuleNotFoundError: No module named 'keras.engine'", "keras-mismatch"),
        ("AttributeError: 'MessageFactory' object has no attribute 'GetPrototype'", "protobuf-mismatch"),
        ("AttributeError: module 'tensorflow' has no attribute 'placeholder'", "removed-api"),
        ("ImportError: numpy.core.umath failed to import", "numpy-abi"),
    ],
)
def test_the_exception_is_what_is_explained(logged, raised, cause):
    text = cleaned(f'{logged}\nTraceback (most recent call last):\n  File "train.py", line 3, in <module>\n{raised}\n')
    found = explain(text, facts_in(text).merged(Facts()), load_builtin(), load_known_cases()).findings
    assert found[0].id == cause


@pytest.mark.parametrize(("logged", "cause"), [(LIBRARY, "missing-cuda-library"), (DRIVER, "gpu-driver-not-loaded")])
def test_alone_they_are_what_is_explained(logged, cause):
    text = cleaned(logged)
    assert explain(text, facts_in(text), load_builtin(), load_known_cases()).findings[0].id == cause
