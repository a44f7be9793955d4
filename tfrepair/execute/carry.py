"""What a fresh venv takes over from the old environment: distributions, and every file that no distribution owns."""

from __future__ import annotations

import os
import re
from dataclasses import dataclass
from pathlib import Path, PurePosixPath
from typing import TYPE_CHECKING

from tfrepair.errors import StepError
from tfrepair.execute.files import exists, replace_file
from tfrepair.execute.linking import copy_attributes, copy_file, copy_symlink, link_or_copy
from tfrepair.execute.ownership import Installed, installed, private_rule, source_of
from tfrepair.execute.paths import STASH
from tfrepair.execute.scripts import update_records, with_interpreter
from tfrepair.execute.tree import uninstall
from tfrepair.target.console_scripts import interpreter_of

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Sequence

    from tfrepair.model.target import Environment

_INTERPRETER = re.compile(r"^(?:python|pythonw|pypy|𝜋thon)[\d.]*t?(?:\.exe)?$")
_ACTIVATION = re.compile(r"^(?:[Aa]ctivate(?:\.\w+)?|activate_this\.py|deactivate(?:\.\w+)?|pydoc\.bat)$")
_SITE_SCAFFOLDING = re.compile(r"^(?:_virtualenv\.(?:py|pth)|[\w.-]+\.virtualenv)$")
_TOP_SCAFFOLDING = frozenset({"pyvenv.cfg", "lib64", ".lock", STASH})


@dataclass(frozen=True, slots=True, kw_only=True)
class _Map:
    """Relative paths of the old environment and where they belong in the new one."""

    pairs: tuple[tuple[str, str], ...]
    scripts: str
    sites: tuple[str, ...]

    @classmethod
    def between(cls, old: Environment, new: Environment) -> _Map:
        kinds = ("purelib", "platlib", "scripts")
        pairs = {_relative(old, getattr(old, kind)): _relative(new, getattr(new, kind)) for kind in kinds}
        sites = tuple(dict.fromkeys((_relative(old, old.purelib), _relative(old, old.platlib))))
        longest_first = sorted(pairs.items(), key=lambda pair: -len(pair[0]))
        return cls(pairs=tuple(longest_first), scripts=_relative(old, old.scripts), sites=sites)

    def __call__(self, relative: str) -> str:
        for old, new in self.pairs:
            if relative == old or relative.startswith(old + "/"):
                return new + relative[len(old) :]
        return relative


@dataclass(frozen=True, slots=True)
class _Choice:
    """Which paths of the old environment are carried."""

    carried: frozenset[str]
    """Files of carried distributions."""
    others: frozenset[str]
    """Files that only distributions record that stay behind."""
    left: frozenset[str]
    """Files and folders that stay behind with all below."""
    paths: _Map
    seeded: frozenset[str]
    """What the distributions of the fresh venv own, relative to it."""

    def enters(self, relative: str) -> bool:
        """Whether something at or below a path may be carried."""
        return relative not in self.left and not self._scaffolding(relative)

    def takes(self, relative: str) -> bool:
        """Whether a file is carried."""
        if relative in self.carried:
            return True
        if relative in self.others:
            return False
        source = source_of(relative)
        if source is not None and source not in self.carried:
            return False  # bytecode of something that stays behind, or that is compiled again when it is imported
        return self.paths(relative) not in self.seeded

    def _scaffolding(self, relative: str) -> bool:
        folder, _, name = relative.rpartition("/")
        if not folder:
            return name in _TOP_SCAFFOLDING
        if folder == self.paths.scripts:
            return bool(_INTERPRETER.match(name) or _ACTIVATION.match(name))
        return folder in self.paths.sites and bool(_SITE_SCAFFOLDING.match(name))


def carry(
    old: Environment,
    new: Environment,
    *,
    final: Path,
    names: Sequence[str],
    leave: Sequence[str] = (),
    share: bool = True,
) -> int:
    """Bring distributions and unowned files from `old` into the fresh venv `new`, which will be used at `final`.

    Files nobody writes in place are linked when `share` is true. Returns the number of files. Raises StepError when
    a distribution is not there, OSError.
    """
    distributions = installed(old)
    wanted = [one for one in distributions if one.name in set(names)]
    absent = sorted(set(names) - {one.name for one in wanted})
    if absent:
        raise StepError(
            f"{', '.join(absent)} cannot be carried over, because the metadata is not in `{old.prefix}` any more; "
            "the target was not touched"
        )
    _make_room(new, names)
    choice = _choice(old, new, distributions, wanted, leave)
    carrier = _Carrier(old, new, choice, private_rule(old, everything=not share))
    carrier.run()
    _point(old, new, final, carrier.scripts)
    _keep_prompt(Path(old.prefix), Path(new.prefix))
    return carrier.count


def _relative(environment: Environment, path: str) -> str:
    return Path(os.path.realpath(path)).relative_to(os.path.realpath(environment.prefix)).as_posix()


def _make_room(new: Environment, names: Iterable[str]) -> None:
    """A seed of the fresh venv goes when the old environment's own is carried."""
    for seed in installed(new):
        if seed.name in set(names):
            relative = seed.metadata.relative_to(os.path.realpath(new.prefix)).as_posix()
            uninstall(Path(new.prefix), new, relative)


