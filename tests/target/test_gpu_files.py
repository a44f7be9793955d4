"""CUDA toolkits, cuDNN, the loader's search, nvidia-smi and build_info.py: read from files of a made-up machine."""

import json
import sys

import pytest

from tfrepair.target.build_info import read_build_info
from tfrepair.target.cuda_files import cudnn_version, cudnns, other_versions, toolkits
from tfrepair.target.loader import Loader, read_cache
from tfrepair.target.nvidia import container, gpu_asked_for, has_gpu, has_nodes, held_by, user_driver
from tfrepair.target.nvidia_smi import ask, find_tool, read_answer

CUDNN = "#define CUDNN_MAJOR 8\n#define CUDNN_MINOR 9\n#define CUDNN_PATCHLEVEL 7\n"
DEVICE = "sys/bus/pci/devices/0000:01:00.0"


def machine(root, files):
    for name, content in files.items():
        path = root / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(content if isinstance(content, bytes) else content.encode())
    return root


def test_toolkits_tell_their_version_in_four_ways(tmp_path):
    root = machine(
        tmp_path,
        {
            "usr/local/cuda-12.5/version.json": json.dumps({"cuda": {"name": "CUDA SDK", "version": "12.5.1"}}),
            "usr/local/cuda-10.1/version.txt": "CUDA Version 10.1.243\n",
            "usr/local/cuda-11.8/include/cuda.h": "/* */\n#define CUDA_VERSION 11080\n",
            "opt/cuda/bin/nvcc": b"\x7fELF\0Cuda compilation tools, release 12.3, V12.3.107\0",
            "usr/local/cuda-9.9/lib64/nothing": "",
        },
    )
    (root / "usr/local/cuda").symlink_to("cuda-12.5")
    found = toolkits({}, "linux", root=root)
    assert {(each.version, each.path.name, each.source) for each in found} == {
        ("12.5.1", "cuda-12.5", "version.json"),
        ("10.1.243", "cuda-10.1", "version.txt"),
        ("11.8", "cuda-11.8", "include/cuda.h"),
        ("12.3", "cuda", "bin/nvcc"),
    }


def test_a_toolkit_is_found_where_a_variable_points(tmp_path):
    machine(tmp_path, {"mine/version.txt": "CUDA Version 11.2.2\n"})
    (found,) = toolkits({"CUDA_HOME": str(tmp_path / "mine")}, "linux", root=tmp_path / "none")
    assert (found.version, found.path) == ("11.2.2", tmp_path / "mine")


def test_toolkits_of_windows(tmp_path):
    machine(
        tmp_path, {"NVIDIA GPU Computing Toolkit/CUDA/v11.2/version.json": '{"cuda": {"version": "11.2.20210610"}}'}
    )
    (found,) = toolkits({"ProgramFiles": str(tmp_path)}, "windows")
    assert found.version == "11.2.20210610"


def test_a_version_file_of_another_shape_is_no_toolkit(tmp_path):
    root = machine(tmp_path, {"usr/local/cuda/version.json": '["12.5"]'})
    assert toolkits({}, "linux", root=root) == ()


def test_cudnn_tells_its_version_in_its_header_and_its_file_name(tmp_path):
    root = machine(
        tmp_path,
        {
            "usr/include/cudnn_version.h": CUDNN,
            "usr/lib/libcudnn.so.9.3.0": "",
            "toolkit/include/cudnn.h": CUDNN.replace("8", "7", 1),
            "toolkit/lib64/libcudnn.so.7": "",
        },
    )
    (root / "usr/lib/libcudnn.so.9").symlink_to("libcudnn.so.9.3.0")
    assert [each.version for each in cudnns([root / "toolkit"], root=root)] == ["8.9.7", "7.9.7"]
    assert cudnn_version(root / "usr/lib/libcudnn.so.9") == "9.3.0"
    assert cudnn_version(root / "toolkit/lib64/libcudnn.so.7") is None


