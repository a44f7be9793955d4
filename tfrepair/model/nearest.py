"""The known word that a misspelt one may have been meant to be."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterable


def nearest_word(word: str, known: Iterable[str]) -> str | None:
    """The known word that is nearest to another; None when none is near."""
    import difflib

    return next(iter(difflib.get_close_matches(word, list(known), n=1)), None)


def nearest(word: str, known: Iterable[str]) -> str:
    """`, did you mean ...?` when a known word is near, else nothing."""
    meant = nearest_word(word, known)
    return f", did you mean `{meant}`?" if meant else ""
