"""Real nvidia-* wheels, small ones, beside files that say they are a TensorFlow built with CUDA."""

from pathlib import Path

from real_support import site

from tfrepair.probes.collector import ProbeOptions, collect
from tfrepair.target.discover import find_target

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
