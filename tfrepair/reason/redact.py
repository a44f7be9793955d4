"""Facts without what is nobody's business: credentials, tokens, and who sits at which machine."""

from __future__ import annotations

import re
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any

from tfrepair.model.facts import Fact, Facts, Known, Unknown
from tfrepair.model.urls import LOGIN
from tfrepair.reason.variables import from_environment

if TYPE_CHECKING:
    from collections.abc import Mapping

    from tfrepair.model.playbook import Playbook, Variable

HIDDEN = "***"
_SHORTEST_NAME = 3
"""Shorter names of users and machines stand in too many other words."""
_ORDINARY_NAMES = frozenset({"root", "user", "admin", "python", "home", "local", "localhost", "runner", "tensorflow"})

_QUERY = re.compile(
    r"(?i)([?&;](?:[\w-]{0,40}(?:token|secret|password|passwd|signature|credential)[\w-]{0,40}|key|apikey|api_key|sig|auth)=)"
    r"[^&;\s'\"<>]{1,2000}"
)
_ASSIGNED = re.compile(
    r"(?i)\b([\w-]{0,60}(?:token|secret|password|passwd|api_?key|access_?key|private_?key|credential)[\w-]{0,40}"
    r"['\"]?[ \t]{0,3}[=:][ \t]{0,3}['\"]?)[^\s'\",;<>]{4,2000}"
)
_AUTHORISATION = re.compile(r"(?i)\b(bearer|basic)[ \t]{1,3}[\w+/.=~-]{8,2000}")
_TOKENS = re.compile(
    r"\b(?:gh[pousr]_\w{20,255}|github_pat_\w{20,255}|glpat-[\w-]{20,255}|pypi-[\w-]{30,500}|AKIA[0-9A-Z]{16}"
    r"|xox[abprs]-[\w-]{10,255}|hf_\w{20,255}|sk-[\w-]{20,255}|AIza[\w-]{35}|eyJ[\w-]{10,2000}\.[\w-]{10,2000}\.[\w-]{5,2000})"
)
_SECRET_KEY = re.compile(r"(?i)(token|secret|password|passwd|api_?key|access_?key|private_?key|credential)")
_HOMES = re.compile(
    r"(?i)((?:^|(?<=[\s'\"`=:;,(]))(?:/mnt/[a-z])?/(?:home|Users)/|\b[A-Z]:(?:\\{1,2}|/)Users(?:\\{1,2}|/))"
    r"([^/\\\s'\"`:;,]{1,64}(?: (?-i:[A-Z])[\w.-]{0,40}){1,3}(?=[/\\])|[^/\\\s'\"`:;,]{1,64})"
)
_SHARED = frozenset({"shared", "public", "default", "all users"})


@dataclass(frozen=True, slots=True, kw_only=True)
class Identity:
    """Who wrote a report, and where: what is taken out of it."""

    home: str = ""
    user: str = ""
    host: str = ""

    def hidden_in(self, text: str) -> str:
        """The text without credentials, with `~` for the home folder, `USER` and `HOST` for the names."""
        if len(self.home) > 1:
            text = re.sub(rf"{re.escape(self.home)}(?=[/\\]|$|[\s'\"`:;,)])", "~", text, flags=re.MULTILINE)
            text = text.replace(self.home.replace("\\", "\\\\"), "~") if "\\" in self.home else text
        text = without_credentials(text)
        text = _HOMES.sub(lambda found: found[0] if found[2].lower() in _SHARED else f"{found[1]}USER", text)
        for name, word in ((self.user, "USER"), (self.host, "HOST"), (self.host.partition(".")[0], "HOST")):
            text = _named(name, word, text)
        return text


def without_credentials(text: str) -> str:
    """The text with what opens a door replaced, and who sits where left in it."""
    text = LOGIN.sub(f"{HIDDEN}@", text)
    for pattern in (_QUERY, _ASSIGNED):
        text = pattern.sub(rf"\1{HIDDEN}", text)
    return _TOKENS.sub(HIDDEN, _AUTHORISATION.sub(rf"\1 {HIDDEN}", text))


def discreet(playbook: Playbook, given: Mapping[str, str], environ: Mapping[str, str], identity: Identity) -> Playbook:
    """The playbook whose findings show no value that came from the environment, and the others redacted.

    What is one of a variable's `choices` stands in the playbook and is shown.
    """
    shown = {
        variable.name: _discreet(playbook.values[variable.name], variable, given, environ, identity)
        for variable in playbook.variables
        if variable.name in playbook.values and not variable.choices
    }
    return replace(playbook, shown=shown)


def _discreet(
    value: Any, variable: Variable, given: Mapping[str, str], environ: Mapping[str, str], identity: Identity
) -> Any:
    if from_environment(variable, given, environ):
        return [HIDDEN] if isinstance(value, list) else HIDDEN
    return _value({variable.name: value}, identity)[variable.name]


def with_redacted_values(playbook: Playbook, identity: Identity) -> Playbook:
    """The playbook with the values of its variables redacted, but for those that stand in it as `choices`."""
    chosen = {v.name: playbook.values[v.name] for v in playbook.variables if v.choices and v.name in playbook.values}
    return replace(playbook, values=_value(dict(playbook.values), identity) | chosen)


def redacted(facts: Facts, identity: Identity) -> Facts:
    """The facts with every text in them redacted."""
    return Facts.of(
        Fact(path=path, state=_state(fact.state, identity), source=fact.source) for path, fact in facts.by_path.items()
    )


def _state(state: Any, identity: Identity) -> Any:
    match state:
        case Known(value):
            return Known(_value(value, identity))
        case Unknown(reason):
            return Unknown(identity.hidden_in(reason))
        case _:
            return state


def _value(value: Any, identity: Identity) -> Any:
    match value:
        case str():
            return identity.hidden_in(value)
        case list() | tuple():
            return [_value(part, identity) for part in value]
        case dict():
            return {
                identity.hidden_in(str(key)): HIDDEN if _secret(key, part) else _value(part, identity)
                for key, part in value.items()
            }
        case _:
            return value


def _secret(key: Any, value: Any) -> bool:
    """A variable whose name says that its value is a secret."""
    return isinstance(value, str) and bool(value) and _SECRET_KEY.search(str(key)) is not None


def _named(name: str, word: str, text: str) -> str:
    if len(name) < _SHORTEST_NAME or name.lower() in _ORDINARY_NAMES:
        return text
    return re.sub(rf"(?<![\w-]){re.escape(name)}(?![\w-])", word, text, flags=re.IGNORECASE)
