"""Which TensorFlow release a repair brings: the user's pin, else what is on disk, else the newest that fits."""

from __future__ import annotations

import re
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any

from packaging.requirements import InvalidRequirement, Requirement
from packaging.specifiers import SpecifierSet
from packaging.utils import canonicalize_name
from packaging.version import InvalidVersion, Version

from tfrepair.errors import NoRepairError, UsageError
from tfrepair.model.bounds import within
from tfrepair.model.nearest import nearest
from tfrepair.model.plan import Choice

if TYPE_CHECKING:
    from collections.abc import Collection, Iterable, Sequence

    from tfrepair.model.facts import Facts
    from tfrepair.model.releases import Releases

DEFAULT = "tensorflow"
RENAMED = {"tensorflow-gpu": DEFAULT}
"""Names that became another: the build is the same, the name is gone."""
_MINOR = re.compile(r"\d+(\.\d+)?")
_DIGIT = re.compile(r"\d")
_FORMS = (
    "give a version (`2.15.1`), a specifier (`~=2.15.0`), a requirement (`tensorflow-cpu==2.15.1`), a wheel file or a "
    "URL"
)


@dataclass(frozen=True, slots=True, kw_only=True)
class Wanted:
    """What somebody asked for: `2.10.0`, `2.10`, `~=2.10`, `tensorflow-cpu==2.10.1`, and where."""

    text: str
    source: str
    loose: bool = False
    """What is on disk stays where it meets it: a range that a file names is no order to take the newest."""
    locked: bool = False
    """From a lock file."""
    optional: bool = False
    """Of an extra or a group of a project: what it asks for beside others is no reason to refuse."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Pin:
    """A wish, parsed."""

    name: str | None
    specifier: SpecifierSet
    extras: tuple[str, ...] = ()

    @property
    def exact(self) -> str | None:
        """The one version that `==` names, or None."""
        clauses = list(self.specifier)
        if len(clauses) == 1 and clauses[0].operator == "==" and not clauses[0].version.endswith("*"):
            return clauses[0].version
        return None

    def allows(self, name: object, version: str) -> bool:
        """A release of a distribution is one that was asked for; pre-releases count."""
        return self.name in (None, name) and self.specifier.contains(version, prereleases=True)

    @property
    def prereleases(self) -> bool:
        """A pre-release was asked for."""
        return bool(self.specifier.prereleases)


def parse_wanted(wanted: Wanted) -> Pin:
    """Read a wish. `2.10` means its newest patch. Raises UsageError when it is neither version nor specifier."""
    text = wanted.text.strip()
    try:
        version = Version(text)
    except InvalidVersion:
        return _requirement(text, wanted.source)
    short = _MINOR.fullmatch(text) is not None
    return Pin(name=None, specifier=SpecifierSet(f"=={text}.*" if short else f"=={version}"))


def parse_wish(wanted: Wanted, family: Iterable[str]) -> Pin:
    """Read a wish for TensorFlow. Raises UsageError as `parse_wanted` does, and for a name that is not of the family.

    A misspelt version reads as the name of a distribution too: `2.15.o` is one.
    """
    pin = parse_wanted(wanted)
    if pin.name is None or pin.name in family:
        return pin
    if _DIGIT.match(pin.name):
        raise _unreadable(wanted.text, wanted.source)
    near = nearest(pin.name, family)
    raise UsageError(f"`{wanted.text}` ({wanted.source}) does not name a TensorFlow distribution{near}", hint=_FORMS)


def _unreadable(text: str, source: str) -> UsageError:
    return UsageError(f"`{text}` ({source}) is not a TensorFlow version, specifier or wheel", hint=_FORMS)


def _requirement(text: str, source: str) -> Pin:
    try:
        if text and text[0] in "<>=!~":
            return Pin(name=None, specifier=SpecifierSet(text))
        requirement = Requirement(text)
    except (InvalidRequirement, ValueError) as error:
        raise _unreadable(text, source) from error
    return Pin(
        name=canonicalize_name(requirement.name),
        specifier=requirement.specifier,
        extras=tuple(sorted(requirement.extras)),
    )


def choose(
    wanted: Sequence[Wanted],
    facts: Facts,
    releases: Releases,
    tags: Sequence[str],
    python: str,
    *,
    limits: Sequence[Wanted] = (),
    absent: Collection[str] = (),
) -> Choice:
    """The release. The first wish counts; without one the files on disk, then the newest that fits.

    A further wish for the same distribution counts too, unless it contradicts what was asked for before it.
    `tags` are those of the interpreter that will import it, `python` is its version for messages, `limits` are
    constraints: they ask for nothing, and hold for every release but one that is named with its exact version.
    `absent` are versions that the index does not have: a range and the newest pass over them.
    Raises NoRepairError when nothing fits, UsageError for a wish that cannot be read.
    """
    if wanted:
        return _wish(wanted, facts, releases, tags, python, limits, absent)
    version = facts.value("tensorflow.version")
    found = facts.value("tensorflow.name")
    if version is not None:
        name = _name(found, releases)
        if (limit := _broken(limits, name, str(version))) is not None:
            wish = replace(limit, text=f"{name}{_limit(limits, name)}")
            return _wish([wish], facts, releases, tags, python, absent=absent)
        if releases.fits(name, str(version), tags):
            return Choice(name=name, version=str(version), reason=_on_disk(found, name, facts))
        raise NoRepairError(
            f"{name} {version}, whose files are on disk, has no wheel for Python {python}: "
            f"{releases.why_not(name, str(version), tags)}",
            hint="name another release with `--tensorflow`, or another Python with `--base-python`",
        )
    name = _name(found, releases)
    if own := [limit for limit in limits if parse_wanted(limit).name == name]:
        wish = replace(own[0], text=f"{name}{_limit(limits, name)}")
        return _wish([wish], facts, releases, tags, python, absent=absent)
    fitting = _there(releases.matching("", tags, name=name, **_machine(facts)), absent)
    if not fitting:
        raise NoRepairError(
            f"no final release of {name} has a wheel for Python {python} on this platform",
            hint="name another Python with `--base-python`",
        )
    reason = f"the newest release that fits this Python and platform{_of_the_index(absent)}"
    return Choice(name=name, version=fitting[0], reason=reason)


def _there(fitting: Iterable[str], absent: Collection[str]) -> tuple[str, ...]:
    return tuple(version for version in fitting if version not in absent)


def _of_the_index(absent: Collection[str]) -> str:
    """What a choice says for itself that is not the newest there is."""
    if len(absent) > 1:
        return f"; the index has none of the {len(absent)} newer ones"
    return f"; the index does not have {', '.join(absent)}" if absent else ""


def _limit(limits: Sequence[Wanted], name: str) -> SpecifierSet:
    """What the constraints say of a canonical name, together."""
    found = SpecifierSet()
    for limit in limits:
        pin = parse_wanted(limit)
        found = found & pin.specifier if pin.name == name else found
    return found


def _broken(limits: Sequence[Wanted], name: str, version: str) -> Wanted | None:
    """A constraint that this version of a canonical name does not meet."""
    pins = ((limit, parse_wanted(limit)) for limit in limits)
    return next((limit for limit, pin in pins if pin.name == name and not within(version, str(pin.specifier))), None)


def _wish(
    wanted: Sequence[Wanted],
    facts: Facts,
    releases: Releases,
    tags: Sequence[str],
    python: str,
    limits: Sequence[Wanted] = (),
    absent: Collection[str] = (),
) -> Choice:
    wish, pin = wanted[0], parse_wish(wanted[0], releases.family)
    name = pin.name or _name(facts.value("tensorflow.name"), releases)

    def fit(specifier: SpecifierSet) -> tuple[str, ...]:
        early = bool(specifier.prereleases) or releases.only_early(name)
        return releases.matching(str(specifier), tags, name=name, prereleases=early, **_machine(facts))

    def stay(specifier: SpecifierSet) -> Choice | None:
        return _met_on_disk(pin, specifier, facts, releases, tags) if wish.loose else None

    def together(specifier: SpecifierSet, further: Wanted) -> bool:
        if further.optional:
            return bool(fit(specifier) or stay(specifier))
        return any(within(version, str(specifier)) for version in releases.by_name.get(name, ()))

    specifier, met = pin.specifier, [wish]
    if pin.exact is None:
        specifier = specifier & _limit(limits, name)
        for further in wanted[1:]:
            other = parse_wanted(further)
            if other.name == name and other.specifier and together(both := specifier & other.specifier, further):
                specifier = both
                met.append(further)
    if (stays := stay(specifier)) is not None:
        return replace(stays, reason=f"{stays.reason}, and meets {', '.join(f'{m.text} ({m.source})' for m in met)}")
    fitting = _there(fit(specifier), absent)
    if fitting:
        sources = " and ".join(dict.fromkeys(each.source for each in met))
        return Choice(name=name, version=fitting[0], reason=f"asked for by {sources}{_of_the_index(absent)}")
    if pin.exact is not None and _newer(pin.exact, name, releases):
        return Choice(name=name, version=pin.exact, reason=f"asked for by {wish.source}; newer than our release data")
    why = releases.why_not(name, pin.exact, tags, **_machine(facts)) if pin.exact is not None else None
    raise NoRepairError(
        f"{name} {pin.exact or specifier or ''} ({', '.join(dict.fromkeys(each.source for each in met))}) cannot be "
        f"installed on Python {python}: "
        f"{why or 'no release of that range fits'}",
        hint=_instead(pin.exact, name, releases),
    )


def _met_on_disk(
    pin: Pin, specifier: SpecifierSet, facts: Facts, releases: Releases, tags: Sequence[str]
) -> Choice | None:
    """The release on disk, when it meets a range and this interpreter can have it.

    Who only names another distribution asks for no other release.
    """
    version, found = facts.value("tensorflow.version"), facts.value("tensorflow.name")
    name = _name(found, releases)
    if version is None or pin.exact is not None or (pin.specifier and pin.name not in {None, name}):
        return None
    name = pin.name or name
    if not within(str(version), str(specifier)) or not releases.fits(name, str(version), tags):
        return None
    return Choice(name=name, version=str(version), reason=_on_disk(found, name, facts))


def _instead(version: str | None, name: str, releases: Releases) -> str:
    """What to do where a pin cannot be met: no other Python helps with a release that there never was."""
    if version is None or releases.get(name, version) is not None:
        return "name another release with `--tensorflow`, or another Python with `--base-python`"
    line = Version(version).release[:2]
    near = [known for known in releases.by_name.get(name, {}) if Version(known).release[:2] == line]
    said = f"of {'.'.join(map(str, line))} there are {', '.join(sorted(near, key=Version))}; " if near else ""
    return f"{said}`tfrepair tensorflow list` shows all"


def _newer(version: str, name: str, releases: Releases) -> bool:
    """The version is above all that the data has: it may exist on an index by now."""
    known = [Version(text) for text in releases.by_name.get(name, {})]
    return not known or Version(version) > max(known)


def _machine(facts: Facts) -> dict[str, Any]:
    """What the host can run, as far as it is known."""
    libc = facts.value("host.libc_version") if facts.value("host.libc") == "glibc" else None
    return {"glibc": libc, "cpu_flags": facts.value("host.cpu_flags")}


def _name(found: object, releases: Releases) -> str:
    name = canonicalize_name(str(found)) if found else DEFAULT
    name = RENAMED.get(name, name)
    return name if name in releases.family else DEFAULT


def _on_disk(found: object, name: str, facts: Facts) -> str:
    if facts.value("tensorflow.source") == "metadata":
        return "it was installed"
    if facts.value("tensorflow.source") == "leftover":
        return "it was installed, as what an interrupted pip left shows"
    if facts.value("tensorflow.source") == "inherited":
        return "the Python below the environment has it"
    renamed = f", under the name {name}" if found and canonicalize_name(str(found)) != name else ""
    return f"its files are on disk{renamed}"
