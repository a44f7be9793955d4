"""`verify`: only the smoke test."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

from tfrepair.app.locate import locate, unfinished
from tfrepair.app.report import Report
from tfrepair.reason.redact import without_credentials

if TYPE_CHECKING:
    from tfrepair.app.requests import Screen, TargetRequest
    from tfrepair.log import Log

_WHEN = {
    "metadata": "its metadata was read",
    "files": "its files were looked for",
    "libraries": "its libraries were loaded",
    "import": "it was imported",
    "attributes": "its functions were looked for",
    "operation": "it computed",
    "keras": "a layer of Keras was run",
}
"""What the smoke test does at each rung."""


def verify(
    target_request: TargetRequest, names: tuple[str, ...], screen: Screen, log: Log, *, timeout: float
) -> Report:
    """Only the smoke test. Exit 0: it works, 1: it does not. Raises UsageError for a name that is not known."""
    from tfrepair.target.extras import extras_of
    from tfrepair.target.smoke import smoke_test

    target = locate(target_request, screen)
    extras = extras_of(names, target.environment)
    screen.step("importing TensorFlow and computing")
    smoke = smoke_test(
        target.interpreter.executable,
        environ=target.environment.variables(target_request.environ),
        timeout=timeout,
        extras=extras,
        on_rung=screen.line,
    )
    smoke = replace(
        smoke,
        output=without_credentials(smoke.output),
        exceptions=tuple(map(without_credentials, smoke.exceptions)),
    )
    log.info("smoke", ok=smoke.ok, rung=smoke.rung, seconds=smoke.seconds)
    messages = unfinished(target)
    cause = f"next: `tfrepair diagnose{target_request.words}` names the cause; nothing was changed"
    if not smoke.ok and smoke.rung.startswith("with "):
        from tfrepair.target.inventory import read_inventory

        name = smoke.rung.removeprefix("with ")
        absent = all(each.canonical_name != name for each in read_inventory(target.environment).distributions)
        if absent and any(text.startswith("ModuleNotFoundError") for text in smoke.exceptions):
            cause = f"`{name}` is not installed there: install it, or leave out `--with {name}`; nothing was changed"
        messages += (
            f"TensorFlow works at `{target.interpreter.executable}`, but `{name}` does not:",
            *(f"  {line}" for text in smoke.exceptions[:3] for line in text.splitlines()),
            cause,
        )
    elif smoke.ok and extras:
        messages += tuple(f"`{extra.name}` works beside it" for extra in extras)
    elif not smoke.ok:
        how = "failed" if smoke.exit_code is not None else f"did not end within {timeout:g} s (`--timeout`)"
        at = target.interpreter.executable
        when = f"when {_WHEN[smoke.rung]} (" if smoke.rung in _WHEN else "("
        messages += (
            f"TensorFlow does not work at `{at}`: it {how} {when}rung `{smoke.rung}` of the smoke test)",
            *(f"  {line}" for text in smoke.exceptions[:3] for line in text.splitlines()),
            cause,
        )
    return Report(
        command="verify",
        status="healthy" if smoke.ok else "broken",
        exit_code=0 if smoke.ok else 1,
        target=target,
        works=smoke.ok,
        python=target.interpreter.executable if smoke.ok else None,
        smoke=smoke,
        messages=messages,
    )
