"""What `--gpu` comes to, from recorded facts."""

import pytest

from tfrepair.model.distribution import Distribution
from tfrepair.model.facts import Fact, Facts, Known, Unknown
from tfrepair.model.plan import Choice
from tfrepair.reason.acceleration import Acceleration, Installation, Obstacle, acceleration, disputed
from tfrepair.target.release_data import load_gpu_data, load_releases

DATA = load_gpu_data()
CARD = {
    "gpu.nvidia": True,
    "gpu.usable": True,
    "gpu.wsl": False,
    "gpu.driver": "550.54.14",
    "gpu.devices": [{"name": "NVIDIA GeForce RTX 4090", "capability": "8.9"}],
    "cuda.toolkits": [],
}


def facts(**changes):
    values = {**CARD, **{name.replace("__", "."): value for name, value in changes.items()}}
    states = {path: value if isinstance(value, Unknown) else Known(value) for path, value in values.items()}
    return Facts.of(Fact(path=path, state=state, source="recorded") for path, state in states.items())


def wanted(version="2.18.0", *, name="tensorflow", **more):
    values = {
        "choice": Choice(name=name, version=version, reason="asked for"),
        "release": load_releases().get("tensorflow", version),
        "system": "linux",
        "machine": "x86_64",
        "python_minor": "3.10",
        "anew": True,
        "stays": False,
        "named": False,
    }
    return Installation(**{**values, **more})


def decided(mode, what, known):
    return acceleration(mode, what, known, DATA)


@pytest.mark.parametrize("mode", ["auto", "require"])
def test_a_gpu_with_a_driver_that_is_new_enough_gets_the_extra_and_the_plan_says_why(mode):
    found = decided(mode, wanted(), facts())
    assert found.extras == ("and-cuda",)
    assert "nvidia-cudnn-cu12==9.3.0.75" in found.bounds
    assert found.note == (
        "NVIDIA GeForce RTX 4090 is there and its driver 550.54.14 is new enough for CUDA 12.5 (525.60.13 or newer): "
        "`tensorflow[and-cuda]` brings CUDA and cuDNN; `--gpu ignore` leaves them out"
    )


@pytest.mark.parametrize(
    ("mode", "what", "known"),
    [
        ("ignore", wanted(), facts()),
        ("auto", wanted(), facts(gpu__nvidia=False)),
        ("auto", wanted(), Facts()),
        ("auto", wanted(anew=False), facts()),
        ("require", wanted(named=True), facts()),
    ],
    ids=["ignored", "no GPU", "nothing known", "TensorFlow is there", "the pin names the extra"],
)
def test_nothing_is_added_and_nothing_said(mode, what, known):
    assert decided(mode, what, known) == Acceleration()


OBSTACLES = {
    "an old driver": (wanted(), facts(gpu__driver="515.43.04"), "needs 525.60.13 or newer", "driver-too-old"),
    "a driver of unknown version": (
        wanted(),
        facts(gpu__driver=Unknown("`nvidia-smi` failed")),
        "could not be learned",
        "driver-too-old",
    ),
    "a driver that is not loaded": (
        wanted(),
        facts(gpu__usable=False),
        "cannot be reached from here",
        "gpu-driver-not-loaded",
    ),
    "Windows": (
        wanted(system="windows", machine="amd64"),
        facts(),
        "2.10 was the last release",
        "windows-gpu-dropped",
    ),
    "a build for the processor": (
        wanted(name="tensorflow-cpu"),
        facts(),
        "tensorflow-cpu 2.18.0 for linux on x86_64 is built without CUDA",
        "missing-cuda-library",
    ),
    "another processor": (wanted(machine="aarch64"), facts(), "built without CUDA", "missing-cuda-library"),
    "an extra that cannot be installed": (
        wanted("2.15.0"),
        facts(),
        "tensorrt-libs 8.6.1, which is not on the index; 2.15.1 is the next",
        "gpu-wheels-missing-or-mixed",
    ),
    "an extra that cannot be installed on this Python": (
        wanted("2.14.1", python_minor="3.11"),
        facts(),
        "2.15.1",
        "gpu-wheels-missing-or-mixed",
    ),
    "an extra that is not found": (wanted("2.16.1"), facts(), "2.16.2", "gpu-wheels-missing-or-mixed"),
    "a release before the extra": (
        wanted("2.13.1"),
        facts(cuda__toolkits=[{"version": "12.4.1", "path": "/usr/local/cuda-12.4"}]),
        "takes CUDA 11.8 and cuDNN 8.6 from the system; installed is CUDA 12.4.1 in `/usr/local/cuda-12.4`",
        "missing-cuda-library",
    ),
    "Windows before 2.11 without CUDA": (
        wanted("2.10.1", system="windows", machine="amd64"),
        facts(),
        "takes CUDA 11.2 and cuDNN 8.1 from the system; installed is no CUDA",
        "missing-cuda-library",
    ),
}


