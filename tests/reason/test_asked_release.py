"""What a text asks for, held against the machine that it is asked on."""

import pytest

from tfrepair.reason.asked_release import asked_release
from tfrepair.reason.pasted import LONGEST_TEXT, cleaned
from tfrepair.reason.text_facts import facts_in, stated_machine
from tfrepair.target.release_data import load_gpu_data, load_releases

REFUSED = "ERROR: tensorflow-{} is not a supported wheel on this platform."


def asked(text, *, system="linux", machine="x86_64", python="3.7", tensorflow=None):
    facts = facts_in(text).merged(
        stated_machine(system=system, machine=machine, python=python, tensorflow=tensorflow, cpu=None)
    )
    found = asked_release(text, facts, load_releases(), load_gpu_data())
    return found.value("release.fits"), found.value("release.pythons")


@pytest.mark.parametrize(
    ("wheel", "pythons"),
    [
        ("2.1.0-cp35-cp35m-manylinux2010_x86_64.whl", ["3.5"]),
        ("2.1.0-cp37-cp37m-macosx_10_9_x86_64.whl", []),
        ("2.1.0-cp37-cp37m-win_amd64.whl", []),
    ],
)
def test_a_refused_wheel_says_what_it_is_for(wheel, pythons):
    assert asked(REFUSED.format(wheel)) == (False, pythons)


def test_a_wheel_that_is_refused_although_it_fits_is_said_to_fit():
    assert asked(REFUSED.format("2.1.0-cp37-cp37m-manylinux2010_x86_64.whl")) == (True, ["3.7"])


def test_a_release_without_a_wheel_for_this_python():
    fits, pythons = asked("No matching distribution found", python="3.12", tensorflow="2.8.0")
    assert fits is False
    assert "3.10" in pythons


def test_a_release_without_any_wheel_for_this_processor():
    assert asked("No matching distribution found", machine="armv7l", tensorflow="2.8.0") == (False, [])


@pytest.mark.parametrize(
    ("tensorflow", "python", "fits"),
    [("2.8.0", "3.12", False), ("2.8.0", "3.9", None), ("2.16.1", "3.12", None), ("2.16.1", "3.7", False)],
)
def test_of_a_machine_that_is_not_known_what_holds_for_all_that_are_usual_is_said(tensorflow, python, fits):
    assert asked("No matching distribution found", machine=None, python=python, tensorflow=tensorflow)[0] is fits


@pytest.mark.parametrize(("python", "fits"), [("3.7", None), ("3.12", False), ("2.7", False)])
def test_where_not_even_the_system_is_known_what_holds_on_all_is_said(python, fits):
    text = "No matching distribution found"
    found = asked(text, system=None, machine=None, python=python, tensorflow="2.8.0")
    assert found[0] is fits
    assert fits is None or "3.9" in found[1]


def test_nothing_is_said_where_nothing_is_known_of_the_machine():
    text = "No matching distribution found"
    assert asked(text, system=None, machine=None, python=None, tensorflow="2.8.0") == (None, None)


@pytest.mark.parametrize(
    ("listed", "fits", "python"),
    [
        ("1.13.0rc1, 1.13.1, 2.0.0", False, "3.6"),
        ("2.5.0rc0, 2.5.0, 2.6.0", False, "3.8"),
        ("2.10.0rc0, 2.10.0", False, None),
        ("9.9", None, None),
    ],
)
def test_what_the_index_offers_tells_the_python_and_the_machine(listed, fits, python):
    version = "1.4.0" if python == "3.6" else "2.3.0"
    text = f"No version satisfies the requirement tensorflow=={version} (from spleeter) (from versions: {listed})"
    told, pythons = asked(text, machine=None, python=None)
    assert told is fits
    assert python is None or python in pythons


def test_two_versions_of_the_driver_are_told_apart():
    text = "libcuda reported version is: 361.93.2\nkernel reported version is: 352.63.0"
    assert facts_in(text).value("gpu.versions_differ") is True
    assert not facts_in(text.replace("352.63.0", "361.93.2")).value("gpu.versions_differ")


def test_of_repeated_lines_the_first_and_the_last_stay():
    assert cleaned("a\nb\na\nb\na\nc") == "a\nb\nb\na\nc"


def test_of_a_long_text_both_ends_stay():
    text = cleaned("first\n" + "".join(f"{n} epochs\n" for n in range(300_000)) + "last")
    assert len(text) <= LONGEST_TEXT + 1
    assert text.startswith("first\n")
    assert text.endswith("\nlast")


def test_bounds_are_held_against_the_releases_within_them():
    text = "ERROR: Could not find a version that satisfies the requirement tensorflow<2.2,>=2.1 (from x)"
    fits, pythons = asked(text, python="3.8")
    assert fits is False
    assert "3.7" in pythons
    assert asked(text, python="3.7") == (None, None)


def test_a_request_without_a_version_on_a_python_that_no_release_is_for():
    text = "ERROR: No matching distribution found for tensorflow"
    assert asked(text, system="windows", python="3.5", machine="x86")[0] is False
    assert asked(text, python="3.11") == (None, None)


def test_of_a_refused_wheel_the_index_says_nothing():
    wheel = "tensorflow-2.5.0-cp37-none-linux_armv7l.whl"
    text = f"pip3 install {wheel}\n{wheel} is not a supported wheel on this platform."
    assert asked(text, machine="armv7l", python="3.9") == (False, ["3.7"])
    assert facts_in(text).value("interpreter.minor") is None
