"""Which release a repair brings."""

import pytest

from tfrepair.errors import NoRepairError, UsageError
from tfrepair.model.facts import Fact, Facts, Known
from tfrepair.reason.choose import Wanted, choose, parse_wanted
from tfrepair.target.release_data import load_releases
from tfrepair.target.tags import tags_for

RELEASES = load_releases()


def tags(minor):
    return tags_for((3, minor, 0), "linux-x86_64", libc="glibc", libc_version="2.36")


def facts(**values):
    return Facts.of(Fact(path=path.replace("__", "."), state=Known(v), source="test") for path, v in values.items())


def chosen(*wanted, minor=10, **values):
    found = choose(
        [Wanted(text=w, source="test") for w in wanted], facts(**values), RELEASES, tags(minor), f"3.{minor}"
    )
    return found.name, found.version


ON_DISK = {"tensorflow__name": "tensorflow-gpu", "tensorflow__version": "2.10.0", "tensorflow__source": "record"}


def test_the_release_on_disk_is_kept_under_the_name_tensorflow():
    assert chosen(**ON_DISK) == ("tensorflow", "2.10.0")


def test_other_names_are_kept():
    values = {**ON_DISK, "tensorflow__name": "tensorflow-cpu"}
    assert chosen(**values) == ("tensorflow-cpu", "2.10.0")


def test_a_pin_comes_before_what_is_on_disk():
    assert chosen("2.11.0", **ON_DISK) == ("tensorflow", "2.11.0")


def test_a_short_version_means_its_newest_patch():
    assert chosen("2.9") == ("tensorflow", "2.9.3")
    assert chosen("2.9.0") == ("tensorflow", "2.9.0")


def test_a_specifier_takes_the_newest_that_fits():
    assert chosen(">=2.8,<2.11") == ("tensorflow", "2.10.1")
    assert chosen("~=2.8", minor=8) == ("tensorflow", "2.13.1")


def test_a_pin_may_name_the_distribution():
    assert chosen("tensorflow-cpu==2.10.1") == ("tensorflow-cpu", "2.10.1")


def test_without_anything_it_is_the_newest_final_that_fits():
    assert chosen(minor=13) == ("tensorflow", "2.21.0")
    assert chosen(minor=7) == ("tensorflow", "2.11.0")


def test_a_pre_release_comes_only_when_asked_for():
    with pytest.raises(NoRepairError):
        chosen(minor=14)
    assert chosen("2.22.0rc0", minor=14) == ("tensorflow", "2.22.0rc0")


def test_a_release_newer_than_the_data_is_left_to_the_index():
    assert chosen("2.99.0") == ("tensorflow", "2.99.0")


def test_a_release_that_never_was_is_refused():
    with pytest.raises(NoRepairError, match=r"2\.16\.0"):
        chosen("2.16.0", minor=11)


def test_a_release_for_other_pythons_is_refused_with_the_pythons_it_is_for():
    with pytest.raises(NoRepairError, match=r"3\.7, 3\.8, 3\.9, 3\.10"):
        chosen("2.9.3", minor=12)


def test_what_is_on_disk_for_another_python_is_refused():
    with pytest.raises(NoRepairError, match="whose files are on disk"):
        chosen(minor=12, **ON_DISK)


def test_processors_and_c_libraries_count():
    assert chosen("~=2.4.0", minor=8, host__cpu_flags=["avx"]) == ("tensorflow", "2.4.4")
    with pytest.raises(NoRepairError, match=r"(?i)avx2"):
        chosen("2.4.0", minor=8, host__cpu_flags=["avx"])


@pytest.mark.parametrize("text", ["", "newest", "2.x", "tensorflow==", "numpy==1.26", ">=two"])
def test_a_wish_that_cannot_be_read(text):
    with pytest.raises(UsageError):
        chosen(text)


def test_extras_of_a_wish_are_read():
    assert parse_wanted(Wanted(text="tensorflow[and-cuda]==2.15.1", source="x")).extras == ("and-cuda",)
