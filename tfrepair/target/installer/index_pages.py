"""Whether what answers is an index at all: asked where it has nothing of what must come."""

from __future__ import annotations

from typing import TYPE_CHECKING, Literal

from packaging.requirements import Requirement
from packaging.utils import canonicalize_name

from tfrepair.errors import SurroundingsError

if TYPE_CHECKING:
    from collections.abc import Callable, Collection

    from tfrepair.model.resolution import ResolveRequest
    from tfrepair.target.installer.settings import IndexSettings

Page = Literal["files", "no files", "no page"]
"""What an index has for a distribution; `files` also where that cannot be told."""

_EVERYWHERE = "pip"
"""What an index has that has anything."""


def refuse_what_is_no_index(
    lacking: Collection[str], request: ResolveRequest, settings: IndexSettings, page: Callable[[str], Page]
) -> None:
    """Raise SurroundingsError where the first root is lacking because no index answers.

    A login page in its place is a page without files to an installer, and a wrong path has a page for nothing: both
    look as if nothing fitted.
    """
    first = canonicalize_name(Requirement(request.roots[0]).name)
    if settings.offline or settings.no_index or first not in lacking:
        return
    places = ", ".join(f"`{settings.clean(url)}`" for url in settings.index_urls) or "of the installer's own default"
    match page(first):
        case "no files":
            raise SurroundingsError(
                f"The index {places} answers with what is no index page: it names no file of `{first}`",
                hint="a login page, a proxy or a captive portal may stand in its place: see in a browser what comes, "
                "and check the URL (`pip config list`); nothing was changed",
            )
        case "no page" if page(_EVERYWHERE) == "no page":
            raise SurroundingsError(
                f"The index {places} has no page for any distribution: none for `{first}`, and none for "
                f"`{_EVERYWHERE}`",
                hint="check the URL, most end with `/simple/`: `pip config list` shows what is configured, and "
                "`--index-url` names another; nothing was changed",
            )
