"""What is known about the release that is on disk, and about the releases this interpreter could use."""

from __future__ import annotations

from typing import TYPE_CHECKING

from tfrepair.model.facts import Absent, Fact, Known, State, Unknown
from tfrepair.model.tags import Accepted
from tfrepair.probes.collector import Context, Probe, state_of
from tfrepair.target.release_data import load_releases

if TYPE_CHECKING:
    from collections.abc import Iterator

    from tfrepair.model.releases import Releases


def collect(context: Context) -> Iterator[Fact]:
    """All facts about releases; those about the one on disk are absent when there is none."""
    releases = load_releases()
    states = {**_general(releases, context), **_about_disk(releases, context)}
    for key, state in states.items():
        yield Fact(path=f"release.{key}", state=state, source="releases")


_OWN: tuple[str, ...] = ("known", "date", "fits", "pythons", "why_not", "needs")


def _general(releases: Releases, context: Context) -> dict[str, State]:
    tags = context.target.interpreter.tags
    newest = releases.newest(
        "tensorflow", tags, glibc=context.target.host.glibc, cpu_flags=context.facts.value("host.cpu_flags")
    )
    return {
        "newest": state_of(newest),
        "newest_elsewhere": Known(releases.newest_elsewhere("tensorflow", Accepted.of(tags).platform)),
    }


def _about_disk(releases: Releases, context: Context) -> dict[str, State]:
    name, version = context.facts.get("tensorflow.name"), context.facts.get("tensorflow.version")
    match name, version:
        case Known(text), Known(number):
            return _own(releases, context, text, number)
        case (Unknown(), _) | (_, Unknown()):
            return dict.fromkeys(_OWN, Unknown("it is not known which release is on disk"))
        case _:
            return dict.fromkeys(_OWN, Absent())


def _own(releases: Releases, context: Context, name: str, version: str) -> dict[str, State]:
    tags = context.target.interpreter.tags
    release = releases.get(name, version)
    if release is None:
        return {**dict.fromkeys(_OWN, Absent()), "known": Known(False)}
    x86 = context.target.host.machine.lower() in {"x86_64", "amd64", "i686"}
    flags = context.facts.value("host.cpu_flags")
    return {
        "known": Known(True),
        "date": Known(release.date),
        "fits": Known(releases.fits(name, version, tags)),
        "pythons": Known(list(releases.pythons(name, version, Accepted.of(tags).platform))),
        "why_not": state_of(releases.why_not(name, version, tags, glibc=context.target.host.glibc, cpu_flags=flags)),
        "needs": Known(list(releases.processor_flags(version)) if x86 else []),
    }


PROBE = Probe(
    name="releases",
    provides={
        "release.known": (
            "true or false: the release on disk is in the data of tfrepair; absent when there is none on disk"
        ),
        "release.date": "text: its upload day (`2022-09-06`)",
        "release.fits": "true or false: its wheel tags accept this interpreter",
        "release.pythons": "list of text: the Python versions it has wheels for on this platform",
        "release.why_not": "text: one sentence why it cannot be used here; absent when it can",
        "release.needs": "list of text: processor features it was built for",
        "release.newest": (
            "text: the newest final release of `tensorflow` for this interpreter and machine; absent when there is none"
        ),
        "release.newest_elsewhere": (
            "mapping of text: the newest final release for every Python version on this platform"
        ),
    },
    after=("tensorflow", "host"),
    collect=collect,
)