def test_the_loader_asks_the_variable_then_the_wheels_then_its_cache(tmp_path):
    root = machine(
        tmp_path,
        {
            "led/libcudart.so.12": "",
            "wheel/libcudart.so.12": "",
            "wheel/libcublas.so.12": "",
            "usr/local/cuda/lib64/libcublas.so.12": "",
            "usr/local/cuda/lib64/libcufft.so.11": "",
            "usr/lib64/libcufft.so.11": "",
            "usr/lib64/libcusparse.so.12": "",
            "etc/ld.so.cache": (
                b"glibc-ld.so.cache1.1\0\0libcufft.so.11\0/usr/local/cuda/lib64/libcufft.so.11\0"
                b"libnvidia-gone.so.1\0/usr/lib64/libnvidia-gone.so.1\0libz.so.1\0/lib/libz.so.1\0"
            ),
        },
    )
    loader = Loader.of("linux", "x86_64", {"LD_LIBRARY_PATH": f":{root}/led"}, wheels=[root / "wheel"], root=root)
    found = {name: loader.find(name) for name in ("libcudart.so.12", "libcublas.so.12", "libcufft.so.11")}
    assert [(each.via, each.path.relative_to(root).parts[0]) for each in found.values()] == [
        ("LD_LIBRARY_PATH", "led"),
        ("wheels", "wheel"),
        ("loader cache", "usr"),
    ]
    assert loader.find("libcusparse.so.12").via == "system folder"
    assert loader.find("libcusolver.so.11") is None
    assert read_cache(root) == {"libcufft.so.11": root / "usr/local/cuda/lib64/libcufft.so.11"}


@pytest.mark.skipif(sys.platform != "linux", reason="reads the loader's cache")
def test_windows_asks_its_path(tmp_path):
    machine(tmp_path, {"bin/cudart64_110.dll": ""})
    loader = Loader.of("windows", "amd64", {"PATH": f"{tmp_path}/none;{tmp_path}/bin", "LD_LIBRARY_PATH": "x"})
    assert loader.find("cudart64_110.dll").via == "PATH"


def test_other_versions_of_a_library(tmp_path):
    names = ("libcudart.so", "libcudart.so.12", "libcudart.so.12.5.82", "libcudart.so.11.0", "cudart64_101.dll")
    machine(tmp_path, dict.fromkeys(names, ""))
    assert [path.name for path in other_versions("libcudart.so.12", [tmp_path])] == ["libcudart.so.11.0"]
    assert [path.name for path in other_versions("cudart64_110.dll", [tmp_path])] == ["cudart64_101.dll"]


def test_links_to_one_other_version_count_once(tmp_path):
    machine(tmp_path, {"cuda-13.0/libcudart.so.13.0.96": ""})
    (tmp_path / "cuda-13.0/libcudart.so.13").symlink_to("libcudart.so.13.0.96")
    (tmp_path / "cuda").symlink_to("cuda-13.0")
    folders = [tmp_path / "cuda-13.0", tmp_path / "cuda"]
    assert other_versions("libcudart.so.12", folders) == (tmp_path / "cuda-13.0/libcudart.so.13",)


def test_the_build_says_how_it_was_made(tmp_path):
    text = (
        "import collections\n\nbuild_info = collections.OrderedDict([('cpu_compiler', '/usr/lib/llvm-18/bin/clang'), "
        "('cuda_compute_capabilities', ['sm_60', 'sm_70', 'sm_80', 'sm_89', 'compute_90']), "
        "('cuda_version', '12.5.1'), ('cudnn_version', '9'), ('is_cuda_build', True), ('is_rocm_build', False)])\n"
    )
    machine(tmp_path, {"tensorflow/python/platform/build_info.py": text})
    info = read_build_info([str(tmp_path / "other"), str(tmp_path)])
    assert (info.cuda, info.cuda_version, info.cudnn_version) == (True, "12.5.1", "9")
    assert info.capabilities[-1] == "compute_90"


def test_an_old_build_says_it_in_plain_names(tmp_path):
    text = 'is_cuda_build = True\ncuda_version_number = "10.0"\ncudnn_version_number = "7"\nbuild_info = {"x": f()}\n'
    machine(tmp_path, {"tensorflow_core/python/platform/build_info.py": text})
    assert read_build_info([str(tmp_path)]).cuda_version == "10.0"


@pytest.mark.parametrize("text", ["def broken(", "build_info = {}", "is_cuda_build = compute()", "\0"])
def test_a_build_that_says_nothing_is_not_guessed(tmp_path, text):
    machine(tmp_path, {"tensorflow/python/platform/build_info.py": text})
    assert read_build_info([str(tmp_path)]) is None


def test_what_nvidia_smi_prints():
    answer = read_answer("535.104.05, 9.0, NVIDIA H100 80GB HBM3\n535.104.05, [N/A], NVIDIA A100, 40GB\n")
    assert answer.driver == "535.104.05"
    assert [(each.name, each.capability) for each in answer.devices] == [
        ("NVIDIA H100 80GB HBM3", "9.0"),
        ("NVIDIA A100, 40GB", None),
    ]
    assert read_answer("No devices were found\n").problem


