"""Facts about CUDA and the nvidia-* distributions, from files of an environment and recorded facts of a machine."""

import sys
from dataclasses import replace
from pathlib import Path

import pytest

from tfrepair.model.facts import Absent, Fact, Facts, Known, Unknown
from tfrepair.probes import cuda, gpu, gpu_wheels
from tfrepair.probes.collector import Context, ProbeOptions
from tfrepair.target.discover import find_target
from tfrepair.target.release_data import load_gpu_data

CUDA_BUILD = (
    "import collections\nbuild_info = collections.OrderedDict([('cuda_compute_capabilities', "
    "['sm_60', 'sm_70', 'sm_80', 'sm_89', 'compute_90']), ('cuda_version', '12.5.1'), ('cudnn_version', '9'), "
    "('is_cuda_build', True)])\n"
)
LIBRARIES = {
    "cuda_runtime": "libcudart.so.12", "cublas": "libcublas.so.12", "cufft": "libcufft.so.11",
    "cusolver": "libcusolver.so.11", "cusparse": "libcusparse.so.12", "nvjitlink": "libnvJitLink.so.12",
    "cudnn": "libcudnn.so.9",
}  # fmt: skip
H100 = {"name": "NVIDIA H100", "capability": "9.0"}
RTX_4090 = {"name": "NVIDIA GeForce RTX 4090", "capability": "8.9"}
RTX_5090 = {"name": "NVIDIA GeForce RTX 5090", "capability": "12.0"}
GTX_970 = {"name": "NVIDIA GeForce GTX 970", "capability": "5.2"}


def known(values):
    return Facts.of(Fact(path=path, state=Known(value), source="test") for path, value in values.items())


def row(name, version, *, requires=(), missing=0, altered=0, examples=()):
    counts = {"missing": missing, "altered": altered, "examples": list(examples)}
    return {"name": name, "version": version, "requires": list(requires), **counts}


class Machine:
    """An environment with TensorFlow 2.18.0 on Linux x86_64 with Python 3.12, nothing else."""

    def __init__(self, folder):
        self.folder = folder
        self.site = folder / "env/lib/python3.12/site-packages"
        self.environ = {}
        self.version = "2.18.0"
        self.system = "linux"
        self.rows = []
        self.told = {}
        self.write("env/lib/python3.12/site-packages/tensorflow/python/platform/build_info.py", CUDA_BUILD)

    def write(self, name, text=""):
        path = self.folder / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text)
        return path

    def wheels(self, *left_out):
        for folder, name in LIBRARIES.items():
            if folder not in left_out:
                (self.site / "nvidia" / folder / "lib").mkdir(parents=True)
                (self.site / "nvidia" / folder / "lib" / name).touch()
        if "cublas" not in left_out:
            (self.site / "nvidia/cublas/lib/libcublasLt.so.12").touch()

    @property
    def context(self):
        found = find_target(python=sys.executable, env=None, environ={}, cwd=Path(), interactive=False)
        where = replace(
            found.environment, prefix=str(self.folder / "env"), purelib=str(self.site), platlib=str(self.site),
            kind="venv",
        )  # fmt: skip
        target = replace(
            found,
            environment=where,
            interpreter=replace(found.interpreter, version=(3, 12, 1), machine="x86_64"),
            host=replace(found.host, system=self.system, machine="x86_64"),
        )
        values = {"tensorflow.name": "tensorflow", "tensorflow.version": self.version, **self.told}
        values["inventory.distributions"] = [row("tensorflow", self.version), *self.rows]
        facts = known(values)
        return Context(
            target=target, facts=facts, options=ProbeOptions(imports=False), environ=self.environ, root=self.folder
        )

    def card(self, *, module="535.104.05", nodes=True, library="535.104.05"):
        """An NVIDIA GPU with its driver, as far as asked for."""
        self.write("sys/bus/pci/devices/0000:01:00.0/vendor", "0x10de\n")
        self.write("sys/bus/pci/devices/0000:01:00.0/class", "0x030000\n")
        if module:
            self.write("proc/driver/nvidia/version", f"NVRM version: NVIDIA UNIX x86_64 Kernel Module  {module}  Sat\n")
        if nodes:
            self.write("dev/nvidiactl")
        if library:
            self.write(f"usr/lib/x86_64-linux-gnu/libcuda.so.{library}")

    def smi(self, line):
        self.write("usr/bin/nvidia-smi", f"#!/bin/sh\necho '{line}'\n").chmod(0o755)

    def gpu(self):
        return Facts.of(gpu.PROBE.collect(self.context))

    def cuda(self):
        return Facts.of(cuda.PROBE.collect(self.context))

    def gpu_wheels(self):
        self.told.setdefault("cuda.build", True)
        return Facts.of(gpu_wheels.PROBE.collect(self.context))


