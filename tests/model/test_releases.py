import re

import pytest
from fake_site import tags
from packaging.version import Version

from tfrepair.model.release import specifier_text
from tfrepair.target.release_data import load_releases

ARM = (
    "manylinux_2_27_aarch64",
    "manylinux_2_28_aarch64",
    "manylinux_2_17_aarch64",
    "manylinux2014_aarch64",
    "linux_aarch64",
)
MUSL = ("musllinux_1_2_x86_64", "linux_x86_64")
MAC = ("macosx_14_0_arm64", "macosx_12_0_arm64", "macosx_11_0_arm64", "macosx_11_0_universal2")


@pytest.fixture
def releases():
    return load_releases()


@pytest.mark.parametrize(
    ("python", "newest"),
    [
        ((3, 6), "2.6.2"),
        ((3, 7), "2.11.0"),
        ((3, 8), "2.13.1"),
        ((3, 9), "2.20.0"),
        ((3, 10), "2.21.0"),
        ((3, 13), "2.21.0"),
    ],
)
def test_the_newest_final_release_for_each_python_on_linux(releases, python, newest):
    assert releases.newest("tensorflow", tags(python)) == newest


def test_a_prerelease_is_taken_only_when_asked_for(releases):
    assert releases.newest("tensorflow", tags((3, 14))) is None
    assert releases.newest("tensorflow", tags((3, 14)), prereleases=True) == "2.22.0rc0"


def test_wheel_tags_decide_and_a_free_threaded_python_has_none(releases):
    assert releases.fits("tensorflow", "2.10.0", tags((3, 10)))
    assert not releases.fits("tensorflow", "2.10.0", tags((3, 11)))
    free = [tag.replace("-cp313-", "-cp313t-") for tag in tags((3, 13))]
    assert not releases.fits("tensorflow", "2.21.0", free)
    assert (
        releases.why_not("tensorflow", "2.21.0", free) == "`tensorflow` 2.21.0 has no wheel for a free-threaded Python"
    )


def test_a_stub_fits_only_where_its_partner_does(releases):
    assert releases.fits("tensorflow", "2.12.0", tags((3, 9), ARM))
    assert releases.partner("tensorflow", "2.12.0", tags((3, 9), ARM)) == "tensorflow-cpu-aws"
    assert not releases.fits("tensorflow", "2.11.1", tags((3, 9), ARM))
    assert not releases.fits("tensorflow", "2.13.1", tags((3, 8), ("win_amd64",)))
    assert not releases.fits("tensorflow-macos", "2.15.1", tags((3, 10), MAC))
    assert releases.partner("tensorflow-macos", "2.15.1", tags((3, 10), MAC)) == ""
    assert releases.partner("tensorflow", "2.12.0", tags((3, 9))) is None


@pytest.mark.parametrize(
    ("name", "version", "interpreter", "reason"),
    [
        (
            "tensorflow",
            "2.11.0",
            tags((3, 13)),
            "no wheel for Python 3.13 on linux-x86_64; it has them for 3.7, 3.8, 3.9, 3.10",
        ),
        (
            "tensorflow",
            "2.13.1",
            tags((3, 8), ("win_amd64",)),
            "its code, `tensorflow-intel` 2.13.1, has no wheel for it",
        ),
        ("tensorflow-macos", "2.15.1", tags((3, 10), MAC), "nothing has its code"),
        ("tensorflow", "2.21.0", tags((3, 10), MUSL), "has no wheel for musllinux-x86_64, only for"),
        ("tensorflow-gpu", "2.12.0", tags((3, 10)), "only a source archive"),
        ("tensorflow", "99.0", tags((3, 10)), "is not in the data of tfrepair"),
        (
            "tensorflow",
            "2.21.0",
            tags((3, 10), ("manylinux_2_17_x86_64",)),
            "but for a newer system: manylinux_2_27_x86_64",
        ),
        ("tensorflow", "not a version", tags((3, 10)), "is not in the data of tfrepair"),
        ("no-such-name", "1.0", tags((3, 10)), "is not in the data of tfrepair"),
    ],
)
def test_the_reason_why_a_release_does_not_fit(releases, name, version, interpreter, reason):
    assert not releases.fits(name, version, interpreter)
    assert reason in releases.why_not(name, version, interpreter)


