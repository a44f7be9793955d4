"""Which wheels the distributions on disk came from, against what the interpreter takes."""

from dataclasses import replace

import pytest
from fake_site import Site, tags

from tfrepair.model.facts import Unknown
from tfrepair.probes import inventory, wheels
from tfrepair.probes.collector import ProbeOptions, collect
from tfrepair.target.metadata import wheel_tags


@pytest.fixture
def site(tmp_path):
    made = Site(tmp_path / "venv")
    tag(
        made.install("tensorflow", "2.10.0", {"tensorflow/__init__.py": "x"}, requires=["numpy"]),
        "cp310-cp310-manylinux_2_17_x86_64",
    )
    return made


def tag(folder, *lines):
    text = "".join(f"Tag: {line}\n" for line in lines)
    (folder / "WHEEL").write_text(f"Wheel-Version: 1.0\nGenerator: test\nRoot-Is-Purelib: false\n{text}")


def facts(target):
    return collect(target, ProbeOptions(imports=False), {}, probes=[inventory.PROBE, wheels.PROBE])


@pytest.mark.parametrize(
    "lines",
    [
        ("cp310-cp310-manylinux_2_17_x86_64", "cp310-cp310-manylinux2014_x86_64"),
        ("cp310-cp310-linux_x86_64",),  # built on the spot
        ("cp39-abi3-manylinux_2_17_x86_64",),
        ("py2-none-any", "py3-none-any"),
        ("py3-none-manylinux_2_34_x86_64",),  # newer than this system, which the loader will say
        (),
        ("nonsense",),
    ],
)  # fmt: skip
def test_a_wheel_for_this_interpreter_is_in_no_list(site, lines):
    tag(site.install("numpy", "1.26.4", {"numpy/__init__.py": "x"}), *lines)
    found = facts(site.target)
    assert found.value("wheels.other_python") == []
    assert found.value("wheels.other_machine") == []


@pytest.mark.parametrize(
    ("line", "fact"),
    [
        ("cp311-cp311-manylinux_2_17_x86_64", "other_python"),
        ("cp310-cp310t-manylinux_2_17_x86_64", "other_python"),
        ("cp310-cp310-manylinux_2_17_aarch64", "other_machine"),
        ("cp310-cp310-macosx_11_0_arm64", "other_machine"),
    ],
)
def test_a_wheel_for_another_interpreter_is_named_with_its_tag(site, line, fact):
    tag(site.install("numpy", "1.26.4", {"numpy/__init__.py": "x"}), line)
    tag(site.install("uvloop", "0.19", {"uvloop/__init__.py": "x"}), line)
    found = facts(site.target)
    rows = [
        {"name": "numpy", "version": "1.26.4", "tag": line, "family": True},
        {"name": "uvloop", "version": "0.19", "tag": line, "family": False},
    ]
    assert found.value(f"wheels.{fact}") == rows
    assert found.value({"other_python": "wheels.other_machine", "other_machine": "wheels.other_python"}[fact]) == []


def test_what_is_built_on_musl_names_linux_and_is_still_of_this_machine(site):
    tag(site.install("numpy", "1.26.4", {"numpy/__init__.py": "x"}), "cp310-cp310-linux_x86_64")
    musl = replace(site.target.interpreter, tags=tags((3, 10), ("musllinux_1_2_x86_64", "linux_x86_64")))
    assert facts(replace(site.target, interpreter=musl)).value("wheels.other_machine") == []


def test_an_interpreter_without_tags_is_not_judged(site):
    bare = replace(site.target.interpreter, tags=())
    assert isinstance(facts(replace(site.target, interpreter=bare)).get("wheels.other_python"), Unknown)


def test_what_is_no_wheel_has_no_tags(tmp_path):
    assert wheel_tags(tmp_path / "six.egg-info") == ()
