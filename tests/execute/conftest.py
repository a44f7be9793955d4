"""State in the test's own folder, and environments to repair."""

import pytest
from execute_support import Outside, broken_environment


@pytest.fixture
def environ(tmp_path):
    return {"TFREPAIR_STATE_DIR": str(tmp_path / "state")}


@pytest.fixture
def prefix(tmp_path):
    return broken_environment(tmp_path / "work" / "env")


@pytest.fixture
def outside():
    return Outside()


@pytest.fixture
def unsynced(monkeypatch):
    """What a dead process wrote is there whether it was synced or not."""
    monkeypatch.setattr("os.fsync", lambda _descriptor: None)
    monkeypatch.setattr("tfrepair.execute.pieces.sync_file_system", lambda _folder: None)


@pytest.fixture(autouse=True)
def _quick(monkeypatch):
    """Syncing the whole file system waits for whatever else this machine writes; no test here cuts the power."""
    monkeypatch.setattr("tfrepair.execute.transaction.sync_file_system", lambda _folder: None)
