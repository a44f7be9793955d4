"""Whether modules come from where they should: PYTHONPATH, user site, .pth files, files that hide others."""

from __future__ import annotations

import os
from typing import TYPE_CHECKING

from tfrepair.probes.collector import Context, Probe, known, unknown
from tfrepair.target.search_path import copies, current_folder, leaking, search_path, shadowing

if TYPE_CHECKING:
    from collections.abc import Iterable

    from tfrepair.model.facts import Fact

_NAME = "search_path"


def _collect(context: Context) -> Iterable[Fact]:
    target, environ = context.target, context.environ
    if not target.interpreter.starts:
        return unknown(_NAME, PROBE.provides, "the interpreter does not start")
    named = tuple(folder for folder in environ.get("PYTHONPATH", "").split(os.pathsep) if folder)
    return known(
        _NAME,
        {
            "search_path.entries": [
                {"path": entry.path, "origin": entry.origin} for entry in search_path(target, environ)
            ],
            "search_path.leaking": [
                {"module": module, "path": entry.path, "origin": entry.origin}
                for module, entry in leaking(target, environ)
            ],
            "search_path.copies": [
                {"module": module, "paths": [entry.path for entry in entries]}
                for module, entries in copies(target, environ)
            ],
            "search_path.shadowing": [
                {"module": module, "path": path} for module, path in shadowing((current_folder(environ), *named))
            ],
        },
    )


PROBE = Probe(
    name=_NAME,
    provides={
        "search_path.entries": (
            "List of `{path, origin}`: where modules are looked for; the origin is `PYTHONPATH`, `user site`, "
            "`.pth file` or `environment`."
        ),
        "search_path.leaking": (
            "List of `{module, path, origin}`: modules of TensorFlow's tree that the environment has and that are "
            "found elsewhere first."
        ),
        "search_path.copies": (
            "List of `{module, paths}`: modules of TensorFlow's tree that lie in several folders of the search path; "
            "the first is imported."
        ),
        "search_path.shadowing": (
            "List of `{module, path}`: files in the current folder or in PYTHONPATH that hide a module of that name."
        ),
    },
    after=("interpreter",),
    collect=_collect,
)
