"""What a text is about: TensorFlow and its companions, something else that it names, or it does not say.

The same lines come from any program: a refused permission, a missing library, a driver that is too old. They are sure
to be about TensorFlow only where the text speaks of it. Something else is recognised by where a name stands (the module
of an exception, the folder of a distribution, a program before its message, a position in a source of another language)
and by the names of those that print the same about GPUs and native libraries.
"""

from __future__ import annotations

import re
import sys
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from tfrepair.model.finding import Confidence

_TENSORFLOW = re.compile(
    r"tensor[ _-]?flow|keras|tensorboard|pywrap|\bTF_\w|local_(?:xla|tsl)/"
    r"|(?<![.\w])tf(?:lite|js|p|x|2\w{1,20})?(?:[._-]\w|\b)",
    re.IGNORECASE,
)
"""TensorFlow itself, its companions, and the names of its modules and variables; `main.tf` is Terraform's."""

_NAME = r"(?P<name>[A-Za-z][\w-]{0,60})"
_NAMED = tuple(
    re.compile(pattern, re.MULTILINE)
    for pattern in (
        rf"[/\\](?:site|dist)-packages[/\\]{_NAME}",
        rf"^\s{{0,8}}(?:(?:Caused by:|Exception in thread \S{{1,60}}) )?{_NAME}\.[\w.$]{{0,120}}(?:Error|Exception)\b",
        r"\(required by (?:[^\s()]{0,300}/)?(?P<name>[\w+-]{1,60})\)",
        r"^(?:/[\w./+-]{0,200}/)?(?P<name>[a-z][a-z\d+-]{0,60}): [^\n:]{1,200}: ",
        r"^(?P<name>[a-z][a-z\d+-]{0,60}) (?:ERR!|error) ",
        r"(?P<name>[\w$-]{1,60}\.(?:java|kt|scala|[cm]?[jt]sx?|go|rb|rs|php|cs|swift|dart)):\d",
        r"\b(?P<name>(?i:(?:py)?torch\w{0,12}|jax(?:lib)?|onnx\w{0,12}|opencv|cv2|mxnet|cupy|paddle\w{0,8}|theano))\b",
    )
)
_NEUTRAL = re.compile(
    # installers, environments, notebooks and shells
    r"pip3?|conda|mamba|uvx?|poetry|pipenv|virtualenv|setuptools|wheel|pkg_resources|distutils|packaging|ipython"
    r"|ipykernel(?:_launcher)?|jupyter(?:_client)?|notebook|nbconvert|traitlets|tornado|zmq|colab"
    r"|(?:ba|z|da|k|c)?sh|fish|sudo|docker"
    # what TensorFlow needs
    r"|numpy|scipy|google|protobuf|h5py|absl|six|wrapt|grpc(?:io)?|astunparse|gast|flatbuffers|opt_einsum|ml_dtypes"
    r"|typing_extensions|termcolor|rich|namex|optree|markdown|werkzeug|requests|urllib3|certifi|idna|chardet"
    r"|charset_normalizer|importlib_metadata|xla|tsl"
    # what stands where a name may
    r"|error|failed|fatal|warning|note|hint|info|critical|exception|traceback|ld|dyld|dlerror|errors_impl|builtins"
    # families
    r"|lib.*|python.*|nvidia.*|_.*",
    re.IGNORECASE,
)
"""What a failure of TensorFlow names as well."""
_VERSION = re.compile(r"-\d.*")
"""What follows the name of a distribution in that of its metadata folder."""


def speaks_of_tensorflow(text: str) -> bool:
    """Whether TensorFlow, or one of its companions, is named anywhere."""
    return _TENSORFLOW.search(text) is not None


def another_subject(text: str) -> str | None:
    """What a text names that is neither TensorFlow nor what comes with it; None where it speaks of TensorFlow."""
    if speaks_of_tensorflow(text):
        return None
    names = (match["name"] for pattern in _NAMED for match in pattern.finditer(text))
    return next((name for name in names if not _neutral(name)), None)


def surest(text: str, *, told: bool) -> Confidence:
    """How sure a cause of TensorFlow may be by this text; `told`: somebody said that it is about TensorFlow."""
    if another_subject(text) is not None:
        return "low"
    return "high" if told or speaks_of_tensorflow(text) else "medium"


def _neutral(name: str) -> bool:
    bare = _VERSION.sub("", name)
    return _NEUTRAL.fullmatch(bare) is not None or bare.lower() in sys.stdlib_module_names
