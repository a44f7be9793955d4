"""Real nvidia-* wheels, small ones, beside files that say they are a TensorFlow built with CUDA."""

import json
import sys
from pathlib import Path

import pytest
from packaging.requirements import Requirement
from real_support import base, site

from tfrepair.probes.collector import ProbeOptions, collect
from tfrepair.target.discover import find_target
from tfrepair.target.release_data import load_gpu_data

BUILD_INFO = "import collections\nbuild_info = collections.OrderedDict([('is_cuda_build', True)])\n"


def facts_of(env):
    target = find_target(python=None, env=str(env), environ={}, cwd=Path("/"), interactive=False)
    return collect(target, ProbeOptions(imports=False), {})


def test_the_wheels_of_two_cudas_overwrite_each_other(world):
    env = world.venv("3.11", pip=False)
    world.uv(env, "--no-deps", "nvidia-cuda-runtime-cu12==12.2.140", "nvidia-cuda-nvcc-cu12==12.2.140")
    for name, text in {
        "tensorflow/__init__.py": "",
        "tensorflow/python/platform/build_info.py": BUILD_INFO,
        "tensorflow-2.15.1.dist-info/METADATA": "Metadata-Version: 2.1\nName: tensorflow\nVersion: 2.15.1\n",
        "tensorflow-2.15.1.dist-info/RECORD": "tensorflow/__init__.py,,\ntensorflow/python/platform/build_info.py,,\n",
    }.items():
        path = site(env) / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text)

    facts = facts_of(env)
    runtime = next(row for row in facts.value("cuda.found") if row["library"] == "libcudart.so.12")
    assert runtime["via"] == "wheels"
    assert runtime["path"] == str(site(env) / "nvidia/cuda_runtime/lib/libcudart.so.12")
    assert "libcudnn.so.8" in facts.value("cuda.missing")
    assert (
        facts.value("gpu_wheels.unfit") == facts.value("gpu_wheels.foreign") == facts.value("gpu_wheels.damaged") == []
    )
    assert "nvidia-cudnn-cu12" in facts.value("gpu_wheels.absent")

    world.uv(env, "--no-deps", "nvidia-cuda-runtime-cu11==11.8.89")
    facts = facts_of(env)
    assert [row["name"] for row in facts.value("gpu_wheels.foreign")] == ["nvidia-cuda-runtime-cu11"]
    assert facts.value("gpu_wheels.removable") == ["nvidia-cuda-runtime-cu11"]
    assert "nvidia-cuda-runtime-cu12" in facts.value("gpu_wheels.rewrite")
    (damaged,) = facts.value("gpu_wheels.damaged")
    assert damaged["name"] == "nvidia-cuda-runtime-cu12"
    assert damaged["altered"] > 10  # headers of CUDA 11 where those of CUDA 12 were


GPU_MACHINE = """
import sys
from pathlib import Path
from tfrepair.probes import collector
root = collector.ROOT = Path(sys.argv[1])
device = root / "sys/bus/pci/devices/0000:01:00.0"
for path, text in {
    device / "vendor": "0x10de",
    device / "class": "0x030000",
    root / "proc/driver/nvidia/version": "NVRM version: NVIDIA UNIX x86_64 Kernel Module  550.54.14  Fri",
    root / "dev/nvidiactl": "",
    root / "usr/bin/nvidia-smi": "#!/bin/sh\\necho '550.54.14, 8.9, NVIDIA GeForce RTX 4090'",
}.items():
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(text + "\\n")
path.chmod(0o755)
from tfrepair.app import space
space._free = lambda folder: 10**11
from tfrepair.cli.app import run
sys.exit(run(sys.argv[2:]))
"""


@pytest.mark.parametrize(
    ("minor", "version"),
    [
        ("3.10", "2.14.1"),
        ("3.11", "2.15.0.post1"),
        ("3.11", "2.15.1"),
        ("3.12", "2.16.2"),
        ("3.12", "2.17.1"),
        ("3.12", "2.18.1"),
        ("3.12", "2.19.1"),
        ("3.13", "2.20.0"),
        ("3.13", "2.21.0"),
    ],
)
def test_the_extra_of_every_minor_resolves_to_what_the_data_says(world, minor, version):
    words = ("fix", "--dry-run", "--json", "--venv", "new", "--base-python", base(minor), "--tensorflow", version)
    done = world.run(sys.executable, "-c", GPU_MACHINE, world.folder / "machine", *words, check=False)
    assert done.returncode == 1, f"{done.stdout}\n{done.stderr}"
    lock = {pin["name"]: pin["version"] for pin in json.loads(done.stdout)["plan"]["lock"]}
    for line in load_gpu_data().wheels(version):
        requirement = Requirement(line)
        assert requirement.specifier.contains(lock[requirement.name]), line
