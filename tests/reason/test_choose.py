"""Which release a repair brings."""

import pytest

from tfrepair.errors import NoRepairError, UsageError
from tfrepair.model.facts import Fact, Facts, Known
from tfrepair.reason.choose import Wanted, choose, parse_wanted, parse_wish
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


def test_whoever_names_nightly_builds_asks_for_what_is_not_final():
    name, version = chosen("tf-nightly", minor=11)
    assert name == "tf-nightly"
    assert ".dev" in version
    assert ".dev" not in chosen("tensorflow", minor=11)[1]


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("2.15.o", "is not a TensorFlow version"),
        ("2..15", "is not a TensorFlow version"),
        ("tensorlow-cpu==2.15.1", "did you mean `tensorflow-cpu`"),
        ("numpy==1.26", "does not name a TensorFlow distribution$"),
    ],
)
def test_what_is_misspelt_is_seen_before_anything_is_looked_at(text, said):
    with pytest.raises(UsageError, match=said) as refused:
        parse_wish(Wanted(text=text, source="--tensorflow"), ("tensorflow", "tensorflow-cpu"))
    assert "a wheel file" in refused.value.hint


def test_extras_of_a_wish_are_read():
    assert parse_wanted(Wanted(text="tensorflow[and-cuda]==2.15.1", source="x")).extras == ("and-cuda",)


def limited(*wanted, limits=(), minor=10, loose=True, **values):
    found = choose(
        [Wanted(text=w, source="requirements.txt:1", loose=loose) for w in wanted], facts(**values), RELEASES,
        tags(minor), f"3.{minor}", limits=[Wanted(text=line, source="--constraint") for line in limits],
    )  # fmt: skip
    return found.name, found.version, found.reason


def test_what_is_on_disk_stays_where_it_meets_the_range_of_a_file():
    name, version, reason = limited("tensorflow>=2.9", **ON_DISK)
    assert (name, version) == ("tensorflow", "2.10.0")
    assert "on disk" in reason
    assert "requirements.txt:1" in reason


def test_what_an_interrupted_pip_left_is_what_was_installed():
    was = {"tensorflow.name": "tensorflow-cpu", "tensorflow.version": "2.11.1", "tensorflow.source": "leftover"}
    name, version, reason = limited(**was)
    assert (name, version) == ("tensorflow-cpu", "2.11.1")
    assert "interrupted pip" in reason


def test_what_the_python_below_has_is_taken():
    was = {"tensorflow.name": "tensorflow-cpu", "tensorflow.version": "2.11.1", "tensorflow.source": "inherited"}
    assert limited(**was) == ("tensorflow-cpu", "2.11.1", "the Python below the environment has it")


def test_but_not_where_it_does_not_meet_it_has_another_name_or_the_command_line_asks():
    assert limited("tensorflow>=2.11,<2.13", **ON_DISK)[:2] == ("tensorflow", "2.12.1")
    assert limited("tensorflow-cpu>=2.9,<2.12", **ON_DISK)[:2] == ("tensorflow-cpu", "2.11.1")
    assert limited("tensorflow>=2.9", loose=False, **ON_DISK)[:2] == ("tensorflow", "2.21.0")
    assert limited("tensorflow==2.9.*", **ON_DISK)[:2] == ("tensorflow", "2.9.3")


def test_a_constraint_asks_for_nothing_and_holds_for_whatever_is_chosen():
    assert limited(limits=["tensorflow<2.16"])[:2] == ("tensorflow", "2.15.1")
    assert limited("tensorflow>=2.9", limits=["tensorflow<2.16", "tensorflow!=2.15.*"])[:2] == ("tensorflow", "2.14.1")
    assert limited(limits=["tensorflow<2.16"], **ON_DISK)[:2] == ("tensorflow", "2.10.0")
    assert limited(limits=["tensorflow>=2.12,<2.16"], **ON_DISK)[:2] == ("tensorflow", "2.15.1")
    assert limited(limits=["tensorflow-cpu<2.16"])[:2] == ("tensorflow", "2.21.0")


def test_a_constraint_that_nothing_meets_is_named():
    with pytest.raises(NoRepairError, match=r"<2\.0 \(--constraint\)"):
        limited(limits=["tensorflow<2.0"])


