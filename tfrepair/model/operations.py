"""What the steps of playbooks do by themselves on a stage, and how each operation of a plan is carried out."""

from __future__ import annotations

import json
import shlex
from dataclasses import dataclass
from typing import Literal


@dataclass(frozen=True, slots=True, kw_only=True)
class Keywords:
    """How an operation is carried out, as the steps that asked for it say."""

    step: str = ""
    """The name of the step, for messages."""
    register: tuple[str, ...] = ()
    attempts: int = 1
    wait: float = 0.0
    """Seconds between two attempts."""
    errors: tuple[str, ...] = ()
    """Tried again only after failures of these kinds; none: after any."""
    timeout: float | None = None
    """Seconds."""
    goes_on: bool = False
    """When it fails for good the plan goes on."""
    message: str = ""
    """Said when it fails for good; `{registered.NAME.output}` and its like are filled in then."""
    undo: tuple[str, ...] = ()
    """A command that takes back what was done outside the environment, when the repair is undone."""

    def __or__(self, other: Keywords) -> Keywords:
        """Of one operation that two steps ask for: the more patient of the two, and the more careful."""
        limits = (self.timeout, other.timeout)
        both = self.errors and other.errors
        return Keywords(
            step=", ".join(dict.fromkeys(name for name in (self.step, other.step) if name)),
            register=tuple(dict.fromkeys(self.register + other.register)),
            attempts=max(self.attempts, other.attempts),
            wait=max(self.wait, other.wait),
            errors=tuple(dict.fromkeys(self.errors + other.errors)) if both else (),
            timeout=None if None in limits else max(limit for limit in limits if limit is not None),
            goes_on=self.goes_on and other.goes_on,
            message="; ".join(dict.fromkeys(text for text in (self.message, other.message) if text)),
            undo=self.undo or other.undo,
        )

    @property
    def phrases(self) -> tuple[str, ...]:
        """What a reader of the plan should know of it, a phrase each."""
        kinds = f" after {' or '.join(self.errors)}" if self.errors else ""
        pause = f", {self.wait:g} s apart" if self.wait else ""
        said = (
            f"up to {self.attempts} attempts{pause}{kinds}" if self.attempts > 1 else "",
            f"within {self.timeout:g} s" if self.timeout is not None else "",
            "if it fails the rest goes on" if self.goes_on else "",
            f"undone by `{shlex.join(self.undo)}`" if self.undo else "",
        )
        return tuple(phrase for phrase in said if phrase)


PLAIN = Keywords()
"""As it comes: one attempt, no limit of its own, a failure ends the repair."""


def described(text: str, keywords: Keywords, *more: str) -> str:
    """A summary with what the keywords add to it."""
    phrases = (*more, *keywords.phrases)
    return f"{text} ({'; '.join(phrases)})" if phrases else text


@dataclass(frozen=True, slots=True, kw_only=True)
class RunCommand:
    """A command of a team's playbook; what it does cannot be foretold."""

    argv: tuple[str, ...]
    creates: str | None = None
    """A path relative to the prefix; when something is there the command is not run."""
    timeout: float = 600.0
    keywords: Keywords = PLAIN
    action: Literal["run"] = "run"

    @property
    def summary(self) -> str:
        """One line for the screen."""
        spared = (f"not when `{self.creates}` exists",) if self.creates is not None else ()
        outside = () if self.keywords.undo else ("outside the environment it is not undone",)
        text = f"run {shlex.join(self.argv)}"
        return described(text, self.keywords, "what it changes cannot be foretold", *spared, *outside)


@dataclass(frozen=True, slots=True, kw_only=True)
class WriteFile:
    """Write a text file of the environment, in place of what is there."""

    path: str
    """Relative to the prefix, with `/`."""
    content: str
    keywords: Keywords = PLAIN
    action: Literal["write"] = "write"

    @property
    def summary(self) -> str:
        """One line for the screen."""
        lines = self.content.count("\n") + (not self.content.endswith("\n"))
        noun = "line" if lines == 1 else "lines"
        return described(f"write `{self.path}`: {lines} {noun}, {len(self.content.encode())} bytes", self.keywords)


@dataclass(frozen=True, slots=True, kw_only=True)
class SetEnvironment:
    """Environment variables that the activation scripts of the environment set, or unset."""

    variables: tuple[tuple[str, str | None], ...]
    """Name and value; None: the variable is unset."""
    keywords: Keywords = PLAIN
    action: Literal["environment"] = "environment"

    @property
    def summary(self) -> str:
        """One line for the screen."""
        pairs = (
            f"{name} = {json.dumps(value, ensure_ascii=False)}" if value is not None else f"{name} unset"
            for name, value in self.variables
        )
        where = "in the activation scripts, which services and Jupyter kernels do not read"
        return described(f"set {', '.join(pairs)}", self.keywords, where)


@dataclass(frozen=True, slots=True, kw_only=True)
class RegisterKernel:
    """A Jupyter kernel that runs the environment's interpreter, listed within the environment."""

    name: str
    display_name: str
    variables: tuple[tuple[str, str], ...] = ()
    """Environment variables of the kernel."""
    keywords: Keywords = PLAIN
    action: Literal["kernel"] = "kernel"

    @property
    def path(self) -> str:
        """Its folder, relative to the prefix."""
        return f"share/jupyter/kernels/{self.name}"

    @property
    def summary(self) -> str:
        """One line for the screen."""
        extra = (f"with {', '.join(name for name, _ in self.variables)} set",) if self.variables else ()
        text = f"register the Jupyter kernel `{self.name}` ({self.display_name}) in `{self.path}`"
        return described(text, self.keywords, *extra)


@dataclass(frozen=True, slots=True, kw_only=True)
class Tell:
    """A sentence that is said when the steps before it are done."""

    text: str
    """With `{registered.NAME.output}` and its like, which are filled in then."""
    keywords: Keywords = PLAIN
    action: Literal["message"] = "message"

    @property
    def summary(self) -> str:
        """One line for the screen."""
        return f"say: {self.text}"


OwnOperation = RunCommand | WriteFile | SetEnvironment | RegisterKernel | Tell
"""What a step asks for by itself; the rest is worked out together from what all steps ask for."""
