"""The probe: which of the company's stacks an environment was made for. It reads, and never writes."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

from tfrepair.probes.collector import Probe, known, unknown

if TYPE_CHECKING:
    from collections.abc import Iterator

    from tfrepair.model.facts import Fact
    from tfrepair.probes.collector import Context

NAME = "acme.stack"
FILE = "acme-stack.txt"


def collect(context: Context) -> Iterator[Fact]:
    """The one word in the file that our provisioning leaves in an environment; absent where there is none."""
    path = Path(context.target.environment.prefix, FILE)
    try:
        word = path.read_text(encoding="utf-8").strip()
    except FileNotFoundError:
        word = ""
    except (OSError, UnicodeDecodeError) as error:
        yield from unknown(NAME, [NAME], f"`{path}` cannot be read: {error}")
        return
    yield from known(NAME, {NAME: word or None})


PROBE = Probe(
    name=NAME,
    provides={NAME: "Text: the stack that the environment was made for (`vision`, `speech`); absent elsewhere."},
    collect=collect,
)
