"""The smoke test, on a small stand-in for TensorFlow in real environments."""

import json
import os
import re
import struct
import subprocess
import sys

import pytest

from tfrepair.target.describe import script
from tfrepair.target.discover import describe_environment
from tfrepair.target.environments import create_venv
from tfrepair.target.extras import Extra
from tfrepair.target.smoke import smoke_test

pytestmark = pytest.mark.skipif(os.name == "nt", reason="laid out as on POSIX")

TENSORFLOW = """
import os
__version__ = "{version}"

class Tensor(object):
    def __init__(self, rows): self.rows = rows; self.shape = (len(rows), len(rows[0]))
    def numpy(self): return self
    def tolist(self): return self.rows

class Session(object):
    def __enter__(self): return self
    def __exit__(self, *exc): pass
    def run(self, tensor): return tensor

class keras:
    class layers:
        class Dense(object):
            def __init__(self, units): self.units = units
            def __call__(self, tensor): return Tensor([[0.0] * self.units] * tensor.shape[0])

def constant(rows): return Tensor(rows)
def ones(shape): return Tensor([[1.0] * shape[1]] * shape[0])
def matmul(a, b): return Tensor([[sum(x * y for x, y in zip(row, column)) for column in zip(*b.rows)] for row in a.rows])
print("CUDA_VISIBLE_DEVICES", os.environ.get("CUDA_VISIBLE_DEVICES"), "cwd", os.listdir("."))
"""


def put(site, text=TENSORFLOW, version="2.9.0"):
    (site / "tensorflow").mkdir()
    (site / "tensorflow" / "__init__.py").write_text(text.replace("{version}", version))
    info = site / f"tensorflow-{version}.dist-info"
    info.mkdir()
    (info / "RECORD").write_text("tensorflow/__init__.py,,\n")


@pytest.fixture
def smoke(venv, environ):
    def test(**options):
        return smoke_test(str(venv / "bin" / "python"), environ={**environ, **options.pop("environ", {})}, **options)

    return test


def test_a_working_one_passes_on_every_interpreter(each_base, environ, tmp_path):
    create_venv(each_base, tmp_path / "env", prompt=None, system_site_packages=False, seed=False)
    target = describe_environment(tmp_path / "env", environ)
    before = sorted(path for path in (tmp_path / "env").rglob("*"))
    put(site := tmp_path / "env" / "lib" / f"python{each_base.minor}" / "site-packages")
    rungs = []
    smoke = smoke_test(target.interpreter.executable, environ=environ, on_rung=rungs.append)
    assert smoke.ok, smoke.output
    assert (smoke.rung, smoke.tensorflow, smoke.exit_code, smoke.signal, smoke.exceptions) == (
        "keras",
        "2.9.0",
        0,
        None,
        (),
    )
    assert rungs == ["metadata", "files", "libraries", "import", "attributes", "operation", "keras"]
    assert smoke.output.startswith("CUDA_VISIBLE_DEVICES -1 cwd ")
    assert not list(site.rglob("*.pyc"))
    assert len(before) + 4 == len(sorted((tmp_path / "env").rglob("*")))


def test_garbage_is_not_looked_for_in_any_rung(smoke, site):
    put(site, TENSORFLOW + "import gc\nTensor.numpy = lambda self: print('gc is', gc.isenabled()) or self\n")
    assert "gc is False" in smoke().output


def test_tensorflow_1_uses_a_session_and_no_keras(smoke, site):
    put(site, version="1.15.0")
    assert (smoke().ok, smoke().rung) == (True, "operation")


def test_the_gpu_is_hidden_only_when_it_is_not_asked_for(smoke, site):
    put(site)
    done = smoke(gpu=True, environ={"CUDA_VISIBLE_DEVICES": "3"})
    assert "CUDA_VISIBLE_DEVICES 3" in done.output
    assert done.rung == "gpu"


def test_nothing_installed_fails_at_the_metadata_and_still_shows_the_import_error(smoke):
    done = smoke()
    assert (done.ok, done.rung, done.tensorflow, done.exit_code) == (False, "metadata", None, 1)
    assert done.exceptions == ("ModuleNotFoundError: No module named 'tensorflow'",)


def test_a_husk_imports_and_fails_all_the_same(smoke, site):
    put(site)
    (site / "tensorflow" / "__init__.py").unlink()
    done = smoke()
    assert (done.ok, done.rung) == (False, "files")
    assert "empty namespace" in done.output
    assert done.exceptions == ("AttributeError: module 'tensorflow' has no attribute '__version__'",)


def test_the_chain_of_exceptions_begins_with_the_innermost_cause(smoke, site):
    put(site, "try:\n    1 / 0\nexcept ZeroDivisionError as error:\n    raise ImportError('outer') from error\n")
    done = smoke()
    assert (done.rung, done.exceptions) == ("import", ("ZeroDivisionError: division by zero", "ImportError: outer"))
    assert "Traceback" in done.output


