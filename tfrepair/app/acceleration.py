"""What `--gpu` comes to in a plan."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

from tfrepair.app.manual import ManualError
from tfrepair.model.gpu import EXTRA
from tfrepair.model.wire import installed_in
from tfrepair.reason.acceleration import Acceleration, Installation, Obstacle, acceleration, disputed
from tfrepair.reason.goals import by_hand
from tfrepair.target.release_data import load_gpu_data

if TYPE_CHECKING:
    from collections.abc import Collection

    from tfrepair.app.look import Look
    from tfrepair.app.workbench import Workbench
    from tfrepair.model.plan import Choice, Strategy
    from tfrepair.model.target import Target
    from tfrepair.reason.situation import Situation


def accelerate(
    choice: Choice,
    extras: Collection[str],
    strategy: Strategy,
    seen: Look,
    python: Target,
    bench: Workbench,
    *,
    stays: bool,
) -> Acceleration:
    """Whether CUDA is installed with the chosen release. Raises ManualError for a required GPU that cannot be had."""
    wanted = Installation(
        choice=choice,
        release=bench.releases.get(choice.name, choice.version) or bench.releases.get("tensorflow", choice.version),
        system=python.host.system,
        machine=python.interpreter.machine,
        python_minor=python.interpreter.minor,
        anew=strategy == "create" or seen.facts.value("tensorflow.count") == 0,
        stays=stays and strategy != "create",
        named=EXTRA in extras,
        disputed=None if strategy == "create" else _disputed(choice, seen, python),
    )
    found = acceleration(bench.request.gpu, wanted, seen.facts, load_gpu_data())
    if isinstance(found, Obstacle):
        helping = (playbook for playbook in bench.playbooks if playbook.name == found.cause)
        steps = tuple(line for playbook in helping for line in by_hand(playbook, seen.facts))
        raise ManualError(f"a GPU is required: {found.text}", steps=steps)
    return found


def _disputed(choice: Choice, seen: Look, python: Target) -> str | None:
    lines = load_gpu_data().wheels(choice.version)
    return disputed(installed_in(seen.facts), lines, python.interpreter.markers)


def without(situation: Situation, gpu: Acceleration) -> Situation:
    """The situation without the extra that was added."""
    return replace(
        situation,
        extras=tuple(extra for extra in situation.extras if extra not in gpu.extras),
        bounds=tuple(line for line in situation.bounds if line not in gpu.bounds),
    )
