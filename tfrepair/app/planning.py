"""From a look at an environment to the plan of a round."""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import TYPE_CHECKING

from packaging.requirements import Requirement
from packaging.utils import canonicalize_name

from tfrepair.app.acceleration import accelerate, without
from tfrepair.app.base_python import any_base, base_for, refusal_of, with_way_out
from tfrepair.app.manual import ManualError
from tfrepair.app.out_of_reach import refuse_out_of_reach
from tfrepair.app.plan_notes import users_of, way, why_this_python
from tfrepair.app.plugins import plugins
from tfrepair.app.resolving import blamed, cutoff, resolver, settings_for
from tfrepair.app.wishes import about_wishes, choice_for, is_wheel, wishes
from tfrepair.errors import NoRepairError, SurroundingsError, UnresolvableError, UsageError
from tfrepair.model.dependencies import tree
from tfrepair.model.goals import Goals
from tfrepair.model.plan import Uninstall
from tfrepair.model.wire import installed_in
from tfrepair.reason.choose import parse_wanted
from tfrepair.reason.goals import acting, checks_of, goals_of, in_the_way, manual_steps, untrusted
from tfrepair.reason.planner import make_plan
from tfrepair.reason.situation import Situation
from tfrepair.target.paths import is_folder
from tfrepair.target.release_data import load_known_good

if TYPE_CHECKING:
    from collections.abc import Mapping

    from tfrepair.app.look import Look
    from tfrepair.app.subject import Subject
    from tfrepair.app.workbench import Workbench
    from tfrepair.errors import TfrepairError
    from tfrepair.model.facts import Facts
    from tfrepair.model.plan import Choice, Plan, Strategy
    from tfrepair.model.resolution import Resolve
    from tfrepair.model.target import Target
    from tfrepair.reason.acceleration import Acceleration

OWN = "tfrepair"
_ONLY_IN_PLACE = {"system": "an installation of Python", "user": "a user site", "conda": "a conda environment"}


@dataclass(frozen=True, slots=True, kw_only=True)
class Round:
    """Which round is planned, how, and with which pin."""

    number: int
    strategy: Strategy | None = None
    """None: as the goals and the command line say."""
    choice: Choice | None = None
    """The pin of the rounds before; None in the first."""
    stage: Path | None = None
    """The stage that is planned for; None: the environment itself."""
    fingerprint: str | None = None
    lost: Mapping[str, str] = field(default_factory=dict)
    """What a round before has broken, by canonical name, with a sentence how."""
    absent: frozenset[str] = frozenset()
    """Versions of TensorFlow that the index turned out not to have."""


def plan_round(seen: Look, subject: Subject, bench: Workbench, turn: Round) -> Plan:
    """The plan. Raises NoRepairError, with the manual steps, when there is no automatic repair."""
    findings = acting(seen.diagnosis, bench.chosen.only)
    by_hand = in_the_way(findings)
    if by_hand and turn.stage is None:
        steps = manual_steps(by_hand, bench.playbooks, seen.facts)
        raise ManualError("; ".join(finding.title for finding in by_hand), steps=steps)
    actions = plugins().all_actions
    goals = goals_of(findings, bench.playbooks, seen.facts, actions) | Goals(install=("tensorflow",))
    doubtful = untrusted(findings, bench.playbooks)
    if urls := [line for line in goals.install if "@" in line and doubtful]:
        raise UsageError(
            f"a playbook of the current folder wants to install from a URL: {urls[0]}",
            hint="`--trust` lets playbooks of the current folder act",
        )
    strategy = turn.strategy or _strategy(subject, bench, goals)
    python = seen.target if strategy == "in-place" else base_for(subject, bench)
    if _other_python_needed(python, seen, bench, turn):
        strategy, python = ("create" if subject.target is None else "rebuild"), any_base(bench, seen.facts)
    wheel, choice = _pin(seen.facts, subject, bench, python, turn, goals)
    other_build = _other_build(seen, bench)
    if other_build:
        goals |= Goals(reinstall=(choice.name,))
    extras = _extras(bench, python, choice)
    gpu = accelerate(choice, extras, strategy, seen, python, bench, stays=_stays(choice, seen) and not other_build)
    situation = Situation(
        round=turn.number,
        prefix=str(turn.stage or subject.prefix),
        fingerprint=turn.fingerprint,
        strategy=strategy,
        python=python.interpreter.executable,
        base=None if strategy == "in-place" else python.interpreter.executable,
        base_version=python.interpreter.version_text,
        same_minor=strategy == "create" or python.interpreter.minor == seen.target.interpreter.minor,
        markers=python.interpreter.markers,
        distributions=() if strategy == "create" else installed_in(seen.facts),
        goals=goals,
        causes=tuple(finding.id for finding in findings),
        choice=choice,
        wheel=wheel,
        extras=(*extras, *gpu.extras),
        family=frozenset(bench.releases.family),
        folders=tuple(frozenset(names) for names in bench.releases.folders.values()),
        bounds=(*bench.releases.bounds(choice.version, python.interpreter.minor), *gpu.bounds),
        companions=bench.releases.companions(choice.version, python.interpreter.minor),
        partner=bench.releases.partner(choice.name, choice.version, python.interpreter.tags),
        cutoff=cutoff(choice, bench),
        known_good=load_known_good().get(choice.name, choice.version, python.interpreter.minor),
        declared=bench.releases.requirements(choice.version),
        constraints=tuple(line for line, _ in bench.constraints),
        requirements=_other_requirements(bench),
        own=_own(seen, bench),
        leftovers=leftovers(seen, bench),
        system_site_packages=seen.target.environment.system_site_packages,
        prompt=seen.facts.value("environment.prompt"),
        gentle=(turn.number == 1 or bool(turn.lost)) and strategy != "create" and _is_there(choice, seen),
        unfit=frozenset(item["name"] for item in seen.facts.value("bounds.broken", [])),
        lost=turn.lost,
    )
    try:
        plan = _with_gpu(situation, gpu, resolver(bench, subject, python, wheels_only=bool(doubtful)), bench)
    except (NoRepairError, SurroundingsError) as error:
        further = replace(turn, absent=turn.absent | {choice.version})
        if _lacks(error, choice) and _another(seen.facts, bench, python, further, goals):
            return plan_round(seen, subject, bench, further)
        if isinstance(error, NoRepairError):
            error.hint = "; ".join(filter(None, (*blamed(error.message, bench), error.hint)))
        elif wheel is not None and error.hint is None:
            error.hint = f"see that the wheel is there and whole: `{wheel}`; nothing was changed"
        raise
    checks = checks_of(findings, bench.playbooks, seen.facts)
    plan = replace(plan, prefix=str(subject.prefix), untrusted=doubtful, checks=checks)
    said = (
        *about_wishes(bench, choice, python.interpreter.markers, goals.install),
        *why_this_python(python, subject, bench, plan),
    )
    plan = replace(plan, notes=(*plan.notes, *said, *settings_for(bench, subject).notes))
    if subject.target is not None:
        plan = replace(plan, notes=(*plan.notes, *way(subject), *(users_of(subject) if turn.number == 1 else ())))
    _leave_to_conda(plan, seen)
    if subject.target is not None:
        refuse_out_of_reach(plan.operations, subject.target.environment, subject.scope)
    return plan


