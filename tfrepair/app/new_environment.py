"""Looking at an environment that does not exist yet: nothing is installed, on the base it will have."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

from tfrepair.app.base_python import base_for
from tfrepair.app.look import Look, look
from tfrepair.model.facts import Absent, Fact, Facts

if TYPE_CHECKING:
    from tfrepair.app.subject import Subject
    from tfrepair.app.workbench import Workbench
    from tfrepair.model.target import Target


def look_at_nothing(subject: Subject, bench: Workbench) -> Look:
    """The look at a fresh venv on its base interpreter, before there is one.

    Facts of the host and of the interpreter are the base's; the inventory is empty. When another target is only looked
    at, its release is the wish.
    """
    base = base_for(subject, bench)
    target = _imagined(subject, base)
    quiet = replace(bench.look, imports=False, deep=False, pip_view=False)
    seen = look(target, bench.playbooks, quiet, bench.environ, bench.screen, bench.log, told=bench.told)
    if subject.looked_at is None:
        return seen
    other = look(subject.looked_at, bench.playbooks, quiet, bench.environ, bench.screen, bench.log)
    return replace(seen, facts=seen.facts.merged(_release(other.facts)))


def _imagined(subject: Subject, base: Target) -> Target:
    prefix = str(subject.prefix)
    scripts = "Scripts" if base.host.system == "windows" else "bin"
    site = f"{prefix}/lib/python{base.interpreter.minor}/site-packages"
    if base.host.system == "windows":
        site = f"{prefix}/Lib/site-packages"
    environment = replace(
        base.environment, prefix=prefix, kind="venv", purelib=site, platlib=site, scripts=f"{prefix}/{scripts}",
        externally_managed=False, system_site_packages=False, writable=True,
    )  # fmt: skip
    return replace(base, environment=environment, reason="it does not exist yet")


def _release(facts: Facts) -> Facts:
    """Which release the other target has, as far as it is known."""
    names = ("tensorflow.name", "tensorflow.version", "tensorflow.source")
    return Facts.of(
        fact
        for fact in (facts.by_path.get(name, Fact(path=name, state=Absent(), source="-")) for name in names)
        if not isinstance(fact.state, Absent)
    )
