"""Each operation of a plan, done to a stage."""

from __future__ import annotations

import os
from pathlib import Path
from typing import TYPE_CHECKING

from tfrepair.errors import StepError
from tfrepair.execute.activation import carry_variables, set_variables
from tfrepair.execute.carry import carry
from tfrepair.execute.files import exists, remove_tree
from tfrepair.execute.kernels import register_kernel
from tfrepair.execute.linking import unshare
from tfrepair.execute.ownership import installed
from tfrepair.execute.performing import Outcome
from tfrepair.execute.tree import inside, remove_path, uninstall, write_text
from tfrepair.model.operations import RegisterKernel, RunCommand, SetEnvironment, Tell, WriteFile
from tfrepair.model.plan import Carry, CreateEnvironment, Install, RemovePath, Uninstall
from tfrepair.target.records import check, read_record

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence

    from tfrepair.execute.ownership import Installed
    from tfrepair.execute.ports import Ports
    from tfrepair.model.plan import Lock, Operation
    from tfrepair.model.target import Target


class Stage:
    """A copy of an environment, or a fresh one, that operations are applied to."""

    def __init__(self, tree: Path, place: Path, final: Path, ports: Ports, *, share: bool) -> None:
        self.tree = tree
        self._place = place
        self._final = final
        self._ports = ports
        self._share = share
        self._target: Target | None = None
        self._fresh: dict[str, float | None] = {}
        """What was installed and is not compared with its RECORD yet; the time limit of each."""

    @property
    def target(self) -> Target:
        """The stage as a target. Raises TargetError."""
        if self._target is None:
            self._target = self._ports.describe(self.tree)
        return self._target

    def apply(self, operation: Operation, lock: Lock) -> Outcome:
        """Do one operation. Raises StepError, SurroundingsError, OSError.

        What follows an installation may use what was installed, or change it on purpose: it must be whole before.
        """
        if self._fresh and not isinstance(operation, (Install, Tell)):
            bad = self.compare()
            if bad:
                self.mend(bad, lock)
        match operation:
            case CreateEnvironment():
                self._create(operation)
            case Carry():
                self._carry(operation)
            case Uninstall():
                uninstall(self.tree, self.target.environment, operation.metadata)
            case RemovePath():
                return Outcome(skipped=not remove_path(self.tree, operation.path))
            case Install():
                self._install(operation.names, lock, operation.keywords.timeout)
            case RunCommand():
                return self._run(operation)
            case WriteFile():
                return Outcome(skipped=not write_text(self.tree, operation.path, operation.content))
            case SetEnvironment():
                scripts = Path(self.target.environment.scripts)
                return Outcome(skipped=not set_variables(scripts, operation.variables))
            case RegisterKernel():
                python = self.target.interpreter.executable
                return Outcome(skipped=not register_kernel(self.tree, self._final, python, operation))
            case Tell():
                return Outcome()
        return Outcome()

    def _create(self, operation: CreateEnvironment) -> None:
        remove_tree(self.tree)
        self._target = None
        self._ports.create_venv(
            operation.base,
            self.tree,
            prompt=operation.prompt,
            system_site_packages=operation.system_site_packages,
        )
        if exists(self._place):
            self.tree.chmod(self._place.stat().st_mode & 0o7777)

    def _carry(self, operation: Carry) -> None:
        carry(
            self._ports.describe(self._place).environment,
            self.target.environment,
            final=self._final,
            names=operation.distributions,
            leave=operation.leave,
            share=self._share,
        )
        old, new = (Path(place.environment.scripts) for place in (self._ports.describe(self._place), self.target))
        carry_variables(old, new)

    def _install(self, names: Sequence[str], lock: Lock, limit: float | None) -> None:
        self._ports.install(
            self.target, lock, names, reinstall=False, past_cache=False, on_line=self._ports.progress, limit=limit
        )
        self._fresh |= dict.fromkeys(names, limit)

    def compare(self) -> Mapping[str, str]:
        """The distributions whose files, since they were installed, are not as recorded, and what is wrong with each.

        A cache may hand out files that were damaged through a link. Writes nothing: another thread may look meanwhile.
        """
        bad = dict(self._damaged(tuple(self._fresh)))
        if not bad:
            self._fresh.clear()
        return bad

    def mend(self, bad: Mapping[str, str], lock: Lock) -> None:
        """Install again, past the cache, what was found to differ. Raises StepError, SurroundingsError.

        A text that differs still when it came past the cache is as it was published: some wheels record wrong hashes.
        """
        names = tuple(sorted(bad))
        limits = [limit for name in names if (limit := self._fresh[name]) is not None]
        self._ports.progress(f"installing {', '.join(names)} again, past the cache: files are not as recorded")
        self._ports.install(
            self.target, lock, names, reinstall=True, past_cache=True, on_line=self._ports.progress,
            limit=max(limits) if len(limits) == len(names) else None,
        )  # fmt: skip
        still = dict(self._damaged(names, texts=False))
        if still:
            name, what = next(iter(sorted(still.items())))
            raise StepError(
                f"`{name}` is not as its RECORD says after it was installed twice: {what}; the target was not touched",
                hint="check the disk and the index: the file may be damaged at its source",
            )
        self._fresh.clear()

    def _damaged(self, names: Sequence[str], *, texts: bool = True) -> Iterator[tuple[str, str]]:
        """Names whose files are not as recorded, and what is wrong; `texts` compares more than the size of these."""
        every = installed(self.target.environment)
        for name in names:
            mine = [one for one in every if one.name == name]
            if not mine:
                yield name, "it is not installed"
            for one in mine:
                what = self._differs(one, every, texts=texts)
                if what:
                    yield name, what

    def _differs(self, one: Installed, every: Sequence[Installed], *, texts: bool) -> str | None:
        entries = read_record(one.metadata)
        if entries is None:
            return None if one.metadata.suffix != ".dist-info" else "it has no RECORD"
        damage = check(entries, one.site, Path(os.path.realpath(self.tree)), hash_native=True, hash_all=texts)
        if damage.missing:
            return f"`{damage.missing[0]}` is missing"
        altered = [path for path in damage.altered if not self._is_shared(path, one, every)]
        return f"`{altered[0]}` is altered" if altered else None

    def _is_shared(self, path: str, one: Installed, every: Sequence[Installed]) -> bool:
        """Another distribution records the file too (often a stray `tests/__init__.py`): whoever came last wrote it."""
        whole = os.path.normpath(one.site / path)
        relative = os.path.relpath(whole, os.path.realpath(self.tree)).replace(os.sep, "/")
        return any(relative in other.paths for other in every if other.metadata != one.metadata)

    def _run(self, operation: RunCommand) -> Outcome:
        """A command may write into files in place: the stage must share none with the target."""
        if operation.creates is not None and exists(inside(self.tree, operation.creates)):
            return Outcome(skipped=True)
        unshare(self.tree)
        return Outcome(exit_code=0, output=self.command(operation.argv, operation.timeout))

    def command(self, argv: Sequence[str], timeout: float) -> str:
        """Run a command in the stage, which has its own programs before those of PATH; what it printed.

        Raises StepError.
        """
        return run_in(self.tree, self.target, argv, timeout, self._ports)


def run_in(tree: Path, target: Target, argv: Sequence[str], timeout: float, ports: Ports) -> str:
    """Run a command in an environment, which has its own programs before those of PATH; what it printed.

    Raises StepError.
    """
    return ports.run_command(program_in(target.environment.scripts, argv), cwd=tree, timeout=timeout)


def program_in(scripts: str, argv: Sequence[str]) -> tuple[str, ...]:
    """The command with the path of its program, when the environment's scripts have one of that name."""
    first, *rest = argv
    program = Path(scripts) / first
    if scripts and os.sep not in first and exists(program):
        first = str(program)
    return (first, *rest)
