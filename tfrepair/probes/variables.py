"""Environment variables that steer the loader, Python or TensorFlow, and the libraries that the loader is led to."""

from __future__ import annotations

import json
import os
from pathlib import Path
from typing import TYPE_CHECKING

from tfrepair.probes.collector import Context, Probe, known
from tfrepair.target.paths import is_there
from tfrepair.target.plain_file import read_plain

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from tfrepair.model.facts import Fact

_NAME = "variables"
_FOLDERS = ("LD_LIBRARY_PATH", "DYLD_LIBRARY_PATH", "DYLD_FALLBACK_LIBRARY_PATH")
_FILES = ("LD_PRELOAD", "DYLD_INSERT_LIBRARIES")
STEERING = (
    *_FOLDERS, *_FILES, "PYTHONPATH", "PYTHONHOME", "PYTHONNOUSERSITE", "PYTHONUSERBASE", "PYTHONSAFEPATH",
    "PYTHONOPTIMIZE", "TF_USE_LEGACY_KERAS", "KERAS_BACKEND", "PROTOCOL_BUFFERS_PYTHON_IMPLEMENTATION",
    "TF_ENABLE_ONEDNN_OPTS", "TF_XLA_FLAGS", "XLA_FLAGS", "CUDA_VISIBLE_DEVICES", "KMP_DUPLICATE_LIB_OK",
    "GLIBC_TUNABLES", "CONDA_PREFIX",
)  # fmt: skip
_TELLING = (
    "libstdc++.so",
    "libgcc_s.so",
    "libc++.",
    "libprotobuf.",
    "libtensorflow",
    "libpython3",
    "libiomp5",
    "libgomp",
)
"""Libraries that, found in another version than the environment was made for, change what an import does."""


def _collect(context: Context) -> Iterator[Fact]:
    environ = context.environ
    yield from known(_NAME, {f"variables.{name}": environ.get(name) or None for name in STEERING})
    backend, source = _backend(environ)
    yield from known(_NAME, {"keras.backend": backend, "keras.backend_from": source})
    led = [(name, folder) for name in _FOLDERS for folder in environ.get(name, "").split(os.pathsep) if folder]
    yield from known(
        _NAME,
        {
            "loader.led_to": [
                {"variable": name, "path": str(path)} for name, folder in led for path in _libraries(Path(folder))
            ],
            "loader.preloaded": [
                {"variable": name, "path": word, "exists": is_there(Path(word)) if os.sep in word else None}
                for name in _FILES
                for word in environ.get(name, "").replace(":", " ").split()
            ],
        },
    )


def _backend(environ: Mapping[str, str]) -> tuple[str, str] | tuple[None, None]:
    """The backend that Keras is told to take, and by what (keras.io, "Configuring your backend")."""
    if environ.get("KERAS_BACKEND"):
        return environ["KERAS_BACKEND"], "KERAS_BACKEND"
    home = environ.get("HOME") or environ.get("USERPROFILE")
    folder = environ.get("KERAS_HOME") or (os.path.join(home, ".keras") if home else None)  # noqa: PTH118
    if folder is None:
        return None, None
    file = Path(folder, "keras.json")
    try:
        told = json.loads(read_plain(file))["backend"]
    except (OSError, ValueError, LookupError, TypeError, RecursionError):
        return None, None
    return (told, f"`{file}`") if isinstance(told, str) else (None, None)


def _libraries(folder: Path) -> list[Path]:
    try:
        return sorted(path for path in folder.iterdir() if path.name.startswith(_TELLING))
    except OSError:
        return []


PROBE = Probe(
    name=_NAME,
    provides={
        **{f"variables.{name}": f"Text: the environment variable {name}; absent when not set." for name in STEERING},
        "keras.backend": "Text: the backend that Keras is told to take, by a variable or a file; absent when none is.",
        "keras.backend_from": "Text: what tells it: the variable, or the file in backticks; absent when nothing does.",
        "loader.led_to": (
            "List of `{variable, path}`: libraries in the folders of LD_LIBRARY_PATH and its like, of those that "
            "change what an import does."
        ),
        "loader.preloaded": (
            "List of `{variable, path, exists}`: libraries that LD_PRELOAD and its like load before all others."
        ),
    },
    collect=_collect,
)
