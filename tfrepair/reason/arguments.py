"""Arguments of steps filled in with facts: exactly, because what stands there is done."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from tfrepair.actions.arguments import kind, name_problem, requirement_problem
from tfrepair.errors import NoRepairError, UsageError
from tfrepair.model.facts import Known, Unknown
from tfrepair.reason.text import fill, part_of, substituted

if TYPE_CHECKING:
    from tfrepair.actions.registry import Action
    from tfrepair.model.facts import Facts
    from tfrepair.model.goals import Goals
    from tfrepair.model.playbook import Step


def filled_arguments(action: Action, step: Step, facts: Facts, item: Any = None) -> dict[str, Any]:
    """The arguments of a step with `{fact.path}` and `{item}` filled in; literal texts as they stand.

    Raises NoRepairError for a fact that is not known, UsageError when what comes out is no argument of the action.
    """
    args = {
        name: value if kind(action.ARGS.get(name, "text")) == "literal" else _filled(value, step, facts, item)
        for name, value in step.args.items()
    }
    problems = getattr(action, "problems", None)
    for path, text in problems(args) if problems is not None else ():
        raise UsageError(f"the step `{step.name}`: `{'.'.join(map(str, path))}`: {text}; nothing was changed")
    return args


def refuse_strange(asked: Goals, step: Step) -> None:
    """Raise UsageError for what is no requirement and no name: the installer might read it as an option, or a place."""
    names = (*asked.upgrade, *asked.uninstall, *asked.reinstall)
    problems = (*(requirement_problem(line) for line in asked.install), *(name_problem(name) for name in names))
    for text in problems:
        if text is not None:
            raise UsageError(f"the step `{step.name}`: {text}; nothing was changed")


def filled_command(argv: tuple[str, ...], step: Step, facts: Facts, item: Any = None) -> tuple[str, ...]:
    """The same for a command."""
    return tuple(_filled(list(argv), step, facts, item))


def filled_item(step: Step, facts: Facts, item: Any) -> Any:
    """An item of a `loop` that is written in the playbook, with facts filled in; one of a fact as it is."""
    return item if step.loop is None or isinstance(step.loop, str) else _filled(item, step, facts, None)


def _filled(value: Any, step: Step, facts: Facts, item: Any) -> Any:
    match value:
        case str() if step.action == "message":
            return fill(value, facts, item)
        case str():
            return substituted(value, lambda path: _exact(path, step, facts, item))
        case list() | tuple():
            return [_filled(part, step, facts, item) for part in value]
        case dict():
            return {key: _filled(part, step, facts, item) for key, part in value.items()}
        case _:
            return value


def _exact(path: str, step: Step, facts: Facts, item: Any) -> str:
    """One value as the text it is. Raises NoRepairError."""
    head, _, rest = path.partition(".")
    if head == "item":
        return _text(path, part_of(item, rest), step)
    state = facts.get(path)
    if isinstance(state, Known):
        return _text(path, state.value, step)
    why = state.reason if isinstance(state, Unknown) else "there is no such thing here"
    raise NoRepairError(
        f"the step `{step.name}` needs the fact `{path}`, which is not known: {why}; nothing was changed",
        hint="a `when: {fact: ..., exists: true}` leaves the step out where it is not known",
    )


def _text(path: str, value: Any, step: Step) -> str:
    match value:
        case bool():
            return "true" if value else "false"
        case str() | int() | float():
            return str(value)
        case _:
            raise UsageError(
                f"the step `{step.name}`: `{path}` is no single value, and cannot stand in a text; nothing was changed",
                hint="give a list as `{fact: path}`, or go through it with `loop`",
            )