def _choice(
    old: Environment, new: Environment, every: Sequence[Installed], wanted: Sequence[Installed], leave: Sequence[str]
) -> _Choice:
    carried = frozenset().union(*(one.paths for one in wanted))
    staying = [one for one in every if one not in wanted]
    others = frozenset().union(*(one.paths for one in staying)) - carried
    paths = _Map.between(old, new)
    prefix = Path(os.path.realpath(old.prefix))
    metadata = [one.metadata.relative_to(prefix).as_posix() for one in staying if one.metadata.suffix != ".egg-link"]
    kept_roots = {root for path in carried for root in _root(path, paths.sites)}
    left_roots = {root for path in others for root in _root(path, paths.sites)} - kept_roots
    left = frozenset((*(PurePosixPath(path).as_posix() for path in leave), *metadata, *left_roots))
    seeded = frozenset().union(*(one.paths for one in installed(new)))
    return _Choice(carried, others, left, paths, seeded)


def _root(path: str, sites: Sequence[str]) -> tuple[str, ...]:
    """The import folder in a site folder that a recorded file lies in."""
    for site in sites:
        first, slash, _ = path.removeprefix(site + "/").partition("/")
        if path.startswith(site + "/") and slash and first != "__pycache__":
            return (f"{site}/{first}",)
    return ()


class _Carrier:
    """Walks the old environment and brings over what is chosen."""

    def __init__(self, old: Environment, new: Environment, choice: _Choice, is_private: Callable[[str], bool]) -> None:
        self.count = 0
        self.scripts: list[Path] = []
        self._source, self._goal = os.path.realpath(old.prefix), os.path.realpath(new.prefix)
        self._inside = (self._source, old.prefix)
        self._choice = choice
        self._is_private = is_private
        self._made: list[tuple[str, str]] = []
        self._ready: set[str] = set()

    def run(self) -> None:
        """Bring everything. Raises OSError."""
        todo = [""]
        while todo:
            folder = todo.pop()
            with os.scandir(f"{self._source}/{folder}" if folder else self._source) as entries:
                found = list(entries)
            if folder and not found and not folder.endswith("/__pycache__"):
                self._make_folder(folder)
            for entry in found:
                relative = f"{folder}/{entry.name}" if folder else entry.name
                if not self._choice.enters(relative):
                    continue
                if entry.is_dir(follow_symlinks=False):
                    todo.append(relative)
                elif self._choice.takes(relative):
                    self._make_folder(folder)
                    self._bring(entry, folder, relative)
        for here, there in reversed(self._made):
            copy_attributes(here, there, os.lstat(here))

    def _bring(self, entry: os.DirEntry[str], folder: str, relative: str) -> None:
        there = f"{self._goal}/{self._choice.paths(relative)}"
        _clear(there)
        self.count += 1
        if entry.is_symlink():
            copy_symlink(entry.path, there, self._inside, self._goal)
        elif self._is_private(relative) and entry.is_file(follow_symlinks=False):
            copy_file(entry.path, there)
            if folder == self._choice.paths.scripts:
                self.scripts.append(Path(there))
        else:
            link_or_copy(entry.path, there)

    def _make_folder(self, folder: str) -> None:
        """Make a folder and those above it; what is made gets the attributes of its original in the end."""
        if folder in self._ready:
            return
        self._ready.add(folder)
        there = f"{self._goal}/{self._choice.paths(folder)}" if folder else self._goal
        if os.path.isdir(there):  # noqa: PTH112
            return
        if "/" in folder:
            self._make_folder(folder.rpartition("/")[0])
        _clear(there)
        os.makedirs(there, mode=0o700, exist_ok=True)  # noqa: PTH103
        self._made.append((f"{self._source}/{folder}", there))


def _clear(there: str) -> None:
    """A file of the fresh venv gives way to the user's of the same name."""
    if os.path.lexists(there) and (os.path.islink(there) or not os.path.isdir(there)):  # noqa: PTH112, PTH114
        os.unlink(there)  # noqa: PTH108


def _point(old: Environment, new: Environment, final: Path, scripts: Sequence[Path]) -> None:
    """Scripts name an interpreter that will be there."""
    folder = final / _relative(new, new.scripts)
    own = {old.scripts, os.path.realpath(old.scripts), str(folder)}
    changed = []
    for script in scripts:
        data = script.read_bytes()
        python = interpreter_of(data)
        if python is None or not Path(python).name.startswith("python"):
            continue
        within = str(Path(python).parent) in own
        name = Path(python).name if within and exists(Path(new.scripts, Path(python).name)) else "python"
        if within or not exists(Path(python)):
            pointed = with_interpreter(data, str(folder / name))
            if pointed != data:
                replace_file(script, pointed, mode=script.stat().st_mode & 0o7777)
                changed.append(script)
    update_records([Path(site) for site in new.site_folders], changed)


def _keep_prompt(old: Path, new: Path) -> None:
    prompt = next((line for line in _lines(old / "pyvenv.cfg") if line.split("=")[0].strip() == "prompt"), None)
    lines = _lines(new / "pyvenv.cfg")
    if prompt is None or any(line.split("=")[0].strip() == "prompt" for line in lines):
        return
    replace_file(new / "pyvenv.cfg", "\n".join([*lines, prompt, ""]).encode(), mode=0o644)


def _lines(path: Path) -> list[str]:
    try:
        return path.read_text(encoding="utf-8").splitlines()
    except (OSError, UnicodeDecodeError):
        return []
