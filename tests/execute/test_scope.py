"""Which environments a repair never writes to."""

from pathlib import Path

import pytest

from tfrepair.execute.scope import never_written
from tfrepair.model.target import Environment


def reason(prefix, kind="system", site="lib/python3.9/site-packages", **more):
    folder = str(Path(prefix) / site)
    environment = Environment(
        prefix=str(prefix), base_prefix=str(prefix), kind=kind, purelib=folder, platlib=folder,
        scripts=str(Path(prefix) / "bin"), sys_path=(), **more,
    )  # fmt: skip
    return never_written(environment)


@pytest.mark.parametrize(
    ("prefix", "site"),
    [
        ("/usr", "lib/python3.9/site-packages"),  # RHEL 9
        ("/usr", "local/lib/python3.10/dist-packages"),  # Ubuntu 22.04
        ("/Library/Developer/CommandLineTools/Library/Frameworks/Python3.framework/Versions/3.9", "lib/python3.9/x"),
        ("/Applications/Xcode.app/Contents/Developer/Library/Frameworks/Python3.framework/Versions/3.9", "lib/x"),
    ],
)
def test_the_python_of_an_operating_system_without_its_mark(prefix, site):
    assert "the Python of an operating system" in reason(prefix, site=site)


@pytest.mark.parametrize(
    "prefix",
    ["/usr/local", "/opt/python", "/Library/Frameworks/Python.framework/Versions/3.11", "/opt/homebrew/opt/python@3.9"],
)
def test_an_installation_of_ones_own(prefix):
    assert reason(prefix) is None


def test_one_with_the_mark():
    assert "EXTERNALLY-MANAGED" in reason("/opt/python", externally_managed=True)


def test_the_base_environment_of_conda(tmp_path):
    assert reason(tmp_path, kind="conda") is None
    (tmp_path / "condabin").mkdir()
    assert "conda's base environment" in reason(tmp_path, kind="conda")
    assert reason(tmp_path, kind="venv") is None
