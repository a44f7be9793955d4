"""Goals: what the steps of the chosen playbooks ask for, before it is known what that takes."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from tfrepair.model.operations import Keywords, OwnOperation


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
    upgrade: tuple[str, ...] = ()
    """Canonical names of distributions that come in the newest version that fits."""
    operations: tuple[OwnOperation, ...] = ()
    """What steps do by themselves, in their order, after all that concerns distributions."""
    keywords: tuple[tuple[str, Keywords], ...] = ()
    """How the operations of an action (`install`) are carried out, for each step that says something about it."""
    messages: tuple[str, ...] = ()

    def __or__(self, other: Goals) -> Goals:
        """Both."""
        return Goals(
            uninstall=tuple(dict.fromkeys(self.uninstall + other.uninstall)),
            remove=tuple(dict.fromkeys(self.remove + other.remove)),
            install=tuple(dict.fromkeys(self.install + other.install)),
            reinstall=tuple(dict.fromkeys(self.reinstall + other.reinstall)),
            rebuild=self.rebuild or other.rebuild,
            upgrade=tuple(dict.fromkeys(self.upgrade + other.upgrade)),
            operations=tuple(dict.fromkeys(self.operations + other.operations)),
            keywords=self.keywords + other.keywords,
            messages=tuple(dict.fromkeys(self.messages + other.messages)),
        )
