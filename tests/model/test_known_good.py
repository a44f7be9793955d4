"""Known-good locks, and what a request becomes that is held to one."""

import pytest

from tfrepair.model.known_good import KnownGood
from tfrepair.model.resolution import ResolveRequest

DATA = {
    "measured": "2026-11-24",
    "pins": ["keras==2.9.0", "numpy==1.21.6", "numpy==1.23.1", "tensorflow-cpu==2.9.0", "tensorflow==2.15.0.post1"],
    "locks": {
        "tensorflow-cpu": {"2.9.0": {"3.7": [0, 1, 3], "3.10": [0, 2, 3]}},
        "tensorflow": {"2.15.0.post1": {"3.11": [4]}},
    },
}


@pytest.fixture
def known():
    return KnownGood.parse(DATA)


def test_the_lock_of_a_release_on_its_python(known):
    lock = known.get("tensorflow_cpu", "2.9", "3.10")
    assert dict(lock.pins) == {"keras": "2.9.0", "numpy": "1.23.1", "tensorflow-cpu": "2.9.0"}
    assert lock.exact
    assert lock.text == "the versions that worked with tensorflow-cpu 2.9.0 on Python 3.10"


@pytest.mark.parametrize("name", ["tensorflow", "tensorflow-gpu"])
def test_builds_of_one_source_share_it_under_their_own_name(known, name):
    lock = known.get(name, "2.9.0", "3.7")
    assert dict(lock.pins) == {"keras": "2.9.0", "numpy": "1.21.6", name: "2.9.0"}
    assert "tensorflow-cpu 2.9.0" in lock.text


@pytest.mark.parametrize(("minor", "nearest"), [("3.9", "3.10"), ("3.8", "3.7"), ("3.13", "3.10"), ("3.6", "3.7")])
def test_the_nearest_python_stands_in_and_says_so(known, minor, nearest):
    lock = known.get("tensorflow-cpu", "2.9.0", minor)
    assert (lock.python, lock.exact) == (nearest, False)
    assert lock.text.endswith(f"on Python {nearest} (of {minor} nothing is known)")


@pytest.mark.parametrize(
    ("name", "version"),
    [("tensorflow-cpu", "2.9.1"), ("intel-tensorflow", "2.9.0"), ("tensorflow", "2.15.0"), ("tensorflow", "nonsense")],
)
def test_nothing_is_known_of_another_release(known, name, version):
    assert known.get(name, version, "3.10") is None


def test_a_local_build_is_the_public_release(known):
    assert known.get("tensorflow", "2.9.0+ours", "3.10").pins[-1] == ("tensorflow", "2.9.0")


def test_a_request_is_held_to_them_in_place_of_the_cutoff(known):
    request = ResolveRequest(
        python="python", roots=("tensorflow-cpu==2.9.0",), constraints=("numpy<2",), cutoff="2022-06-15",
        known_good=known.get("tensorflow-cpu", "2.9.0", "3.10"),
    )  # fmt: skip
    held = request.as_known_good()
    assert held.cutoff is None
    assert held.constraints == ("numpy<2", "keras==2.9.0", "numpy==1.23.1", "tensorflow-cpu==2.9.0")
    assert held.as_known_good() is None


@pytest.mark.parametrize(
    "more", [{"exempt": ("numpy",)}, {"constraints": ("NumPy==1.22.4",)}, {"roots": ("numpy>=1.24",)}]
)
def test_what_the_user_has_or_asks_for_is_not_held(known, more):
    lock = known.get("tensorflow-cpu", "2.9.0", "3.10")
    request = ResolveRequest(**{"python": "python", "roots": (), "cutoff": "2022-06-15", "known_good": lock, **more})
    held = request.as_known_good()
    assert "keras==2.9.0" in held.constraints
    assert "numpy==1.23.1" not in held.constraints


def test_without_a_cutoff_or_without_knowledge_there_is_nothing_to_hold_to(known):
    lock = known.get("tensorflow-cpu", "2.9.0", "3.10")
    assert ResolveRequest(python="python", roots=(), known_good=lock).as_known_good() is None
    assert ResolveRequest(python="python", roots=(), cutoff="2022-06-15").as_known_good() is None
