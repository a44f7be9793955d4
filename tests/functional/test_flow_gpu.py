"""A machine with an NVIDIA GPU, made of files: what `fix` brings, and what it says."""

import json
import sys

import pytest
from functional_support import (
    INIT,
    KERAS,
    NEW,
    NUMPY,
    PROTOBUF,
    TENSORFLOW_REQUIRES,
    site,
    tensorflow_files,
    write_wheel,
)

from tfrepair.probes import collector
from tfrepair.target.release_data import load_gpu_data

BUILD_INFO = "import collections\nbuild_info = collections.OrderedDict([('is_cuda_build', True)])\n"
CONFIG = """
import os, tensorflow

SITE = os.path.dirname(os.path.dirname(tensorflow.__file__))
CUDNN = os.path.join(SITE, "nvidia", "cudnn", "lib", "libcudnn.so")


class Device:
    name = "/physical_device:GPU:0"


def list_physical_devices(kind):
    folder = os.path.dirname(CUDNN)
    found = os.path.isdir(folder) and any(open(os.path.join(folder, n)).read() == "cudnn of cu12" for n in os.listdir(folder))
    return [Device()] if found else []


class experimental:
    @staticmethod
    def set_memory_growth(gpu, on):
        pass
"""
GPU_INIT = (
    INIT
    + """
from tensorflow import config
import contextlib
device = contextlib.nullcontext
"""
)
PINS = [line.partition("==")[::2] for line in load_gpu_data().wheels(NEW)]
FOLDERS = {
    "nvidia-cuda-runtime": "cuda_runtime", "nvidia-cublas": "cublas", "nvidia-cufft": "cufft",
    "nvidia-cusolver": "cusolver", "nvidia-cusparse": "cusparse", "nvidia-cudnn": "cudnn",
    "nvidia-nvjitlink": "nvjitlink",
}  # fmt: skip
NAMES = {
    "cuda_runtime": ["libcudart.so.12"], "cublas": ["libcublas.so.12", "libcublasLt.so.12"], "cufft": ["libcufft.so.11"],
    "cusolver": ["libcusolver.so.11"], "cusparse": ["libcusparse.so.12"], "cudnn": ["libcudnn.so.8"], "nvjitlink": ["libnvJitLink.so.12"],
}  # fmt: skip

pytestmark = pytest.mark.skipif(
    not NEW.startswith(("2.15.", "2.17.")), reason="the stand-ins are those of releases with exact pins and cuDNN 8"
)


def cuda_wheel(index, name, version):
    base, _, cuda = name.rpartition("-cu")
    folder = FOLDERS.get(base)
    text = f"{folder} of cu{cuda}"
    files = {f"nvidia/{folder}/lib/{library}": text for library in NAMES.get(folder, [])}
    write_wheel(index, name, version, files or {f"nvidia/{base[7:]}/__init__.py": ""})


@pytest.fixture
def card(world, tmp_path, monkeypatch):
    """Puts the driver of that version on the machine, with one GPU; TensorFlow is a build with CUDA."""
    extra = [f"{name}=={version}; extra == 'and-cuda'" for name, version in PINS]
    extra[-1] += "\nProvides-Extra: and-cuda"
    files = tensorflow_files(NEW, init=GPU_INIT)
    files["tensorflow/config.py"] = CONFIG
    files["tensorflow/python/platform/__init__.py"] = ""
    files["tensorflow/python/platform/build_info.py"] = BUILD_INFO
    write_wheel(world.index, "tensorflow", NEW, files, [*TENSORFLOW_REQUIRES, *extra])
    for name, version in PINS:
        cuda_wheel(world.index, name, version)
    cuda_wheel(world.index, "nvidia-cudnn-cu11", "8.7.0.84")

    def put(driver):
        root = tmp_path / "machine"
        device = root / "sys/bus/pci/devices/0000:01:00.0"
        made = {
            device / "vendor": "0x10de\n",
            device / "class": "0x030000\n",
            root / "proc/driver/nvidia/version": f"NVRM version: NVIDIA UNIX x86_64 Kernel Module  {driver}  Sat\n",
            root / "dev/nvidiactl": "",
            root / f"usr/lib/x86_64-linux-gnu/libcuda.so.{driver}": "",
            root / "usr/bin/nvidia-smi": f"#!/bin/sh\necho '{driver}, 7.5, Tesla T4'\n",
        }
        for path, text in made.items():
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_text(text)
        (root / "usr/bin/nvidia-smi").chmod(0o755)
        monkeypatch.setattr(collector, "ROOT", root)

    return put


def new(world, *options):
    words = ("--venv", world.folder / "new", "--base-python", sys.executable, "--tensorflow", NEW, "--json")
    return world.tfrepair("fix", "--yes", *words, *options)


def locked(done):
    return {pin["name"] for pin in done.json["plan"]["lock"]}


def test_a_new_tensorflow_beside_a_gpu_comes_with_cuda(world, card):
    card("535.104.05")
    done = new(world)
    assert done.code == 0, str(done)
    assert {name for name, _ in PINS} <= locked(done)
    assert "Tesla T4 is there and its driver 535.104.05 is new enough" in json.dumps(done.json["plan"])
    assert (site(world.folder / "new") / "nvidia/cudnn/lib/libcudnn.so.8").is_file()


