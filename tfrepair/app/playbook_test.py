"""`playbook test`: the cases beside playbooks, judged by these playbooks and the built-in ones."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

from tfrepair.app.case_run import Outcome, outcomes
from tfrepair.app.cases import none_misplaced
from tfrepair.app.playbooks import gather
from tfrepair.errors import UsageError
from tfrepair.target.paths import is_folder

if TYPE_CHECKING:
    from pathlib import Path

    from tfrepair.app.requests import PlaybookRequest

CASES = "cases"


def run_folder(folder: Path, request: PlaybookRequest, cwd: Path) -> tuple[Outcome, ...]:
    """How every case below `DIR/cases` came out; the playbooks of DIR count, as if each was named.

    Raises UsageError when there is no case, PlaybookError for a playbook that is not valid.
    """
    if not is_folder(folder):
        raise UsageError(f"`{folder}` is not a folder", hint="name the folder that holds playbooks and `cases/`")
    own = (str(folder),) if any(folder.glob("*.yaml")) else ()
    playbooks = gather(replace(request, extra=(*own, *request.extra)), cwd)
    cases = folder / CASES
    if not is_folder(cases):
        return tuple(outcomes(folder, playbooks))
    none_misplaced(cases)
    return tuple(outcomes(cases, playbooks))
