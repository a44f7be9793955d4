"""What a text is about decides how sure a cause of TensorFlow may be."""

import time

import pytest

from tfrepair.model.facts import Facts
from tfrepair.playbook.loader import load_builtin
from tfrepair.reason.explain import explain
from tfrepair.reason.text_facts import facts_in, stated_machine
from tfrepair.reason.topic import another_subject, speaks_of_tensorflow, surest

PLAYBOOKS = load_builtin()
REFUSED = "PermissionError: [Errno 13] Permission denied: 'x'"


def surely(text, facts=None):
    return explain(text, facts or facts_in(text), PLAYBOOKS).findings[0].confidence


@pytest.mark.parametrize(
    "text",
    [
        "import tensorflow",
        "Tensor Flow does not start",
        "tf.constant(1)",
        "TF_CPP_MIN_LOG_LEVEL=3",
        "import tf_keras",
        "tf-nightly",
        "tfp_nightly-0.23",
        "pywrap_tf_session",
        "No module named 'tensorboard'",
        "E external/local_xla/xla/stream_executor/cuda/cuda_fft.cc:467] Unable to register cuFFT factory",
        "c:\\tf_jenkins\\home",
    ],
)
def test_tensorflow_and_its_companions(text):
    assert speaks_of_tensorflow(text)
    assert surest(text, told=False) == "high"


@pytest.mark.parametrize(
    "text", ["on main.tf line 3", "import jax", "a platform", "wtf is this", "the tfoot of a table"]
)
def test_what_only_looks_like_it(text):
    assert not speaks_of_tensorflow(text)


@pytest.mark.parametrize(
    ("text", "name"),
    [
        ("java.io.FileNotFoundException: /var/log/a.log (Permission denied)", "java"),
        ("\tat shop.Journal.open(Journal.java:41)", "Journal.java"),
        ("    at Module.load (internal/modules/cjs/loader.js:863:32)", "loader.js"),
        ("/lib/libc.so.6: version `GLIBC_2.28' not found (required by /usr/bin/node)", "node"),
        ("psycopg2.OperationalError: could not connect to server: Connection refused", "psycopg2"),
        ("cp: error writing '/backup/a.tar': No space left on device", "cp"),
        ("ssh: connect to host build3 port 22: Connection refused", "ssh"),
        ("npm ERR! code EACCES", "npm"),
        ('  File "/venv/lib/python3.8/site-packages/onnx/onnx_ml_pb2.py", line 33', "onnx"),
        ('  File "C:\\venv\\lib\\site-packages\\cv2\\__init__.py", line 153', "cv2"),
        ("or install a PyTorch version that was compiled with your version of the CUDA driver", "PyTorch"),
    ],
)
def test_something_else_is_known_by_where_its_name_stands(text, name):
    assert another_subject(text) == name
    assert surest(text, told=True) == "low"
    assert another_subject(f"{text}\nimport tensorflow") is None


@pytest.mark.parametrize(
    "text",
    [
        "ImportError: numpy.core.multiarray failed to import",
        "libcudnn.so.8: cannot open shared object file",
        "ImportError: libcublas.so.10.0: cannot open shared object file: No such file or directory",
        "Illegal instruction (core dumped)",
        "zsh: illegal hardware instruction  python",
        "bash: /home/ada/env/bin/pip: Permission denied",
        "pip._vendor.urllib3.exceptions.ReadTimeoutError: Read timed out.",
        "subprocess.CalledProcessError: Command 'x' returned non-zero exit status 1.",
        'File "/venv/lib/python3.8/site-packages/google/protobuf/descriptor.py", line 47',
        "ImportError: libstdc++.so.6: version `GLIBCXX_3.4.20' not found (required by /usr/lib/libicu.so.60)",
        "docker: Error response from daemon: could not select device driver: gpu.",
        REFUSED,
    ],
)
def test_what_names_nothing_else_is_no_less_than_medium(text):
    assert another_subject(text) is None
    assert (surest(text, told=False), surest(text, told=True)) == ("medium", "high")


def test_a_cause_is_as_sure_as_the_text_is_about_tensorflow():
    assert surely(REFUSED) == "medium"
    assert surely(f"pip install tensorflow\n{REFUSED}") == "high"
    assert (
        surely(REFUSED, stated_machine(system=None, machine=None, python=None, tensorflow="2.11.0", cpu=None)) == "high"
    )
    assert surely(f"shop.errors.DiskError: locked\n{REFUSED}") == "low"


def test_a_team_speaks_of_what_it_likes():
    from dataclasses import replace

    (own,) = (replace(p, source=replace(p.source, origin="option")) for p in PLAYBOOKS if p.name == "permissions")
    assert explain(f"shop.errors.DiskError: locked\n{REFUSED}", Facts(), [own]).findings[0].confidence == "high"


@pytest.mark.parametrize("text", ["a" * 1_000_000, "a." * 500_000, "a: " * 330_000, "/a" * 500_000, "\n   " * 250_000])
def test_hostile_texts_cost_bounded_time(text):
    begun = time.process_time()
    another_subject(text)
    assert time.process_time() - begun < 5
