"""Passwords of indexes out of the user's keyring, asked for by its command as pip does."""

from __future__ import annotations

import json
import re
import shutil
from dataclasses import replace
from typing import TYPE_CHECKING
from urllib.parse import quote, unquote, urlsplit

if TYPE_CHECKING:
    from collections.abc import Mapping

    from tfrepair.target.installer.base import Run
    from tfrepair.target.installer.settings import IndexSettings

_LIMIT = 60.0
"""Seconds; a keyring that is locked may ask its owner to open it."""


def with_keyring(settings: IndexSettings, environ: Mapping[str, str], run: Run) -> IndexSettings:
    """The settings with the passwords that the keyring has for indexes which name none.

    Asked here, once for both installers: uv asks only for URLs with a user, pip only after an answer of 401. With a
    `keyring-provider` every index counts, as for pip; without one those whose URL names a user and no password.
    """
    program = shutil.which("keyring", path=environ.get("PATH"))
    if program is None or settings.offline or settings.no_index or settings.keyring == "disabled":
        return settings
    named = settings.keyring in {"subprocess", "import"}

    def opened(url: str) -> str:
        part = urlsplit(url)
        if part.scheme not in {"http", "https"} or part.password or not (named or part.username):
            return url
        user = unquote(part.username) if part.username else None
        place = part.netloc.rpartition("@")[2]
        bare = part._replace(netloc=place).geturl()
        found = _asked(program, bare, user, environ, run) or _asked(program, place, user, environ, run)
        if found is None:
            return url
        login = ":".join(quote(text, safe="") for text in found)
        return part._replace(netloc=f"{login}@{place}").geturl()

    return replace(
        settings,
        index_url=opened(settings.index_url) if settings.index_url else None,
        extra_index_urls=tuple(opened(url) for url in settings.extra_index_urls),
    )


def _asked(
    program: str, service: str, user: str | None, environ: Mapping[str, str], run: Run
) -> tuple[str, str] | None:
    """User and password; a keyring before 25.2.1 gives only the password of a user who is known."""
    named = [user] if user else []
    answer = _told([program, "--mode=creds", "--output=json", "get", service, *named], environ, run)
    if answer is not None and (found := _credentials(answer)):
        return found
    if user is None or answer is not None:
        return None
    password = _told([program, "get", service, user], environ, run)
    return (user, password.rstrip("\r\n")) if password else None


def _told(argv: list[str], environ: Mapping[str, str], run: Run) -> str | None:
    """What it prints; None when it fails or has nothing."""
    try:
        done = run(argv, env={**environ, "PYTHONIOENCODING": "utf-8"}, timeout=_LIMIT)
    except OSError:
        return None
    return done.stdout if done.ok and done.stdout.strip() else None


def _credentials(answer: str) -> tuple[str, str] | None:
    if not re.match(r"\s*\{", answer):
        return None
    try:
        found = json.loads(answer)
    except ValueError:
        return None
    user, password = found.get("username"), found.get("password")
    return (user, password) if isinstance(user, str) and isinstance(password, str) and password else None
