"""The log of a run: structlog, one JSON object a line, without secrets."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Any, cast

from tfrepair.model.urls import LOGIN

if TYPE_CHECKING:
    from collections.abc import Callable, MutableMapping
    from typing import IO, TextIO

_OPTION = re.compile(r"(--?(?:token|password|client-cert)[= ])\S+")


def redacted(text: str) -> str:
    """The text without the credentials of URLs and of options that carry them."""
    return _OPTION.sub(r"\1***", LOGIN.sub("***@", text))


class Log:
    """Writes events to any number of streams. Secrets are removed before anything is written."""

    def __init__(self) -> None:
        self._loggers: dict[int, Any] = {}
        self._lost: dict[int, Callable[[OSError], None]] = {}

    def add(self, stream: IO[str], *, pretty: bool = False, lost: Callable[[OSError], None] | None = None) -> None:
        """Write to this stream from now on: JSON lines, or short lines for people.

        `lost` hears once that it cannot be written any more, which then ends nothing.
        """
        import structlog

        renderer = structlog.dev.ConsoleRenderer(colors=False) if pretty else structlog.processors.JSONRenderer()
        logger = structlog.wrap_logger(
            structlog.WriteLogger(cast("TextIO", stream)),
            processors=[
                structlog.processors.add_log_level,
                structlog.processors.TimeStamper(fmt="iso", utc=True),
                _redact,
                renderer,
            ],
            wrapper_class=structlog.BoundLogger,
        )
        self._loggers[id(stream)] = logger
        if lost is not None:
            self._lost[id(stream)] = lost

    def remove(self, stream: IO[str]) -> None:
        """Do not write to this stream any more."""
        self._loggers.pop(id(stream), None)
        self._lost.pop(id(stream), None)

    def info(self, event: str, **detail: Any) -> None:
        """Something happened. Raises OSError for a stream whose loss nobody hears of."""
        for key, logger in list(self._loggers.items()):
            try:
                logger.info(event, **detail)
            except BrokenPipeError:  # nobody reads it any more, which is no reason to end what goes on
                self._loggers.pop(key, None)
            except OSError as error:
                if key not in self._lost:
                    raise
                if self._loggers.pop(key, None) is not None:
                    self._lost[key](error)


def _redact(_logger: object, _method: str, event: MutableMapping[str, Any]) -> MutableMapping[str, Any]:
    return {key: redacted(value) if isinstance(value, str) else value for key, value in event.items()}
