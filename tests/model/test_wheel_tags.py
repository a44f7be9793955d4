import pytest
from fake_site import tags

from tfrepair.model.tags import Accepted, kind_of, minor_of, same_kind


@pytest.mark.parametrize(
    ("platform", "kind"),
    [
        ("manylinux_2_17_x86_64.manylinux2014_x86_64", "linux-x86_64"),
        ("manylinux1_x86_64", "linux-x86_64"),
        ("linux-x86_64", "linux-x86_64"),
        ("linux_aarch64", "linux-aarch64"),
        ("musllinux_1_2_x86_64", "musllinux-x86_64"),
        ("macosx-14.2-arm64", "macosx-arm64"),
        ("macosx_10_9_universal2", "macosx-universal2"),
        ("win-amd64", "win-amd64"),
        ("win32", "win-32"),
        ("any", ""),
    ],
)
def test_the_kind_of_machine_of_a_platform(platform, kind):
    assert kind_of(platform) == kind


def test_a_universal_wheel_is_for_both_macs():
    assert same_kind("macosx_11_0_universal2", "macosx-arm64")
    assert same_kind("macosx_11_0_universal2", "macosx-x86_64")
    assert not same_kind("macosx_11_0_arm64", "macosx-x86_64")


@pytest.mark.parametrize(("tag", "minor"), [("cp310", "3.10"), ("cp37", "3.7"), ("py3", None)])
def test_the_python_version_of_a_tag(tag, minor):
    assert minor_of(tag) == minor


def test_an_interpreter_on_musl_is_not_taken_for_glibc():
    assert Accepted.of(tags((3, 10), ("musllinux_1_2_x86_64", "linux_x86_64"))).platform == "musllinux-x86_64"


def test_pure_wheels_and_old_abi_names_are_taken():
    accepted = Accepted.of(tags((3, 7)))
    assert accepted.takes("any", "py2.py3")
    assert accepted.takes("manylinux2010_x86_64", "cp36 cp37")
    assert not accepted.takes("win_amd64", "cp37")


def test_no_tags_at_all_accept_nothing():
    accepted = Accepted.of(())
    assert (accepted.minor, accepted.platform, accepted.takes("any", "py3")) == ("", "", False)
