"""Whether a TensorFlow that works is also the one that was asked for."""

from __future__ import annotations

from typing import TYPE_CHECKING

from packaging.utils import canonicalize_name

from tfrepair.app.wishes import is_wheel
from tfrepair.model.bounds import within
from tfrepair.model.dependencies import active, of_extra
from tfrepair.model.wire import installed_in
from tfrepair.reason.choose import Wanted, parse_wanted

if TYPE_CHECKING:
    from collections.abc import Iterable

    from tfrepair.app.look import Look
    from tfrepair.app.workbench import Workbench


def is_as_wanted(seen: Look, bench: Workbench) -> bool:
    """The release or build is the one that `--tensorflow` asks for, the Python the one that `--base-python` names.

    And what the files of `--requirement` ask for is there.
    """
    given = bench.request.tensorflow
    if bench.request.strategy == "rebuild" or not _python_as_wanted(seen, bench) or not _requirements_met(seen, bench):
        return False
    if given is None:
        return True
    if is_wheel(given):
        from tfrepair.app.wheel_pin import extras_of, is_as_given

        return is_as_given(given, seen, bench) and _have_extras(extras_of(given), seen)
    pin = parse_wanted(Wanted(text=given, source="--tensorflow"))
    name = seen.facts.value("tensorflow.name")
    version = seen.facts.value("import.tensorflow") or seen.facts.value("tensorflow.version")
    return pin.allows(name, str(version)) and _have_extras(pin.extras, seen)


def _requirements_met(seen: Look, bench: Workbench) -> bool:
    """Of what is asked for by its URL only the name counts; `--tensorflow` comes before what a file says of it."""
    lines = [line for line, _ in bench.requirements]
    own = bench.releases.family if bench.request.tensorflow is not None else ()
    installed = {each.canonical_name: each for each in installed_in(seen.facts)}
    for wanted in active(lines, seen.target.interpreter.markers):
        name = canonicalize_name(wanted.name)
        if name in own:
            continue
        if name not in installed or not within(installed[name].version, str(wanted.specifier)):
            return False
    return True


def _have_extras(extras: Iterable[str], seen: Look) -> bool:
    """What the TensorFlow that is there asks for with these extras is there too."""
    return all(_has_extra(extra, seen) for extra in extras)


def _has_extra(extra: str, seen: Look) -> bool:
    installed = {each.canonical_name: each for each in installed_in(seen.facts)}
    own = installed.get(canonicalize_name(seen.facts.value("tensorflow.name", "")))
    for wanted in of_extra(own.requires if own else (), extra, seen.target.interpreter.markers):
        found = installed.get(canonicalize_name(wanted.name))
        if found is None or not within(found.version, str(wanted.specifier)):
            return False
    return True


def _python_as_wanted(seen: Look, bench: Workbench) -> bool:
    wanted = bench.request.base_python
    if wanted is None:
        return True
    return bench.base(wanted).version[:2] == seen.target.interpreter.version[:2]
