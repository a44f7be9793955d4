"""How a stage takes the place of an environment: as a whole in one step, or file by file where that cannot be."""

from __future__ import annotations

import errno
from typing import TYPE_CHECKING, Any

from tfrepair.execute.files import exists
from tfrepair.execute.paths import can_be_renamed
from tfrepair.execute.scope import EVERYTHING, Scope
from tfrepair.execute.swap import Swap, inode

if TYPE_CHECKING:
    from collections.abc import Mapping
    from pathlib import Path

    from tfrepair.execute.paths import Beside
    from tfrepair.execute.pieces import Pieces
    from tfrepair.execute.run_folder import RunFolder

    Exchange = Swap | Pieces

NOT_AS_A_WHOLE = frozenset({errno.EXDEV, errno.EBUSY, errno.EACCES, errno.EPERM})
"""Why a folder may refuse to be renamed although its files can be: a layer of a container image, mostly."""


def in_one_step(beside: Beside, scope: Scope) -> bool:
    """The folder of an environment, when there is one, can be exchanged for another as a whole."""
    if beside.inside or scope != EVERYTHING:
        return False
    return not beside.place.is_dir() or can_be_renamed(beside.place)


def exchange_for(
    record: RunFolder, *, tree: Path, keep_as: Path, disposable: bool = True, whole: bool = True
) -> Exchange:
    """The exchange of a run's place for a tree, as a `whole` if this place allows it. Raises OSError."""
    place, scope = record.place, record.scope
    if not whole or not in_one_step(record.beside, scope):
        from tfrepair.execute.pieces import LISTING, Pieces

        return Pieces.between(place, tree, keep_as, record.folder / LISTING, scope, disposable=disposable)
    return Swap(place=place, tree=tree, keep_as=keep_as, before=inode(place), after=inode(tree), disposable=disposable)


def exchange_from(detail: Mapping[str, Any]) -> Exchange:
    """The exchange that a journal announces. Raises KeyError, FileNotFoundError when its list is gone."""
    if "pieces" not in detail:
        return Swap.from_detail(detail)
    from tfrepair.execute.pieces import Pieces

    return Pieces.from_detail(detail)


def carry_out(exchange: Exchange, record: RunFolder) -> tuple[Exchange, str]:
    """Announce an exchange in the journal and do it; file by file where the folders will not move.

    Returns the exchange that was done, and how: `exchange`, `renames`, `pieces`. Raises OSError, SurroundingsError.
    """
    record.journal.append("swapping", **exchange.to_detail())
    try:
        return exchange, exchange.forward()
    except OSError as error:
        if not exchange.whole or not (exchange.had and exists(exchange.tree)) or error.errno not in NOT_AS_A_WHOLE:
            raise
    exchange.back()
    pieces = exchange_for(
        record, tree=exchange.tree, keep_as=exchange.keep_as, disposable=exchange.disposable, whole=False
    )
    record.journal.append("swapping", **pieces.to_detail())
    return pieces, pieces.forward()
