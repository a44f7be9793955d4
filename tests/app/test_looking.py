"""What `diagnose` says of a look."""

from pathlib import Path
from types import SimpleNamespace

import pytest
from fake_site import Site

from tfrepair.app.diagnose import judged
from tfrepair.app.look import Look
from tfrepair.app.requests import PlaybookRequest, TargetRequest
from tfrepair.model.facts import Fact, Facts, Known, Unknown
from tfrepair.model.finding import Diagnosis


@pytest.fixture
def target(tmp_path):
    return Site(tmp_path / "env").target


def report(target, *, imported, **states):
    facts = Facts.of(Fact(path=path.replace("_", "."), state=state, source="test") for path, state in states.items())
    seen = Look(target=target, facts=facts, diagnosis=Diagnosis(findings=()), imported=imported)
    screen = SimpleNamespace(diagnosis=lambda *_: None)
    return judged(seen, (), PlaybookRequest(), TargetRequest(cwd=Path(target.environment.prefix), environ={}), screen)


def test_files_that_could_not_be_read_are_not_health(target):
    unread = Unknown("the probe `inventory` failed: RecursionError")
    found = report(target, imported=False, inventory_names=unread)
    assert (found.status, found.exit_code, found.works) == ("failed", 6, None)
    assert "RecursionError" in found.error.message
    assert "--no-import" in found.error.hint
    read = report(target, imported=False, inventory_names=Known(["tensorflow"]))
    assert (read.status, read.exit_code, read.error) == ("healthy", 0, None)
    computed = report(target, imported=True, inventory_names=unread, import_ok=Known(value=True))
    assert (computed.status, computed.exit_code, computed.error) == ("healthy", 0, None)
