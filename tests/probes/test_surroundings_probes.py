"""Variables, room, Jupyter kernels, and what libraries need: read from files made for the purpose."""

import json
import os
import shutil
import sys
from dataclasses import replace
from pathlib import Path

import pytest
from fake_site import Site

from tfrepair.model.facts import Absent, Facts, Known, Unknown
from tfrepair.probes import host, jupyter, native, resources, search_path, variables
from tfrepair.probes.collector import Context, ProbeOptions
from tfrepair.target import resources as room
from tfrepair.target.interpreter import Completed
from tfrepair.target.native import missing_sonames, read_library


@pytest.fixture
def site(tmp_path):
    return Site(tmp_path / "env")


def context(site, **environ):
    return Context(target=site.target, facts=Facts(), options=ProbeOptions(imports=False), environ=environ)


def facts_of(module, given):
    return Facts.of(module.PROBE.collect(given))


def test_only_variables_that_steer_are_told(site):
    found = facts_of(variables, context(site, TF_USE_LEGACY_KERAS="1", LD_PRELOAD="", AWS_SECRET_ACCESS_KEY="x"))
    assert found.get("variables.TF_USE_LEGACY_KERAS") == Known("1")
    assert found.get("variables.LD_PRELOAD") == Absent()
    assert not [path for path in found.by_path if "SECRET" in path]


def test_the_loader_is_led_to_libraries_that_change_an_import(site, tmp_path):
    folder = tmp_path / "old"
    folder.mkdir()
    for name in ("libstdc++.so.6", "libprotobuf.so.17", "libz.so.1"):
        (folder / name).touch()
    found = facts_of(variables, context(site, LD_LIBRARY_PATH=f"{tmp_path / 'none'}{os.pathsep}{folder}"))
    assert [Path(row["path"]).name for row in found.value("loader.led_to")] == ["libprotobuf.so.17", "libstdc++.so.6"]
    assert {row["variable"] for row in found.value("loader.led_to")} == {"LD_LIBRARY_PATH"}


def test_what_is_loaded_before_everything_else_and_whether_it_is_there(site, tmp_path):
    (tmp_path / "libjemalloc.so").touch()
    found = facts_of(variables, context(site, LD_PRELOAD=f"{tmp_path / 'libjemalloc.so'} libgone.so:/nowhere/x.so"))
    assert [(Path(row["path"]).name, row["exists"]) for row in found.value("loader.preloaded")] == [
        ("libjemalloc.so", True), ("libgone.so", None), ("x.so", False),
    ]  # fmt: skip


def test_room_is_told_in_megabytes(site, tmp_path):
    found = facts_of(resources, context(site, TMPDIR=str(tmp_path)))
    assert found.value("disk.free") > 0
    assert found.value("disk.temporary_free") > 0
    assert found.get("host.long_paths") == Absent()
    gone = facts_of(resources, context(site, TMPDIR=str(tmp_path / "gone")))
    assert isinstance(gone.get("disk.temporary_free"), Unknown)


@pytest.mark.parametrize(
    ("files", "expected"),
    [
        ({}, None),
        ({"proc/meminfo": "MemTotal: 9 kB\nMemAvailable:   2000000 kB\n"}, 2048),
        ({"proc/meminfo": "MemFree: 9 kB\n"}, None),
        (
            {
                "proc/meminfo": "MemAvailable: 2000000 kB\n",
                "sys/fs/cgroup/memory.max": "600000000\n",
                "sys/fs/cgroup/memory.current": "500000000\n",
            },
            100,
        ),
        (
            {
                "proc/meminfo": "MemAvailable: 2000000 kB\n",
                "sys/fs/cgroup/memory.max": "max\n",
                "sys/fs/cgroup/memory.current": "500000000\n",
            },
            2048,
        ),
    ],
)
def test_memory_is_what_the_machine_and_the_container_leave(tmp_path, files, expected):
    for name, text in files.items():
        (tmp_path / name).parent.mkdir(parents=True, exist_ok=True)
        (tmp_path / name).write_text(text)
    assert room.free_memory(tmp_path) == expected