def _with_gpu(situation: Situation, gpu: Acceleration, resolve: Resolve, bench: Workbench) -> Plan:
    """The plan. Where nobody required a GPU, the want of its wheels does not stand in the way of TensorFlow."""
    try:
        plan, note = make_plan(situation, resolve), gpu.note
    except (NoRepairError, SurroundingsError) as error:
        if not gpu.extra or bench.request.gpu == "require":
            raise
        plan, note = make_plan(without(situation, gpu), resolve), gpu.given_up(error.message)
    return replace(plan, notes=(*plan.notes, note)) if note else plan


def _leave_to_conda(plan: Plan, seen: Look) -> None:
    """What conda installed only conda may remove: its own records would lie otherwise. Raises ManualError."""
    conda = {d.canonical_name: d for d in installed_in(seen.facts) if d.installer == "conda"}
    gone = [o.name for o in plan.operations if isinstance(o, Uninstall) and canonicalize_name(o.name) in conda]
    if not gone:
        return
    prefix = seen.target.environment.prefix
    pins = " ".join(
        f'"{pin.name}={pin.version}"' for name in gone if (pin := plan.lock.get(canonicalize_name(name))) is not None
    )
    raise ManualError(
        f"conda installed {', '.join(gone)} in `{prefix}`, and only conda may change what it installed",
        steps=(
            f"conda install --prefix {prefix} {pins}" if pins else f"conda remove --prefix {prefix} {' '.join(gone)}",
            f"tfrepair fix --env {prefix}    # for what pip installed there",
            "tfrepair fix --venv DIR    # or a working environment beside it",
        ),
    )


def leftovers(seen: Look, bench: Workbench) -> tuple[tuple[str, str], ...]:
    """The import folders of the TensorFlow distributions that are there and that nothing else installed writes to."""
    family = bench.releases.family
    installed = installed_in(seen.facts)
    tops = {"tensorflow", "tensorflow_core"}
    tops |= {top for d in installed if d.canonical_name in family for top in d.top_level}
    tops -= {top for d in installed if d.canonical_name not in family for top in d.top_level}
    prefix = Path(seen.target.environment.prefix)
    found = []
    for site in seen.target.environment.site_folders:
        for top in sorted(tops):
            path = Path(site, top)
            if is_folder(path) and path.is_relative_to(prefix):
                found.append((path.relative_to(prefix).as_posix(), "whatever is left of TensorFlow's files"))
    return tuple(found)


def _other_python_needed(python: Target, seen: Look, bench: Workbench, turn: Round) -> bool:
    """The release has no wheel for this Python, and another one may be taken."""
    if not bench.request.allow_python_change or bench.request.base_python is not None or turn.choice is not None:
        return False
    wheel = bench.request.tensorflow is not None and is_wheel(bench.request.tensorflow)
    return not wheel and refusal_of(python, bench, seen.facts) is not None


