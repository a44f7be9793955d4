"""What operations do to a stage: files go, and nothing outside the stage is ever touched."""

from __future__ import annotations

import configparser
import os
from pathlib import Path
from typing import TYPE_CHECKING

from tfrepair.errors import StepError
from tfrepair.execute.files import exists, remove_tree, replace_file
from tfrepair.execute.ownership import installed, installed_at
from tfrepair.target.records import BYTECODE
from tfrepair.target.tree import ignores_case

if TYPE_CHECKING:
    from collections.abc import Iterable

    from tfrepair.execute.ownership import Installed
    from tfrepair.model.target import Environment


def inside(stage: Path, relative: str) -> Path:
    """The path of something in a stage. Raises StepError for the stage itself and for what lies outside it."""
    root = Path(os.path.realpath(stage))
    whole = Path(os.path.normpath(root / relative))
    parent = Path(os.path.realpath(whole.parent))
    if whole == root or not whole.is_relative_to(root) or not parent.is_relative_to(root):
        raise StepError(
            f"`{relative}` does not lie inside the environment `{stage}`, and nothing outside it is changed; "
            "the target was not touched"
        )
    return parent / whole.name


def remove_path(stage: Path, relative: str) -> bool:
    """Remove a file, link or folder of a stage; whether it was there. Raises StepError, OSError."""
    path = inside(stage, relative)
    if not exists(path):
        return False
    remove_tree(path)
    return True


def uninstall(stage: Path, environment: Environment, metadata: str) -> int:
    """Remove the files of one distribution, then its metadata; the number of files. Raises StepError, OSError.

    What another distribution also records stays. Without a record, what goes is what it says it brings along
    (top_level.txt, else a folder or module of its name), unless another distribution records files there.
    """
    path = inside(stage, metadata)
    if not exists(path):
        raise StepError(f"there is no metadata at `{metadata}` in the environment; the target was not touched")
    leaving = installed_at(environment, path)
    others = [one for one in installed(environment) if one.metadata != leaving.metadata]
    kept = frozenset().union(*(one.paths for one in others))
    if leaving.recorded:
        going = leaving.paths - kept
        if ignores_case(str(leaving.site)):
            folded = {path.casefold() for path in kept}
            going = frozenset(path for path in going if path.casefold() not in folded)
        count = _remove_recorded(stage, leaving, going)
    else:
        count = _remove_named(stage, environment, leaving, others)
    _forget_link(leaving)
    remove_tree(path)
    return count


def _remove_recorded(stage: Path, leaving: Installed, going: frozenset[str]) -> int:
    root = os.path.realpath(stage)
    folders: set[str] = set()
    sources: dict[str, set[str]] = {}
    count = 0
    for relative in going:
        folder, _, name = f"{root}/{relative}".rpartition("/")
        count += _unlink(f"{folder}/{name}", leaving.name)
        folders.add(folder)
        if name.endswith(".py"):
            sources.setdefault(f"{folder}/__pycache__", set()).add(name[:-3])
    for cache, stems in sources.items():
        _remove_bytecode(Path(cache), stems)
    _remove_empty({Path(folder) for folder in (*folders, *sources)}, stop={Path(root), leaving.site})
    return count


def _unlink(path: str, name: str) -> bool:
    """Remove a file; a folder that a record names as a file stays."""
    try:
        os.unlink(path)  # noqa: PTH108
    except (FileNotFoundError, NotADirectoryError):
        return False
    except (IsADirectoryError, PermissionError) as error:
        if os.path.isdir(path) and not os.path.islink(path):  # noqa: PTH112, PTH114
            return False
        raise StepError(
            f"`{path}` of {name} cannot be removed: {error.strerror}; the target was not touched"
        ) from error
    return True


def _remove_bytecode(cache: Path, stems: set[str]) -> None:
    if cache.is_symlink() or not cache.is_dir():
        return
    for path in list(cache.iterdir()):
        if path.name.endswith(BYTECODE) and path.name.partition(".")[0] in stems:
            path.unlink()