def test_the_backend_of_keras_is_told_by_a_variable_or_else_by_its_file(site, tmp_path):
    file = tmp_path / "home" / ".keras" / "keras.json"
    file.parent.mkdir(parents=True)
    file.write_text('{"backend": "theano", "floatx": "float32"}')
    by_file = facts_of(variables, context(site, HOME=str(tmp_path / "home")))
    assert (by_file.value("keras.backend"), by_file.value("keras.backend_from")) == ("theano", f"`{file}`")
    both = facts_of(variables, context(site, HOME=str(tmp_path / "home"), KERAS_BACKEND="jax"))
    assert (both.value("keras.backend"), both.value("keras.backend_from")) == ("jax", "KERAS_BACKEND")
    for text in ("[", "[]", '{"backend": 3}', "[" * 100_000):
        file.write_text(text)
        named = facts_of(variables, context(site, KERAS_HOME=str(file.parent)))
        assert named.get("keras.backend") == Absent()
    assert facts_of(variables, context(site)).get("keras.backend") == Absent()


def kernel(folder, name, argv, language="python"):
    path = folder / "share" / "jupyter" / "kernels" / name / "kernel.json"
    path.parent.mkdir(parents=True)
    path.write_text(json.dumps({"argv": [*argv, "-m", "ipykernel_launcher"], "language": language}))


def test_a_kernel_of_the_environment_that_runs_another_interpreter_is_foreign(site, tmp_path):
    own = str(site.prefix / "bin" / "python")
    kernel(site.prefix, "plain", ["python"])
    kernel(site.prefix, "own", [own])
    kernel(site.prefix, "moved", ["/home/ada/old/bin/python3"])
    kernel(site.prefix, "julia", ["/opt/julia/bin/julia"], "julia")
    (site.prefix / "share" / "jupyter" / "kernels" / "broken").mkdir()
    (site.prefix / "share" / "jupyter" / "kernels" / "broken" / "kernel.json").write_text("[")
    kernel(tmp_path / ".local", "user", ["/home/ada/old/bin/python3"])
    found = facts_of(jupyter, context(site, HOME=str(tmp_path)))
    assert [row["name"] for row in found.value("jupyter.kernels")] == ["moved", "own", "plain", "user"]
    (foreign,) = found.value("jupyter.foreign")
    assert (foreign["name"], foreign["exists"]) == ("moved", False)
    copied = replace(site.target, environment=replace(site.target.environment, stands_for="/home/ada/old"))
    rows = facts_of(jupyter, replace(context(site, HOME=str(tmp_path)), target=copied)).value("jupyter.kernels")
    assert {row["name"]: row["here"] for row in rows} == {"moved": True, "own": True, "plain": True, "user": True}


@pytest.mark.parametrize("text", ["{garbage", '["python"]', "[" * 100_000])
def test_a_kernel_of_the_environment_that_cannot_be_read_leaves_it_open(site, tmp_path, text):
    kernel(site.prefix, "own", ["python"])
    for folder in (site.prefix, tmp_path / ".local"):
        kernel(folder, "broken", [])
        broken = folder / "share" / "jupyter" / "kernels" / "broken" / "kernel.json"
        broken.write_text(text)
    found = facts_of(jupyter, context(site, HOME=str(tmp_path)))
    mine = site.prefix / "share" / "jupyter" / "kernels" / "broken" / "kernel.json"
    assert found.get("jupyter.foreign") == Unknown(f"`{mine}` cannot be read: it is no JSON object")
    assert [row["name"] for row in found.value("jupyter.kernels")] == ["own"]
    mine.unlink()
    assert facts_of(jupyter, context(site, HOME=str(tmp_path))).value("jupyter.foreign") == []


def test_copies_of_a_module_are_told_in_the_order_of_the_search_path(site, tmp_path):
    (tmp_path / "tools" / "google" / "protobuf").mkdir(parents=True)
    (site.path / "google" / "protobuf").mkdir(parents=True)
    led = replace(site.target, environment=replace(site.target.environment, sys_path=(str(site.path), str(site.path))))
    given = replace(context(site, PYTHONPATH=str(tmp_path / "tools")), target=led)
    expected = {"module": "google.protobuf", "paths": [str(tmp_path / "tools"), str(site.path)]}
    assert facts_of(search_path, given).value("search_path.copies") == [expected]
    assert facts_of(search_path, replace(given, environ={})).value("search_path.copies") == []


