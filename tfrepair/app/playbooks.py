"""Which playbooks count: the built-in ones, then those added or overriding by name."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

from tfrepair.errors import UsageError

if TYPE_CHECKING:
    from collections.abc import Collection, Sequence

    from tfrepair.app.requests import PlaybookRequest
    from tfrepair.model.playbook import Playbook

PROJECT_FOLDER = ".tfrepair"


def gather(request: PlaybookRequest, cwd: Path) -> tuple[Playbook, ...]:
    """All playbooks after `--playbook`, `--only` and `--skip`. Later ones replace earlier ones of the same name.

    Raises PlaybookError with every problem of a file, UsageError for a name that is not known.
    """
    from tfrepair.playbook.loader import load_builtin, load_playbook

    found = {playbook.name: playbook for playbook in load_builtin()}
    for path in project_files(cwd):
        playbook = load_playbook(path, "project", request.trust, known_facts=known_facts())
        if playbook.name in found and not request.trust:
            raise UsageError(
                f"`{path}` of the current folder takes the place of the built-in playbook `{playbook.name}`",
                hint="`--trust` lets it; or work from another folder",
            )
        found[playbook.name] = playbook
    for extra in request.extra:
        for path in _files(extra, found):
            playbook = load_playbook(path, "option", known_facts=known_facts())
            found[playbook.name] = playbook
    _known("--only", request.only, found)
    _known("--skip", request.skip, found)
    return tuple(playbook for playbook in found.values() if playbook.name not in request.skip)


def known_facts() -> frozenset[str]:
    """Every fact path that a condition or a text may name."""
    from tfrepair.app.look import STATED
    from tfrepair.probes.collector import all_probes

    return frozenset(STATED).union(*(probe.provides for probe in all_probes()))


def problems_of(files: Sequence[Path]) -> tuple[str, ...]:
    """What is wrong with these playbooks, as `file:line:column: message`."""
    from tfrepair.playbook.loader import check_file

    facts = known_facts()
    return tuple(problem for file in files for problem in check_file(file, known_facts=facts))


def project_files(cwd: Path) -> Sequence[Path]:
    """The playbooks that the current folder brings along."""
    return sorted((cwd / PROJECT_FOLDER).glob("*.yaml"))


def _files(extra: str, known: Collection[str]) -> Sequence[Path]:
    path = Path(extra)
    if path.is_dir():
        files = sorted(path.glob("*.yaml"))
        if not files:
            raise UsageError(f"there is no playbook (`*.yaml`) in the folder `{extra}`")
        return files
    if path.is_file():
        return [path]
    if extra in known:
        return []
    raise UsageError(
        f"`--playbook {extra}` is not a file, a folder, or the name of a playbook",
        hint="`tfrepair playbook list` shows the names",
    )


def _known(option: str, names: Collection[str], known: Collection[str]) -> None:
    import difflib

    for name in names:
        if name not in known:
            near = difflib.get_close_matches(name, known, n=1)
            hint = f"did you mean `{near[0]}`?" if near else "`tfrepair playbook list` shows the names"
            raise UsageError(f"`{option} {name}`: there is no such playbook", hint=hint)
