"""From what the user named, or from what lies around, to a Target."""

from __future__ import annotations

import contextlib
import os
import re
import shutil
import stat
import sys
from pathlib import Path
from typing import TYPE_CHECKING, Any

from tfrepair.errors import TargetError
from tfrepair.target.assembly import host_of_this_machine, target_from_answer, target_from_files
from tfrepair.target.bases import Base, find_base, find_bases, is_harmless
from tfrepair.target.describe import Answer, Surroundings, absolute, ask, executable_of, look_around, prefix_of
from tfrepair.target.interpreter import run
from tfrepair.target.paths import is_file, is_folder, is_there
from tfrepair.target.tags import tags_for
from tfrepair.target.user_site import is_meant

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence

    from tfrepair.model.target import Target

__all__ = ["Base", "describe_environment", "find_base", "find_bases", "find_target", "host_of_this_machine", "tags_for"]

_PYTHON_NAME = re.compile(r"(python|pypy)(w?)(\d+(\.\d+)*t?)?(\.exe)?", re.IGNORECASE)
_GIT_TIMEOUT = 10.0
_NEW = "to build a new environment use `tfrepair fix --venv DIR`"


def find_target(
    *, python: str | None, env: str | None, environ: Mapping[str, str], cwd: Path, interactive: bool
) -> Target:
    """The target that was named, else the active environment, else one in `cwd`, else the first Python on PATH.

    Raises TargetError when what was named is not there or is not a Python environment.
    """
    if python and env:
        raise TargetError("`--python` and `--env` both name a target", hint="give one of them")
    if python:
        return _named(python, "--python", environ, cwd)
    if env:
        return _named(env, "--env", environ, cwd)
    for variable in ("VIRTUAL_ENV", "CONDA_PREFIX"):
        if value := environ.get(variable):
            return _active(variable, value, environ, cwd)
    near = [name for name in (".venv", "venv") if look_around(cwd / name).config]
    if not interactive:
        return _first_on_path(environ, passed_over=near)
    for name in near:
        if _is_mine(cwd / name) and not _tracked(cwd, name, environ):
            return _folder(cwd / name, f"./{name}", f"`{cwd / name}` lies in the current folder", environ)
    return _first_on_path(environ)


def _is_mine(folder: Path) -> bool:
    """Nobody else has put it there, or may have changed what is started in it: nobody has named it."""
    if not hasattr(os, "geteuid"):
        return True
    me = os.geteuid()
    try:
        found = [path.stat() for path in (folder, *(folder / name for name in ("pyvenv.cfg", "bin")))]
        return folder.lstat().st_uid == me and all(
            each.st_uid == me and not each.st_mode & stat.S_IWOTH for each in found
        )
    except OSError:
        return False


def describe_environment(prefix: Path, environ: Mapping[str, str], *, interpreter: str | None = None) -> Target:
    """The target of an environment's folder; `interpreter` names one of several in it, relative to the folder.

    An absolute path names the interpreter of which the folder is the user base.
    Raises TargetError when there is no environment in it.
    """
    folder = absolute(prefix)
    reason = f"`{folder}` was named"
    if interpreter is not None and Path(interpreter).is_absolute():
        return _user_site(Path(interpreter), folder, reason, environ)
    if interpreter is not None and os.path.lexists(folder / interpreter):
        return _interpreter(folder / interpreter, str(folder), reason, environ)
    return _folder(folder, str(folder), reason, environ)


def _named(spec: str, option: str, environ: Mapping[str, str], cwd: Path) -> Target:
    path = _path(spec, environ, cwd)
    reason = f"`{option} {spec}` names it"
    if is_folder(path):
        return _folder(path, spec, reason, environ)
    if os.path.lexists(path):
        return _interpreter(path, spec, reason, environ)
    raise TargetError(
        f"`{path}` does not exist, and `{option}` names it as the target",
        hint=f"check the path; {_NEW}",
    )


def _path(spec: str, environ: Mapping[str, str], cwd: Path) -> Path:
    expanded = Path(spec).expanduser() if spec.startswith("~") else Path(spec)
    path = absolute(cwd / expanded)
    if os.path.lexists(path) or len(expanded.parts) != 1:
        return path
    on_path = next((found for folder in search_path(environ) if (found := shutil.which(spec, path=str(folder)))), None)
    return Path(on_path) if on_path else path


def search_path(environ: Mapping[str, str]) -> Iterator[Path]:
    """The folders of PATH; relative ones are left out, because they run what lies in the current folder."""
    for entry in environ.get("PATH", "").split(os.pathsep):
        folder = Path(entry)
        if entry and folder.is_absolute() and is_folder(folder):
            yield folder


def _active(variable: str, value: str, environ: Mapping[str, str], cwd: Path) -> Target:
    folder = absolute(cwd / value)
    try:
        return _folder(folder, f"${variable}", f"it is the active environment (`${variable}`)", environ)
    except TargetError as error:
        raise TargetError(
            f"`${variable}` names the active environment, but {error.message}",
            hint=f"unset `{variable}`, or name the target with `--python` or `--env`",
        ) from error


def _folder(folder: Path, spec: str, reason: str, environ: Mapping[str, str]) -> Target:
    if not is_folder(folder):
        may = " that this user may look into" if is_there(folder) and not is_file(folder) else ""
        raise TargetError(f"`{folder}` is not a folder{may}", hint=_NEW)
    around = look_around(folder)
    executable = executable_of(folder)
    if executable is None and not around.is_environment:
        raise TargetError(f"`{folder}` holds no Python environment", hint=_near(folder))
    if executable is None:
        return target_from_files(
            folder / around.scripts.name / "python", around, spec, reason, "there is no interpreter in it"
        )
    return _interpreter(executable, spec, reason, environ, folder=folder)