@pytest.mark.skipif(sys.platform != "linux", reason="reads ELF files")
def test_a_library_that_is_nowhere_is_missed_and_one_that_is_carried_is_not(site):
    import _ctypes

    path = site.path / "tensorflow" / "libtensorflow_framework.so.2"
    path.parent.mkdir()
    shutil.copy2(Path(_ctypes.__file__), path)
    real = read_library(path)
    where = site.environment
    assert real.bits == 64
    assert any(name.startswith("libc.so") for name in real.sonames)
    assert list(missing_sonames([real], where, {}, frozenset)) == []
    needy = replace(real, sonames=("libhdf5-9e18f0c6.so.320",))
    assert [name for _, name in missing_sonames([needy], where, {}, frozenset)] == ["libhdf5-9e18f0c6.so.320"]
    assert list(missing_sonames([needy], where, {}, lambda: frozenset(needy.sonames))) == []
    (site.path / "h5py.libs").mkdir()
    (site.path / "h5py.libs" / needy.sonames[0]).touch()
    assert list(missing_sonames([needy], where, {}, frozenset)) == []
    led = replace(needy, sonames=("libown.so",), folders=(str(site.path / "own"),))
    (site.path / "own").mkdir()
    (site.path / "own" / "libown.so").touch()
    assert list(missing_sonames([led], where, {}, frozenset)) == []
    beside = replace(needy, sonames=("libconda.so.1",))
    assert [name for _, name in missing_sonames([beside], where, {}, frozenset)] == ["libconda.so.1"]
    (site.prefix / "lib" / "libconda.so.1").touch()
    assert list(missing_sonames([beside], where, {}, frozenset)) == []


@pytest.mark.skipif(sys.platform != "linux", reason="reads ELF files")
def test_an_openmp_library_says_how_much_thread_data_it_wants(site):
    system = next(iter(sorted(Path("/usr/lib").glob("*/libgomp.so.1"))), None)
    if system is None:
        pytest.skip("this system has no libgomp")
    carried = site.path / "scikit_learn.libs" / "libgomp-d22c30c5.so.1.0.0"
    carried.parent.mkdir()
    shutil.copy2(system, carried)
    (row,) = facts_of(native, context(site)).value("native.static_tls")
    assert row["path"] == str(carried)
    assert row["bytes"] > 0


@pytest.mark.skipif(sys.platform != "linux", reason="reads ELF files")
def test_where_the_loader_cannot_be_asked_nothing_is_said_to_be_missing(site, monkeypatch):
    import _ctypes

    path = site.path / "tensorflow" / "libtensorflow_framework.so.2"
    path.parent.mkdir()
    shutil.copy2(Path(_ctypes.__file__), path)
    needy = replace(read_library(path), sonames=("libnowhere.so.1",))
    monkeypatch.setattr("tfrepair.probes.native.telling_libraries", lambda folders: (needy,))
    monkeypatch.setattr("tfrepair.target.native.run", no_ldconfig)
    found = facts_of(native, context(site))
    assert isinstance(found.get("native.missing_libraries"), Unknown)
    assert found.value("native.executable_stack") == []


def no_ldconfig(argv, **options):
    raise FileNotFoundError(2, "No such file or directory")


@pytest.mark.parametrize(
    ("machine", "said", "expected"), [("x86_64", "1\n", True), ("arm64", "1\n", False), ("x86_64", "", False)]
)
def test_an_interpreter_for_intel_on_apples_processor_is_translated(site, monkeypatch, machine, said, expected):
    answer = Completed(argv=(), exit_code=0, signal=None, stdout=said, stderr="", seconds=0.0)
    monkeypatch.setattr("tfrepair.probes.host.run", lambda argv, **options: answer)
    mac = replace(
        site.target,
        host=replace(site.target.host, system="darwin"),
        interpreter=replace(site.target.interpreter, machine=machine),
    )
    assert facts_of(host, replace(context(site), target=mac)).value("host.rosetta") is expected
    assert facts_of(host, context(site)).get("host.rosetta") == Absent()
