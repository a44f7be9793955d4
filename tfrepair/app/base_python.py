"""Which base interpreter a fresh venv gets."""

from __future__ import annotations

import shlex
from typing import TYPE_CHECKING

from tfrepair.app.wishes import choice_for
from tfrepair.errors import NoRepairError, TargetError
from tfrepair.model.facts import Facts

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

    from tfrepair.app.subject import Subject
    from tfrepair.app.workbench import Workbench
    from tfrepair.model.target import Target
    from tfrepair.target.bases import Base

SHOWN_PYTHONS = 3
"""How many other versions of Python a message names."""


def base_for(subject: Subject, bench: Workbench) -> Target:
    """The base interpreter: the named one, that of the environment, one of its minor version, or any.

    Another minor version than the environment's is taken only when it was asked for.
    Raises TargetError for a name that fits nothing, NoRepairError when there is none.
    """
    request = bench.request
    if request.base_python is not None:
        return bench.described(bench.base(request.base_python))
    like = subject.target or subject.looked_at
    if like is not None:
        return _like(like, bench)
    return any_base(bench, Facts())


def _like(target: Target, bench: Workbench) -> Target:
    """One of the same minor version, the environment's own base first. Raises NoRepairError."""
    interpreter = target.interpreter
    own = _own_base(target, bench)
    if own is not None:
        return own
    bases = bench.bases
    same = [base for base in bases if base.version[:2] == interpreter.version[:2] and not base.free_threaded]
    same.sort(key=lambda base: base.version != interpreter.version)
    if same:
        return bench.described(same[0])
    if bench.request.allow_python_change:
        return any_base(bench, Facts())
    raise NoRepairError(
        f"no Python {interpreter.minor} is here to rebuild `{target.environment.prefix}` on; there is {listed(bases)}",
        hint="install that Python, or choose another with `--base-python X.Y`; nothing was changed",
    )


def _own_base(target: Target, bench: Workbench) -> Target | None:
    """The interpreter that the environment was made from, when it is there, starts, and is of its minor version."""
    from tfrepair.target.discover import find_target

    path = target.interpreter.base_executable
    if path is None or path == target.interpreter.executable:
        return None
    try:
        base = find_target(python=path, env=None, environ=bench.environ, cwd=bench.cwd, interactive=False)
    except TargetError:
        return None
    fits = base.interpreter.starts and base.interpreter.version[:2] == target.interpreter.version[:2]
    return base if fits else None


def any_base(bench: Workbench, facts: Facts) -> Target:
    """The newest base interpreter that the wanted release, or the one on disk, has a wheel for.

    Raises NoRepairError.
    """
    bases = [base for base in bench.bases if not base.free_threaded]
    refusal: NoRepairError | None = None
    for base in sorted(bases, key=lambda base: base.version, reverse=True):
        target = bench.described(base)
        error = refusal_of(target, bench, facts)
        if error is None:
            return target
        refusal = refusal or error
    raise refusal or NoRepairError("no Python interpreter was found", hint="name one with `--base-python PATH`")


def refusal_of(python: Target, bench: Workbench, facts: Facts) -> NoRepairError | None:
    """Why the wanted release, or the one on disk, cannot be installed for an interpreter; None when it can."""
    try:
        choice_for(bench, python.interpreter, facts)
    except NoRepairError as error:
        return error
    return None


def with_way_out(refusal: NoRepairError, subject: Subject, bench: Workbench, facts: Facts) -> NoRepairError:
    """The same refusal, with the command for each Python of this machine that the release can be installed for."""
    commands = tuple(_commands(subject, bench, facts))
    if not commands:
        return refusal
    return NoRepairError(refusal.message, hint=f"{'; or '.join(commands)}; nothing was changed")


def _commands(subject: Subject, bench: Workbench, facts: Facts) -> Iterator[str]:
    """One for each minor version, the newest first."""
    request = bench.request
    environment = subject.target.environment if subject.target is not None else None
    rebuilt = environment is not None and environment.kind == "venv"
    where = str(environment.prefix) if environment is not None and rebuilt else str(request.venv or "DIR")
    place = f"{'--env' if rebuilt else '--venv'} {shlex.quote(where)}"
    release = request.tensorflow or (None if rebuilt else _on_disk(facts))
    pin = f" --tensorflow {shlex.quote(release)}" if release is not None else ""
    does = "rebuilds it on" if rebuilt else "makes an environment on"
    seen: set[str] = set()
    for base in sorted(bench.bases, key=lambda base: base.version, reverse=True):
        minor = f"{base.version[0]}.{base.version[1]}"
        if base.free_threaded or minor in seen or len(seen) == SHOWN_PYTHONS:
            continue
        if _would_do(base, bench, facts):
            seen.add(minor)
            full = ".".join(map(str, base.version))
            yield f"`tfrepair fix {place} --base-python {minor}{pin}` {does} Python {full} (`{base.executable}`)"


def _on_disk(facts: Facts) -> str | None:
    """The release that a look found, as a requirement."""
    name, version = facts.value("tensorflow.name"), facts.value("tensorflow.version")
    return f"{name}=={version}" if name and version else None


def _would_do(base: Base, bench: Workbench, facts: Facts) -> bool:
    try:
        return refusal_of(bench.described(base), bench, facts) is None
    except TargetError:  # one interpreter that cannot be asked is no reason to say nothing of the others
        return False


def listed(bases: Iterable[Base]) -> str:
    """The interpreters of this machine, a readable list."""
    texts = [f"{'.'.join(map(str, base.version))} (`{base.executable}`)" for base in bases]
    return ", ".join(texts) if texts else "none"
