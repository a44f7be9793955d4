"""Steps of a playbook: actions, arguments, keywords."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from tfrepair.actions.arguments import is_optional, kind
from tfrepair.model.nearest import nearest, nearest_word
from tfrepair.playbook.lint_conditions import Conditions, entries, mapping, sequence, texts_in
from tfrepair.playbook.shape import kind_of, meant_word
from tfrepair.playbook.yaml_reader import Problem

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from tfrepair.playbook.yaml_reader import Path


class Steps(Conditions):
    """The checks of `fix`."""

    __slots__ = ()

    def steps(self, fix: Any) -> Iterator[Problem]:
        """Every step, those of blocks included."""
        for path, step in all_steps(fix):
            yield from self.step(path, step)

    def step(self, path: Path, step: dict[str, Any]) -> Iterator[Problem]:
        """One step."""
        item = step["loop"] or "" if "loop" in step else None
        yield from self.text((*path, "name"), step.get("name"), item=item)
        for key in ("when", "unless"):
            yield from self.condition((*path, key), step.get(key))
        yield from self.loop(path, step)
        yield from self.keywords(path, step, item=item)
        word = step.get("action")
        action = meant_word(word, self.known.arguments)
        if word and isinstance(word, str) and word != action:
            said = f"there is no action `{word}`{nearest(word, self.known.arguments)}"
            yield self.problem((*path, "action"), said)
        if action is None:
            return
        if "undo" in step and action not in self.known.undoable:
            said = f"`undo` is for commands: what `{action}` does is undone with the copy that it is done on"
            yield self.problem((*path, "undo"), said)
        yield from self.arguments(path, action, mapping(step.get("args")), item=item)

    def loop(self, path: Path, step: dict[str, Any]) -> Iterator[Problem]:
        """What a step is done for."""
        yield from self.fact((*path, "loop"), step.get("loop"))
        for index, item in enumerate(sequence(step.get("loop"))):
            yield from self.written((*path, "loop", index), item)
            for key in mapping(step.get("where")):
                if any("{" in text for text in texts_in(mapping(item).get(key))):
                    said = f"`where` looks at `{key}` as it is written here, before anything is filled in"
                    yield self.problem((*path, "loop", index, key), said)
        if "where" in step and "loop" not in step:
            yield self.problem((*path, "where"), "`where` chooses among the items of `loop`, which is not there")
        yield from self.chosen((*path, "where"), step.get("where"), step.get("loop"))

    def written(self, path: Path, item: Any) -> Iterator[Problem]:
        """An item of a list that is written in the playbook: the texts in it are texts like all others."""
        match item:
            case str():
                yield from self.text(path, item, item=None)
            case list():
                for index, part in enumerate(item):
                    yield from self.written((*path, index), part)
            case dict():
                for key, part in item.items():
                    yield from self.written((*path, key), part)
            case _:
                return

    def keywords(self, path: Path, step: dict[str, Any], *, item: Any) -> Iterator[Problem]:
        """What is said when it fails, and what undoes it."""
        failure = mapping(step.get("on_failure"))
        yield from self.text((*path, "on_failure", "message"), failure.get("message"), item=item, later=True)
        for index, part in enumerate(sequence(step.get("undo"))):
            yield from self.text((*path, "undo", index), part, item=item)

    def arguments(self, path: Path, action: str, args: dict[str, Any], *, item: Any) -> Iterator[Problem]:
        """Every argument of an action."""
        words = self.known.arguments[action]
        written = _written(args, words)
        for name in words.keys() - written.keys():
            if not is_optional(words[name]):
                yield self.problem(path, f"the action `{action}` needs the argument `{name}`")
        for name in args.keys() - words.keys():
            line, column = self.positions.key((*path, "args", name))
            near = nearest(name, words)
            has = f": it has {' and '.join(f'`{word}`' for word in words) or 'none'}"
            text = f"the action `{action}` has no argument `{name}`{near or has}"
            yield Problem(line=line, column=column, text=text)
        for name, word in written.items():
            yield from self.argument((*path, "args", word), action, kind(words[name]), args[word], item=item)
        if check := self.known.problems.get(action):
            meant = {name: args[word] for name, word in written.items()}
            try:
                told = [((*path, "args", written[str(name)], *keys), text) for (name, *keys), text in check(meant)]
            except (Exception, SystemExit) as error:  # noqa: BLE001  # it may be a stranger's
                said = f"the action `{action}` failed to look at its arguments: {type(error).__name__}: {error}"
                told = [((*path, "args"), said)]
            yield from (self.problem(where, text) for where, text in told)

    def argument(self, path: Path, action: str, kind: str, value: Any, *, item: Any) -> Iterator[Problem]:
        """One argument of a kind."""
        match kind:
            case "list":
                yield from self.texts(path, value, item=item)
            case "mapping":
                yield from self.pairs(path, value, item=item, nulls=action in self.known.nulls)
            case _ if not isinstance(value, str) or (not value and kind != "literal"):
                yield self.problem(path, f"`{path[-1]}` must be a text, not {kind_of(value)}")
            case "text":
                yield from self.text(path, value, item=item, later=action == "message")

    def texts(self, path: Path, value: Any, *, item: Any) -> Iterator[Problem]:
        """A list of texts, or a fact."""
        match value:
            case {"fact": fact, **rest} if rest.keys() <= {"key"}:
                yield from self.fact((*path, "fact"), fact)
                if wrong := self.no_key(rest.get("key"), fact):
                    yield self.problem((*path, "key"), wrong)
            case [*parts] if parts:
                for index, part in enumerate(parts):
                    where = (*path, index)
                    if isinstance(part, dict):
                        yield from self.texts(where, part, item=item)
                    elif not isinstance(part, str):
                        yield self.problem(where, f"an item must be a text, not {kind_of(part)}")
                    else:
                        yield from self.text(where, part, item=item)
            case _:
                text = f"`{path[-1]}` must be a list of texts or `{{fact: path, key: name}}`, not {kind_of(value)}"
                yield self.problem(path, text)

    def pairs(self, path: Path, value: Any, *, item: Any, nulls: bool) -> Iterator[Problem]:
        """Names and texts."""
        if not isinstance(value, dict) or not value:
            yield self.problem(path, f"`{path[-1]}` must be a mapping of names to texts, not {kind_of(value)}")
            return
        for name, text in value.items():
            where = (*path, name)
            if isinstance(text, str):
                yield from self.text(where, text, item=item)
            elif text is not None or not nulls:
                quoted = ": put it in quotes" if isinstance(text, int) else ""
                yield self.problem(where, f"`{name}` must be a text, not {kind_of(text)}{quoted}")


def _written(args: dict[str, Any], words: Mapping[str, str]) -> dict[str, str]:
    """The arguments that an action has, and how each is written here: so, or misspelt."""
    written = {name: name for name in args if name in words}
    for name in args.keys() - written:
        word = nearest_word(name, words)
        if word is not None:
            written.setdefault(word, name)
    return written


def all_steps(fix: Any) -> Iterator[tuple[Path, dict[str, Any]]]:
    """Every step of `fix` with its place, those of blocks for one platform included."""
    for path, step in entries(("fix",), fix):
        if "platforms" not in step:
            yield path, step
            continue
        for word, block in mapping(step["platforms"]).items():
            yield from entries((*path, "platforms", word), block)
