import pytest

from tfrepair.playbook.yaml_reader import MAX_BYTES, Positions, YamlError, read_yaml


def data(text):
    return read_yaml(text.encode())[0]


@pytest.mark.parametrize(
    ("written", "value"),
    [
        ("2.10", "2.10"),
        ("on", "on"),
        ("no", "no"),
        ("12:30:45", "12:30:45"),
        ("2024-01-02", "2024-01-02"),
        ("1e3", "1e3"),
        ("010", "010"),
        ("0x1F", "0x1F"),
        ("True", "True"),
        ("~", "~"),
        ("'1'", "1"),
        ('"true"', "true"),
        ("1", 1),
        ("-12", -12),
        ("true", True),
        ("false", False),
        ("null", None),
        ("", None),
        ("9" * 40, "9" * 40),
    ],
)
def test_a_scalar_is_read_as_it_is_written(written, value):
    found = data(f"a: {written}")["a"]
    assert found == value
    assert type(found) is type(value)


def test_keys_are_texts():
    assert data("1: a\non: b\nnull: c") == {"1": "a", "on": "b", "null": "c"}


def test_every_value_and_key_knows_its_place():
    _, positions = read_yaml(b"a:\n  - b: 1\n    c: [x, y]\n")
    assert positions.value(("a", 0, "c", 1)) == (3, 12)
    assert positions.key(("a", 0, "c")) == (3, 5)
    assert positions.value(("a", 0, "nothing", "deeper")) == (2, 5)
    assert Positions().value(("a",)) == (1, 1)


def test_a_byte_order_mark_and_windows_line_ends_are_accepted():
    assert data("\ufeffa: 1\r\nb: 2\r\n") == {"a": 1, "b": 2}


def test_a_large_file_is_refused_before_it_is_parsed():
    with pytest.raises(YamlError, match="larger than"):
        read_yaml(b"a" * (MAX_BYTES + 1))


@pytest.mark.timeout(10)
@pytest.mark.parametrize("text", ["[" * 900_000, "{a: " * 200_000, "- " * 400_000, "a: &x [" * 10_000, "? " * 300_000])
def test_nesting_is_refused_at_once(text):
    with pytest.raises(YamlError):
        read_yaml(text.encode())
