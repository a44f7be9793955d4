"""Room: on disk, in memory, and in the length of paths."""

from __future__ import annotations

import tempfile
from pathlib import Path
from typing import TYPE_CHECKING

from tfrepair.probes.collector import Context, Probe, known, unknown
from tfrepair.target.resources import existing_folder, free_disk, free_memory, long_paths

if TYPE_CHECKING:
    from collections.abc import Iterator

    from tfrepair.model.facts import Fact

_NAME = "resources"
_LONG = "host.long_paths"
_MEMORY = "memory.available"


def _collect(context: Context) -> Iterator[Fact]:
    places = {
        "disk.free": str(existing_folder(Path(context.target.environment.prefix))),
        "disk.temporary_free": context.environ.get("TMPDIR") or tempfile.gettempdir(),
    }
    for path, folder in places.items():
        try:
            yield from known(_NAME, {path: free_disk(folder)})
        except OSError as error:
            yield from unknown(_NAME, [path], f"`{folder}` does not say: {error.strerror or error}")
    memory = free_memory()
    if memory is None:
        yield from unknown(_NAME, [_MEMORY], f"it is not read on {context.target.host.system}")
    else:
        yield from known(_NAME, {_MEMORY: memory})
    setting = long_paths()
    if setting is None and context.target.host.system == "windows":
        yield from unknown(_NAME, [_LONG], "the registry does not say")
    else:
        yield from known(_NAME, {_LONG: setting})


PROBE = Probe(
    name=_NAME,
    provides={
        "disk.free": "Number: megabytes that are free where the environment lies.",
        "disk.temporary_free": "Number: megabytes that are free where temporary files go.",
        _MEMORY: "Number: megabytes of memory that a program can still get, a container's limit included.",
        _LONG: "True or false: Windows takes paths of more than 260 characters; absent elsewhere.",
    },
    collect=_collect,
)