def _near(folder: Path) -> str:
    inside = []
    with contextlib.suppress(OSError):
        inside = [path for path in sorted(folder.iterdir()) if is_folder(path) and is_file(path / "pyvenv.cfg")]
    if inside:
        return f"did you mean `--env {inside[0]}`?"
    return f"name the folder that holds `pyvenv.cfg`; {_NEW}"


def _interpreter(
    executable: Path, spec: str, reason: str, environ: Mapping[str, str], *, folder: Path | None = None
) -> Target:
    answer = ask(str(executable), environ)
    around = look_around(folder or prefix_of(executable))
    if answer.data is None:
        error = _why_not(executable, around, answer)
        return target_from_files(executable, around, spec, reason, error)
    if folder is not None and _elsewhere(answer.data, around):
        if around.purelib is None:
            raise TargetError(
                f"`{folder}` holds no Python environment: its interpreter is that of `{answer.data['prefix']}`",
                hint=f"name that one with `--env`, if it is meant; {_NEW}",
            )
        error = "`pyvenv.cfg` is missing, so its interpreter looks for everything elsewhere"
        return target_from_files(executable, around, spec, reason, error)
    outgrown = _another_minor(answer.data, around)
    if outgrown is not None:
        return target_from_files(executable, around, spec, reason, outgrown)
    target = target_from_answer(answer.data, executable, spec, reason)
    # A folder that was named is meant itself.
    if folder is None and target.environment.kind == "system" and is_meant(answer.data, environ):
        site = answer.data["user"]["site"]
        reason = f"{reason}; TensorFlow lies in its user site `{site}`"
        return target_from_answer(answer.data, executable, spec, reason, user_site=True)
    return target


def _user_site(executable: Path, base: Path, reason: str, environ: Mapping[str, str]) -> Target:
    answer = ask(str(executable), {**environ, "PYTHONUSERBASE": str(base)})
    if answer.data is None or not answer.data["user"]:
        raise TargetError(f"`{executable}` does not start: {_last_line(answer)}", hint=_NEW)
    return target_from_answer(answer.data, executable, str(base), reason, user_site=True)


def _why_not(executable: Path, around: Surroundings, answer: Answer) -> str:
    """Why an interpreter does not start. Raises TargetError when it is no interpreter."""
    ours = bool(around.config) or around.stdlib or around.conda
    if ours and _PYTHON_NAME.fullmatch(executable.name):
        if is_there(executable):
            return answer.error or ""
        return f"`{executable}` leads to `{os.path.realpath(executable)}`, which is gone"
    what = "is not a Python interpreter" if is_there(executable) else "is a link to a file that is gone"
    raise TargetError(
        f"`{executable}` {what}: {_last_line(answer)}",
        hint="name an interpreter with `--python`, or the folder of an environment with `--env`",
    )


def _last_line(answer: Answer) -> str:
    return (answer.error or "").strip().rsplit("\n", 1)[-1]


def _elsewhere(data: Mapping[str, Any], around: Surroundings) -> bool:
    if around.config or around.stdlib:
        return False
    return Path(data["prefix"]).resolve() != around.prefix.resolve()


def _another_minor(data: Mapping[str, Any], around: Surroundings) -> str | None:
    """That the Python behind a virtual environment is of another minor version than the one it was made for."""
    if not around.config or around.windows or around.purelib is None or around.version is None:
        return None
    is_, was = (".".join(map(str, version[:2])) for version in (data["version"], around.version))
    if is_ == was or is_folder(around.purelib.parent.with_name(f"python{is_}") / "site-packages"):
        return None
    return (
        f"it is Python {is_} now, and the environment was made for {was}: what is installed lies in "
        f"`{around.purelib.parent}`, where it does not look"
    )


def _tracked(cwd: Path, name: str, environ: Mapping[str, str]) -> bool:
    """Git tracks files in this folder: then it is somebody's data, and its interpreter is not to be trusted."""
    # A repository's own configuration may name programs; these two settings keep git from running them.
    quiet = ("-c", "core.fsmonitor=false", "-c", f"core.hooksPath={os.devnull}")
    try:
        done = run(["git", *quiet, "-C", str(cwd), "ls-files", "--", f"{name}/"], env=environ, timeout=_GIT_TIMEOUT)
    except OSError:
        return False
    return done.exit_code is None or (done.ok and bool(done.stdout.strip()))


def _first_on_path(environ: Mapping[str, str], *, passed_over: Sequence[str] = ()) -> Target:
    name = "python.exe" if os.name == "nt" else "python3"
    for folder in search_path(environ):
        if not os.path.lexists(folder / name) or not is_harmless(folder / name):
            continue
        reason = f"it is the first `{name}` on PATH that is not tfrepair's own"
        if passed_over:  # a script must not repair another Python because it has no terminal
            reason += f"; `./{passed_over[0]}` is not taken without a terminal: `--env {passed_over[0]}` names it"
        with contextlib.suppress(TargetError):
            target = _interpreter(folder / name, str(folder / name), reason, environ)
            if os.path.realpath(target.environment.prefix) != os.path.realpath(sys.prefix):
                return target
    raise TargetError(
        "no environment is active, and there is no `python3` on PATH besides tfrepair's own",
        hint="name the target with `--python PATH` or `--env DIR`",
    )
