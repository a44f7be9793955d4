"""The environment of the target: where it is and what may be done in it."""

from __future__ import annotations

import os
from pathlib import Path
from typing import TYPE_CHECKING

from tfrepair.probes.collector import Context, Probe, known
from tfrepair.target.console_scripts import foreign_scripts
from tfrepair.target.describe import read_config
from tfrepair.target.paths import is_file, is_there

if TYPE_CHECKING:
    from collections.abc import Iterator

    from tfrepair.model.facts import Fact

_NAME = "environment"


def _collect(context: Context) -> Iterator[Fact]:
    environment = context.target.environment
    has_pip = any(is_file(Path(folder) / "pip" / "__init__.py") for folder in _folders(context))
    return known(
        _NAME,
        {
            "environment.prefix": environment.prefix,
            "environment.kind": environment.kind,
            "environment.writable": environment.writable,
            "environment.externally_managed": environment.externally_managed,
            "environment.system_site_packages": environment.system_site_packages,
            "environment.has_pip": has_pip,
            "environment.prompt": _prompt(Path(environment.prefix)),
            "environment.noexec": _noexec(environment.prefix),
            "environment.foreign_scripts": [
                {"path": str(path), "python": str(python), "exists": is_there(python)}
                for path, python in (foreign_scripts(environment) if environment.kind == "venv" else ())
            ],
        },
    )


def _folders(context: Context) -> tuple[str, ...]:
    environment = context.target.environment
    return tuple(dict.fromkeys((*environment.site_folders, *environment.sys_path)))


def _prompt(prefix: Path) -> str | None:
    """As pyvenv.cfg has it: venv quotes it, virtualenv does not."""
    text = read_config(prefix / "pyvenv.cfg").get("prompt", "").strip()
    quoted = len(text) > 1 and text[0] == text[-1] and text[0] in "\"'"
    return (text[1:-1] if quoted else text) or None


def _noexec(prefix: str) -> bool | None:
    """Programs and libraries may not be executed from there; None where systems do not say."""
    flag = getattr(os, "ST_NOEXEC", None)
    try:
        return None if flag is None else bool(os.statvfs(prefix).f_flag & flag)
    except OSError:
        return None


PROBE = Probe(
    name=_NAME,
    provides={
        "environment.prefix": "Text: the folder of the environment.",
        "environment.kind": "Text: `venv`, `conda`, `system` or `user`.",
        "environment.writable": "True or false: the user may write into its site-packages.",
        "environment.externally_managed": "True or false: the system's package manager owns it (PEP 668).",
        "environment.system_site_packages": "True or false: a venv that sees the base's site-packages.",
        "environment.has_pip": "True or false: pip can be imported there.",
        "environment.prompt": "Text: the prompt that a venv was given.",
        "environment.noexec": "True or false: its file system is mounted without the right to execute.",
        "environment.foreign_scripts": (
            "List of `{path, python, exists}`: console scripts of a venv that name a Python of another environment, or "
            "one that is not there."
        ),
    },
    collect=_collect,
)