@pytest.mark.parametrize(("what", "known", "text", "cause"), OBSTACLES.values(), ids=OBSTACLES)
def test_what_stands_against_it_is_an_obstacle_when_required_and_else_a_note(what, known, text, cause):
    obstacle = decided("require", what, known)
    assert isinstance(obstacle, Obstacle)
    assert obstacle.cause == cause
    assert text in obstacle.text
    softer = decided("auto", what, known)
    assert not softer.extra
    assert text in softer.note


def test_a_release_before_the_extra_uses_the_cuda_that_is_there():
    toolkit = [{"version": "11.8.0", "path": "/usr/local/cuda-11.8"}]
    found = decided("require", wanted("2.13.1"), facts(cuda__toolkits=toolkit))
    assert found == Acceleration(
        note="tensorflow 2.13.1 uses the CUDA of the system: CUDA 11.8.0 in `/usr/local/cuda-11.8`"
    )


def test_libraries_that_are_all_there_stay_as_they_are():
    found = decided("require", wanted(anew=False, stays=True), facts(cuda__missing=[]))
    assert not found.extra
    assert "stay as they are" in found.note
    assert decided("require", wanted(anew=False, stays=True), facts(cuda__missing=["libcudnn.so.9"])).extra


def test_in_wsl_the_driver_of_windows_counts():
    assert decided("auto", wanted(), facts(gpu__wsl=True, gpu__driver="531.14")).extra
    assert not decided("auto", wanted(), facts(gpu__wsl=True, gpu__driver="527.0")).extra


def test_a_library_for_newer_cuda_makes_up_for_an_older_driver():
    assert decided("auto", wanted(), facts(gpu__driver="470.82.01", gpu__compat="555.42.02")).extra


def test_wheels_that_another_distribution_needs_otherwise_are_left_to_it_unless_a_gpu_is_required():
    torch = Distribution(name="torch", version="2.4.0", metadata_path="/x", requires=("nvidia-cudnn-cu12==9.1.0.70",))
    cudnn = Distribution(name="nvidia-cudnn-cu12", version="9.1.0.70", metadata_path="/y")
    lines = DATA.wheels("2.18.0")
    said = disputed([torch, cudnn], lines, {})
    assert said == "torch 2.4.0 needs nvidia-cudnn-cu12 9.1.0.70, and TensorFlow nvidia-cudnn-cu12==9.3.0.75"
    assert disputed([cudnn], lines, {}) is None
    assert disputed([torch, cudnn], DATA.wheels("2.15.1"), {}) is not None
    soft = decided("auto", wanted(disputed=said), facts())
    assert not soft.extra
    assert "torch 2.4.0 needs" in soft.note
    assert decided("require", wanted(disputed=said), facts()).extra


def test_a_build_of_somebody_elses_is_not_given_the_wheels_of_the_index():
    why = "this build uses another CUDA or cuDNN than the one that the extra belongs to"
    known = facts(gpu_wheels__extra=False, gpu_wheels__extra_problem=why, cuda__missing=["libcudnn.so.9"])
    there = wanted(anew=False, stays=True)
    assert decided("require", there, known) == Obstacle(text=f"tensorflow 2.18.0: {why}", cause="missing-cuda-library")
