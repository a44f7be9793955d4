"""What carrying a plan out needs, loaded while the index is waited for: a third of a second."""

from __future__ import annotations

from contextlib import suppress
from importlib import import_module
from threading import Thread

_ALWAYS = ("structlog", "tfrepair.execute.transaction", "tfrepair.target.console_scripts", "filelock")
_FOR_A_VENV = ("virtualenv", "virtualenv.seed.embed.via_app_data.via_app_data")


def load_ahead(*, venv: bool) -> None:
    """Begin to import, and go on at once; whoever needs a module waits for it, and says what is wrong with it."""
    names = (*_ALWAYS, *_FOR_A_VENV) if venv else _ALWAYS
    Thread(target=_load, args=(names,), name="loading", daemon=True).start()


def _load(names: tuple[str, ...]) -> None:
    for name in names:
        with suppress(Exception):
            import_module(name)
