"""What the command line asks of a use-case."""

from __future__ import annotations

import shlex
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Literal, Protocol

if TYPE_CHECKING:
    from collections.abc import Mapping
    from pathlib import Path

    from tfrepair.model.finding import Diagnosis
    from tfrepair.model.plan import Plan
    from tfrepair.model.target import Target


@dataclass(frozen=True, slots=True, kw_only=True)
class TargetRequest:
    """Which target, and the surroundings it is looked for in."""

    python: str | None = None
    env: str | None = None
    environ: Mapping[str, str]
    cwd: Path
    interactive: bool = False

    @property
    def words(self) -> str:
        """The options that name this target again, with a space before them; empty when none did."""
        if self.python is not None:
            return f" --python {shlex.quote(self.python)}"
        return "" if self.env is None else f" --env {shlex.quote(self.env)}"


@dataclass(frozen=True, slots=True, kw_only=True)
class PlaybookRequest:
    """Which playbooks."""

    extra: tuple[str, ...] = ()
    only: tuple[str, ...] = ()
    skip: tuple[str, ...] = ()
    trust: bool = False
    variables: Mapping[str, str] = field(default_factory=dict)
    user_folder: Path | None = None
    """The user's own playbooks; None: there are none."""

    @property
    def words(self) -> str:
        """The options that name these playbooks again, with a space before them; empty when none did."""
        named = [("--playbook", name) for name in self.extra]
        named += [("--var", f"{name}={value}") for name, value in self.variables.items()]
        return "".join(f" {option} {shlex.quote(text)}" for option, text in named)

    @property
    def told(self) -> dict[str, object]:
        """What `--var` gives, as facts."""
        return {f"vars.{name}": value for name, value in self.variables.items()}


@dataclass(frozen=True, slots=True, kw_only=True)
class LookRequest:
    """How closely to look."""

    imports: bool = True
    deep: bool = False
    timeout: float = 300.0
    gpu: bool = False
    hash_native: bool = False
    """Hash the native libraries of what TensorFlow needs at once, not only when it does not work."""
    pip_view: bool = False
    bytecode: Path | None = None
    """A folder where the smoke test keeps what it compiles, for the next one; None: nowhere."""


@dataclass(frozen=True, slots=True, kw_only=True)
class IndexRequest:
    """Where wheels come from, over and above pip's configuration."""

    index_url: str | None = None
    extra_index_urls: tuple[str, ...] = ()
    find_links: tuple[str, ...] = ()
    offline: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class FixRequest:
    """What is to be repaired, and how."""

    tensorflow: str | None = None
    strategy: Literal["auto", "in-place", "rebuild"] = "auto"
    venv: str | None = None
    base_python: str | None = None
    allow_python_change: bool = False
    installer: Literal["auto", "uv", "pip"] = "auto"
    index: IndexRequest = field(default_factory=IndexRequest)
    constraints: tuple[str, ...] = ()
    requirements: tuple[str, ...] = ()
    lock_timeout: float = 30.0
    gpu: Literal["auto", "require", "ignore"] = "auto"
    allow_running: bool = False
    keep: str = "1"
    dry_run: bool = False
    yes: bool = False
    plan_out: Path | None = None
    plan_in: Path | None = None


class Screen(Protocol):
    """What a use-case tells while it runs, and the one question it asks."""

    def target(self, target: Target) -> None:
        """The target was chosen."""

    def diagnosis(self, diagnosis: Diagnosis, target: Target) -> None:
        """The target was looked at."""

    def plan(self, plan: Plan) -> None:
        """A plan was made."""

    def say(self, message: str) -> None:
        """A sentence about what happens."""

    def warn(self, message: str) -> None:
        """A sentence that nobody may miss."""

    def step(self, message: str) -> None:
        """A long step begins."""

    def line(self, text: str) -> None:
        """A child printed a line."""

    def will_ask(self) -> None:
        """A question is to come, after something slow. Raises UsageError when there is nobody to ask."""

    def ask(self, question: str) -> bool:
        """Yes or no. Raises UsageError when there is nobody to ask."""
        ...
