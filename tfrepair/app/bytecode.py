"""What the smoke test in the stage compiles is there for the one at the final path: it need not be done twice."""

from __future__ import annotations

import tempfile
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from tfrepair.model.plan import Install

if TYPE_CHECKING:
    from collections.abc import Iterator

    from tfrepair.model.plan import Plan
    from tfrepair.model.target import Interpreter

OLDEST = (3, 8)
"""The first Python that can keep bytecode in another folder; an older one would write into the environment."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Bytecode:
    """A private folder with the bytecode of one repair."""

    folder: Path

    def of(self, interpreter: Interpreter, plan: Plan) -> Path | None:
        """The folder to use in a smoke test after a plan, one for each round; None where it would not pay.

        A TensorFlow that is not written anew may have bytecode of its own, which is as good.
        """
        installs = any(isinstance(o, Install) and plan.tensorflow.name in o.names for o in plan.operations)
        return self._of(plan) if installs and interpreter.version[:2] >= OLDEST else None

    def moved(self, plan: Plan, before: Path, after: Path) -> None:
        """The files of a plan that lay below one folder lie below another now.

        Python compares their time and size with those of the bytecode, not their path.
        """
        source, target = (self._of(plan).joinpath(*path.parts[1:]) for path in (before, after))
        with suppress(OSError):  # then they are compiled once more
            target.parent.mkdir(parents=True, exist_ok=True)
            source.rename(target)

    def _of(self, plan: Plan) -> Path:
        return self.folder / str(plan.round)


@contextmanager
def bytecode_folder() -> Iterator[Bytecode]:
    """A fresh one, which is gone afterwards."""
    with tempfile.TemporaryDirectory(prefix="tfrepair-bytecode-", ignore_cleanup_errors=True) as folder:
        yield Bytecode(folder=Path(folder))
