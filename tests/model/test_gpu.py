"""What is known about GPU builds, read from the data that ships."""

import pytest

from tfrepair.model.gpu import Capabilities, at_least
from tfrepair.target.release_data import load_gpu_data, load_releases

DATA = load_gpu_data()


@pytest.mark.parametrize(
    ("cuda", "system", "compiles", "driver"),
    [
        ("12.5", "linux", False, "525.60.13"),
        ("12.5", "linux", True, "555.42.02"),
        ("12.5.1", "windows", False, "528.33"),
        ("11.8", "linux", False, "450.80.02"),
        ("11.0", "linux", False, "450.51.05"),
        ("10.1", "linux", False, "418.39"),
        ("13.0", "windows", False, None),
        ("99.0", "linux", False, None),
        ("latest", "linux", False, None),
    ],
)
def test_the_driver_that_a_cuda_needs(cuda, system, compiles, driver):
    assert DATA.driver_needed(cuda, system, compiles=compiles) == driver


def test_a_driver_serves_every_cuda_up_to_its_own():
    assert DATA.cuda_supported("535.104.05", "linux") == "12.2"
    assert DATA.cuda_supported("9999.1", "linux") == list(DATA.toolkits)[-1]
    assert DATA.cuda_supported("340.108", "linux") is None
    assert DATA.cuda_supported("N/A", "linux") is None


def test_a_newer_driver_than_the_table_is_never_too_old():
    assert at_least("610.10", DATA.driver_needed("12.5", "linux"))
    assert at_least("N/A", "525.60.13") is None


@pytest.mark.parametrize(
    ("name", "version", "system", "built"),
    [
        ("tensorflow", "2.18.0", "linux", True),
        ("tensorflow", "2.18.1", "windows", False),
        ("tensorflow", "2.10.1", "windows", True),
        ("tensorflow", "1.15.0", "linux", True),
        ("tensorflow", "1.15.5", "linux", False),
        ("tensorflow", "2.0.4", "linux", False),
        ("tensorflow-gpu", "2.0.4", "linux", True),
        ("tensorflow-cpu", "2.18.0", "linux", False),
        ("tf_nightly", "2.22.0.dev20260905", "linux", True),
        ("tensorflow", "2.18.0", "darwin", False),
    ],
)
def test_the_name_alone_does_not_tell_a_build_with_cuda(name, version, system, built):
    assert DATA.is_cuda_build(name, version, system, "x86_64") is built
    assert not DATA.is_cuda_build(name, version, system, "aarch64")


@pytest.mark.parametrize(
    ("version", "python", "instead", "finds"),
    [
        ("2.18.0", "3.12", None, True),
        ("2.15.0", "3.10", "2.15.1", True),
        ("2.15.0.post1", "3.10", None, True),
        ("2.14.1", "3.10", None, True),
        ("2.14.1", "3.11", "2.15.1", True),
        ("2.16.1", "3.12", "2.16.2", False),
    ],
)
def test_where_the_extra_is_of_no_use_another_release_is_named(version, python, instead, finds):
    problem = DATA.extra_problem(version, python)
    assert (problem.instead if problem else None) == instead
    assert DATA.finds_wheels(version) is finds


def test_before_its_first_release_the_extra_is_of_no_use_and_has_no_near_replacement():
    assert "begins with 2.14" in DATA.extra_problem("2.13.1", "3.10").why
    assert not DATA.finds_wheels("2.13.1")


def test_gpus_that_a_build_has_code_for():
    pascal_to_hopper = Capabilities(code=("6.0", "7.0", "8.0", "8.9"), ptx="9.0")
    assert pascal_to_hopper.lacks("5.2")
    assert not pascal_to_hopper.lacks("6.1")
    assert not pascal_to_hopper.lacks("9.0")
    assert not pascal_to_hopper.has_code("9.0")
    assert not pascal_to_hopper.lacks("[N/A]")
    assert DATA.capabilities("2.16.2").has_code("5.2")
    assert DATA.capabilities("1.15.0") is None


def test_what_was_reported_of_newer_gpus():
    assert "Blackwell" in DATA.too_new("2.21.0", "12.0")
    assert DATA.too_new("2.22.0", "12.0") is None
    assert DATA.too_new("2.21.0", "9.0") is None


def test_the_files_a_build_opens():
    assert DATA.libraries("12.5", "9.3", "linux")[-1] == "libcudnn.so.9"
    assert "libcudart.so.11.0" in DATA.libraries("11.2", "8.1", "linux")
    assert "libcusolver.so.10" in DATA.libraries("11.0", "8.0", "linux")
    assert "cudnn64_8.dll" in DATA.libraries("11.2", "8.1", "windows")
    assert DATA.libraries("12.5", "9.3", "windows") == ()


def test_every_release_with_the_extra_has_its_wheels_its_driver_and_its_files():
    for version, release in load_releases().by_name["tensorflow"].items():
        if not release.and_cuda or release.cuda is None:
            continue
        assert any(line.startswith("nvidia-cudnn-cu") for line in DATA.wheels(version)), version
        assert DATA.driver_needed(release.cuda, "linux"), version
        assert DATA.libraries(release.cuda, release.cudnn, "linux"), version
