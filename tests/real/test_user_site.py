"""TensorFlow in the user site of the operating system's own Python, which itself is never written."""

import subprocess
from pathlib import Path

import pytest
from real_support import COMPUTES, tree

from tfrepair.target.installer.uv_child import find_uv

SYSTEM = Path("/usr/bin/python3")
ASK = "import sys, sysconfig, os; print(sys.version_info[1], os.path.join(sysconfig.get_path('stdlib'), 'EXTERNALLY-MANAGED'))"


@pytest.fixture
def user_base(world, monkeypatch):
    if not SYSTEM.exists():
        pytest.skip("there is no /usr/bin/python3")
    minor, marker = subprocess.run([SYSTEM, "-c", ASK], capture_output=True, text=True, check=True).stdout.split()
    if not Path(marker).exists() or not 10 <= int(minor) <= 13:
        pytest.skip("/usr/bin/python3 is not externally managed, or tensorflow-cpu 2.20.0 has no wheel for it")
    folder = world.folder / "local"
    monkeypatch.setenv("PYTHONUSERBASE", str(folder))
    install = [find_uv(), "pip", "install", "-q", "--python", SYSTEM, "--prefix", folder]
    world.run(*install, "tensorflow-cpu==2.20.0", "rich==14.0.0")
    world.run(*install, "--no-deps", "protobuf==4.25.8")
    return folder


@pytest.mark.parametrize("installer", ["uv", "pip"])
def test_it_is_repaired_and_put_back(world, user_base, installer):
    before, system = tree(user_base), tree(Path("/usr/lib/python3"))
    seen = world.tfrepair("diagnose", "--python", SYSTEM, "--json")
    assert seen.code == 1, seen
    assert seen.json["target"]["kind"] == "user"
    assert seen.json["findings"][0]["id"] == "protobuf-mismatch"
    done = world.tfrepair("fix", "--yes", "--python", SYSTEM, "--installer", installer, "--json")
    assert done.code == 0, done
    assert done.json["status"] == "repaired"
    assert world.run(SYSTEM, "-B", "-c", COMPUTES).stdout.split()[-1] == "2.20.0"
    assert world.run(SYSTEM, "-B", "-c", "import rich; print(rich.__file__)").stdout.startswith(str(user_base))
    assert world.run(user_base / "bin" / "tensorboard", "--help").stdout
    back = world.tfrepair("rollback", "--yes", "--python", SYSTEM)
    assert back.code == 0, back
    assert tree(user_base) == before
    assert tree(Path("/usr/lib/python3")) == system