@pytest.mark.parametrize(
    ("machine", "libc", "version", "said"),
    [
        ("linux-x86_64", "musl", "1.2", "no wheel for musllinux-x86_64"),
        ("linux-aarch64", "glibc", "2.36", None),
        ("linux-x86_64", "glibc", "2.17", "for a newer system"),
    ],
)
def test_the_c_library_and_the_machine_decide(machine, libc, version, said):
    here = tags_for((3, 12, 0), machine, libc=libc, libc_version=version)
    why = RELEASES.why_not("tensorflow", "2.21.0", here)
    assert (why is None) if said is None else (said in why)
    if libc == "musl":
        with pytest.raises(NoRepairError, match="on this platform"):
            choose([], facts(), RELEASES, here, "3.12")
    else:
        newest = choose([], facts(), RELEASES, here, "3.12").version
        assert newest == ("2.21.0" if said is None else "2.20.0")


def asked(*wanted, minor=10, **values):
    """`(text, source)`, or with a third: `optional`."""
    wishes = [Wanted(text=w[0], source=w[1], loose=True, optional=len(w) > 2) for w in wanted]
    found = choose(wishes, facts(**values), RELEASES, tags(minor), f"3.{minor}")
    return found.name, found.version, found.reason


WIDE, NARROW = ("tensorflow>=2.10", "requirements.txt:1"), ("tensorflow<2.16", "constraints.txt:1")


def test_ranges_of_several_files_hold_together():
    name, version, reason = asked(WIDE, NARROW)
    assert (name, version) == ("tensorflow", "2.15.1")
    assert reason == "asked for by requirements.txt:1 and constraints.txt:1"
    assert asked(WIDE, NARROW, ("tensorflow!=2.15.*", "pyproject.toml"))[1] == "2.14.1"


def test_what_is_on_disk_stays_where_it_meets_all_of_them():
    _, version, reason = asked(("tensorflow>=2.9", "a"), NARROW, **ON_DISK)
    assert version == "2.10.0"
    assert reason.endswith(", and meets tensorflow>=2.9 (a), tensorflow<2.16 (constraints.txt:1)")
    assert asked(("tensorflow>=2.9", "a"), ("tensorflow<2.10", "b"), **ON_DISK)[1] == "2.9.3"


def test_a_range_that_contradicts_a_stronger_one_does_not_count():
    assert asked(WIDE, ("tensorflow<2.9", "b"), ("tensorflow<2.13", "c"))[1:] == (
        "2.12.1", "asked for by requirements.txt:1 and c"
    )  # fmt: skip
    assert asked(("tensorflow==2.12.0", "a"), ("tensorflow>=2.13", "b"))[1:] == ("2.12.0", "asked for by a")
    assert asked(WIDE, ("tensorflow-cpu<2.12", "b"))[:2] == ("tensorflow", "2.21.0")


def test_what_a_weaker_file_names_exactly_is_one_that_meets_a_range_of_the_command_line():
    assert asked(WIDE, ("tensorflow==2.13.0", "requirements.txt:2"))[1] == "2.13.0"


def test_ranges_that_no_release_for_this_python_meets_together_are_refused():
    with pytest.raises(NoRepairError, match=r"\(requirements.txt:1, constraints.txt:1\) cannot be installed on Pyt"):
        asked(WIDE, ("tensorflow<2.13", "constraints.txt:1"), minor=12)


def test_a_name_alone_chooses_the_distribution_and_leaves_the_release_that_is_there():
    name = ("tensorflow-cpu", "requirements.txt:1")
    assert asked(name)[:2] == ("tensorflow-cpu", "2.21.0")
    assert asked(name, ("tensorflow-cpu<2.16", "constraints.txt:1"))[:2] == ("tensorflow-cpu", "2.15.1")
    kept = asked(name, **{**ON_DISK, "tensorflow__name": "tensorflow"})
    assert kept[:2] == ("tensorflow-cpu", "2.10.0")
    assert (
        kept[2] == "its files are on disk, under the name tensorflow-cpu, and meets tensorflow-cpu (requirements.txt:1)"
    )


def test_but_an_extra_of_the_project_is_no_reason_to_refuse():
    assert asked(WIDE, ("tensorflow<2.13", "pyproject.toml", "optional"), minor=12)[1] == "2.21.0"
    assert asked(WIDE, ("tensorflow<2.19", "pyproject.toml", "optional"), minor=12)[1] == "2.18.1"