def _strategy(subject: Subject, bench: Workbench, goals: Goals) -> Strategy:
    target = subject.target
    if target is None:
        return "create"
    rebuild = goals.rebuild or not target.interpreter.starts or bench.request.base_python is not None
    asked = bench.request.strategy
    kind = target.environment.kind
    if kind != "venv":
        if asked == "rebuild" or bench.request.base_python is not None:
            raise UsageError(
                f"`{target.environment.prefix}` is {_ONLY_IN_PLACE[kind]}, which is only repaired in place",
                hint="`tfrepair fix --venv DIR` makes an environment on any Python; nothing was changed",
            )
        if not target.interpreter.starts:
            raise NoRepairError(
                f"`{target.environment.prefix}` is {_ONLY_IN_PLACE[kind]}, and its Python does not start: what "
                "installed it must mend it",
                hint="`tfrepair fix --venv DIR` makes an environment on another Python; nothing was changed",
            )
        return "in-place"
    if asked == "auto":
        return "rebuild" if rebuild else "in-place"
    wanted = bench.request.base_python
    if asked == "in-place" and wanted is not None and bench.base(wanted).version[:2] != target.interpreter.version[:2]:
        raise UsageError(
            f"`--strategy in-place` keeps Python {target.interpreter.version_text}, and `--base-python {wanted}` names "
            "another; nothing was changed",
            hint="leave one of them out: a rebuild takes the other Python",
        )
    return asked


def _pin(
    facts: Facts, subject: Subject, bench: Workbench, python: Target, turn: Round, goals: Goals
) -> tuple[str | None, Choice]:
    given = bench.request.tensorflow
    if given is not None and is_wheel(given):
        from tfrepair.app.wheel_pin import wheel_pin

        return wheel_pin(given, python, bench)
    if turn.choice is not None:
        return None, turn.choice
    try:
        return None, choice_for(bench, python.interpreter, facts, goals.install, absent=turn.absent)
    except NoRepairError as error:
        raise with_way_out(error, subject, bench, facts) from error


def _other_build(seen: Look, bench: Workbench) -> bool:
    """A wheel was named that is not what is there, though the version may be the same."""
    given = bench.request.tensorflow
    if given is None or not is_wheel(given):
        return False
    from tfrepair.app.wheel_pin import is_as_given

    return not is_as_given(given, seen, bench)


def _lacks(error: TfrepairError, choice: Choice) -> bool:
    """The index does not have the release that was chosen: a mirror that lags, or a folder of wheels."""
    told = error if isinstance(error, UnresolvableError) else error.__cause__
    return isinstance(told, UnresolvableError) and f"{choice.name}=={choice.version}" in told.missing


def _another(facts: Facts, bench: Workbench, python: Target, turn: Round, goals: Goals) -> bool:
    """Another release meets what was asked for: that was a range, or nothing."""
    if turn.choice is not None or (bench.request.tensorflow is not None and is_wheel(bench.request.tensorflow)):
        return False
    try:
        other = choice_for(bench, python.interpreter, facts, goals.install, absent=turn.absent)
    except NoRepairError:
        return False
    return other.version not in turn.absent


def _is_there(choice: Choice, seen: Look) -> bool:
    """The chosen release is there already and alone, whole or damaged: its tree need not change for it."""
    facts = seen.facts
    installed = facts.value("tensorflow.distributions", [])
    return facts.value("tensorflow.version") == choice.version and list(installed) == [choice.name]


def _stays(choice: Choice, seen: Look) -> bool:
    """The same, and it is whole."""
    damaged = seen.facts.value("tensorflow.missing") or seen.facts.value("tensorflow.altered")
    return _is_there(choice, seen) and not damaged


def _extras(bench: Workbench, python: Target, choice: Choice) -> tuple[str, ...]:
    """Extras that the pin and what else counts of the wishes names: `tensorflow[and-cuda]`."""
    given = bench.request.tensorflow
    if given is not None and is_wheel(given):
        from tfrepair.app.wheel_pin import extras_of

        return extras_of(given)
    asked = wishes(bench, python.interpreter.markers)
    pins = [parse_wanted(wish) for number, wish in enumerate(asked) if number == 0 or not wish.optional]
    return tuple(sorted({extra for pin in pins if pin.allows(choice.name, choice.version) for extra in pin.extras}))


def _other_requirements(bench: Workbench) -> tuple[str, ...]:
    lines = (line for line, _ in bench.requirements)
    return tuple(line for line in lines if canonicalize_name(Requirement(line).name) not in bench.releases.family)


def _own(seen: Look, bench: Workbench) -> frozenset[str]:
    """Distributions that are there only because tfrepair is."""
    installed = installed_in(seen.facts)
    names = {d.canonical_name for d in installed}
    if OWN not in names:
        return frozenset()
    markers = seen.target.interpreter.markers
    others = {d.canonical_name for d in installed if d.requested and d.canonical_name != OWN}
    needed = tree(installed, others | (names & set(bench.releases.family)), markers)
    return tree(installed, [OWN], markers) - needed
