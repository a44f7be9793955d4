"""What is used beside TensorFlow, and must be of a release that pairs with the one that is chosen."""

from __future__ import annotations

from typing import TYPE_CHECKING

from tfrepair.reason.keep import breaks

if TYPE_CHECKING:
    from collections.abc import Iterator

    from tfrepair.model.plan import Lock
    from tfrepair.reason.situation import Situation


def brought(situation: Situation) -> tuple[str, ...]:
    """Canonical names of the companions that are installed, sorted: the bounds say which release of them pairs."""
    return tuple(sorted({d.canonical_name for d in situation.distributions} & situation.companions))


def unpaired(situation: Situation, lock: Lock) -> Iterator[str]:
    """A sentence for each installed companion that pairs with another TensorFlow, and for which nothing helps."""
    choice = situation.choice
    for distribution in situation.distributions:
        name = distribution.canonical_name
        bound = breaks(distribution, situation.bounds)
        if name in situation.companions and bound is not None and lock.get(name) is None:
            yield (
                f"{distribution.name} {distribution.version} was made for another TensorFlow, and {bound}, which pairs "
                f"with {choice.name} {choice.version}, cannot be had here: it stays, and is not expected to work"
            )