@pytest.fixture
def here(tmp_path):
    return Machine(tmp_path)


@pytest.mark.parametrize("probe", [cuda.PROBE, gpu.PROBE, gpu_wheels.PROBE], ids=lambda probe: probe.name)
@pytest.mark.parametrize("system", ["linux", "windows", "darwin"])
def test_every_fact_that_is_declared_is_told_on_every_system(here, probe, system):
    here.system = system
    here.told["cuda.build"] = True
    told = {fact.path for fact in probe.collect(here.context)}
    assert told == set(probe.provides)


def test_a_machine_without_a_gpu_has_nothing_to_say(here):
    facts = here.gpu()
    assert (facts.value("gpu.nvidia"), facts.value("gpu.usable"), facts.value("gpu.nodes")) == (False, False, False)
    states = {path: state for path in gpu.PROBE.provides if not isinstance(state := facts.get(path), Known)}
    assert set(states.values()) == {Absent()}


def test_a_gpu_that_programs_can_reach(here):
    here.card()
    here.smi("535.104.05, 8.9, NVIDIA GeForce RTX 4090")
    facts = here.gpu()
    assert facts.value("gpu.usable") is True
    assert facts.value("gpu.devices") == [RTX_4090]
    assert (facts.value("gpu.driver"), facts.value("gpu.cuda_supported")) == ("535.104.05", "12.2")
    assert facts.value("gpu.versions_differ") is False


def test_without_the_drivers_tool_the_version_is_known_all_the_same(here):
    here.card()
    facts = here.gpu()
    assert facts.value("gpu.driver") == "535.104.05"
    assert facts.get("gpu.devices") == Unknown("`nvidia-smi` is not where drivers put it")


def test_a_container_that_was_not_given_the_gpu_of_its_host(here):
    here.card(nodes=False, library=None)
    here.write(".dockerenv")
    here.environ["NVIDIA_VISIBLE_DEVICES"] = "all"
    here.smi("nobody asks it")
    facts = here.gpu()
    assert (facts.value("gpu.nvidia"), facts.value("gpu.usable")) == (True, False)
    assert (facts.value("gpu.container"), facts.value("gpu.nodes")) == ("docker", False)
    assert facts.value("gpu.asked_for") == "NVIDIA_VISIBLE_DEVICES=all"
    assert facts.value("gpu.kernel_driver") == "535.104.05"
    assert facts.get("gpu.devices") == Absent()


def test_outside_a_container_the_first_program_makes_the_device_files(here):
    here.card(nodes=False)
    assert here.gpu().value("gpu.usable") is True


def test_a_library_for_newer_cuda_is_not_taken_for_the_drivers_own(here):
    here.card()
    folder = here.write("usr/local/cuda-12.5/compat/libcuda.so.555.42.02").parent
    (folder / "libcuda.so.1").symlink_to("libcuda.so.555.42.02")
    here.environ["LD_LIBRARY_PATH"] = str(folder)
    facts = here.gpu()
    assert (facts.value("gpu.compat"), facts.value("gpu.versions_differ")) == ("555.42.02", False)
    here.told |= {"gpu.driver": "470.82.01", "gpu.devices": [RTX_4090]}
    assert here.cuda().value("cuda.driver_enough") is False
    here.told["gpu.compat"] = "555.42.02"
    assert here.cuda().value("cuda.driver_enough") is True


