"""What a text tells of the machine and of CUDA, in the words of programs and of people."""

import pytest

from tfrepair.model.gpu import one_serves, serves
from tfrepair.playbook.loader import load_builtin
from tfrepair.reason.asked_release import asked_release
from tfrepair.reason.explain import explain
from tfrepair.reason.text_facts import facts_in
from tfrepair.target.release_data import load_gpu_data, load_releases

RELEASES = load_releases()
PLAYBOOKS = load_builtin()


def told(text):
    facts = facts_in(text)
    return asked_release(text, facts, RELEASES, load_gpu_data()).merged(facts)


@pytest.mark.parametrize(
    ("text", "path", "value"),
    [
        ("I am on Windows 10", "host.system", "windows"),
        ("- OS (e.g., Linux Ubuntu 16.04): Windows 10", "host.system", "windows"),
        ("on my MacBook Air", "host.system", "darwin"),
        ("Ubuntu 22.04", "host.system", "linux"),
        ("Ubuntu under Windows", "host.system", None),
        ("Built on Wed_Apr_17_19:36:51_Pacific_Daylight_Time_2024", "host.system", "windows"),
        ("| NVIDIA-SMI 555.99                 Driver Version: 555.99 ", "host.system", "windows"),
        ("| NVIDIA-SMI 367.57                 Driver Version: 367.57 ", "host.system", None),
        ("macOS 14 on an M2", "host.machine", "arm64"),
        ("换成M1的Mac笔记本了", "host.machine", "arm64"),
        ("Apple silicon", "host.machine", "arm64"),
        ("an m5.large of the cloud", "host.machine", None),
        ("Jetson Nano", "host.machine", "aarch64"),
        ("TensorFlow version: 2.1.0", "tensorflow.version", "2.1.0"),
        ("python3.10 + tensorflow2.20", "tensorflow.version", "2.20"),
        ("tf 2.8 or tf 2.9", "tensorflow.version", None),
        ("Python version: 3.7.7", "interpreter.minor", "3.7"),
        ("numpy-1.19.1-cp37-cp37m-win_amd64.whl", "interpreter.minor", "3.7"),
        ("opencv_python-4.5.5.64-cp36-abi3-win_amd64.whl", "interpreter.minor", None),
        ("I have 32 bit python", "interpreter.bits", 32),
        ("Is your Python on 32 bits?", "interpreter.bits", None),
        ("with an Intel(R) Celeron(R) CPU 1005M", "host.has_avx", False),
        ("I have an i7 920 CPU", "host.has_avx", False),
        ("it works on a Ryzen 5\nand not on the Celeron", "host.has_avx", None),
    ],
)
def test_what_people_write_of_their_machine(text, path, value):
    assert told(text).value(path) == value


@pytest.mark.parametrize(
    ("text", "fits"),
    [
        ("tensorflow 2.1.0, CUDA 10.2", False),
        ("tensorflow 2.1.0, CUDA 10.1", True),
        ("tensorflow 2.8.0\ncuda: 11.6", True),
        ("tensorflow_gpu-1.5 and CUDA = 8", False),
        ("tensorflow 2.10.0 needs CUDA 11.2", None),
        ("tensorflow 2.10.0\n| NVIDIA-SMI 535  Driver Version: 535  CUDA Version: 12.2 |", None),
        ("libcublas.so.9.0: cannot open shared object file, and cuda-9.2 is here", False),
        ("libcublas.so.9.0: cannot open shared object file, there is no CUDA 9.0", None),
        ("Successfully opened dynamic library libcudart.so.10.0\nCUDA9.1, tensorflow 1.14.0", True),
        ("Could not load dynamic library 'cudart64_110.dll'\nC:\\CUDA\\v10.1\\bin", False),
        ("CUDA 11", None),
        ("tensorflow 2.2.0 works with CUDA 10.1, and CUDA 10.2 is installed", False),
        ("tensorflow 2.0.0 only works with CUDA 10.0. With CUDA 10.1 installed", False),
        ("tensorflow 2.12.0-rc1, CUDA 12.1", False),
        ("libcudart.so.7.5: cannot open shared object file; libcudart.so.7.5 exists in /usr/local/cuda/lib64", True),
        ("pip install jax[cuda12_pip]\nlibcudart.so.11.0: cannot open shared object file", None),
        ("nvcc says release 12.1, V12.1.66\nlibcudart.so.11.0: cannot open shared object file", False),
        ("libcublas.so.9.0: cannot open shared object file\napt list: cuda-libraries-10-1", False),
        ("libcublas.so.9.0: cannot open shared object file\nlibcublas.so.9.1", False),
        ("libcublas.so.9.0: cannot open shared object file, the file I have is libcudart.so.9.0.176", True),
        ("libcupti.so.10.1: cannot open shared object file, but there is libcupti.so.10.0", False),
        ("libcublas.so.9.0: cannot open shared object file; CUDA 9.0 was removed", None),
        ("libcublas.so.9.0: cannot open shared object file; I see libcublas.so.9.0: not found", None),
        ("tensorflow 1.6.0, a wheel built for CUDA 9.1 on a machine with CUDA 9.1", True),
        ("tensorflow 2.12.0\nlibcudnn8 8.9.3.28-1+cuda12.1", None),
        ("tensorflow 2.12.0\nCould not load library libcublasLt.so.12. Error: libcublasLt.so.12: cannot open", False),
        ("Library not loaded: @rpath/libcublas.8.0.dylib\n/usr/local/cuda/lib/libcublas.9.0.dylib", False),
        ("tensorflow 2.12.0, driver 470 (CUDA 11.4)", None),
        ("libcublas.so.11: cannot open shared object file on the new node (cuda 12.0 only)", False),
        ("I built it FROM nvidia/cuda:10.2-runtime\nlibcudart.so.10.0: cannot open shared object file", False),
        ("Could not find 'cudart64_90.dll'. Download and install CUDA 9.0 from here\nI have CUDA 9.1", False),
        ("libcudart.so.8.0: cannot open shared object file\nlibcudart.so  libcudart.so.7.5", False),
    ],
)
def test_the_cuda_that_is_there_is_held_against_the_one_that_is_asked_for(text, fits):
    assert told(text).value("cuda.fits") is fits


