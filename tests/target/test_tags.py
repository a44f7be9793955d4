"""Wheel tags of this machine and of recorded ones."""

import sys
import sysconfig

import pytest
from packaging import tags

from tfrepair.target.tags import libc_of_this_machine, narrow_platform, tags_for


@pytest.mark.skipif(sys.platform != "linux", reason="glibc and musl")
def test_they_are_what_packaging_says_of_this_interpreter():
    libc, version = libc_of_this_machine()
    ours = tags_for(sys.version_info[:3], sysconfig.get_platform(), libc=libc, libc_version=version)
    assert ours == tuple(str(tag) for tag in tags.sys_tags())


@pytest.mark.parametrize(
    ("version", "platform", "options", "yes", "no"),
    [
        (
            (3, 7, 16),
            "linux-x86_64",
            {"libc": "glibc", "libc_version": "2.17"},
            "cp37-cp37m-manylinux2014_x86_64",
            "cp37-cp37m-manylinux_2_18_x86_64",
        ),
        (
            (3, 10, 0),
            "linux-aarch64",
            {"libc": "glibc", "libc_version": "2.36"},
            "cp310-cp310-manylinux2014_aarch64",
            "cp310-cp310-manylinux2010_aarch64",
        ),
        (
            (3, 12, 0),
            "linux-x86_64",
            {"libc": "musl", "libc_version": "1.2"},
            "cp312-cp312-musllinux_1_1_x86_64",
            "cp312-cp312-manylinux2014_x86_64",
        ),
        ((3, 10, 0), "win-amd64", {}, "cp310-cp310-win_amd64", "cp310-cp310-win32"),
        (
            (3, 11, 0),
            "macosx-11.0-arm64",
            {"os_version": "14.2"},
            "cp311-cp311-macosx_12_0_arm64",
            "cp311-cp311-macosx_10_15_x86_64",
        ),
        (
            (3, 13, 0),
            "linux-x86_64",
            {"libc": "glibc", "libc_version": "2.36", "free_threaded": True},
            "cp313-cp313t-manylinux2014_x86_64",
            "cp313-cp313-manylinux2014_x86_64",
        ),
    ],
)
def test_a_recorded_machine_has_its_own(version, platform, options, yes, no):
    found = tags_for(version, platform, **options)
    assert yes in found
    assert no not in found
    assert "py3-none-any" in found


def test_an_unknown_c_library_accepts_no_manylinux():
    assert not any("manylinux" in tag for tag in tags_for((3, 10), "linux-x86_64"))


@pytest.mark.parametrize(
    ("platform", "machine", "bits", "narrow"),
    [
        ("linux-x86_64", "x86_64", 32, "linux-i686"),
        ("linux-x86_64", "x86_64", 64, "linux-x86_64"),
        ("macosx-10.9-universal2", "arm64", 64, "macosx-10.9-arm64"),
        ("win-amd64", "AMD64", 64, "win-amd64"),
    ],
)
def test_a_platform_is_named_for_what_it_runs_as(platform, machine, bits, narrow):
    assert narrow_platform(platform, machine, bits) == narrow