def test_a_crash_shows_the_rung_it_happened_in(smoke, site):
    put(site, "import os, signal\nprint('so far', flush=True)\nos.kill(os.getpid(), signal.SIGILL)\n")
    done = smoke()
    assert (done.ok, done.rung, done.signal, done.exit_code) == (False, "import", "SIGILL", -4)
    assert "so far" in done.output
    assert "illegal instruction" in done.output.lower()


def test_an_exit_in_the_import_is_no_success(smoke, site):
    put(site, "import os\nos._exit(0)\n")
    done = smoke()
    assert (done.ok, done.rung, done.exit_code) == (False, "import", 0)


def test_a_hang_is_ended(smoke, site):
    put(site, "import time\ntime.sleep(60)\n")
    done = smoke(timeout=2)
    assert (done.ok, done.rung, done.exit_code) == (False, "import", None)
    assert "did not end in time" in done.output


@pytest.mark.parametrize(
    ("content", "what"),
    [
        (b"", "is empty"),
        (
            b"\x7fELF\x02\x01\x01"
            + bytes(33)
            + struct.pack("<Q", 900_000)
            + bytes(10)
            + struct.pack("<HHH", 64, 30, 1),
            "is cut short",
        ),
        (b"version https://git-lfs.github.com/spec/v1\n", "is not a native library"),
    ],
)
def test_a_damaged_library_is_named_though_the_import_passes(content, what, smoke, site):
    put(site)
    (site / "tensorflow" / "libtensorflow_framework.so.2").write_bytes(content)
    done = smoke()
    assert (done.ok, done.rung, done.tensorflow) == (False, "libraries", "2.9.0")
    assert what in done.output


def test_pythonpath_counts_as_the_user_has_it(smoke, site, tmp_path):
    put(site)
    (tmp_path / "leak").mkdir()
    (tmp_path / "leak" / "tensorflow.py").write_text("raise ValueError('the wrong one')\n")
    done = smoke(environ={"PYTHONPATH": str(tmp_path / "leak")})
    assert done.exceptions == ("ValueError: the wrong one",)


def test_extras_are_imported_afterwards(smoke, site):
    put(site)
    (site / "lamp.py").write_text("")
    assert smoke(extras=(Extra(name="lamp", modules=("lamp",)),)).ok
    done = smoke(extras=(Extra(name="lamp", modules=("lamp",)), Extra(name="other", modules=("nothing_here",))))
    assert (done.ok, done.rung) == (False, "with other")


def test_an_extra_that_imports_must_also_do_something(smoke, site):
    put(site)
    (site / "tensorflow_hub.py").write_text(
        "class KerasLayer:\n    def __init__(self, function): raise ValueError('no')\n"
    )
    done = smoke(extras=(Extra(name="tensorflow-hub", modules=("tensorflow_hub",)),))
    assert (done.ok, done.rung, done.exceptions) == (False, "with tensorflow-hub", ("ValueError: no",))


def test_keras_writes_nothing_at_home_and_reads_what_is_there(smoke, site, tmp_path):
    text = (
        TENSORFLOW
        + "open(os.path.join(os.environ['KERAS_HOME'], 'new'), 'w')\nprint(open(os.path.join(os.environ['KERAS_HOME'], 'keras.json')).read())"
    )
    put(site, text)
    home = tmp_path / "home" / ".keras"
    home.mkdir(parents=True)
    (home / "keras.json").write_text('{"backend": "theano"}')
    done = smoke(environ={"HOME": str(tmp_path / "home")})
    assert done.ok, done.output
    assert "theano" in done.output
    assert os.listdir(home) == ["keras.json"]


def test_what_cannot_be_executed_is_an_outcome_and_no_exception(environ, tmp_path):
    done = smoke_test(str(tmp_path / "nothing"), environ=environ)
    assert (done.ok, done.exit_code) == (False, 126)
    assert "cannot be executed" in done.output


def test_what_is_no_program_is_an_outcome_too(environ, tmp_path):
    (python := tmp_path / "python").write_bytes(b"\x7fELF of another machine")
    python.chmod(0o755)
    smoke = smoke_test(str(python), environ=environ)
    assert not smoke.ok
    assert "cannot be executed" in smoke.output
    assert "Traceback" not in smoke.output


def test_temporary_files_of_an_import_do_not_stay(site, smoke):
    put(site, TENSORFLOW + "import tempfile; print('made', tempfile.mkstemp()[1])\n")
    result = smoke()
    assert result.ok, result
    made = re.search(r"made (.*)", result.output)[1]
    assert not os.path.exists(made)


def test_the_script_runs_for_whoever_starts_it_and_not_for_one_that_is_gone():
    order = {"mark": "-", "extras": [], "gpu": False, "site_folders": [], "modules": ["json"]}

    def passed(**more):
        argv = [sys.executable, "-B", script("smoke_script.py"), json.dumps({**order, **more})]
        return b"passed" in subprocess.run(argv, capture_output=True, check=False).stdout

    assert passed()
    assert passed(parent=os.getpid())
    assert passed(parent=0) is not (sys.platform == "linux")
