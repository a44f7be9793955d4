"""Routine lines say nothing of a failure: with them and without them a text has the same cause."""

import pytest
from around import FETCHED, INSTALLED, LISTED, SYSTEM, WARNED

from tfrepair.model.facts import Facts
from tfrepair.playbook.loader import load_builtin
from tfrepair.reason.explain import explain
from tfrepair.reason.pasted import cleaned
from tfrepair.reason.routine import without_routine
from tfrepair.reason.text_facts import facts_in
from tfrepair.target.release_data import load_known_cases

FAILED = "ImportError: numpy.core.umath failed to import"


@pytest.mark.parametrize(
    "line",
    [
        *INSTALLED.splitlines()[:1], *FETCHED.splitlines()[:3], *LISTED.splitlines()[:3], *SYSTEM.splitlines()[:2],
        *WARNED.splitlines(), "click==8.1.3", "Step 3/9 : RUN mkdir -p /app", " ---> Running in 3b1f2c9a10de",
        "Receiving objects: 100% (12/12), done.", "-rw-r--r-- 1 me me 671 Jan  2 10:12 main.py",
        "[I 10:11:12.123 NotebookApp] Saving file at /Untitled.ipynb", "Epoch 3/10 - loss: 0.1",
        "2024-05-01 10:11:12,123 INFO app.server - request handled in 12 ms",
        "2020-06-06 15:41:05.390226: I tensorflow/stream_executor/dso_loader.cc:48] Successfully opened libcudart.so.10.1",
        "You are using pip version 18.1, however version 20.0.2 is available.",
        "A clear and concise description of what the bug is.", "- RAM: 16 GB", "**Memory** (GB): 32", "IDE: PyCharm 2021.2",
        "- Bazel version (if compiling from source): N/A",
    ],
)  # fmt: skip
def test_what_is_printed_anyhow_is_left_out(line):
    assert without_routine(f"{line}\n{FAILED}") == FAILED


@pytest.mark.parametrize(
    "line",
    [
        "Collecting tensorflow==1.15", "numpy==2.0.0", "protobuf       5.26.1", "python                    3.6.13",
        "Setting up cuda-toolkit-11-2 ...", "Step 3/9 : RUN pip install tensorflow", "import numpy as np",
        "        self.config = config", '  File "main.py", line 3, in <module>', "### It does not work", "CPU: Intel Celeron",
        "GPU model and memory: GTX 1060 6GB", "Disk: full, could not write", "RAM is 1 GB on this board",
        "2024-05-01 10:11:12,123 INFO worker - killed", "ERROR: No matching distribution found for click",
        "2020-06-06 15:41:05.390226: W tensorflow/stream_executor/dso_loader.cc:59] Could not load libcudart.so.10.1",
    ],
)  # fmt: skip
def test_what_may_tell_stays(line):
    assert without_routine(f"{line}\n{FAILED}") == f"{line}\n{FAILED}"


@pytest.mark.parametrize("text", [INSTALLED, WARNED, "", "\n"])
def test_where_nothing_would_be_left_all_stays(text):
    assert without_routine(text) == text


def test_of_harmless_lines_the_routine_ones_still_go():
    assert without_routine(f"{INSTALLED}\n{WARNED}") == WARNED


@pytest.mark.parametrize("noise", [INSTALLED, FETCHED, LISTED, SYSTEM, WARNED], ids=str.split)
@pytest.mark.parametrize(
    ("text", "cause"),
    [
        ("Cannot use GPU device, error: cudnn64_8.dll not found", "missing-cuda-library"),
        (
            "tensorflow used the GPU until I installed keras; since then the CPU does all work",
            "conflicting-distributions",
        ),
        ("tensorflow_gpu-1.4.0-cp35-cp35m-win_amd64.whl is not for my python 3.6 of 64 bits", "unsupported-python"),
    ],
    ids=["library", "conflict", "python"],
)
def test_the_cause_is_named_among_routine_lines(text, cause, noise):
    for pasted in (text, f"{noise}\n{text}", f"{text}\n{noise}"):
        read = cleaned(pasted)
        found = explain(read, Facts().merged(facts_in(read)), load_builtin(), load_known_cases()).findings
        assert found, pasted
        assert found[0].id == cause
