"""Malformed playbooks from a valid one, by rules; each rule also says the exact messages that are due.

`python tests/malformed/rules.py` writes `generated.jsonl` anew: one malformed playbook a line, as the change to
`base.yaml` (`old` becomes `new`, in that line) and the messages (`expect`, without the file's name).
"""

import json
from pathlib import Path

from tfrepair.playbook.yaml_reader import read_yaml

FOLDER = Path(__file__).parent
BASE = (FOLDER / "base.yaml").read_text(encoding="utf-8")
LINES = BASE.splitlines()
DATA, POSITIONS = read_yaml(BASE.encode())
CHOICES = {
    "confidence": "`high`, `medium` or `low`",
    "severity": "`error`, `warning` or `info`",
    "kind": "`distribution`, `file`, `output`, `host` or `path`",
    "repair": "`automatic` or `manual`",
    "schema": "1",
}
OTHERS = {"rank": "a whole number", "only_if_alone": "`true` or `false`", "exists": "`true` or `false`", "timeout": "a number", "at_least": "a number"}  # fmt: skip
FREE = {"equals", "contains", "family"}
EACH = ("diagnose", "rules", 0, "evidence", 0, "each")
WITHOUT_EACH = (
    "29:17: `{item.name}` has a meaning only in evidence with `each`",
    "31:18: `where` chooses among the items of `each`, which is not there",
)
"""What else is wrong when `each` is not there."""
TEXTS = {"name", "title", "about", "pattern", "means", "fact", "specifier", "matches", "each", "action"}


def words(path):
    """A place as messages name it."""
    text = ""
    for part in path:
        text += f"[{part}]" if isinstance(part, int) else f".{part}" if text else part
    return f"`{text}`" if text else "the playbook"


def keys():
    """Every key of the base, with its place and its value."""
    for path in POSITIONS.keys:
        value = DATA
        for part in path:
            value = value[part]
        yield path, POSITIONS.keys[path], POSITIONS.values[path], value


def inside_args(path):
    return "args" in path[:-1] or "where" in path[:-1]


def change(place, old, new, expect, name):
    line, column = place
    text = LINES[line - 1]
    assert text[column - 1 :].startswith(old), (name, text[column - 1 :], old)
    return {"name": name, "line": line, "column": column, "old": old, "new": new, "expect": expect}


def written(place):
    """A scalar as it stands in the base: with its quotes, up to the end of the line or of the flow."""
    line, column = place
    text = LINES[line - 1][column - 1 :]
    if text[0] in "'[{":
        close = {"'": "'", "[": "]", "{": "}"}[text[0]]
        return text[: text.index(close, 1) + 1]
    stops = [text.index(mark) for mark in (",", "}", "]") if mark in text and "{" in LINES[line - 1][: column - 1]]
    return text[: min(stops)] if stops else text


def scalars():
    """Every value that is not a list or a mapping and that stands on one line with its key."""
    for path, _, at, value in keys():
        if not isinstance(value, dict | list):
            yield path, at, value


def among(path, message):
    """The message, with what follows from it, in the order of the lines."""
    return [WITHOUT_EACH[0], message, WITHOUT_EACH[1]] if path == EACH else [message]


def magic():
    """Anchors, aliases and tags, in turns, at every scalar; and an anchor at every flow list and mapping."""
    kinds = (
        ("anchor", "&a {}", "anchors (`&a`) are not supported"),
        ("alias", "*a", "aliases (`*a`) are not supported: write the value out"),
        ("tag", "!!str {}", "tags (`tag:yaml.org,2002:str`) are not supported"),
        ("code tag", "!!python/name:os.system {}", "tags (`tag:yaml.org,2002:python/name:os.system`) are not supported"),
    )  # fmt: skip
    for number, (path, at, _) in enumerate(scalars()):
        name, form, message = kinds[number % len(kinds)]
        old = written(at)
        yield change(at, old, form.format(old), [f"{at[0]}:{at[1]}: {message}"], f"{name} at {words(path)}")


def control():
    """Control characters and marks that reorder text, written as escapes."""
    marks = ("\\x00", "\\x1b", "\\u202E", "\\x7f", "\\u2066")
    for number, (path, at, value) in enumerate(scalars()):
        if isinstance(value, str):
            mark = marks[number % len(marks)]
            code = f"U+{int(mark[2:], 16):04X}"  # noqa: FURB166
            new = f'"a{mark}b"'
            message = f"{at[0]}:{at[1]}: the control character {code} is not allowed"
            yield change(at, written(at), new, [message], f"{code} in {words(path)}")


