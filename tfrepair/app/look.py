"""Looking at a target: facts, then findings."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

from tfrepair.model.facts import Absent, Fact, Facts, Known

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from tfrepair.app.requests import LookRequest, Screen
    from tfrepair.log import Log
    from tfrepair.model.finding import Diagnosis
    from tfrepair.model.playbook import Playbook
    from tfrepair.model.run import Smoke
    from tfrepair.model.target import Target

WITNESS_SHOWN = 5
MORE_TIME = (
    "a slow disk or processor may need more: `--timeout` gives it; if it never ends, `tfrepair fix --strategy rebuild` "
    "builds the environment anew"
)


@dataclass(frozen=True, slots=True, kw_only=True)
class Look:
    """A target, what is known about it, and what is wrong with it."""

    target: Target
    facts: Facts
    diagnosis: Diagnosis
    imported: bool = True
    """Importing was asked for, whether it could be tried or not."""

    @property
    def second_witness(self) -> tuple[str, ...]:
        """Where pip sees the inventory otherwise than the metadata files say, a sentence each."""
        if self.target.environment.system_site_packages:  # pip lists what lies outside the environment too
            return ()
        return tuple(
            f"second witness: {sentence}" for sentence in self.facts.value("pip.disagrees", [])[:WITNESS_SHOWN]
        )

    @property
    def works(self) -> bool | None:
        """TensorFlow imports and computes, and no finding is an error; None when that was not asked."""
        if not self.imported:
            return None
        if self.diagnosis.errors:
            return False
        tried = self.facts.get("import.ok")
        return bool(tried.value) if isinstance(tried, Known) else None

    @property
    def stopped(self) -> str | None:
        """That the time limit ended the import and nothing is known to be wrong, as a sentence; None otherwise."""
        if (
            self.works is not False
            or self.diagnosis.errors
            or not isinstance(self.facts.get("import.exit_code"), Absent)
        ):
            return None
        seconds = self.facts.value("import.seconds", 0.0)
        return f"importing TensorFlow did not end within {seconds:.0f} s and was stopped, and no cause was found"


def look(
    target: Target,
    playbooks: Sequence[Playbook],
    request: LookRequest,
    environ: Mapping[str, str],
    screen: Screen,
    log: Log,
    *,
    told: Mapping[str, object] | None = None,
) -> Look:
    """Probe and diagnose. `told` are facts the command line knows. Never raises for a probe that fails."""
    from tfrepair.app.plugins import plugins
    from tfrepair.probes.collector import ProbeOptions, all_probes, collect
    from tfrepair.reason.diagnose import diagnose

    options = ProbeOptions(
        imports=request.imports,
        deep=request.deep,
        hash_native=request.hash_native,
        pip_view=request.pip_view,
        import_timeout=request.timeout,
        gpu=request.gpu,
        bytecode=request.bytecode,
    )
    doing = "looking at and importing TensorFlow in" if request.imports else "looking at the files of"
    screen.step(f"{doing} `{target.environment.prefix}`")
    more = plugins()
    probes = (*all_probes(), *more.probes)
    facts = collect(target, options, environ, on_probe=screen.line, probes=probes).merged(stated(told or {}))
    if facts.value("import.ok") is False and facts.value("inventory.needed") and not request.hash_native:
        # TensorFlow is there and does not work, so sizes are not enough: look again, native libraries hashed
        closer = collect(target, replace(options, hash_native=True, imports=False), environ, probes=probes)
        facts = facts.merged(Facts({p: f for p, f in closer.by_path.items() if not p.startswith("import.")}))
    facts = facts.merged(more.facts)
    diagnosis = diagnose(facts, playbooks)
    log.info(
        "diagnosed",
        prefix=target.environment.prefix,
        findings=[finding.id for finding in diagnosis.findings],
        import_ok=facts.value("import.ok"),
    )
    return Look(target=target, facts=facts, diagnosis=diagnosis, imported=request.imports)


def smoke_of(facts: Facts) -> Smoke | None:
    """The smoke test of a look; None when it was not run."""
    if not isinstance(facts.get("import.ok"), Known):
        return None
    from tfrepair.model.run import Smoke

    return Smoke(
        ok=facts.value("import.ok"),
        rung=facts.value("import.rung", "import"),
        seconds=facts.value("import.seconds", 0.0),
        tensorflow=facts.value("import.tensorflow"),
        exit_code=facts.value("import.exit_code"),
        signal=facts.value("import.signal"),
        output=facts.value("import.output", ""),
        exceptions=tuple(facts.value("import.exceptions", ())),
    )


STATED = {
    "options.base_python": "Text: the interpreter that `--base-python` names.",
    "options.allow_python_change": "True or false: `--allow-python-change` was given.",
    "options.tensorflow": "Text: the pin that `--tensorflow` gives.",
    "options.gpu": "Text: `auto`, `require` or `ignore`, as `--gpu` says.",
    "vars.*": "A variable of the playbook: from `--var NAME=VALUE`, else from the environment, else its default.",
}
"""What the command line says, as facts that conditions of steps can use."""


def stated(values: Mapping[str, object]) -> Facts:
    """What the command line says, as facts; what was not given is absent without being listed."""
    return Facts.of(Fact(path=path, state=Known(value), source="command line") for path, value in values.items())
