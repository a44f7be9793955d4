"""The environment of the target: where it is and what may be done in it."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

from tfrepair.probes.collector import Context, Probe, known

if TYPE_CHECKING:
    from collections.abc import Iterator

    from tfrepair.model.facts import Fact

_NAME = "environment"


def _collect(context: Context) -> Iterator[Fact]:
    environment = context.target.environment
    has_pip = any((Path(folder) / "pip" / "__init__.py").is_file() for folder in _folders(context))
    return known(
        _NAME,
        {
            "environment.prefix": environment.prefix,
            "environment.kind": environment.kind,
            "environment.writable": environment.writable,
            "environment.externally_managed": environment.externally_managed,
            "environment.system_site_packages": environment.system_site_packages,
            "environment.has_pip": has_pip,
        },
    )


def _folders(context: Context) -> tuple[str, ...]:
    environment = context.target.environment
    return tuple(dict.fromkeys((*environment.site_folders, *environment.sys_path)))


PROBE = Probe(
    name=_NAME,
    provides={
        "environment.prefix": "Text: the folder of the environment.",
        "environment.kind": "Text: `venv`, `conda`, `system` or `user`.",
        "environment.writable": "True or false: the user may write into its site-packages.",
        "environment.externally_managed": "True or false: the system's package manager owns it (PEP 668).",
        "environment.system_site_packages": "True or false: a venv that sees the base's site-packages.",
        "environment.has_pip": "True or false: pip can be imported there.",
    },
    collect=_collect,
)