@pytest.mark.parametrize(("value", "hidden"), [("-1", True), ("", True), ("0", False), (None, False)])
def test_a_variable_can_hide_every_gpu(here, value, hidden):
    if value is not None:
        here.environ["CUDA_VISIBLE_DEVICES"] = value
    assert isinstance(here.gpu().get("gpu.hidden"), Known) is hidden


def test_wsl_has_the_driver_of_windows(here):
    here.write("proc/version", "Linux version 5.15.90.1-microsoft-standard-WSL2")
    library = here.write("usr/lib/wsl/lib/libcuda.so.1.1")
    (library.parent / "libcuda.so.1").symlink_to(library.name)
    here.environ["LD_LIBRARY_PATH"] = str(library.parent)
    here.write("dev/dxg")
    here.write("usr/lib/wsl/lib/nvidia-smi", "#!/bin/sh\necho '531.14, 8.9, NVIDIA GeForce RTX 4090'\n").chmod(0o755)
    facts = here.gpu()
    assert (facts.value("gpu.wsl"), facts.value("gpu.usable")) == (True, True)
    assert (facts.value("gpu.driver"), facts.value("gpu.cuda_supported")) == ("531.14", "12.1")
    assert facts.get("gpu.kernel_driver") == facts.get("gpu.user_driver") == Absent()


def test_a_build_with_cuda_and_nothing_installed_misses_every_library(here):
    facts = here.cuda()
    assert facts.value("cuda.build") is True
    assert (facts.value("cuda.version"), facts.value("cuda.cudnn")) == ("12.5", "9.3")
    assert facts.value("cuda.missing") == [
        "libcudart.so.12", "libcublas.so.12", "libcublasLt.so.12", "libcufft.so.11", "libcusolver.so.11",
        "libcusparse.so.12", "libnvJitLink.so.12", "libcudnn.so.9",
    ]  # fmt: skip
    assert facts.value("cuda.found") == []


def test_the_wheels_bring_them(here):
    here.wheels("cudnn")
    assert here.cuda().value("cuda.missing") == ["libcudnn.so.9"]


def test_a_release_that_does_not_look_into_the_wheels_misses_them_all(here):
    here.wheels()
    here.version = "2.16.1"
    assert len(here.cuda().value("cuda.missing")) == 8


def test_a_build_without_cuda_needs_nothing(here):
    here.write(
        "env/lib/python3.12/site-packages/tensorflow/python/platform/build_info.py",
        "import collections\nbuild_info = collections.OrderedDict([('is_cuda_build', False)])\n",
    )
    facts = here.cuda()
    assert facts.value("cuda.build") is False
    assert facts.get("cuda.missing") == Absent()
    assert facts.get("cuda.driver_needed") == Absent()


def test_without_build_info_the_data_about_releases_decides(here):
    (here.site / "tensorflow/python/platform/build_info.py").unlink()
    assert here.cuda().value("cuda.build") is True
    here.told["tensorflow.name"] = "tensorflow-cpu"
    assert here.cuda().value("cuda.build") is False


@pytest.mark.parametrize(("cuda", "cudnn"), [("12.6", "9"), ("12.5.1", "8"), ("11.8", "9")])
def test_a_build_of_somebody_elses_is_taken_at_its_word(here, cuda, cudnn):
    text = CUDA_BUILD.replace("12.5.1", cuda).replace("'9'", f"'{cudnn}'")
    (here.site / "tensorflow/python/platform/build_info.py").write_text(text)
    facts = here.cuda()
    assert facts.value("cuda.version") == ("12.5" if cuda == "12.5.1" else cuda)
    assert facts.value("cuda.cudnn") == ("9.3" if cudnn == "9" else cudnn)
    assert facts.value("cuda.missing")[-1] == f"libcudnn.so.{cudnn}"
    here.told |= {"cuda.version": facts.value("cuda.version"), "cuda.cudnn": facts.value("cuda.cudnn")}
    belongs = cuda.startswith("12") and cudnn == "9"
    assert here.gpu_wheels().value("gpu_wheels.extra") is belongs


