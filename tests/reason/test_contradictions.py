"""What was asked for and did not count is named, with what comes before it."""

from tfrepair.model.plan import Choice
from tfrepair.reason.choose import Wanted
from tfrepair.reason.contradictions import contradicted
from tfrepair.target.release_data import load_releases

RELEASES = load_releases()


def said(version, *wishes, name="tensorflow"):
    wanted = [Wanted(text=text, source=source, locked=source.endswith(".lock")) for text, source in wishes]
    return contradicted(wanted, Choice(name=name, version=version, reason=""), RELEASES)


def test_what_goes_together_is_not_spoken_of():
    assert said("2.15.1") == ()
    assert said("2.15.1", ("tensorflow>=2.10", "a"), ("tensorflow<2.16", "b"), ("tensorflow==2.15.1", "c")) == ()


def test_who_asks_for_what_and_why_the_other_counts():
    (note,) = said("2.12.0", ("tensorflow==2.12.0", "requirements.txt:1"), ("tensorflow<2.10", "constraints.txt:1"))
    assert note == (
        "`constraints.txt:1` asks for `tensorflow<2.10`, which does not count: tensorflow 2.12.0 does not meet that; "
        "`requirements.txt:1` (`tensorflow==2.12.0`) comes before it, as an exact version does before a range"
    )
    (note,) = said("2.12.0", ("tensorflow==2.12.0", "a"), ("tensorflow==2.13.0", "uv.lock"))
    assert note.endswith("`a` (`tensorflow==2.12.0`) comes before it, as an exact version does before a lock")
    (note,) = said("2.12.0", ("tensorflow==2.12.0", "a"), ("tensorflow==2.13.0", "b"))
    assert note.endswith("`a` (`tensorflow==2.12.0`) comes before it")
    (note,) = said("2.15.1", ("tensorflow>=2.9", "a"), ("tensorflow<2.16", "b"), ("tensorflow>=2.16", "c"))
    assert note.endswith("`a` (`tensorflow>=2.9`) and `b` (`tensorflow<2.16`) come before it")

    (note,) = said(
        "2.16.2", ("tensorflow==2.16.2", "uv.lock"), ("tensorflow-intel==2.16.2", "uv.lock"), ("tensorflow<2", "b")
    )
    assert note.endswith("; `uv.lock` (`tensorflow==2.16.2`) comes before it, as a lock does before a range")


def test_a_range_of_the_command_line_is_no_less_than_an_exact_version_of_the_project():
    (note,) = said("2.12.0", ("tensorflow<2.13", "ours.txt"), ("tensorflow==2.13.0", "requirements.txt:1"))
    assert note.endswith("`ours.txt` (`tensorflow<2.13`) comes before it")


def test_another_distribution_is_one_but_the_code_of_a_stub_is_not():
    (note,) = said("2.15.1", ("tensorflow==2.15.1", "a"), ("tensorflow-cpu==2.15.1", "b"))
    assert "is another distribution" in note
    assert said("2.15.1", ("tensorflow==2.15.1", "a"), ("tensorflow-intel==2.15.1", "a")) == ()
    assert said("2.13.0", ("tensorflow==2.13.0", "a"), ("tensorflow-macos==2.13.0", "a")) == ()
