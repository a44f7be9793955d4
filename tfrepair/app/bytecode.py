"""What TensorFlow's import needs is compiled once: begun when it is installed, used in the stage and ever after."""

from __future__ import annotations

from contextlib import suppress
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING

from tfrepair.execute.files import sync_file_system
from tfrepair.target.compiling import OLDEST, settle, start_compiling, start_restoring
from tfrepair.target.paths import is_folder

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping, Sequence

    from typing_extensions import Self

    from tfrepair.model.target import Environment, Target
    from tfrepair.target.interpreter import Helper

_NOT_HERE = ("PYTHONDONTWRITEBYTECODE", "PYTHONPYCACHEPREFIX")
_OTHERWISE = (*_NOT_HERE, "PYTHONOPTIMIZE")
"""With these an interpreter does not use the bytecode that lies beside files, or not the usual one."""
_LATE = "tensorflow/python/ops"
"""What TensorFlow imports after its own libraries, NumPy and Protobuf."""


@dataclass(slots=True)
class Bytecode:
    """The bytecode of one repair: in the stage where an earlier repair has kept all of it, else in a private folder.

    Leaving the block ends what still compiles.
    """

    place: Path
    """A folder that the repair removes in the end, however it ends."""
    final: Path
    """Where the stage will lie."""
    kept: Path
    """The folder of what earlier repairs have compiled."""
    tensorflow: str
    """The distribution."""
    folder: Path | None = None
    """The private one of the latest installation; None before there is one, and where the environment has bytecode."""
    _number: int = 0
    _compiles: Callable[[Path], tuple[Helper, ...]] | None = None
    _restoring: Helper | None = None
    _compiling: tuple[Helper, ...] = field(default=())

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
        environment, python = target.environment, target.interpreter.executable
        stays = self.folder is None and self.tensorflow not in names
        if (stays and _is_compiled(environment)) or target.interpreter.version[:2] < OLDEST:
            return
        self.folder = None
        variables = environment.variables(environ)
        self._compiles = lambda folder: start_compiling(python, environ=variables, bytecode=folder, kept=self.kept)
        self._number += 1
        folder = self.place / str(self._number)
        with suppress(OSError):  # then nothing is kept
            folder.mkdir(parents=True)
            self.folder = folder
        if self.folder is not None and not any(environ.get(name) for name in _OTHERWISE):
            own = _own(environment, Path(environment.prefix))
            self._restoring = start_restoring(python, environ=environ, folders=own, kept=self.kept, scratch=folder)
        if self._restoring is None:
            self._compile()

    def ready(self) -> None:
        """Until what an earlier repair has kept lies in the stage; where that is not all, begin to compile."""
        if self._restoring is None:
            return
        self._restoring.wait()
        code, self._restoring = self._restoring.stop(), None
        if code == 0:
            self.folder = None
        else:
            self._compile()

    def _compile(self) -> None:
        if self._compiles is not None and self.folder is not None:
            self._compiling = self._compiles(self.folder)

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
        not ours, and a way back would not reach it. It is kept for the next repair too, for a quarter of its time.
        Neither where the user wants no bytecode, or wants it elsewhere. Among files that were exchanged one by one it
        would outlast a way back: there it is put only when the repair holds.
        """
        if self.folder is None or any(environ.get(name) for name in _NOT_HERE):
            return
        with suppress(OSError):  # it works; nothing depends on a cache
            own = _own(target.environment, self.final)
            python = target.interpreter.executable
            settle(python, environ=environ, bytecode=self.folder, folders=own, kept=self.kept)
            sync_file_system(self.final)

    def wait(self) -> None:
        """Until nothing is compiled ahead any more."""
        for helper in self._compiling:
            helper.wait()

    def end(self) -> None:
        """TensorFlow was imported: what is not compiled yet is not needed."""
        for helper in (*self._compiling, *((self._restoring,) if self._restoring is not None else ())):
            helper.stop()
        self._compiling, self._restoring = (), None


def _own(environment: Environment, prefix: Path) -> list[str]:
    """The folders of packages that lie in an environment, which lies there, as they really are."""
    own = prefix.resolve()
    return [site for site in environment.site_folders if Path(site).resolve().is_relative_to(own)]


def _is_compiled(environment: Environment) -> bool:
    """There is bytecode of TensorFlow beside its files, and not only of what an import that fails comes to."""
    return any(is_folder(Path(site, _LATE, "__pycache__")) for site in environment.site_folders)
