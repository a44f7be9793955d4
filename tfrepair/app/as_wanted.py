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

    from packaging.requirements import Requirement

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
    own = bench.releases.family if bench.request.tensorflow is not None else ()
    asked = active([line for line, _ in bench.requirements], seen.target.interpreter.markers)
    return _are_there((each for each in asked if canonicalize_name(each.name) not in own), seen)


def _have_extras(extras: Iterable[str], seen: Look) -> bool:
    """What the TensorFlow that is there asks for with these extras is there too."""
    name = canonicalize_name(seen.facts.value("tensorflow.name", ""))
    requires = next((each.requires for each in installed_in(seen.facts) if each.canonical_name == name), ())
    markers = seen.target.interpreter.markers
    return _are_there((wanted for extra in extras for wanted in of_extra(requires, extra, markers)), seen)


def _are_there(requirements: Iterable[Requirement], seen: Look) -> bool:
    installed = {each.canonical_name: each.version for each in installed_in(seen.facts)}
    return all(
        (version := installed.get(canonicalize_name(each.name))) is not None and within(version, str(each.specifier))
        for each in requirements
    )


def _python_as_wanted(seen: Look, bench: Workbench) -> bool:
    wanted = bench.request.base_python
    if wanted is None:
        return True
    return bench.base(wanted).version[:2] == seen.target.interpreter.version[:2]