def test_ignored_it_comes_without(world, card):
    card("535.104.05")
    done = new(world, "--gpu", "ignore")
    assert done.code == 0, str(done)
    assert not {name for name in locked(done) if name.startswith("nvidia")}


def test_an_extra_that_is_asked_for_is_brought_although_it_works(world, card):
    card("535.104.05")
    assert new(world, "--gpu", "ignore").code == 0
    pin = f"tensorflow[and-cuda]=={NEW}"
    words = ("fix", "--yes", "--env", world.folder / "new", "--tensorflow", pin, "--json")
    done = world.tfrepair(*words)
    assert (done.code, done.json["status"]) == (0, "repaired"), str(done)
    assert {name for name, _ in PINS} <= locked(done)
    again = world.tfrepair(*words)
    assert (again.code, again.json["status"]) == (0, "healthy"), str(again)


def test_under_an_old_driver_it_comes_without_and_says_which_is_needed(world, card):
    card("470.82.01")
    done = new(world)
    assert done.code == 0, str(done)
    assert not {name for name in locked(done) if name.startswith("nvidia")}
    assert "the driver is 470.82.01" in json.dumps(done.json["plan"])


def test_a_required_gpu_under_an_old_driver_is_for_the_user(world, card):
    card("470.82.01")
    done = new(world, "--gpu", "require")
    assert done.code == 4, done
    assert "needs 525.60.13 or newer" in done.json["error"]["message"]
    assert any("ubuntu-drivers" in line for line in done.json["manual"]), done
    assert list(world.folder.iterdir()) == []


def test_wheels_that_are_nowhere_do_not_stand_in_the_way(world, card):
    card("535.104.05")
    next(world.index.glob("nvidia_cufft_cu12*")).unlink()
    done = new(world)
    assert done.code == 0, str(done)
    assert not {name for name in locked(done) if name.startswith("nvidia")}
    assert "they cannot be had here" in json.dumps(done.json["plan"])


@pytest.fixture
def mixed(world, card):
    """The wheels of CUDA 12 with cuDNN of CUDA 11 written over it, and one of them gone."""
    card("535.104.05")
    pins = [f"{name}=={version}" for name, version in PINS if name != "nvidia-cufft-cu12"]
    env = world.venv(
        f"numpy=={NUMPY}", f"protobuf=={PROTOBUF}", f"keras=={KERAS}", f"tensorflow=={NEW}", "colours", *pins
    )
    world.install(env, "nvidia-cudnn-cu11")
    return env


def whole(world, env):
    assert world.imported(env) == NEW
    assert (site(env) / "nvidia/cufft/lib/libcufft.so.11").is_file()
    assert (site(env) / "nvidia/cudnn/lib/libcudnn.so.8").read_text() == "cudnn of cu12"
    assert not list(site(env).glob("nvidia_cudnn_cu11*"))
    assert (site(env) / "colours").is_dir()


def test_mixed_wheels_are_a_warning_with_its_repair(world, mixed):
    done = world.tfrepair("diagnose", "--env", mixed, "--json")
    assert done.code == 0, str(done)
    (finding,) = [each for each in done.json["findings"] if each["id"] == "gpu-wheels-missing-or-mixed"]
    assert (finding["severity"], finding["repair"]) == ("warning", "automatic")
    said = "\n".join(each["text"] for each in finding["evidence"])
    assert "`libcufft.so.11`" in said
    assert "nvidia-cudnn-cu11 8.7.0.84 is for another CUDA" in said
    before = world.tree()
    done = world.tfrepair("fix", "--yes", "--env", mixed)
    assert "nothing was done" in done.out, done
    command = f"tfrepair fix --dry-run --env {mixed} --only gpu-wheels-missing-or-mixed"
    assert f"next: `{command}` shows the repair" in done.out
    assert f"next: `{command}` shows the repair" in world.tfrepair("diagnose", "--env", mixed).out
    assert world.tree() == before


def test_named_it_is_repaired(world, mixed):
    done = world.tfrepair("fix", "--yes", "--env", mixed, "--only", "gpu-wheels-missing-or-mixed", "--json")
    assert done.code == 0, str(done)
    assert done.json["status"] == "repaired"
    whole(world, mixed)
    again = world.tfrepair("diagnose", "--env", mixed, "--json")
    assert again.ids == [], again


def test_required_it_is_repaired_and_the_gpu_works(world, mixed):
    done = world.tfrepair("fix", "--yes", "--env", mixed, "--gpu", "require", "--json")
    assert done.code == 0, str(done)
    whole(world, mixed)
    again = world.tfrepair("fix", "--yes", "--env", mixed, "--gpu", "require", "--json")
    assert again.json["status"] == "healthy", again


def test_a_required_gpu_on_a_machine_without_one_is_for_the_user(world, card, tmp_path, monkeypatch):
    (tmp_path / "empty").mkdir()
    monkeypatch.setattr(collector, "ROOT", tmp_path / "empty")
    env = world.venv(f"numpy=={NUMPY}", f"protobuf=={PROTOBUF}", f"keras=={KERAS}", f"tensorflow=={NEW}")
    before = world.tree()
    done = world.tfrepair("fix", "--yes", "--env", env, "--gpu", "require", "--json")
    assert done.code == 4, done
    assert done.ids[0] == "gpu-driver-not-loaded"
    assert world.tree() == before
    assert world.tfrepair("diagnose", "--env", env, "--json").ids == []
