"""Goals: what the steps of the chosen playbooks ask for, before it is known what that takes."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True, kw_only=True)
class Goals:
    """The sum of what steps ask for. Goals of several playbooks merge without order."""

    uninstall: tuple[str, ...] = ()
    """Canonical names of distributions that must go (one that is installed again goes first)."""
    remove: tuple[tuple[str, str], ...] = ()
    """Absolute paths that must go, each with the reason."""
    install: tuple[str, ...] = ()
    """Requirements; the bare name `tensorflow` stands for the release that was chosen."""
    reinstall: tuple[str, ...] = ()
    """Canonical names of distributions whose files must be written anew at the same version."""
    rebuild: bool = False
    """A fresh venv is needed."""
    commands: tuple[tuple[str, ...], ...] = ()
    messages: tuple[str, ...] = ()

    def __or__(self, other: Goals) -> Goals:
        """Both."""
        return Goals(
            uninstall=tuple(dict.fromkeys(self.uninstall + other.uninstall)),
            remove=tuple(dict.fromkeys(self.remove + other.remove)),
            install=tuple(dict.fromkeys(self.install + other.install)),
            reinstall=tuple(dict.fromkeys(self.reinstall + other.reinstall)),
            rebuild=self.rebuild or other.rebuild,
            commands=tuple(dict.fromkeys(self.commands + other.commands)),
            messages=tuple(dict.fromkeys(self.messages + other.messages)),
        )