def test_where_the_inventory_is_not_known_nothing_is_guessed(here):
    unknown = Fact(path="tensorflow.name", state=Unknown("the inventory could not be read"), source="test")
    context = here.context
    facts = Facts.of(cuda.PROBE.collect(replace(context, facts=context.facts.merged(Facts.of([unknown])))))
    assert facts.get("cuda.missing") == Unknown("the inventory could not be read")
    assert isinstance(facts.get("cuda.toolkits"), Known)


def test_a_toolkit_of_another_version_is_told_apart_from_one_that_is_not_searched(here):
    here.write("cuda-11.8/version.json", '{"cuda": {"version": "11.8.0"}}')
    here.write("cuda-11.8/lib64/libcudart.so.11.0")
    here.write("cuda-11.8/lib64/libcusolver.so.11")
    here.environ["CUDA_HOME"] = str(here.folder / "cuda-11.8")
    facts = here.cuda()
    toolkit = {"version": "11.8.0", "path": str(here.folder / "cuda-11.8"), "source": "version.json"}
    assert facts.value("cuda.toolkits") == [toolkit]
    lib = here.folder / "cuda-11.8/lib64"
    other = {"library": "libcudart.so.12", "path": str(lib / "libcudart.so.11.0")}
    misplaced = {"library": "libcusolver.so.11", "path": str(lib / "libcusolver.so.11")}
    assert facts.value("cuda.others") == [other]
    assert facts.value("cuda.misplaced") == [misplaced]
    here.environ["LD_LIBRARY_PATH"] = str(lib)
    assert here.cuda().value("cuda.misplaced") == []


def test_an_older_cudnn_that_comes_first_is_named(here):
    here.wheels()
    here.write("old/lib/libcudnn.so.9")
    here.write(
        "old/include/cudnn_version.h", "#define CUDNN_MAJOR 9\n#define CUDNN_MINOR 1\n#define CUDNN_PATCHLEVEL 0\n"
    )
    assert here.cuda().value("cuda.old_cudnn") == []
    here.environ["LD_LIBRARY_PATH"] = str(here.folder / "old/lib")
    path = str(here.folder / "old/lib/libcudnn.so.9")
    assert here.cuda().value("cuda.old_cudnn") == [{"version": "9.1.0", "path": path, "via": "LD_LIBRARY_PATH"}]


def test_a_newer_cudnn_of_the_same_number_is_fine(here):
    here.wheels()
    header = here.site / "nvidia/cudnn/include/cudnn_version.h"
    header.parent.mkdir()
    header.write_text("#define CUDNN_MAJOR 9\n#define CUDNN_MINOR 10\n#define CUDNN_PATCHLEVEL 2\n")
    facts = here.cuda()
    assert facts.value("cuda.old_cudnn") == []
    assert [each["version"] for each in facts.value("cuda.cudnns")] == ["9.10.2"]
    assert facts.value("cuda.cudnn_fits") is True


def test_a_cudnn_of_another_number_does_not_fit(here):
    here.wheels()
    header = here.site / "nvidia/cudnn/include/cudnn_version.h"
    header.parent.mkdir()
    header.write_text("#define CUDNN_MAJOR 8\n#define CUDNN_MINOR 9\n#define CUDNN_PATCHLEVEL 7\n")
    assert here.cuda().value("cuda.cudnn_fits") is False


