"""What a repair works with: loaded once, handed to every stage."""

from __future__ import annotations

from dataclasses import dataclass, field
from functools import cached_property
from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Mapping

    from tfrepair.app.requests import FixRequest, LookRequest, PlaybookRequest, Screen
    from tfrepair.log import Log
    from tfrepair.model.playbook import Playbook
    from tfrepair.model.releases import Releases
    from tfrepair.model.target import Target
    from tfrepair.target.bases import Base
    from tfrepair.target.pip_view import RequirementsFile
    from tfrepair.target.project.pin import ProjectPin


@dataclass(frozen=True, kw_only=True)
class Workbench:
    """The requests of the command line, the playbooks, the knowledge about releases, the screen and the log."""

    request: FixRequest
    look: LookRequest
    chosen: PlaybookRequest
    playbooks: tuple[Playbook, ...]
    releases: Releases
    environ: Mapping[str, str]
    cwd: Path
    screen: Screen
    log: Log
    _found: dict[str, Base] = field(default_factory=dict, init=False, repr=False)

    @cached_property
    def bases(self) -> tuple[Base, ...]:
        """The base interpreters of this machine, the newest first; each was asked once."""
        from tfrepair.target.discover import find_bases

        return find_bases(self.environ)

    def base(self, spec: str) -> Base:
        """The base interpreter that a version or a path names; it is looked for once. Raises TargetError."""
        from tfrepair.target.discover import find_base

        if spec not in self._found:
            base = find_base(spec, self.environ)
            self._found.update({spec: base, base.executable: base})
        return self._found[spec]

    def described(self, base: Base) -> Target:
        """A base interpreter as a target."""
        from tfrepair.target.assembly import target_from_answer

        path = base.executable
        return target_from_answer(base.answer, Path(path), path, f"`{path}` is what an environment is built from")

    @cached_property
    def project(self) -> tuple[ProjectPin, ...]:
        """What the files of the current folder say of TensorFlow."""
        from tfrepair.target.project.folder import read_pins

        return read_pins(self.cwd)

    @cached_property
    def configured(self) -> tuple[tuple[str, str], ...]:
        """Each line of the constraint files that pip's configuration names, and the file. Nothing is fetched."""
        from tfrepair.target.installer.settings import index_settings
        from tfrepair.target.pip_view import read_requirements

        return tuple(
            (line, path)
            for path in index_settings(environ=self.environ, cwd=self.cwd).constraints
            if "://" not in path
            for line in read_requirements(Path(path), self.environ, constraint=True)
        )

    @cached_property
    def requirements(self) -> tuple[tuple[str, str], ...]:
        """Every requirement of the files given with `--requirement`, and the file. Raises UsageError."""
        return tuple((line, name) for name, file in self._requirement_files for line in file.requirements)

    @cached_property
    def constraints(self) -> tuple[tuple[str, str], ...]:
        """Every constraint of the files given with `--constraint`, and the file. Raises UsageError.

        Also what a file given with `--requirement` names with `-c`.
        """
        from tfrepair.target.pip_view import read_requirements

        given = [
            (line, name)
            for name in self.request.constraints
            for line in read_requirements(Path(self.cwd, name), self.environ, constraint=True)
        ]
        return (*given, *((line, name) for name, file in self._requirement_files for line in file.constraints))

    @cached_property
    def _requirement_files(self) -> tuple[tuple[str, RequirementsFile], ...]:
        from tfrepair.target.pip_view import read_requirements_file

        return tuple(
            (name, read_requirements_file(Path(self.cwd, name), self.environ)) for name in self.request.requirements
        )

    @property
    def told(self) -> Mapping[str, object]:
        """Facts that the command line states, for conditions of steps."""
        stated: dict[str, object] = {"options.gpu": self.request.gpu}
        if self.request.base_python is not None:
            stated["options.base_python"] = self.request.base_python
        if self.request.allow_python_change:
            stated["options.allow_python_change"] = True
        if self.request.tensorflow is not None:
            stated["options.tensorflow"] = self.request.tensorflow
        stated |= self.chosen.told
        return stated
