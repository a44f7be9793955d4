"""Bystanders: what TensorFlow logs, when it has been loaded, before an exception of another kind ends the program."""

from __future__ import annotations

import re

_REFUSAL = re.compile(
    r"^\s*(?:\w+\.)*(?:ImportError|ModuleNotFoundError|AttributeError|TypeError|SyntaxError|NameError)\b(?::|$)",
    re.MULTILINE,
)
_BYSTANDER = re.compile(
    r": [WI] (?:tensorflow|external)/|^[WI]\d{4} |: E (?:tensorflow|external)/\S{0,80}(?:cuda|gpu|stream_executor)"
    r"|failed call to cuInit|TF-TRT Warning|^\s*WARNING:tensorflow:|^WARNING: The TensorFlow contrib module"
)
"""A healthy program prints it too, on a machine without a GPU or with code of another year."""
_OF_GPUS = re.compile(r"cuda|cudnn|cublas|nvidia|gpu", re.IGNORECASE)


def last_refusal(text: str) -> int:
    """Where the last exception stands that ends an import; -1 when there is none."""
    return max((match.start() for match in _REFUSAL.finditer(text)), default=-1)


def is_bystander(line: str) -> bool:
    """Before such an exception the line says nothing of it."""
    return _BYSTANDER.search(line) is not None


def without_bystanders(text: str) -> str:
    """The text without these lines before the last such exception, unless that speaks of GPUs itself."""
    end = last_refusal(text)
    if end < 0 or _OF_GPUS.search(text[end:].lstrip().partition("\n")[0]):
        return text
    return "\n".join(line for line in text[:end].split("\n") if not is_bystander(line)) + text[end:]
