"""Native libraries, the search path, NVIDIA's driver: read from files."""

import os
import shutil
import struct
import sys
from dataclasses import replace
from pathlib import Path

import pytest

from tfrepair.model.facts import Facts, Unknown
from tfrepair.probes import environment, gpu, host, native, search_path
from tfrepair.probes.collector import Context, ProbeOptions
from tfrepair.target import nvidia
from tfrepair.target.discover import find_target
from tfrepair.target.native import libstdcxx, read_library

pytestmark = pytest.mark.skipif(sys.platform != "linux", reason="reads ELF files and the files of a Linux system")

SITE = "lib/python3.10/site-packages"


@pytest.fixture
def site(tmp_path):
    folder = tmp_path / "env" / SITE
    folder.mkdir(parents=True)
    return folder


@pytest.fixture
def context(site, tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    found = find_target(python=sys.executable, env=None, environ={}, cwd=Path(), interactive=False)
    where = replace(
        found.environment, prefix=str(tmp_path / "env"), purelib=str(site), platlib=str(site), kind="venv",
        sys_path=(found.environment.sys_path[0], str(site)), system_site_packages=False,
    )  # fmt: skip
    target = replace(
        found,
        environment=where,
        interpreter=replace(found.interpreter, version=(3, 10, 1), machine=os.uname().machine),
        host=replace(found.host, libc="glibc", libc_version="99.0"),
    )
    return Context(target=target, facts=Facts(), options=ProbeOptions(imports=False), environ={"PWD": str(tmp_path)})


def facts_of(module, context):
    return Facts.of(module.PROBE.collect(context))


def a_real_library():
    import _ctypes

    return Path(_ctypes.__file__)


@pytest.fixture
def library(site):
    """A real library of this machine where TensorFlow's would be."""
    path = site / "tensorflow" / "libtensorflow_framework.so.2"
    path.parent.mkdir()
    shutil.copy2(a_real_library(), path)
    return path


def test_a_library_of_this_machine_is_no_finding(context, library):
    facts = facts_of(native, context)
    assert facts.value("native.wrong_machine") == []
    assert facts.value("native.executable_stack") == []
    assert facts.value("native.missing_versions") == []


def test_a_library_of_another_machine_is_named(context, library):
    data = bytearray(library.read_bytes())
    here = struct.unpack_from("<H", data, 18)[0]
    struct.pack_into("<H", data, 18, 183 if here == 62 else 62)  # EM_AARCH64, EM_X86_64
    library.write_bytes(data)
    (row,) = facts_of(native, context).value("native.wrong_machine")
    assert row["path"] == str(library)
    assert row["wanted"] == os.uname().machine != row["found"]


def test_an_older_c_library_is_named_with_the_version_that_is_needed(context, library):
    old = replace(context.target, host=replace(context.target.host, libc_version="2.1"))
    (row,) = facts_of(native, replace(context, target=old)).value("native.missing_versions")
    assert row["version"].startswith("GLIBC_2.")
    assert row["library"] == "glibc 2.1"


def test_a_cxx_library_without_versions_in_ld_library_path_is_found_first(context, tmp_path):
    system = libstdcxx(os.uname().machine, {})
    if system is None:
        pytest.skip("this system has no C++ library")
    assert "GLIBCXX_3.4" in system.offers
    shutil.copy2(a_real_library(), tmp_path / "libstdc++.so.6")
    first = libstdcxx(os.uname().machine, {"LD_LIBRARY_PATH": f"{tmp_path / 'none'}:{tmp_path}"})
    assert first.path == tmp_path / "libstdc++.so.6"
    assert not first.offers


def test_what_is_no_library_is_left_to_the_record(context, library):
    library.write_bytes(b"\x7fELF cut short")
    assert read_library(library) is None
    facts = facts_of(native, context)
    assert facts.value("native.wrong_machine") == facts.value("native.no_library") == []


@pytest.mark.parametrize("content", [bytes(4096), b""])
def test_a_library_whose_content_was_never_written_is_named(context, library, content):
    library.write_bytes(content)
    assert facts_of(native, context).value("native.no_library") == [str(library)]


def test_the_folder_where_it_was_started_counts_and_not_one_that_the_shell_left_behind(context, tmp_path):
    (tmp_path / "elsewhere").mkdir()
    (tmp_path / "elsewhere" / "numpy.py").touch()
    (tmp_path / "queue.py").touch()
    for left in ({"PWD": str(tmp_path / "elsewhere")}, {"PWD": str(tmp_path / "gone")}, {}):
        (row,) = facts_of(search_path, replace(context, environ=left)).value("search_path.shadowing")
        assert row == {"module": "queue", "path": str(tmp_path / "queue.py")}


def test_a_module_from_pythonpath_before_the_environments_own_is_a_leak(context, site, tmp_path):
    for folder in (site, tmp_path / "elsewhere"):
        (folder / "numpy").mkdir(parents=True)
        (folder / "numpy" / "__init__.py").touch()
    (tmp_path / "elsewhere" / "lamp.py").touch()
    assert facts_of(search_path, context).value("search_path.leaking") == []
    led = replace(context, environ={**context.environ, "PYTHONPATH": str(tmp_path / "elsewhere")})
    expected = {"module": "numpy", "path": str(tmp_path / "elsewhere"), "origin": "PYTHONPATH"}
    assert facts_of(search_path, led).value("search_path.leaking") == [expected]


def test_the_user_site_comes_before_the_site_of_an_installation(context, site, tmp_path):
    user = tmp_path / ".local" / SITE
    for folder in (site, user):
        (folder / "google" / "protobuf").mkdir(parents=True)
    system = replace(context.target, environment=replace(context.target.environment, kind="system"))
    led = replace(context, target=system, environ={**context.environ, "HOME": str(tmp_path)})
    expected = {"module": "google.protobuf", "path": str(user), "origin": "user site"}
    assert facts_of(search_path, led).value("search_path.leaking") == [expected]
    off = replace(led, environ={**led.environ, "PYTHONNOUSERSITE": "1"})
    assert facts_of(search_path, off).value("search_path.leaking") == []


def test_a_file_of_the_name_in_the_current_folder_hides_the_module(context, tmp_path):
    (tmp_path / "tensorflow.py").touch()
    (tmp_path / "train.py").touch()
    expected = {"module": "tensorflow", "path": str(tmp_path / "tensorflow.py")}
    assert facts_of(search_path, context).value("search_path.shadowing") == [expected]


def test_a_module_that_is_installed_into_a_folder_of_pythonpath_hides_nothing(context, tmp_path):
    layer = tmp_path / "layer"
    for name in ("six-1.17.0.dist-info", "enum-0.4.7.egg-info"):
        (layer / name).mkdir(parents=True)
    for name in ("six.py", "enum.py"):
        (layer / name).touch()
    led = replace(context, environ={**context.environ, "PYTHONPATH": str(layer)})
    expected = {"module": "enum", "path": str(layer / "enum.py")}
    assert facts_of(search_path, led).value("search_path.shadowing") == [expected]


def test_an_interpreter_that_does_not_start_has_no_search_path(context):
    dead = replace(context.target, interpreter=replace(context.target.interpreter, starts=False))
    facts = facts_of(search_path, replace(context, target=dead))
    assert facts.get("search_path.leaking") == Unknown("the interpreter does not start")


def machine(root, files):
    for name, text in files.items():
        (root / name).parent.mkdir(parents=True, exist_ok=True)
        (root / name).write_text(text)
    return root


DEVICE = "sys/bus/pci/devices/0000:01:00.0"
LOADED = "NVRM version: NVIDIA UNIX x86_64 Kernel Module  535.104.05  Sat Aug 19 01:15:15 UTC 2023\n"


def test_a_gpu_and_the_two_parts_of_its_driver(tmp_path):
    root = machine(
        tmp_path,
        {
            f"{DEVICE}/vendor": "0x10de\n",
            f"{DEVICE}/class": "0x030200\n",
            "proc/driver/nvidia/version": LOADED,
            "usr/lib/x86_64-linux-gnu/libcuda.so.550.54.14": "",
        },
    )
    (root / "usr/lib/x86_64-linux-gnu/libcuda.so.1").symlink_to("libcuda.so.550.54.14")
    assert nvidia.has_gpu(root)
    assert nvidia.kernel_driver(root) == "535.104.05"
    assert nvidia.user_driver(root) == "550.54.14"


def test_a_sound_card_of_the_same_vendor_is_no_gpu(tmp_path):
    root = machine(tmp_path, {f"{DEVICE}/vendor": "0x10de\n", f"{DEVICE}/class": "0x040300\n"})
    assert not nvidia.has_gpu(root)
    assert nvidia.kernel_driver(root) is None
    assert nvidia.user_driver(root) is None


def test_windows_lends_its_gpu_to_wsl(tmp_path):
    root = machine(tmp_path, {"proc/version": "Linux version 5.15.90.1-microsoft-standard-WSL2"})
    assert nvidia.in_wsl(root)
    assert not nvidia.has_gpu(root)
    machine(tmp_path, {"usr/lib/wsl/lib/libcuda.so.1": ""})
    assert nvidia.has_gpu(root)


def test_on_windows_the_drivers_library_and_the_runtime_are_looked_for(context, tmp_path):
    folder = tmp_path / "Windows" / "System32"
    folder.mkdir(parents=True)
    for name in ("nvcuda.dll", "msvcp140.dll", "vcruntime140.dll", "vcruntime140_1.dll"):
        (folder / name).touch()
    target = replace(context.target, host=replace(context.target.host, system="windows"))
    windows = replace(context, target=target, environ={"SystemRoot": str(tmp_path / "Windows")})
    assert facts_of(gpu, windows).value("gpu.nvidia") is True
    assert facts_of(host, windows).value("host.msvc_missing") == ["msvcp140_1.dll"]
    assert isinstance(facts_of(native, windows).get("native.wrong_machine"), Unknown)


def test_this_machine_executes_what_lies_in_its_folders(context):
    assert facts_of(environment, context).value("environment.noexec") is False