def tool(folder, body):
    path = folder / "usr/bin/nvidia-smi"
    path.parent.mkdir(parents=True)
    path.write_text(f"#!/bin/sh\n{body}\n")
    path.chmod(0o755)
    return path


@pytest.mark.skipif(sys.platform == "win32", reason="runs a shell script")
class TestAsking:
    def test_an_old_driver_is_asked_less(self, tmp_path):
        path = tool(
            tmp_path,
            'case "$1" in *compute_cap*) echo \'Field "compute_cap" is not a valid field to query.\'; exit 2;; esac\n'
            "echo '470.182.03, Tesla K80'",
        )
        assert find_tool("linux", {"PATH": "/nowhere"}, tmp_path) == path
        answer = ask(path)
        assert (answer.driver, answer.devices[0].name, answer.devices[0].capability) == (
            "470.182.03",
            "Tesla K80",
            None,
        )

    def test_what_it_complains_of_is_the_reason(self, tmp_path):
        path = tool(tmp_path, "echo 'Failed to initialize NVML: Driver/library version mismatch'; exit 18")
        assert "Driver/library version mismatch" in ask(path).problem

    def test_one_that_hangs_is_given_up(self, tmp_path):
        assert "did not answer within" in ask(tool(tmp_path, "sleep 60"), timeout=0.3).problem

    def test_one_that_cannot_be_started_is_said(self, tmp_path):
        path = tool(tmp_path, "")
        path.chmod(0o644)
        assert "cannot be started" in ask(path).problem


def test_the_tool_is_not_looked_for_on_the_path(tmp_path):
    tool(tmp_path / "evil", "echo")
    assert find_tool("linux", {"PATH": str(tmp_path / "evil/usr/bin")}, tmp_path) is None
    machine(tmp_path, {"System32/nvidia-smi.exe": ""})
    assert find_tool("windows", {"SystemRoot": str(tmp_path)}, tmp_path) == tmp_path / "System32/nvidia-smi.exe"


def test_a_gpu_lent_to_a_virtual_machine_is_not_ours(tmp_path):
    root = machine(tmp_path, {f"{DEVICE}/vendor": "0x10de\n", f"{DEVICE}/class": "0x030000\n"})
    (root / "sys/bus/pci/drivers/nouveau").mkdir(parents=True)
    (root / "sys/bus/pci/drivers/vfio-pci").mkdir()
    link = root / DEVICE / "driver"
    assert has_gpu(root)
    assert held_by(root) is None
    link.symlink_to(root / "sys/bus/pci/drivers/nouveau")
    assert (has_gpu(root), held_by(root)) == (True, "nouveau")
    link.unlink()
    link.symlink_to(root / "sys/bus/pci/drivers/vfio-pci")
    assert (has_gpu(root), held_by(root)) == (False, None)


def test_containers_and_what_they_ask_for(tmp_path):
    assert container({}, tmp_path) is None
    assert container({"KUBERNETES_SERVICE_HOST": "10.0.0.1"}, tmp_path) == "kubernetes"
    assert container({"container": "lxc"}, tmp_path) == "lxc"
    machine(tmp_path, {".dockerenv": ""})
    assert container({}, tmp_path) == "docker"
    assert gpu_asked_for({"NVIDIA_VISIBLE_DEVICES": "all"}) == "NVIDIA_VISIBLE_DEVICES=all"
    assert gpu_asked_for({"NVIDIA_VISIBLE_DEVICES": "void"}) is None
    assert gpu_asked_for({"NVIDIA_VISIBLE_DEVICES": "GPU-8932f937-d72c"}) == "NVIDIA_VISIBLE_DEVICES=..."
    assert gpu_asked_for({}) is None
    assert not has_nodes(tmp_path)
    machine(tmp_path, {"dev/nvidiactl": ""})
    assert has_nodes(tmp_path)


def test_the_drivers_library_is_found_through_the_loaders_cache(tmp_path):
    root = machine(tmp_path, {"opt/driver/lib/libcuda.so.550.54.14": ""})
    link = root / "opt/driver/lib/libcuda.so.1"
    link.symlink_to("libcuda.so.550.54.14")
    assert user_driver(root) is None
    assert user_driver(root, cached=link) == "550.54.14"
