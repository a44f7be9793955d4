import pytest

from tfrepair.model.facts import Absent, Fact, Facts, Known, Unknown
from tfrepair.model.playbook import AllOf, AnyOf, Match, NoneOf
from tfrepair.reason.conditions import Trace, evaluate, fill, needed
from tfrepair.reason.text import normalised


def facts(**states):
    return Facts.of(Fact(path=path.replace("__", "."), state=state, source="test") for path, state in states.items())


def check(operator, expected, value):
    field = "is_in" if operator == "in" else operator
    condition = Match(fact="a.b", operator=operator, **{field: expected})
    return evaluate(condition, facts(a__b=value if isinstance(value, Absent | Unknown) else Known(value))).value


@pytest.mark.parametrize(
    ("operator", "expected", "value", "outcome"),
    [
        ("equals", "x", "x", True),
        ("equals", True, 1, False),
        ("equals", 1, True, False),
        ("equals", 0, False, False),
        ("equals", None, None, True),
        ("equals", "0.5", 0.5, True),
        ("equals", "half", 0.5, False),
        ("in", ("0.5", "1.5"), 0.5, True),
        ("in", ("a", 1), 1, True),
        ("in", ("a", 1), "b", False),
        ("specifier", "<2.18", "2.17.1", True),
        ("specifier", "<2.18", "2.17.0.dev20240101", True),
        ("specifier", "<2.18", "2.18.0.dev20240101", False),
        ("specifier", "==2.15.0", "2.15.0+cu118", True),
        ("specifier", ">=2", "2.22.0rc0", True),
        ("specifier", ">=2", "not a version", False),
        ("specifier", "<<2", "2", False),
        ("specifier", ">=2", ["2"], False),
        ("exists", True, "", True),
        ("exists", False, "", False),
        ("at_least", 2, 2, True),
        ("at_least", 2, 1.9, False),
        ("at_least", 1, True, False),
        ("at_least", 1, ["x"], True),
        ("at_least", 1, {}, False),
        ("at_least", 1, "9", False),
        ("contains", "b", "abc", True),
        ("contains", 1, "abc", False),
        ("contains", "b", ["a", "b"], True),
        ("contains", "k", {"k": 1}, True),
        ("contains", {"k": 1}, {"k": 1}, True),
        ("contains", {"name": "x", "n": 1}, [{"name": "x", "n": 2}], False),
        ("contains", {"name": "x", "n": 1}, [{"name": "x", "n": 1}], True),
        ("contains", {"name": ["x", "y"]}, [{"name": "y"}], True),
        ("contains", {"name": None}, [{}], False),
        ("contains", {"name": {"matches": "^y"}}, [{"name": "xy"}, {"name": "yx"}], True),
        ("contains", {"size": {"at_least": "0.5"}}, [{"size": 0.7}], True),
        ("contains", {"size": {"at_least": "0.5"}}, [{"size": 0.3}], False),
        ("contains", {"name": {"nonsense": "^y"}}, [{"name": "y"}], False),
        ("contains", {"name": "x"}, ["x"], False),
        ("contains", 1, 1, False),
        ("matches", "^b", "a\nb", True),
        ("matches", "b$", "a\x1b[31mb\x1b[0m\r\nc", True),
        ("matches", "b", ["a", "b"], True),
        ("matches", "b", 1, False),
    ],
)
def test_an_operator_on_a_known_value(operator, expected, value, outcome):
    assert check(operator, expected, value) is outcome


@pytest.mark.parametrize("operator", ["equals", "in", "specifier", "at_least", "contains", "matches"])
def test_absent_makes_every_operator_false(operator):
    expected = {"in": ("x",), "at_least": 0}.get(operator, "x")
    assert check(operator, expected, Absent()) is False
    assert check(operator, expected, Unknown("why")) is None


def test_exists_tells_absent_from_unknown():
    assert check("exists", False, Absent()) is True
    assert check("exists", True, Absent()) is False
    assert check("exists", False, Unknown("why")) is None