@pytest.mark.parametrize(
    ("driver", "devices", "needed", "enough"),
    [
        ("535.104.05", [RTX_4090], "525.60.13", True),
        ("515.43.04", [RTX_4090], "525.60.13", False),
        ("535.104.05", [H100], "555.42.02", False),  # no machine code for it: the driver must compile
        ("560.28.03", [H100], "555.42.02", True),
        ("9999.1", [RTX_4090], "525.60.13", True),
    ],
)
def test_the_driver_it_needs_depends_on_the_gpu(here, driver, devices, needed, enough):
    here.told |= {"gpu.driver": driver, "gpu.devices": devices}
    facts = here.cuda()
    assert facts.value("cuda.driver_needed") == needed
    assert facts.value("cuda.driver_enough") is enough


def test_in_wsl_the_driver_is_that_of_windows(here):
    here.told |= {"gpu.driver": "527.0", "gpu.wsl": True}
    assert here.cuda().value("cuda.driver_needed") == "528.33"
    assert here.cuda().value("cuda.driver_enough") is False


def test_gpus_without_code_are_named_and_others_are_not(here):
    here.told["gpu.devices"] = [GTX_970, RTX_4090, RTX_5090, {"name": "?", "capability": None}]
    found = here.cuda().value("cuda.no_code")
    assert [each["name"] for each in found] == [GTX_970["name"], RTX_5090["name"]]
    assert "code for 6.0" in found[0]["why"]
    assert "Blackwell" in found[1]["why"]


def exact(version):
    return [row(*line.split("==")) for line in load_gpu_data().wheels(version)]


def test_the_whole_set_is_in_order(here):
    here.rows = exact("2.18.0")
    facts = here.gpu_wheels()
    assert facts.value("gpu_wheels.extra") is True
    for name in ("absent", "unfit", "foreign", "removable", "damaged", "rewrite"):
        assert facts.value(f"gpu_wheels.{name}") == [], name
    assert {each["cuda"] for each in facts.value("gpu_wheels.installed")} == {"12"}


def test_what_is_missing_too_old_or_of_another_major_version(here):
    here.rows = [
        row("nvidia-cublas-cu12", "12.9.1.4"),
        row("nvidia_cudnn_cu12", "8.9.7.29"),
        row("nvidia-cufft-cu12", "11.0.12.1"),
        row("torch", "2.2.0", requires=["nvidia-cudnn-cu12==8.9.7.29"]),
    ]
    facts = here.gpu_wheels()
    assert [each["name"] for each in facts.value("gpu_wheels.unfit")] == ["nvidia-cudnn-cu12", "nvidia-cufft-cu12"]
    assert facts.value("gpu_wheels.unfit")[0]["wanted"] == "==9.3.0.75"
    assert facts.value("gpu_wheels.unfit")[0]["needed_by"] == ["torch"]
    assert "nvidia-cusolver-cu12" in facts.value("gpu_wheels.absent")
    assert "nvidia-cublas-cu12" not in facts.value("gpu_wheels.absent")


def test_ranges_count_as_the_release_has_them(here):
    here.version = "2.21.0"
    here.rows = [row("nvidia-cudnn-cu12", "9.10.2.21"), row("nvidia-nccl-cu12", "2.21.5")]
    assert [each["name"] for each in here.gpu_wheels().value("gpu_wheels.unfit")] == ["nvidia-nccl-cu12"]


def test_another_cuda_in_the_same_folders_may_go_unless_something_needs_it(here):
    torch = row("torch", "2.4.0+cu118", requires=["nvidia-cudnn-cu11==9.1.0.70; platform_system == 'Linux'"])
    here.rows = [*exact("2.18.0"), row("nvidia-cudnn-cu11", "9.1.0.70"), row("nvidia-cublas-cu11", "11.11.3.6")]
    facts = here.gpu_wheels()
    assert facts.value("gpu_wheels.removable") == ["nvidia-cublas-cu11", "nvidia-cudnn-cu11"]
    assert facts.value("gpu_wheels.rewrite") == ["nvidia-cublas-cu12", "nvidia-cudnn-cu12"]
    here.rows.append(torch)
    facts = here.gpu_wheels()
    assert facts.value("gpu_wheels.removable") == ["nvidia-cublas-cu11"]
    assert {"torch"} == {name for each in facts.value("gpu_wheels.foreign") for name in each["needed_by"]}


