"""What `verify --with NAME` can name, and which module that is."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from packaging.utils import canonicalize_name

from tfrepair.errors import UsageError
from tfrepair.model.nearest import nearest_word

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    from tfrepair.model.distribution import Distribution
    from tfrepair.model.target import Environment

MODULES = {
    "keras": "keras",
    "tensorboard": "tensorboard",
    "tensorflow-addons": "tensorflow_addons",
    "tensorflow-datasets": "tensorflow_datasets",
    "tensorflow-estimator": "tensorflow_estimator",
    "tensorflow-hub": "tensorflow_hub",
    "tensorflow-io": "tensorflow_io",
    "tensorflow-io-gcs-filesystem": "tensorflow_io_gcs_filesystem",
    "tensorflow-probability": "tensorflow_probability",
    "tensorflow-text": "tensorflow_text",
    "tf-keras": "tf_keras",
    "tf2onnx": "tf2onnx",
}
"""The module of each, by canonical name. extras_script.py knows what to do with most of them."""
BEYOND_THE_SMOKE_TEST = {
    name: "tensorboard.main" if name == "tensorboard" else module
    for name, module in MODULES.items()
    if name not in ("keras", "tensorflow-estimator", "tensorflow-io-gcs-filesystem")
}
"""What to import of those that TensorFlow does not use itself; `import tensorboard` alone would load nothing."""
_SHORT = ("addons", "datasets", "estimator", "hub", "io", "probability", "text")


@dataclass(frozen=True, slots=True, kw_only=True)
class Extra:
    """Something beside TensorFlow that is tried after it."""

    name: str
    """Canonical."""
    modules: tuple[str, ...]


def extras_of(names: Iterable[str], environment: Environment) -> tuple[Extra, ...]:
    """What these names mean: what is known, without or with `tensorflow-`, or else is installed in the environment.

    Raises UsageError for any other name, with the nearest known one.
    """
    return tuple(_extra(name, environment) for name in dict.fromkeys(names))


def _extra(text: str, environment: Environment) -> Extra:
    short = canonicalize_name(text.strip())
    name = f"tensorflow-{short}" if short in _SHORT else short
    if name in MODULES:
        return Extra(name=name, modules=(MODULES[name],))
    from tfrepair.target.inventory import read_inventory

    installed = {each.canonical_name: each for each in read_inventory(environment).distributions}
    modules = _modules(installed[name]) if name in installed else ()
    if modules:
        return Extra(name=name, modules=modules)
    raise UsageError(f"`--with {text}` is not known", hint=f"{_nearest(name, [*MODULES, *installed])}; nothing was run")


def _modules(distribution: Distribution) -> tuple[str, ...]:
    names = (top.removesuffix(".py") for top in distribution.top_level)
    return tuple(name for name in names if name.isidentifier() and not name.startswith("_"))


def _nearest(name: str, known: Sequence[str]) -> str:
    near = nearest_word(name, [*known, *_SHORT])
    listed = f"known are {', '.join(MODULES)}, and what is installed there"
    return f"did you mean `{near}`? {listed}" if near else listed
