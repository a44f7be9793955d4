"""Facts that another tfrepair, or a hand, has written."""

import pytest

from tfrepair.model.facts import Fact, Facts, Known
from tfrepair.model.wire import installed_in, target_from_facts


def facts(**values):
    return Facts.of(
        Fact(path=path.replace("__", "."), state=Known(value), source="a test") for path, value in values.items()
    )


def test_of_a_distribution_what_is_known_here_is_read():
    rows = [
        {"name": "numpy", "version": "1.26.4", "requires": ["x"], "of_tomorrow": True},
        {"name": "keras", "version": "3.0", "top_level": None},
        {"version": "2.0"},
    ]
    numpy, keras = installed_in(facts(inventory__distributions=rows))
    assert (numpy.name, numpy.version, numpy.requires) == ("numpy", "1.26.4", ("x",))
    assert keras.top_level == ()


@pytest.mark.parametrize(
    ("text", "version"),
    [("3", (3, 0, 0)), ("3.11", (3, 11, 0)), ("3.12.1", (3, 12, 1)), ("3.13.0rc1", (3, 13, 0)), ("none", (0, 0, 0))],
)
def test_a_version_in_any_detail(text, version):
    assert target_from_facts(facts(interpreter__version=text)).interpreter.version == version
