"""What was asked for of TensorFlow and did not count, since something stronger asks for another."""

from __future__ import annotations

from typing import TYPE_CHECKING

from tfrepair.reason.choose import parse_wanted

if TYPE_CHECKING:
    from collections.abc import Sequence

    from tfrepair.model.plan import Choice
    from tfrepair.model.releases import Releases
    from tfrepair.reason.choose import Wanted

_KINDS = ("an exact version", "a lock", "a range", "a name alone")
"""The strongest first."""


def contradicted(wanted: Sequence[Wanted], choice: Choice, releases: Releases) -> tuple[str, ...]:
    """A sentence for each wish that the release does not meet: who asks for what, and which wishes come before it.

    `wanted` are in the order in which they count. What has the code of the release where that is a stub counts as it.
    """
    release = releases.get(choice.name, choice.version)
    same = {choice.name, *(release.stub.values() if release else ())}
    met: list[Wanted] = []
    found = []
    for wish in wanted:
        pin = parse_wanted(wish)
        if pin.name in {None, *same} and pin.specifier.contains(choice.version, prereleases=True):
            # of a stub a lock has the wheel with the code, too
            met += [wish] if pin.name in {None, choice.name} else []
        elif met:
            before = " and ".join(f"`{each.source}` (`{each.text}`)" for each in met)
            other = "is another distribution" if pin.name not in {None, *same} else "does not meet that"
            found.append(
                f"`{wish.source}` asks for `{wish.text}`, which does not count: {choice.name} {choice.version} "
                f"{other}; {before} {'comes' if len(met) == 1 else 'come'} before it{_why(met[0], wish)}"
            )
    return tuple(dict.fromkeys(found))


def _why(first: Wanted, other: Wanted) -> str:
    """In which respect one wish is stronger than another, where it is not only the place."""
    stronger, weaker = _kind(first), _kind(other)
    return f", as {_KINDS[stronger]} does before {_KINDS[weaker]}" if stronger < weaker else ""


def _kind(wish: Wanted) -> int:
    if wish.locked:
        return 1
    pin = parse_wanted(wish)
    return 0 if pin.exact is not None else 2 if pin.specifier else 3