def _remove_empty(folders: Iterable[Path], stop: set[Path]) -> None:
    """Remove folders that hold nothing, and those above them that then hold nothing, up to `stop`."""
    guarded = {parent for path in stop for parent in (path, *path.parents)}
    for folder in sorted(folders, key=lambda path: len(path.parts), reverse=True):
        current = folder
        while current not in guarded:
            try:
                current.rmdir()
            except FileNotFoundError:
                pass
            except OSError:
                break
            current = current.parent


def _remove_named(stage: Path, environment: Environment, leaving: Installed, others: Iterable[Installed]) -> int:
    """The distribution has no record: go by the names it gives."""
    root = Path(os.path.realpath(stage))
    site = leaving.site.relative_to(root).as_posix()
    recorded = [one.paths for one in others]
    count = 0
    for name in _top_level(leaving):
        for candidate in (f"{site}/{name}", f"{site}/{name}.py"):
            shared = any(path == candidate or path.startswith(candidate + "/") for paths in recorded for path in paths)
            if not shared and exists(root / candidate):
                remove_tree(inside(stage, candidate))
                count += 1
    for script in _console_scripts(leaving.metadata):
        for path in (Path(environment.scripts) / script, Path(environment.scripts) / f"{script}.exe"):
            relative = os.path.relpath(os.path.realpath(path.parent), root)
            if exists(path) and not any(f"{relative}/{path.name}" in paths for paths in recorded):
                remove_tree(inside(stage, f"{relative}/{path.name}"))
                count += 1
    return count


def _top_level(leaving: Installed) -> tuple[str, ...]:
    if leaving.metadata.suffix == ".egg-link":
        return ()
    try:
        names = (leaving.metadata / "top_level.txt").read_text(encoding="utf-8").split()
    except (OSError, UnicodeDecodeError):
        names = [leaving.name.replace("-", "_")]
    return tuple(name for name in names if name.replace("_", "").isalnum())


def _console_scripts(metadata: Path) -> tuple[str, ...]:
    parser = configparser.ConfigParser(delimiters=("=",), strict=False, interpolation=None)
    parser.optionxform = str  # type: ignore[assignment,method-assign]
    try:
        parser.read(metadata / "entry_points.txt", encoding="utf-8")
    except (configparser.Error, OSError, UnicodeDecodeError):
        return ()
    names = (
        name for group in ("console_scripts", "gui_scripts") if parser.has_section(group) for name in parser[group]
    )
    return tuple(name for name in names if name.replace("-", "").replace("_", "").replace(".", "").isalnum())


def _forget_link(leaving: Installed) -> None:
    """Take the project of an `.egg-link` or the folder of an `.egg` out of easy-install.pth."""
    if leaving.metadata.suffix not in {".egg-link", ".egg"}:
        return
    listing = leaving.site / "easy-install.pth"
    if not listing.is_file():
        return
    gone = {f"./{leaving.metadata.name}"}
    if leaving.metadata.suffix == ".egg-link":
        gone |= set(leaving.metadata.read_text(encoding="utf-8").splitlines()[:1])
    lines = listing.read_text(encoding="utf-8").splitlines(keepends=True)
    left = [line for line in lines if line.strip() not in gone]
    if left != lines:
        replace_file(listing, "".join(left).encode(), mode=listing.stat().st_mode & 0o7777)


def write_text(stage: Path, relative: str, text: str) -> bool:
    """Make a file of a stage hold this text, the folders above it included; False when it did already.

    What is there is replaced, not written into: it may be one with a file of the target. Raises StepError, OSError.
    """
    whole = Path(os.path.normpath(stage / relative))
    for folder in reversed(whole.parents):
        if folder.is_relative_to(stage) and folder != stage:
            inside(stage, folder.relative_to(stage).as_posix())
            if exists(folder) and not folder.is_dir():
                raise StepError(f"`{relative}` cannot be written: `{folder}` is no folder; the target was not touched")
            folder.mkdir(exist_ok=True)
    path = inside(stage, relative)
    if path.is_dir() and not path.is_symlink():
        raise StepError(f"`{relative}` cannot be written: it is a folder; the target was not touched")
    data = text.encode()
    if path.is_file() and not path.is_symlink() and path.read_bytes() == data:
        return False
    mode = path.stat().st_mode & 0o7777 if path.is_file() and not path.is_symlink() else 0o644
    replace_file(path, data, mode=mode)
    return True
