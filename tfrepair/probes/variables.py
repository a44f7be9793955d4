"""Environment variables that steer the loader, Python or TensorFlow, and the libraries that the loader is led to."""

from __future__ import annotations

import os
from pathlib import Path
from typing import TYPE_CHECKING

from tfrepair.probes.collector import Context, Probe, known
from tfrepair.target.paths import is_there

if TYPE_CHECKING:
    from collections.abc import Iterator

    from tfrepair.model.facts import Fact

_NAME = "variables"
_FOLDERS = ("LD_LIBRARY_PATH", "DYLD_LIBRARY_PATH", "DYLD_FALLBACK_LIBRARY_PATH")
_FILES = ("LD_PRELOAD", "DYLD_INSERT_LIBRARIES")
STEERING = (
    *_FOLDERS, *_FILES, "PYTHONPATH", "PYTHONHOME", "PYTHONNOUSERSITE", "PYTHONUSERBASE", "PYTHONSAFEPATH",
    "TF_USE_LEGACY_KERAS", "KERAS_BACKEND", "PROTOCOL_BUFFERS_PYTHON_IMPLEMENTATION", "TF_ENABLE_ONEDNN_OPTS",
    "TF_XLA_FLAGS", "XLA_FLAGS", "CUDA_VISIBLE_DEVICES", "KMP_DUPLICATE_LIB_OK", "GLIBC_TUNABLES", "CONDA_PREFIX",
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


def _libraries(folder: Path) -> list[Path]:
    try:
        return sorted(path for path in folder.iterdir() if path.name.startswith(_TELLING))
    except OSError:
        return []


PROBE = Probe(
    name=_NAME,
    provides={
        **{f"variables.{name}": f"Text: the environment variable {name}; absent when not set." for name in STEERING},
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
