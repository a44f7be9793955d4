"""A wheel file or URL as the pin: looked at before anything is staged."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

from packaging.utils import InvalidWheelFilename, parse_wheel_filename

from tfrepair.errors import NoRepairError, UsageError
from tfrepair.model.plan import Choice

if TYPE_CHECKING:
    from tfrepair.app.bench import Bench
    from tfrepair.model.target import Target


def wheel_pin(given: str, python: Target, bench: Bench) -> tuple[str, Choice]:
    """The URL of the wheel and the release in it.

    Raises UsageError when it is not there or not a wheel, NoRepairError when its tags do not fit the interpreter.
    """
    path = Path(bench.cwd, given)
    remote = "://" in given and not given.startswith("file:")
    if not remote and not given.startswith("file:") and not path.is_file():
        raise UsageError(f"the wheel `{given}` does not exist", hint="give a file that is there, a URL, or a version")
    filename = given.rsplit("/", 1)[-1].partition("#")[0]
    try:
        name, version, _, tags = parse_wheel_filename(filename)
    except InvalidWheelFilename as error:
        raise UsageError(f"`{filename}` is not the name of a wheel: {error}") from error
    if not {str(tag) for tag in tags} & set(python.interpreter.tags):
        shown = ", ".join(sorted(str(tag) for tag in tags))
        raise NoRepairError(
            f"the wheel `{filename}` is for {shown}; `{python.interpreter.executable}` is Python "
            f"{python.interpreter.version_text} on {python.interpreter.platform}",
            hint="choose a wheel for this Python and platform, or another Python with `--base-python`; "
            "nothing was changed",
        )
    if not remote and path.is_file():
        _check_file(path)
    url = given if "://" in given else path.resolve().as_uri()
    return url, Choice(name=name, version=str(version), reason="asked for by --tensorflow")


def _check_file(path: Path) -> None:
    """The archive is whole and every file in it is the one its RECORD names. Raises UsageError."""
    import zipfile

    try:
        with zipfile.ZipFile(path) as archive:
            damaged = archive.testzip()
            recorded = any(name.endswith(".dist-info/RECORD") for name in archive.namelist())
    except (OSError, zipfile.BadZipFile) as error:
        raise UsageError(f"the wheel `{path}` cannot be read: {error}") from error
    if damaged is not None or not recorded:
        what = f"`{damaged}` in it is damaged" if damaged else "it has no RECORD"
        raise UsageError(f"the wheel `{path}` is not usable: {what}", hint="fetch it again; nothing was changed")