def duplicates():
    """Every key once more, in the line after it or behind it in its flow."""
    for path, at, value_at, value in keys():
        if isinstance(value, dict | list):
            continue
        old = LINES[at[0] - 1]
        before = old[: at[1] - 1]
        again = f"{path[-1]}: {written(value_at)}"
        if "{" in before:
            inline = old[at[1] - 1 :].partition(again)
            new, where = f"{again}, {again}{inline[2]}", (at[0], at[1] + len(again) + 2)
        else:
            new, where = f"{old[at[1] - 1 :]}\n{' ' * len(before)}{again}", (at[0] + 1, at[1])
        message = f"{where[0]}:{where[1]}: the key `{path[-1]}` stands here a second time, first in line {at[0]}"
        yield change(at, old[at[1] - 1 :], new, [message], f"{words(path)} twice")


def nothing():
    """Every key with nothing behind it."""
    for path, at, _ in scalars():
        key = path[-1]
        if inside_args(path) or key in FREE:
            continue
        expected = CHOICES.get(key) or OTHERS.get(key) or "a text"
        if key == "specifier" or key in TEXTS or key == "text":
            expected = "a text"
        message = f"{at[0]}:{at[1]}: {words(path)} must be {expected}, not nothing"
        yield change(at, written(at), "null", among(path, message), f"no {words(path)}")


def wrong_kinds():
    """A list where a text, a number or a choice is due."""
    for path, at, _ in scalars():
        key = path[-1]
        if inside_args(path) or key in FREE:
            continue
        expected = CHOICES.get(key) or OTHERS.get(key) or "a text"
        message = f"{at[0]}:{at[1]}: {words(path)} must be {expected}, not a list"
        yield change(at, written(at), "[x]", [message], f"a list as {words(path)}")


def empty():
    """Texts that must not be empty."""
    for path, at, _ in scalars():
        key = path[-1]
        if inside_args(path) or key not in TEXTS | {"text"} or key == "specifier" or path == ("name",):
            continue
        message = f"{at[0]}:{at[1]}: {words(path)} must not be empty"
        yield change(at, written(at), "''", [message], f"an empty {words(path)}")


def misspelt():
    """Every key with two letters changed places."""
    for path, at, _, _ in keys():
        key = path[-1]
        if (
            inside_args(path)
            or len(key) < 4
            or key in {"diagnose", "rules", "fact", "evidence", "none", "args", "fix"}
            or "_" in key
        ):
            continue
        bad = key[:-3] + key[-2] + key[-3] + key[-1]
        if bad == key:
            bad = key + "s"
        message = f"{at[0]}:{at[1]}: unknown key `{bad}` in {words(path[:-1])}, did you mean `{key}`?"
        yield change(at, f"{key}:", f"{bad}:", [message], f"{words(path)} misspelt")


def strange():
    """A key that nothing is near to, in every mapping."""
    for path, at, _, _ in keys():
        siblings = [other for other in POSITIONS.keys if other[:-1] == path[:-1]]
        if path != siblings[0] or inside_args(path):
            continue
        old = LINES[at[0] - 1][at[1] - 1 :]
        flow = "{" in LINES[at[0] - 1][: at[1] - 1]
        new = f"qqqq: 1, {old}" if flow else f"qqqq: 1\n{' ' * (at[1] - 1)}{old}"
        yield change(at, old, new, [f"{at[0]}:{at[1]}: unknown key `qqqq` in {words(path[:-1])}"], f"a strange key in {words(path[:-1])}")  # fmt: skip


RULES = (magic, control, duplicates, nothing, wrong_kinds, empty, misspelt, strange)


def generated():
    return [entry for rule in RULES for entry in rule()]


def document(entry):
    """The malformed playbook of an entry."""
    lines = list(LINES)
    line, at = entry["line"] - 1, entry["column"] - 1
    lines[line] = lines[line][:at] + lines[line][at:].replace(entry["old"], entry["new"], 1)
    return "\n".join(lines) + "\n"


def as_lines(entries):
    return "".join(json.dumps(entry, ensure_ascii=False) + "\n" for entry in entries)


if __name__ == "__main__":
    (FOLDER / "generated.jsonl").write_text(as_lines(generated()), encoding="utf-8")
