"""Where the pin comes from: the command line, a target that was looked at, the project's files."""

from __future__ import annotations

from typing import TYPE_CHECKING

from tfrepair.reason.choose import Wanted, choose
from tfrepair.reason.contradictions import contradicted

if TYPE_CHECKING:
    from collections.abc import Collection, Iterable, Iterator, Mapping

    from tfrepair.app.workbench import Workbench
    from tfrepair.model.facts import Facts
    from tfrepair.model.plan import Choice
    from tfrepair.model.target import Interpreter


def wishes(bench: Workbench, markers: Mapping[str, str], steps: Iterable[str] = ()) -> tuple[Wanted, ...]:
    """What was asked for, the most important first; lines for other platforms do not count.

    `steps` are the requirements of playbooks' steps. Raises UsageError for a requirements file that cannot be read.
    """
    given = bench.request.tensorflow
    if given is not None and not is_wheel(given):
        return (Wanted(text=given, source="--tensorflow"),)
    return (*_from_requirements(bench, markers), *_from_steps(bench, steps), *_from_project(bench, markers))


def choice_for(
    bench: Workbench,
    interpreter: Interpreter,
    facts: Facts,
    steps: Iterable[str] = (),
    *,
    absent: Collection[str] = (),
) -> Choice:
    """The release for an interpreter, that of playbooks' `steps` where these name one; none that is `absent`.

    Raises NoRepairError when nothing fits, UsageError for what cannot be read.
    """
    return choose(
        wishes(bench, interpreter.markers, steps),
        facts,
        bench.releases,
        interpreter.tags,
        interpreter.minor,
        limits=_limits(bench),
        absent=absent,
    )


def is_wheel(pin: str) -> bool:
    """The pin is a wheel file or a URL."""
    return pin.endswith(".whl") or "://" in pin


def _from_requirements(bench: Workbench, markers: Mapping[str, str]) -> tuple[Wanted, ...]:
    from packaging.utils import canonicalize_name

    from tfrepair.model.dependencies import active
    from tfrepair.target.project.pin import without_url

    return tuple(
        Wanted(text=str(without_url(requirement)).partition(";")[0].strip(), source=source, loose=True)
        for line, source in bench.requirements
        for requirement in active([line], markers)
        if canonicalize_name(requirement.name) in bench.releases.family
    )


def _from_steps(bench: Workbench, steps: Iterable[str]) -> Iterator[Wanted]:
    """The releases of TensorFlow that steps of playbooks name; a bare name is that of whatever is chosen."""
    from packaging.requirements import Requirement
    from packaging.utils import canonicalize_name

    for line in steps:
        requirement = Requirement(line)
        if canonicalize_name(requirement.name) in bench.releases.family and requirement.specifier:
            yield Wanted(text=line, source="a step of a playbook", loose=True)


def _from_project(bench: Workbench, markers: Mapping[str, str]) -> tuple[Wanted, ...]:
    from tfrepair.target.project.folder import asking

    return tuple(
        Wanted(text=pin.requirement, source=pin.source, loose=True, locked=pin.locked, optional=pin.optional)
        for pin in asking(bench.project, markers)
        if pin.requirement
    )


def about_wishes(
    bench: Workbench, choice: Choice, markers: Mapping[str, str], steps: Iterable[str] = ()
) -> tuple[str, ...]:
    """What a plan tells of the files that were asked: those not read, those used in part, and what did not count."""
    return (*_unread(bench), *_others_left(bench), *_passed_over(bench, choice, markers, steps))


def _passed_over(bench: Workbench, choice: Choice, markers: Mapping[str, str], steps: Iterable[str]) -> tuple[str, ...]:
    """Which lines of files ask for another TensorFlow than the one that was chosen, and why that was.

    Or that no line of a requirements file asks for any. A sentence each.
    """
    from packaging.utils import canonicalize_name

    from tfrepair.model.dependencies import active

    if bench.request.tensorflow is None:
        files = " and ".join(dict.fromkeys(f"`{source}`" for _, source in bench.requirements))
        none = (f"{files}: no line asks for TensorFlow",) if files and not _from_requirements(bench, markers) else ()
        return (*none, *contradicted(wishes(bench, markers, steps), choice, bench.releases))
    found = []
    for line, source in bench.requirements:
        for asked in active([line], markers):
            name = canonicalize_name(asked.name)
            other = name != choice.name or not asked.specifier.contains(choice.version, prereleases=True)
            if name in bench.releases.family and other:
                found.append(f"`{source}` asks for `{line}`; `--tensorflow` comes before it")
    return tuple(found)


def _unread(bench: Workbench) -> tuple[str, ...]:
    """Which of the project's files could not be read, and why, a sentence each."""
    if bench.request.tensorflow is not None:
        return ()
    return tuple(f"`{pin.source}` asks for nothing here: it {pin.note}" for pin in bench.project if not pin.requirement)


def _others_left(bench: Workbench) -> tuple[str, ...]:
    """That a file of the project is not installed, where it asks for more than TensorFlow; a sentence."""
    from tfrepair.target.project.folder import files_with_others, project_depends_on_others

    if bench.request.tensorflow is not None or bench.requirements:
        return ()
    if files := files_with_others(bench.cwd):
        named = ", ".join(f"`{name}`" for name in files)
        return (f"of {named} only what asks for TensorFlow is used; `--requirement {files[0]}` installs the rest too",)
    if any(pin.requirement for pin in bench.project) and project_depends_on_others(bench.cwd):
        said = "its other dependencies may ask for other versions than these"
        how = "in a requirements file, named with `--requirement`, they count"
        return (f"of `pyproject.toml` only what asks for TensorFlow is used: {said}; {how}",)
    return ()


def _limits(bench: Workbench) -> tuple[Wanted, ...]:
    """What constraints say of TensorFlow: those given with `--constraint`, and those of pip's own configuration."""
    from packaging.requirements import Requirement
    from packaging.utils import canonicalize_name

    family = bench.releases.family
    given = ((line, f"--constraint {name}") for line, name in bench.constraints)
    return tuple(
        Wanted(text=line, source=source)
        for line, source in (*given, *bench.configured)
        if canonicalize_name(Requirement(line).name) in family
    )
