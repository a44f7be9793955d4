"""What TensorFlow's import needs is compiled once: begun when it is installed, used in the stage and ever after."""

from __future__ import annotations

from contextlib import suppress
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING

from tfrepair.execute.files import sync_file_system
from tfrepair.target.compiling import OLDEST, settle, start_compiling

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from typing_extensions import Self

    from tfrepair.model.target import Environment, Target
    from tfrepair.target.interpreter import Helper

_NOT_HERE = ("PYTHONDONTWRITEBYTECODE", "PYTHONPYCACHEPREFIX")
_LATE = "tensorflow/python/ops"
"""What TensorFlow imports after its own libraries, NumPy and Protobuf."""


@dataclass(slots=True)
class Bytecode:
    """The bytecode of one repair, in a private folder; leaving the block ends what still compiles."""

    place: Path
    """A folder that the repair removes in the end, however it ends."""
    final: Path
    """Where the stage will lie."""
    kept: Path
    """The folder of what earlier repairs have compiled."""
    tensorflow: str
    """The distribution."""
    folder: Path | None = None
    """That of the latest installation; None before there is one, and where bytecode must lie in the environment."""
    _number: int = 0
    _helpers: tuple[Helper, ...] = field(default=())

    def __enter__(self) -> Self:
        """Nothing is done before `begin`."""
        return self

    def __exit__(self, *_: object) -> None:
        """End what still compiles."""
        self.end()

    def begin(self, target: Target, names: Sequence[str], environ: Mapping[str, str]) -> None:
        """These distributions were installed: start anew, as Python tells old bytecode by a file's time and size only.

        Nothing begins where TensorFlow stays and has bytecode of its own, which is as good.
        """
        self.end()
        stays = self.folder is None and self.tensorflow not in names
        if (stays and _is_compiled(target.environment)) or target.interpreter.version[:2] < OLDEST:
            return
        self.folder = None
        self._number += 1
        folder = self.place / str(self._number)
        with suppress(OSError):  # then nothing is kept
            folder.mkdir(parents=True)
            self.folder = folder
        if self.folder is not None:
            variables = target.environment.variables(environ)
            self._helpers = start_compiling(
                target.interpreter.executable,
                environ=variables,
                bytecode=folder,
                stage=Path(target.environment.prefix),
                final=self.final,
                kept=self.kept,
            )

    def moved(self, before: Path) -> None:
        """The stage, which lay in this folder, lies at its final path now.

        Python compares the time and size of files with those of their bytecode, not the path.
        """
        if self.folder is None:
            return
        source, target = (self.folder.joinpath(*path.parts[1:]) for path in (before, self.final))
        with suppress(OSError):  # then they are compiled once more
            target.parent.mkdir(parents=True, exist_ok=True)
            source.rename(target)

    def settle(self, target: Target, environ: Mapping[str, str]) -> None:
        """Put what was compiled beside the files at the final path, to stay: durable when this returns.

        Every import of the user's would take three times as long without, and one who may not write there would never
        be rid of it. Only in folders of packages: what else lies in an installation of Python, its standard library, is
        not ours, and a way back would not reach it. It is kept for the next repair too, which takes a fifth less time.
        Neither where the user wants no bytecode, or wants it elsewhere. Among files that were exchanged one by one it
        would outlast a way back: there it is put only when the repair holds.
        """
        if self.folder is None or any(environ.get(name) for name in _NOT_HERE):
            return
        with suppress(OSError):  # it works; nothing depends on a cache
            own = self.final.resolve()
            folders = [site for site in target.environment.site_folders if Path(site).resolve().is_relative_to(own)]
            python = target.interpreter.executable
            settle(python, environ=environ, bytecode=self.folder, folders=folders, kept=self.kept)
            sync_file_system(self.final)

    def wait(self) -> None:
        """Until nothing is compiled ahead any more."""
        for helper in self._helpers:
            helper.wait()

    def end(self) -> None:
        """TensorFlow was imported: what is not compiled yet is not needed."""
        for helper in self._helpers:
            helper.stop()
        self._helpers = ()


def _is_compiled(environment: Environment) -> bool:
    """There is bytecode of TensorFlow beside its files, and not only of what an import that fails comes to."""
    return any(Path(site, _LATE, "__pycache__").is_dir() for site in environment.site_folders)
