"""A wheel file or URL as the pin: whether it is there already, and if not, looked at before anything is staged."""

from __future__ import annotations

from pathlib import Path, PurePosixPath
from typing import TYPE_CHECKING
from urllib.parse import unquote, urlsplit
from urllib.request import url2pathname

from packaging.requirements import InvalidRequirement, Requirement
from packaging.utils import InvalidWheelFilename, canonicalize_name, parse_wheel_filename

from tfrepair.errors import NoRepairError, UsageError
from tfrepair.model.plan import Choice
from tfrepair.model.wire import installed_in
from tfrepair.target.paths import is_file
from tfrepair.target.wheel_file import damage_of, is_installed

if TYPE_CHECKING:
    from tfrepair.app.look import Look
    from tfrepair.app.workbench import Workbench
    from tfrepair.model.target import Target


def wheel_pin(given: str, python: Target, bench: Workbench) -> tuple[str, Choice]:
    """The URL of the wheel and the release in it.

    Raises UsageError when it is not there, not a wheel, not of TensorFlow or not whole, NoRepairError when its tags do
    not fit the interpreter.
    """
    named, given = split_reference(given)
    path = _path(given, bench.cwd)
    if path is not None and not is_file(path):
        raise UsageError(f"the wheel `{given}` does not exist", hint="give a file that is there, a URL, or a version")
    filename = path.name if path is not None else unquote(PurePosixPath(urlsplit(given).path).name)
    try:
        name, version, _, tags = parse_wheel_filename(filename)
    except InvalidWheelFilename as error:
        raise UsageError(f"`{filename}` is not the name of a wheel: {error}") from error
    if named is not None and canonicalize_name(named.name) != name:
        raise UsageError(f"`{named.name}` was asked for, and the wheel `{filename}` is of `{name}`")
    if name not in bench.releases.family:
        raise UsageError(f"the wheel `{filename}` is no TensorFlow", hint="name one of TensorFlow; nothing was changed")
    if not {str(tag) for tag in tags} & set(python.interpreter.tags):
        shown = ", ".join(sorted(str(tag) for tag in tags))
        raise NoRepairError(
            f"the wheel `{filename}` is for {shown}; `{python.interpreter.executable}` is Python "
            f"{python.interpreter.version_text} on {python.interpreter.platform}",
            hint="choose a wheel for this Python and platform, or another Python with `--base-python`; "
            "nothing was changed",
        )
    if path is not None and (damage := damage_of(path)) is not None:
        raise UsageError(f"the wheel `{path}` is not usable: {damage}", hint="fetch it again; nothing was changed")
    url = given if path is None else path.resolve().as_uri()
    return url, Choice(name=name, version=str(version), reason="asked for by --tensorflow")


def is_as_given(given: str, seen: Look, bench: Workbench) -> bool:
    """The TensorFlow that is there is this build and whole; behind a URL, it was installed from there.

    Raises UsageError for what cannot be read.
    """
    named, place = split_reference(given)
    names = bench.releases.family if named is None else {canonicalize_name(named.name)}
    path = _path(place, bench.cwd)
    own = (each for each in installed_in(seen.facts) if each.canonical_name in names and each.healthy)
    if path is None:
        return any(_bare(each.direct_url or "") == _bare(place) for each in own)
    return any(is_installed(path, Path(each.metadata_path)) for each in own)


def _bare(url: str) -> str:
    return url.partition("#")[0]


def split_reference(given: str) -> tuple[Requirement | None, str]:
    """Of `tensorflow[and-cuda] @ URL` the requirement and the URL; of a mere file or URL only that."""
    if " @ " not in given:
        return None, given
    try:
        requirement = Requirement(given)
    except InvalidRequirement as error:
        raise UsageError(f"`{given}` (--tensorflow) cannot be read: {error}".splitlines()[0]) from error
    return requirement, requirement.url or given


def extras_of(given: str) -> tuple[str, ...]:
    """The extras that `tensorflow[and-cuda] @ URL` names. Raises UsageError."""
    named, _ = split_reference(given)
    return tuple(sorted(named.extras)) if named is not None else ()


def _path(given: str, cwd: Path) -> Path | None:
    """Where the file is; None when it is elsewhere, behind a URL."""
    if "://" not in given:
        return Path(cwd, given)
    url = urlsplit(given)
    return Path(url2pathname(url.path)) if url.scheme == "file" else None