def test_an_empty_file_that_went_with_another_wheel_is_no_damage(here):
    """Every one of these wheels has `nvidia/__init__.py`: who removes one of them removes it."""
    gone, header, library = (
        "nvidia/__init__.py",
        "nvidia/cublas/include/cublas.h",
        "nvidia/cusolver/lib/libcusolver.so.11",
    )
    here.rows = [
        row("nvidia-nccl-cu12", "2.21.5", missing=1, examples=[gone]),
        row("nvidia-cublas-cu12", "12.5.3.2", missing=2, examples=[gone, header]),
        row("nvidia-cusolver-cu12", "11.6.3.83", missing=1, altered=1, examples=[gone, library]),
    ]
    facts = here.gpu_wheels()
    assert [(each["name"], each["example"]) for each in facts.value("gpu_wheels.damaged")] == [
        ("nvidia-cusolver-cu12", library),
        ("nvidia-cublas-cu12", header),
    ]
    assert facts.value("gpu_wheels.rewrite") == ["nvidia-cublas-cu12", "nvidia-cusolver-cu12"]


def test_the_wheels_of_cuda_13_lie_in_a_folder_of_their_own(here):
    here.rows = [*exact("2.18.0"), row("nvidia-cublas", "13.0.0.19"), row("nvidia-nvvm", "13.0.48")]
    assert here.gpu_wheels().value("gpu_wheels.foreign") == []


def test_damaged_files_are_written_anew(here):
    damage = {"missing": 2, "altered": 1, "examples": ["nvidia/cublas/lib/libcublas.so.12"]}
    here.rows = [*exact("2.18.0")[1:], row("nvidia-cublas-cu12", "12.5.3.2", **damage)]
    facts = here.gpu_wheels()
    expected = {"name": "nvidia-cublas-cu12", "version": "12.5.3.2", "missing": 2, "altered": 1}
    expected["example"] = "nvidia/cublas/lib/libcublas.so.12"
    assert facts.value("gpu_wheels.damaged") == [expected]
    assert facts.value("gpu_wheels.rewrite") == ["nvidia-cublas-cu12"]


def test_the_metadata_on_disk_comes_before_the_data(here):
    context = here.context
    own = {**row("tensorflow", "2.18.0"), "requires": ['nvidia-x-cu12==1; extra == "and-cuda"', 'y; extra == "z"']}
    facts = known({"inventory.distributions": [own], "cuda.build": True})
    found = Facts.of(gpu_wheels.PROBE.collect(replace(context, facts=context.facts.merged(facts))))
    assert found.value("gpu_wheels.wanted") == ["nvidia-x-cu12==1"]


@pytest.mark.parametrize(("version", "instead"), [("2.15.0", "2.15.1"), ("2.14.1", "2.15.1"), ("2.16.1", "2.16.2")])
def test_an_extra_that_is_of_no_use_says_why(here, version, instead):
    here.version = version
    facts = here.gpu_wheels()
    assert facts.value("gpu_wheels.extra") is False
    assert facts.value("gpu_wheels.instead") == instead
    assert facts.value("gpu_wheels.extra_problem")


def test_a_build_without_cuda_asks_for_no_wheels(here):
    here.told["cuda.build"] = False
    here.rows = [row("nvidia-cublas-cu12", "12.1.3.1")]
    facts = here.gpu_wheels()
    assert facts.get("gpu_wheels.extra") == Absent()
    assert facts.get("gpu_wheels.unfit") == Absent()
    assert len(facts.value("gpu_wheels.installed")) == 1
