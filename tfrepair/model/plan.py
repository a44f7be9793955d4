"""Plans: what will be done, literally. Execution decides nothing that a plan does not say."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, Literal

from tfrepair.model.operations import PLAIN, Keywords, OwnOperation, RunCommand, described

Strategy = Literal["create", "in-place", "rebuild"]
_NAMED = 5
"""How many paths a summary names."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Pin:
    """One distribution of the lock: exact version, hashes, and where its file is."""

    name: str
    version: str
    hashes: tuple[str, ...]
    """`sha256:...` of every file that may be installed for it."""
    size: int | None = None
    """Bytes of the file at most; None when it is not known."""
    is_wheel: bool = True
    """False when only a source archive exists and it must be built."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Lock:
    """The outcome of a resolution."""

    pins: tuple[Pin, ...]
    pylock: str
    """The same as a PEP 751 document."""
    cutoff: str | None = None
    """The date as of which it was resolved (ISO 8601), when it was."""
    method: str = "uv"
    """How it was resolved, for the record."""
    local: tuple[str, ...] = ()
    """Wheel files or URLs that are installed as they are, outside the index."""

    def get(self, name: str) -> Pin | None:
        """The pin of a canonical name."""
        return next((pin for pin in self.pins if pin.name == name), None)


@dataclass(frozen=True, slots=True, kw_only=True)
class CreateEnvironment:
    """A fresh venv from this base interpreter."""

    base: str
    version: str
    system_site_packages: bool = False
    prompt: str | None = None
    keywords: Keywords = PLAIN
    action: Literal["venv"] = "venv"

    @property
    def summary(self) -> str:
        """One line for the screen."""
        return described(f"build a fresh venv with Python {self.version} from `{self.base}`", self.keywords)


@dataclass(frozen=True, slots=True, kw_only=True)
class Carry:
    """Into a fresh venv, from the old one: these distributions and every file that no distribution owns."""

    distributions: tuple[str, ...]
    """Canonical names; their files are linked, not reinstalled."""
    leave: tuple[str, ...] = ()
    """Paths relative to the prefix that stay behind."""
    keywords: Keywords = PLAIN
    action: Literal["carry"] = "carry"

    @property
    def summary(self) -> str:
        """One line for the screen."""
        count = len(self.distributions)
        noun = "distribution" if count == 1 else "distributions"
        named = ", ".join(f"`{path}`" for path in self.leave[:_NAMED])
        more = f" and {len(self.leave) - _NAMED} more" if len(self.leave) > _NAMED else ""
        but = f", but not {named}{more}" if self.leave else ""
        return f"carry over {count} {noun} and every file that no distribution owns{but}"


@dataclass(frozen=True, slots=True, kw_only=True)
class Uninstall:
    """Remove the files of one distribution and its metadata."""

    name: str
    version: str
    metadata: str
    """The `.dist-info` or `.egg-info`, relative to the prefix."""
    keywords: Keywords = PLAIN
    action: Literal["uninstall"] = "uninstall"

    @property
    def summary(self) -> str:
        """One line for the screen."""
        return described(f"uninstall {self.name} {self.version}", self.keywords)


@dataclass(frozen=True, slots=True, kw_only=True)
class RemovePath:
    """Remove a file or a folder that is left over."""

    path: str
    """Relative to the prefix."""
    why: str
    keywords: Keywords = PLAIN
    action: Literal["remove"] = "remove"

    @property
    def summary(self) -> str:
        """One line for the screen."""
        return described(f"remove `{self.path}` ({self.why})", self.keywords)


@dataclass(frozen=True, slots=True, kw_only=True)
class Install:
    """Install exactly these pins of the lock, and nothing that they would ask for."""

    names: tuple[str, ...]
    """Canonical names, each in the lock."""
    summary_text: str
    keywords: Keywords = PLAIN
    action: Literal["install"] = "install"

    @property
    def summary(self) -> str:
        """One line for the screen."""
        return described(self.summary_text, self.keywords)


Operation = CreateEnvironment | Carry | Uninstall | RemovePath | Install | OwnOperation
"""Everything a plan can do."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Move:
    """A distribution that the user has and that will not stay at its version."""

    name: str
    before: str | None
    """None when it was not installed."""
    after: str | None
    """None when it will be gone."""
    why: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Choice:
    """The TensorFlow release a plan brings, and who asked for it."""

    name: str
    version: str
    reason: str


@dataclass(frozen=True, slots=True, kw_only=True)
class PlannedCheck:
    """What a playbook's `verify` asks of the repaired environment."""

    name: str
    playbook: str
    that: dict[str, Any]
    """A condition, as a playbook writes it."""
    values: dict[str, Any]
    """The playbook's variables, as facts."""
    message: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Plan:
    """One round of a repair, whole and literal."""

    schema_version: int = 1
    round: int
    strategy: Strategy
    prefix: str
    """The environment that will be replaced or created."""
    fingerprint: str | None
    """Of the prefix when the plan was made; None when it did not exist."""
    causes: tuple[str, ...]
    """Ids of the findings it repairs."""
    tensorflow: Choice
    operations: tuple[Operation, ...]
    lock: Lock
    moves: tuple[Move, ...] = ()
    checks: tuple[PlannedCheck, ...] = ()
    """What must hold afterwards beside TensorFlow's working."""
    notes: tuple[str, ...] = ()
    """What the user should know before it runs, one sentence each."""
    untrusted: tuple[str, ...] = ()
    """Files of playbooks in it that act only with `--trust` or a confirmation."""

    @property
    def runs_commands(self) -> bool:
        """A command of a playbook is among what it does."""
        return any(isinstance(operation, RunCommand) for operation in self.operations)
