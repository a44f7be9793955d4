"""A playbook that extends a built-in one: what is written in it counts, the rest comes from there."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from tfrepair.model.nearest import nearest
from tfrepair.playbook.shape import meant_word, place_name
from tfrepair.playbook.yaml_reader import Positions, Problem

if TYPE_CHECKING:
    from collections.abc import Iterator

    from tfrepair.playbook.yaml_reader import Path

Names = tuple[str, ...]

CHANGED: tuple[tuple[Names, Names], ...] = (
    (("diagnose", "signatures"), ("pattern",)),
    (("diagnose", "rules"), ("when", "evidence")),
    (("fix",), ("name", "action")),
)
"""Lists whose entries are found by their ids, and what an entry needs that is a further one."""


def merged(base: dict[str, Any], change: dict[str, Any], positions: Positions) -> tuple[dict[str, Any], Positions]:
    """The whole playbook, and where each part of it stands in the file of the change.

    What comes from the base stands where `extends` does. Entries of `fix`, `diagnose.rules` and
    `diagnose.signatures` with an id of the base change that one, key by key, or drop it; others are added at the end.
    Variables are added or replaced by name. Anything else that is written in the change takes the place of the base's.
    """
    top = positions.value(("extends",))
    places = Positions(values={**positions.values, (): top}, keys=dict(positions.keys))
    data: dict[str, Any] = {**base, **{key: value for key, value in change.items() if key != "extends"}}
    for path, needed in CHANGED:
        old, new = _at(base, path), _at(change, path)
        if isinstance(old, list) and isinstance(new, list):
            _put(data, base, path, _entries(old, _meant(old, new, needed), path, places, top))
        elif isinstance(old, list):
            _put(data, base, path, old)
    if isinstance(base.get("variables"), dict) and isinstance(change.get("variables"), dict):
        data["variables"] = {**base["variables"], **change["variables"]}
    return data, places


def change_problems(base: dict[str, Any], change: dict[str, Any], positions: Positions, name: str) -> Iterator[Problem]:
    """What is wrong with the entries of a change: ids that the base does not have, further entries that lack a key."""
    for path, needed in CHANGED:
        known = [word for word in map(_id, _list(_at(base, path))) if word]
        for index, entry in enumerate(_list(_at(change, path))):
            word = _id(entry)
            if not isinstance(entry, dict) or "platforms" in entry or word in known:
                continue
            if word is None and "id" in entry:  # its shape is wrong
                continue
            where: Path = (*path, index)
            said = place_name(where)
            line, column = positions.value((*where, "id") if "id" in entry else where)
            near = nearest(word, known) if word else ""
            if "drop" in entry:
                has = "" if near or not known else f": it has {', '.join(f'`{one}`' for one in known)}"
                text = (
                    f"`{name}` has no `{word}`{near or has}"
                    if word
                    else f"`drop` needs the `id` of an entry of `{name}`"
                )
                yield Problem(line=line, column=column, text=text)
                continue
            missing = [key for key in needed if key not in entry]
            if missing:
                found = f"`{name}` has no `{word}`" if word else f"{said} has no `id`"
                keys = " and ".join(f"`{key}`" for key in missing)
                text = f"{found}, so this is a further entry, which needs {keys}{near}"
                yield Problem(line=line, column=column, text=text)


def _meant(old: list[Any], new: list[Any], needed: Names) -> list[Any]:
    """The entries with the nearest id of the base where an id that it does not have can be no further entry's."""
    ids = [word for word in map(_id, old) if word]

    def meant(entry: Any) -> Any:
        if not isinstance(entry, dict) or ("drop" not in entry and all(key in entry for key in needed)):
            return entry
        word = meant_word(entry.get("id"), ids)
        return entry if word is None else {**entry, "id": word}

    return [meant(entry) for entry in new]


def _entries(old: list[Any], new: list[Any], path: Path, places: Positions, top: tuple[int, int]) -> list[Any]:
    """The entries of a list of the whole; where they stand follows."""
    ids = [_id(entry) for entry in old]
    changes = {word: (index, entry) for index, entry in enumerate(new) if (word := _id(entry)) and word in ids}
    whole: list[Any] = []
    moved: dict[int, int] = {}
    for entry, word in zip(old, ids, strict=True):
        index, change = changes.get(word or "", (-1, {}))
        if "drop" not in change:
            moved[index] = len(whole)
            whole.append({**entry, **change} if change else entry)
    further = [
        (index, entry)
        for index, entry in enumerate(new)
        if not isinstance(entry, dict) or (_id(entry) not in changes and "drop" not in entry)
    ]
    for index, entry in further:
        moved[index] = len(whole)
        whole.append(entry)
    for positions in (places.values, places.keys):
        _move(positions, path, moved)
    for index in range(len(whole)):
        places.values.setdefault((*path, index), top)
    return whole


def _id(entry: Any) -> str | None:
    """The id of an entry; None when it has none, or one that is no text."""
    word = entry.get("id") if isinstance(entry, dict) else None
    return word if isinstance(word, str) else None


def _move(places: dict[Path, tuple[int, int]], path: Path, moved: dict[int, int]) -> None:
    """Entries of a list stand at other indices."""
    size = len(path)
    below = [one for one in places if len(one) > size and one[:size] == path]
    taken = [(one, places.pop(one)) for one in below]
    for one, place in taken:
        index = one[size]
        if isinstance(index, int) and index in moved:
            places[(*path, moved[index], *one[size + 1 :])] = place


def _at(data: dict[str, Any], path: Path) -> Any:
    value: Any = data
    for key in path:
        value = value.get(key) if isinstance(value, dict) else None
    return value


def _put(data: dict[str, Any], base: dict[str, Any], path: Names, value: list[Any]) -> None:
    *most, last = path
    inner = data
    for key in most:
        below = inner.get(key)
        inner[key] = {**(base.get(key) or {}), **(below if isinstance(below, dict) else {})}
        inner = inner[key]
    inner[last] = value


def _list(value: Any) -> list[Any]:
    return value if isinstance(value, list) else []