T = Match(fact="t.t", operator="equals", equals=1)
F = Match(fact="f.f", operator="equals", equals=1)
U = Match(fact="u.u", operator="equals", equals=1)
V = Match(fact="v.v", operator="equals", equals=1)
WORLD = facts(t__t=Known(1), f__f=Known(0), u__u=Unknown("hidden"))


@pytest.mark.parametrize(
    ("kind", "parts", "value", "decided_by", "unknown"),
    [
        (AllOf, (T, T), True, "t.t", ()),
        (AllOf, (U, F), False, "f.f", ()),
        (AllOf, (T, U, V, U), None, "u.u", ("u.u", "v.v")),
        (AnyOf, (U, T), True, "t.t", ()),
        (AnyOf, (F, F), False, "f.f", ()),
        (AnyOf, (F, U), None, "u.u", ("u.u",)),
        (NoneOf, (F, F), True, "f.f", ()),
        (NoneOf, (U, T), False, "t.t", ()),
        (NoneOf, (F, U), None, "u.u", ("u.u",)),
    ],
)
def test_unknown_wins_unless_the_rest_decides(kind, parts, value, decided_by, unknown):
    assert evaluate(kind(parts=parts), WORLD) == Trace(value=value, decided_by=decided_by, unknown=unknown)


def test_the_needed_facts_of_a_condition():
    assert needed(AllOf(parts=(T, NoneOf(parts=(F, AnyOf(parts=(U,))))))) == {"t.t", "f.f", "u.u"}
    assert needed(None) == frozenset()


def test_a_member_of_a_family_is_absent_once_the_list_is_known():
    world = facts(inventory__names=Known(["numpy"]), bounds__broken=Absent())
    assert world.get("distribution.keras.version") == Absent()
    assert world.get("bounds.keras.holds") == Absent()
    assert Facts().get("bounds.keras.holds") == Unknown("not probed")


def test_a_sentence_is_filled_with_facts():
    world = facts(
        a__text=Known("x"),
        a__list=Known([1, True, None, "d", "e", "f", "g"]),
        a__map=Known({"3.12": "2.21.0"}),
        a__gone=Absent(),
        **{"b__ml-dtypes__version": Known("0.5")},
    )
    text = (
        "{a.text} {a.list} {a.map} {a.gone} {a.hidden} {b.ml-dtypes.version} {item} {item.k.l} {item.no} {not a fact}"
    )
    assert fill(text, world, {"k": {"l": "deep"}}) == (
        "x 1, true, absent, d, e and 2 more 3.12: 2.21.0 absent unknown 0.5 k: l: deep deep absent {not a fact}"
    )


def test_of_a_text_of_several_lines_the_last_one_is_shown():
    world = facts(a__error=Known("Traceback:\n  File x\r\nRuntimeError: boom\n\n"), a__long=Known("x" * 500))
    assert fill("{a.error}", world) == "RuntimeError: boom"
    assert fill("{a.long}", world) == "x" * 400 + "..."


def test_a_filled_value_is_not_filled_again():
    assert fill("{a.b}", facts(a__b=Known("{a.c}"), a__c=Known("secret"))) == "{a.c}"


def test_escapes_and_line_ends_are_normalised():
    assert normalised("\x1b[1;31mred\x1b[0m\r\n\x1b]0;title\x07a\rb") == "red\na\nb"


@pytest.mark.parametrize("before", ["", "> ", "2025-01-02 03:04:05 "])
def test_what_was_loaded_when_it_crashed_says_nothing(before):
    crash = "Fatal Python error: Segmentation fault"
    listed = f"{before}Extension modules: numpy._core._multiarray_umath, google._upb._message (total: 2)"
    assert normalised(f"{crash}\n{listed}\nSegmentation fault\n") == f"{crash}\nSegmentation fault\n"
    assert normalised("the extension modules: numpy, google\n") == "the extension modules: numpy, google\n"
