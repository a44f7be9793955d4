"""The import smoke test: whether TensorFlow really works in a target, and what it says when it does not."""

from __future__ import annotations

import json
import os
import re
import shutil
import time
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Any

from tfrepair.model.run import Smoke
from tfrepair.target.compiling import bytecode_variables
from tfrepair.target.describe import script
from tfrepair.target.interpreter import Completed, marked_json, new_mark, run
from tfrepair.target.paths import is_file
from tfrepair.target.temporary import temporary_folder

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping, Sequence

    from tfrepair.target.extras import Extra

_SCRIPTS = ("extras_script.py", "smoke_script.py")
"""The last one is started, and imports the others."""
_FIRST_RUNG = "metadata"
_NOT_EXECUTABLE = 126
_OUTPUT_CAP = 1024 * 1024


def smoke_test(
    python: str,
    *,
    environ: Mapping[str, str],
    timeout: float = 300.0,
    extras: tuple[Extra, ...] = (),
    gpu: bool = False,
    site_folders: tuple[str, ...] = (),
    bytecode: Path | None = None,
    on_rung: Callable[[str], None] | None = None,
) -> Smoke:
    """Import TensorFlow with an interpreter and compute with it, from an empty folder, on the CPU unless `gpu`.

    PYTHONPATH, the user site and every other setting stay as the user has them; nothing is written in the environment.
    What is compiled on the way is kept in the folder `bytecode`, if there is one, and bytecode of the environment is
    not used then; a Python before 3.8 would not heed it. `site_folders` come first on its search path. `extras` are
    tried afterwards, each a rung `with NAME`.
    `on_rung` is called with each rung as it begins, from another thread. After `timeout` seconds it is killed.
    """
    order = {
        "extras": [(extra.name, extra.modules) for extra in extras],
        "gpu": gpu,
        "site_folders": site_folders,
        "modules": (),
    }
    started = time.monotonic()
    try:
        done, mark = _climbed(python, order, environ, timeout, on_rung, bytecode)
    except OSError as error:
        return _not_started(python, error, time.monotonic() - started)
    return _smoke(done, mark)


def import_modules(
    python: str, modules: Sequence[str], *, environ: Mapping[str, str], timeout: float
) -> tuple[frozenset[str], str]:
    """Import these modules with an interpreter, one after the other in one child, as the smoke test does.

    The modules that can be imported, and what the child printed. One that ends the child, or that is not done after
    `timeout` seconds, and all that come after it, count as not importable.
    """
    order = {"extras": (), "gpu": False, "site_folders": (), "modules": tuple(modules)}
    try:
        done, mark = _climbed(python, order, environ, timeout)
    except OSError as error:
        return frozenset(), f"`{python}` cannot be executed: {error.strerror or error}"
    story = _told(done, mark)
    return frozenset(story.passed), _output(done, mark)


def _climbed(
    python: str,
    order: Mapping[str, object],
    environ: Mapping[str, str],
    timeout: float,
    on_rung: Callable[[str], None] | None = None,
    bytecode: Path | None = None,
) -> tuple[Completed, str]:
    """Run the script in a private folder; how it ended, and the mark of its events. Raises OSError."""
    mark = new_mark()
    with temporary_folder() as folder:
        path = ""
        for name in _SCRIPTS:
            path = str(shutil.copy(script(name), folder))
        told = json.dumps({"mark": mark, "parent": os.getpid(), **order})
        done = run(
            [python, *(() if bytecode else ("-B",)), "-X", "faulthandler", path, told],
            env=_environ(environ, folder, bytecode, gpu=bool(order["gpu"])),
            cwd=folder,
            timeout=timeout,
            cap=_OUTPUT_CAP,
            on_line=_watcher(mark, on_rung),
            merge=True,
        )
    return done, mark


def _environ(environ: Mapping[str, str], folder: Path, bytecode: Path | None, *, gpu: bool) -> dict[str, str]:
    """The user's environment; what an import writes, Keras's own files and temporary ones, lies in our folder."""
    result = {**environ, "PYTHONDONTWRITEBYTECODE": "1"} if bytecode is None else bytecode_variables(environ, bytecode)
    result["PYTHONIOENCODING"] = "utf-8:backslashreplace"
    result.pop("__PYVENV_LAUNCHER__", None)
    if not gpu:
        result["CUDA_VISIBLE_DEVICES"] = "-1"
    settings = Path(environ.get("KERAS_HOME") or Path(environ.get("HOME") or Path.home()) / ".keras") / "keras.json"
    home, temporary = folder / "keras", folder / "temporary"
    home.mkdir()
    temporary.mkdir()
    if is_file(settings):
        shutil.copy(settings, home)
    return result | {"KERAS_HOME": str(home)} | dict.fromkeys(("TMPDIR", "TEMP", "TMP"), str(temporary))


def _watcher(mark: str, on_rung: Callable[[str], None] | None) -> Callable[[str], None] | None:
    if on_rung is None:
        return None

    def watch(line: str) -> None:
        event = marked_json(line, mark)
        if event is not None and event["state"] == "begin":
            on_rung(event["rung"])

    return watch


@dataclass(slots=True)
class _Story:
    """What the events told so far."""

    rung: str = _FIRST_RUNG
    failed: str | None = None
    version: str | None = None
    ended: bool = False
    passed: list[str] = field(default_factory=list)
    exceptions: list[str] = field(default_factory=list)

    def hear(self, event: Mapping[str, Any]) -> None:
        """Take in one event."""
        match event["state"]:
            case "begin":
                self.rung = event["rung"]
            case "failed":
                self.failed = self.failed or event["rung"]
                self.exceptions += [text for text in event["exceptions"] if text not in self.exceptions]
            case "passed":
                self.passed.append(event["rung"])
                if event["rung"] in ("import", "attributes"):
                    self.version = event["detail"] or self.version
            case "end":
                self.ended = True


def _marked(mark: str) -> re.Pattern[str]:
    return re.compile(f"\\n?{re.escape(mark)}(.*?){re.escape(mark)}\\n?", re.DOTALL)


def _told(done: Completed, mark: str) -> _Story:
    story = _Story()
    for match in _marked(mark).finditer(done.stdout):
        event = marked_json(match[0], mark)
        if event is not None:
            story.hear(event)
    return story


def _output(done: Completed, mark: str) -> str:
    """What it printed, without our own marks."""
    output = _marked(mark).sub("", done.stdout).strip("\n")
    return output if done.exit_code is not None else f"{output}\nit did not end in time and was killed".strip()


def _smoke(done: Completed, mark: str) -> Smoke:
    story = _told(done, mark)
    return Smoke(
        ok=done.ok and story.ended and story.failed is None,
        rung=story.failed or story.rung,
        seconds=round(done.seconds, 3),
        tensorflow=story.version,
        exit_code=done.exit_code,
        signal=done.signal,
        output=_output(done, mark),
        exceptions=tuple(story.exceptions),
    )


def _not_started(python: str, error: OSError, seconds: float) -> Smoke:
    return Smoke(
        ok=False,
        rung=_FIRST_RUNG,
        seconds=round(seconds, 3),
        tensorflow=None,
        exit_code=_NOT_EXECUTABLE,
        signal=None,
        output=f"`{python}` cannot be executed: {error.strerror or error}",
        exceptions=(f"{type(error).__name__}: {error}",),
    )
