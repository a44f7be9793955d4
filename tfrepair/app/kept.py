"""What worked before works after: the distributions with native code that the user has beside TensorFlow.

And which of these, and of TensorFlow's companions, did not work before and do now.
"""

from __future__ import annotations

import os
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from packaging.utils import canonicalize_name

from tfrepair.model.dependencies import active, tree
from tfrepair.model.plan import Install, Uninstall
from tfrepair.model.wire import installed_in
from tfrepair.reason.keep import affected
from tfrepair.target.extras import BEYOND_THE_SMOKE_TEST
from tfrepair.target.interpreter import side_by_side
from tfrepair.target.native_imports import native_imports
from tfrepair.target.smoke import import_modules

if TYPE_CHECKING:
    from collections.abc import Collection, Mapping

    from tfrepair.app.look import Look
    from tfrepair.app.workbench import Workbench
    from tfrepair.model.distribution import Distribution
    from tfrepair.model.plan import Plan
    from tfrepair.model.target import Target

LAST_LINES = 3
"""Of what an import printed, that a message repeats."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Lost:
    """A distribution that could be imported before the repair and cannot after it."""

    name: str
    """Canonical."""
    version: str
    """In the target."""
    module: str
    printed: str
    """Everything that the import printed."""

    @property
    def sentence(self) -> str:
        """Which, and how it ended."""
        last = " / ".join(line.strip() for line in self.printed.strip().splitlines()[-LAST_LINES:] if line.strip())
        return (
            f"`{self.name}` {self.version}: `import {self.module}` worked before the repair and no longer does: {last}"
        )


@dataclass(slots=True)
class Keeper:
    """Learns what can be imported in the target while it is untouched, and asks the stage for the same.

    Only what the plan can affect is imported: what needs something that moves.
    """

    seen: Look
    bench: Workbench
    _before: dict[str, tuple[str, ...]] = field(default_factory=dict)
    """By canonical name: the modules with native code and of companions that could be imported in the target."""
    _failed: dict[str, tuple[str, ...]] = field(default_factory=dict)
    """By canonical name: the modules that could not."""

    def learn(self, plan: Plan) -> None:
        """Import in the target what this plan can affect and what was not tried yet."""
        interpreter = self.seen.target.interpreter
        if plan.strategy == "create" or not interpreter.starts:
            return
        changed = _changed(plan)
        native = {each.canonical_name: found for each in self._affected(changed) if (found := native_imports(each))}
        waiting = {
            name: modules
            for name, modules in (self._companions(changed) | native).items()
            if name not in self._before and name not in self._failed
        }
        if not waiting:
            return
        self.bench.screen.step(f"importing what may notice the change: {', '.join(waiting)}")
        for name, (passed, _) in self._imported(self.seen.target, waiting).items():
            self._before[name] = tuple(module for module in waiting[name] if module in passed)
            self._failed[name] = tuple(module for module in waiting[name] if module not in passed)
        self.bench.log.info("imported before", modules={name: list(found) for name, found in self._before.items()})

    def lost(self, staged: Look) -> tuple[Lost, ...]:
        """What could be imported in the target and cannot in the stage, by name; what the plan removed is no loss.

        Where TensorFlow does not work in the stage, what needs it is not asked: it cannot work either.
        """
        there = {distribution.canonical_name for distribution in installed_in(staged.facts)}
        if not staged.works:
            there -= self._in_need_of_tensorflow(there)
        asked = {name: found for name, found in sorted(self._before.items()) if found and name in there}
        if not asked:
            return ()
        self.bench.screen.step(f"importing in the copy what could be imported before: {', '.join(asked)}")
        versions = {d.canonical_name: d.version for d in installed_in(self.seen.facts)}
        found = []
        for name, (passed, printed) in self._imported(staged.target, asked).items():
            missed = next((module for module in asked[name] if module not in passed), None)
            if missed is not None:
                found.append(Lost(name=name, version=versions[name], module=missed, printed=printed))
        self.bench.log.info("imported after", modules=list(asked), lost=[lost.sentence for lost in found])
        return tuple(found)

    def gained(self, staged: Look) -> tuple[str, ...]:
        """What could not be imported in the target and can in the stage, in all its parts; canonical names."""
        there = {distribution.canonical_name for distribution in installed_in(staged.facts)}
        asked = {name: missed for name, missed in sorted(self._failed.items()) if missed and name in there}
        if not asked:
            return ()
        self.bench.screen.step(f"importing in the copy what could not be imported before: {', '.join(asked)}")
        answers = self._imported(staged.target, asked)
        return tuple(name for name, (passed, _) in answers.items() if passed.issuperset(asked[name]))

    def _in_need_of_tensorflow(self, names: Collection[str]) -> set[str]:
        installed, markers = installed_in(self.seen.facts), self.seen.target.interpreter.markers
        asked = {d.canonical_name: {canonicalize_name(r.name) for r in active(d.requires, markers)} for d in installed}
        family = set(self.bench.releases.family)
        return {n for n in names if any(asked.get(each, set()) & family for each in tree(installed, [n], markers))}

    def _affected(self, changed: Collection[str]) -> tuple[Distribution, ...]:
        markers = self.seen.target.interpreter.markers
        return affected(installed_in(self.seen.facts), changed, self.bench.releases.family, markers)

    def _companions(self, changed: Collection[str]) -> dict[str, tuple[str, ...]]:
        """The modules of TensorFlow's companions that may notice the change."""
        installed, markers = installed_in(self.seen.facts), self.seen.target.interpreter.markers
        names = sorted({d.canonical_name for d in installed}.intersection(BEYOND_THE_SMOKE_TEST))
        noticing = (n for n in names if n in changed or not tree(installed, [n], markers).isdisjoint(changed))
        return {name: (BEYOND_THE_SMOKE_TEST[name],) for name in noticing}

    def _imported(
        self, target: Target, modules: Mapping[str, tuple[str, ...]]
    ) -> dict[str, tuple[frozenset[str], str]]:
        """A child for each distribution: what one does to its process says nothing about another."""
        python, timeout = target.interpreter.executable, self.bench.look.timeout
        environ = target.environment.variables(self.bench.environ)
        with side_by_side(min(4, os.cpu_count() or 1)) as pool:
            each = pool.map(
                lambda wanted: import_modules(python, wanted, environ=environ, timeout=timeout), modules.values()
            )
            return dict(zip(modules, each, strict=True))


def _changed(plan: Plan) -> frozenset[str]:
    """Canonical names of what a plan removes or installs."""
    changed: set[str] = set()
    for operation in plan.operations:
        match operation:
            case Uninstall(name=name):
                changed.add(canonicalize_name(name))
            case Install(names=names):
                changed.update(names)
    return frozenset(changed)