@pytest.mark.parametrize(
    ("text", "fits"),
    [
        ("libcudnn.so.6: cannot open shared object file; libcudnn.so.7.0.5 is here", False),
        ("Could not load dynamic library 'libcudnn.so.8'\nii  libcudnn8  8.1.1.33-1+cuda11.2", True),
        ("tensorflow 2.18.0, cuDNN 8.9", False),
        ("tensorflow 1.4.0, cudnn-8.0-windows10-x64-v7", False),
        ("tensorflow 1.12.0, CUDA/cuDNN version: 9.0/7", True),
        ("tensorflow 2.10.0 needs cuDNN 8", None),
        ("tensorflow 2.10.0 and CUDA 11", None),
        ("cuDNN 8.1", None),
    ],
)
def test_the_cudnn_that_is_there_is_held_against_the_one_that_is_asked_for(text, fits):
    assert told(text).value("cuda.cudnn_fits") is fits


@pytest.mark.parametrize(
    ("text", "enough"),
    [
        ("tensorflow 1.15.0\nDriver Version: 396.44", False),
        ("tensorflow 1.15.0\nDriver Version: 410.48", True),
        ("tensorflow 2.16.1, nvidia-driver-470", False),
        ("tensorflow 2.10.0, driver 470.199 or driver 390.12", None),
        ("Driver Version: 396.44", None),
    ],
)
def test_the_driver_is_held_against_the_cuda_that_is_asked_for(text, enough):
    assert told(text).value("cuda.driver_enough") is enough


def test_a_tool_and_a_driver_of_two_releases_are_told_but_not_those_of_windows_and_wsl():
    line = "| NVIDIA-SMI 375.39                 Driver Version: 387.26 |"
    assert facts_in(line).value("gpu.versions_differ") is True
    for same in (line.replace("387", "375"), line.replace("375", "590").replace("387", "591")):
        assert not facts_in(same).value("gpu.versions_differ")


@pytest.mark.parametrize(
    ("asked", "installed", "answer"),
    [
        ("10.1", "10.2", False),
        ("10.1", "10.1.243", True),
        ("11.2", "11.8", True),
        ("12.5", "11.8", False),
        ("10", "10.2", True),
    ],
)
def test_a_cuda_serves_a_build(asked, installed, answer):
    assert serves(asked, installed) is answer


def test_a_retyped_message_is_found_with_less_certainty():
    def first(text):
        return explain(f"import tensorflow\n{text}", told(text), PLAYBOOKS).findings[0]

    printed, retyped = (
        first(text) for text in ("DLL load failed: Access is denied", "dll LOAD failed: ACCESS IS denied")
    )
    assert printed.id == retyped.id == "permissions"
    assert (printed.confidence, retyped.confidence) == ("high", "medium")


def test_an_installation_whose_version_cannot_be_read_says_nothing():
    assert one_serves("12.5", ["12.2 update 1"]) is None
    assert one_serves("12.5", []) is None
    assert one_serves("12.5", ["12.2 update 1", "12.2"]) is True
    assert one_serves("12.5", ["12.2 update 1", "11.8"]) is False


@pytest.mark.parametrize(
    ("text", "system"),
    [
        ("docker run --gpus all tensorflow/tensorflow:latest-gpu", "linux"),
        ('File "/opt/conda/lib/python3.9/site-packages/x.py"', "linux"),
        ("LD_LIBRARY_PATH=/usr/local/cuda-11.2/lib64", "linux"),
        ('File "/usr/local/lib/python3.9/site-packages/x.py"', None),
        ("https://example.org/opt/conda/x", None),
        ("a Mac: docker run x", "darwin"),
    ],
)
def test_containers_are_linux_where_nothing_else_is_said(text, system):
    assert facts_in(text).value("host.system") == system


@pytest.mark.parametrize(
    "where",
    [
        'File "/usr/local/lib/python3.11/site-packages/tensorflow/python/x.py", line 1',
        "$ docker run --gpus all -it tensorflow/tensorflow:latest-gpu python",
        "on Windows 11: docker run --gpus all -it tensorflow/tensorflow:latest-gpu python",
        "root@7f3a:/workspace/app# python",
    ],
)
def test_no_container_lost_its_gpu_because_of_windows(where):
    def named(text):
        return [finding.id for finding in explain(text, told(text), PLAYBOOKS).findings]

    assert "windows-gpu-dropped" in named("Num GPUs Available: 0")
    assert "windows-gpu-dropped" not in named(f"{where}\nNum GPUs Available: 0")