def test_a_fitting_release_has_no_reason_against_it(releases):
    assert releases.why_not("tensorflow", "2.10.0", tags((3, 10)), glibc="2.36", cpu_flags=["avx"]) is None


def test_the_mistagged_releases_need_a_newer_glibc_than_their_tag_says(releases):
    old = (*("manylinux1_x86_64",), "linux_x86_64")
    assert releases.newest("tensorflow", tags((3, 7), old)) == "1.14.0"
    assert releases.newest("tensorflow", tags((3, 7), old), glibc="2.17") is None
    assert "glibc 2.23" in releases.why_not("tensorflow", "1.14.0", tags((3, 7)), glibc="2.17")


def test_processors_without_avx_run_no_x86_build_but_arm_does(releases):
    assert releases.newest("tensorflow", tags((3, 10)), cpu_flags=["sse4_2"]) is None
    assert releases.newest("tensorflow", tags((3, 10), ARM), cpu_flags=["asimd"]) == "2.21.0"
    assert "AVX2" in releases.why_not("tensorflow", "2.4.0", tags((3, 8)), cpu_flags=["avx"])
    assert releases.why_not("tensorflow", "2.4.1", tags((3, 8)), cpu_flags=["avx"]) is None


def test_a_minor_version_means_any_patch_and_a_whole_one_exactly_that(releases):
    assert releases.matching("2.10", tags((3, 10))) == ("2.10.1", "2.10.0")
    assert releases.matching("2.10.0", tags((3, 10))) == ("2.10.0",)
    assert releases.matching(">=2.8,<2.9", tags((3, 10)))[0] == "2.8.4"
    assert releases.matching("~=2.20", tags((3, 10))) == ("2.21.0", "2.20.0")
    assert releases.matching("==2.22.0rc0", tags((3, 10))) == ("2.22.0rc0",)
    assert releases.matching("", tags((3, 9)))[0] == "2.20.0"
    assert releases.matching("3.5", tags((3, 10))) == ()


@pytest.mark.parametrize(
    ("text", "specifier"), [("1.15", "==1.15.*"), (" 2.15.0.post1 ", "==2.15.0.post1"), (">=2", ">=2")]
)
def test_what_people_write_becomes_a_specifier(text, specifier):
    assert specifier_text(text) == specifier


def test_what_is_neither_a_version_nor_a_specifier_is_refused():
    with pytest.raises(ValueError, match="neither a version nor a specifier"):
        specifier_text("newest please")


def test_versions_are_found_however_they_are_written(releases):
    assert releases.date("tensorflow", "2.10") == "2022-09-06"
    assert releases.date("TensorFlow", "2.15.0+cu118") == "2023-11-14"
    assert releases.date("tensorflow", "99") is None


def test_pythons_of_a_release(releases):
    assert releases.pythons("tensorflow", "2.11.0", "linux-x86_64") == ("3.7", "3.8", "3.9", "3.10")
    assert releases.pythons("tensorflow", "2.13.1", "win-amd64") == ("3.9", "3.10", "3.11")
    assert releases.pythons("tensorflow", "2.21.0", "macosx-10.15-x86_64") == ()
    assert releases.pythons("tensorflow", "2.21.0", "macosx-12.0-arm64") == ("3.10", "3.11", "3.12", "3.13")


def test_the_newest_release_elsewhere_matches_the_measured_table(releases):
    linux = releases.newest_elsewhere("tensorflow", "linux-x86_64")
    assert {minor: linux[minor] for minor in ("3.6", "3.7", "3.8", "3.9", "3.13")} == {
        "3.6": "2.6.2", "3.7": "2.11.0", "3.8": "2.13.1", "3.9": "2.20.0", "3.13": "2.21.0",
    }  # fmt: skip
    assert releases.newest_elsewhere("tensorflow", "macosx-10.15-x86_64")["3.12"] == "2.16.2"
    assert releases.newest_elsewhere("tensorflow", "macosx-11.0-arm64")["3.8"] == "2.13.0"
    assert releases.newest_elsewhere("tensorflow", "win-amd64")["3.8"] == "2.13.0"


