"""What carrying a plan out needs, loaded, asked and unpacked while the index is waited for: half a second."""

from __future__ import annotations

from contextlib import suppress
from importlib import import_module
from threading import Thread

_ALWAYS = ("structlog", "tfrepair.execute.transaction", "tfrepair.target.console_scripts", "filelock")
_FOR_A_VENV = ("virtualenv", "virtualenv.seed.embed.via_app_data.via_app_data")


def preload(*, base: str | None) -> None:
    """Begin to import, and go on at once; whoever needs a module waits for it, and says what is wrong with it.

    `base` is the interpreter that a fresh environment is built from; None where none is built.
    """
    Thread(target=_load, args=(base,), name="loading").start()  # no daemon: what it unpacks is removed at the exit


def _load(base: str | None) -> None:
    for name in (*_ALWAYS, *(_FOR_A_VENV if base else ())):
        with suppress(Exception):
            import_module(name)
    if base:
        from tfrepair.target.environments import prepare

        with suppress(Exception):
            prepare(base)
