"""An environment as a Jupyter kernel, listed within the environment itself."""

from __future__ import annotations

import json
import os
from typing import TYPE_CHECKING

from tfrepair.execute.files import read_json
from tfrepair.execute.tree import write_text

if TYPE_CHECKING:
    from pathlib import Path

    from tfrepair.model.operations import RegisterKernel


def register_kernel(stage: Path, final: Path, python: str, operation: RegisterKernel) -> bool:
    """Write the kernel's file, with the interpreter's path where it will be used; False when it was there already.

    What the file says beside that (`metadata` and the like) stays. Raises StepError, OSError.
    """
    place = f"{operation.path}/kernel.json"
    before = read_json(stage / place) or {}
    inside = os.path.relpath(python, stage)
    document = before | {
        "argv": [str(final / inside), "-m", "ipykernel_launcher", "-f", "{connection_file}"],
        "display_name": operation.display_name,
        "language": "python",
    }
    if operation.variables:
        document["env"] = {**(document.get("env") or {}), **dict(operation.variables)}
    if document == before:
        return False
    return write_text(stage, place, json.dumps(document, indent=1, ensure_ascii=False) + "\n")