@pytest.mark.parametrize(
    ("version", "python", "bounds"),
    [
        ("2.10.0", "3.10", {"numpy<2", "protobuf<3.21", "setuptools<82"}),
        ("1.13.2", "3.7", {"numpy<2", "numpy<1.20", "protobuf<3.21", "keras<2.4", "h5py<3"}),
        ("2.17.1", "3.11", {"numpy<2", "keras>=3", "setuptools<82"}),
        ("2.18.0rc1", "3.11", {"keras>=3", "ml-dtypes>=0.4", "setuptools<82"}),
        ("not a version", "3.11", set()),
    ],
)
def test_the_measured_bounds_of_a_release(releases, version, python, bounds):
    pairs = {line for line in releases.bounds(version, python) if re.split("[<>=]", line)[0] in COMPANIONS}
    assert set(releases.bounds(version, python)) - pairs == bounds


COMPANIONS = {
    "tensorboard", "tensorflow-addons", "tensorflow-hub", "tensorflow-probability", "tensorflow-text", "tf-keras",
}  # fmt: skip


@pytest.mark.parametrize(
    ("version", "pairs"),
    [
        ("2.21.0", {"tensorboard==2.21.*", "tf-keras==2.21.*", "tensorflow-text==2.21.*", "tensorflow-hub>=0.16"}),
        ("2.17.1", {"tensorboard==2.17.*", "tf-keras==2.17.*", "tensorflow-probability==0.24.*"}),
        ("2.14.1", {"tf-keras==2.14.*", "tensorflow-probability==0.22.*"}),
        ("2.13.1", {"tensorflow-hub<0.16", "tensorflow-text==2.13.*"}),
        ("2.9.3", {"tensorboard==2.9.*", "tensorflow-probability==0.17.*"}),
        ("1.15.5", {"tensorboard==1.15.*", "tensorflow-text==1.15.*"}),
    ],
)
def test_companions_pair_with_the_release(releases, version, pairs):
    assert pairs <= set(releases.bounds(version, "3.10"))
    assert {re.split("[<>=]", line)[0] for line in pairs} <= releases.companions(version, "3.10") <= COMPANIONS


@pytest.mark.parametrize("version", ["2.22.0rc0", "2.23.0.dev20261026", "somebody's"])
def test_what_is_not_final_or_no_version_has_no_companions(releases, version):
    assert releases.companions(version, "3.13") == frozenset()


def test_the_bounds_of_the_loosest_release_hold_its_keras_and_estimator(releases):
    bounds = releases.bounds("2.6.0", "3.9", affects=["import"])
    assert {"keras>=2.6,<2.7", "tensorflow-estimator>=2.6,<2.7"} <= set(bounds)
    assert "tensorboard==2.6.*" in releases.bounds("2.6.1", "3.9")


def test_python_decides_about_typing_extensions(releases):
    assert "typing-extensions>=4.6" in releases.bounds("2.21.0", "3.13")
    assert "typing-extensions>=4.6" not in releases.bounds("2.21.0", "3.11")


def test_declared_requirements_of_a_release(releases):
    assert "protobuf<3.20,>=3.9.2" in releases.requirements("2.10.1")
    assert releases.requirements("99.0") == ()


def test_the_family_owns_the_tensorflow_folder(releases):
    assert {"tensorflow", "tensorflow-cpu", "tensorflow-gpu", "tensorflow-intel", "tf-nightly"} <= set(releases.family)
    assert "tensorboard" not in releases.family


def test_the_data_is_in_order_and_every_bound_can_be_read(releases):
    for rows in releases.by_name.values():
        assert list(rows) == sorted(rows, key=Version)
    for bound in releases.measured_bounds:
        assert bound.name
        assert bound.why


@pytest.mark.parametrize(
    ("version", "python", "floor"),
    [("1.13.2", 7, "8.1"), ("1.15.5", 7, "19.0"), ("2.10.1", 10, "19.3"), ("2.21.0", 12, "20.3"), ("2.21.0", 9, None)],
)
def test_the_oldest_pip_that_is_offered_a_release(releases, version, python, floor):
    assert releases.pip_floor("tensorflow", version, tags((3, python))) == floor
