"""Environments whose interpreter does not start are described from their files."""

import os
import shutil
import subprocess
from pathlib import Path

import pytest

from tfrepair.errors import TargetError
from tfrepair.target import describe
from tfrepair.target.discover import describe_environment
from tfrepair.target.startup import failing_startup_file, starts_without_site

pytestmark = pytest.mark.skipif(os.name == "nt", reason="laid out as on POSIX")


@pytest.fixture
def gone(venv, tmp_path):
    """The environment after its base was removed."""
    for path in venv.glob("bin/python*"):
        path.unlink()
    (venv / "bin" / "python").symlink_to(tmp_path / "gone" / "bin" / "python3")
    lines = (venv / "pyvenv.cfg").read_text().splitlines()
    kept = [
        line for line in lines if line.split(" = ")[0] in ("version", "version_info", "include-system-site-packages")
    ]
    (venv / "pyvenv.cfg").write_text("\n".join([f"home = {tmp_path / 'gone' / 'bin'}", *kept]))
    return venv


def test_a_base_that_is_gone_leaves_version_and_folders(gone, base, environ):
    target = describe_environment(gone, environ)
    assert not target.interpreter.starts
    assert "which is gone" in target.interpreter.start_error
    assert target.interpreter.version == base.version
    assert target.interpreter.minor == base.minor
    assert target.interpreter.tags
    assert target.environment.kind == "venv"
    assert target.environment.purelib == str(gone / "lib" / f"python{base.minor}" / "site-packages")
    assert not os.path.exists(target.interpreter.base_executable)


def test_without_a_stated_version_the_folder_tells_the_minor(gone, base, environ):
    (gone / "pyvenv.cfg").write_text("home = /gone/bin\n")
    target = describe_environment(gone, environ)
    assert target.interpreter.version == (*base.version[:2], 0)


def test_without_any_trace_of_a_version_it_is_an_error(gone, environ):
    (gone / "pyvenv.cfg").write_text("home = /gone/bin\n")
    shutil.rmtree(gone / "lib")
    with pytest.raises(TargetError, match="tells its version"):
        describe_environment(gone, environ)


def test_a_configuration_that_is_gone_is_noticed(venv, environ):
    (venv / "pyvenv.cfg").unlink()
    target = describe_environment(venv, environ)
    assert "pyvenv.cfg" in target.interpreter.start_error
    assert target.environment.prefix == str(venv)


@pytest.mark.parametrize("version", [(3, 6), (3, 12)])
def test_an_environment_of_windows_is_read_from_its_files(version, tmp_path):
    (tmp_path / "Scripts").mkdir()
    (tmp_path / "Scripts" / "python.exe").write_bytes(b"")
    (tmp_path / "Lib" / "site-packages").mkdir(parents=True)
    text = ".".join(map(str, version))
    (tmp_path / "pyvenv.cfg").write_text(
        f"home = C:\\Python\r\nversion = {text}.4\r\ninclude-system-site-packages = true\r\n"
    )
    around = describe.look_around(tmp_path)
    assert around.version == (*version, 4)
    assert around.purelib == tmp_path / "Lib" / "site-packages"
    assert around.windows
    assert describe.executable_of(tmp_path) == tmp_path / "Scripts" / "python.exe"
    assert describe.base_of(around).endswith("python.exe")


@pytest.mark.parametrize(
    ("name", "text"),
    [
        ("exits.pth", "import sys; sys.exit('no way')\n"),
        ("crashes.pth", "import os; os.abort()\n"),
        ("sitecustomize.py", "import sys; sys.exit(1)\n"),
    ],
)
def test_a_startup_file_that_stops_it_is_named(name, text, venv, site, base, environ):
    module = Path(name).stem
    importing = [base.executable, "-I", "-c", f"import {module}"]
    if subprocess.run(importing, capture_output=True, check=False).returncode == 0:
        pytest.skip(f"the first Python of this machine brings a `{module}` of its own, as Debian's does")
    (site / "a_harmless.pth").write_text("import os\n")
    (site / name).write_text(text)
    target = describe_environment(venv, environ)
    assert not target.interpreter.starts
    assert target.interpreter.version >= (3, 6)
    assert starts_without_site(target.interpreter.executable, environ)
    assert failing_startup_file(target, environ) == str(site / name)


@pytest.mark.parametrize(
    "text",
    [
        "import sys; sys.stdout.write('x' * 3000000)\n",
        "import os; os.write(1, b'noise ' * 100)\n",
        "import sys; raise ValueError('broken')\n",
        "import nothing_like_this\n",
    ],
)
def test_noise_and_errors_at_startup_are_survived(text, venv, site, environ):
    (site / "noisy.pth").write_text(text)
    target = describe_environment(venv, environ)
    assert target.interpreter.starts
    assert failing_startup_file(target, environ) is None


def test_a_hang_at_startup_is_survived(venv, site, environ, monkeypatch):
    (site / "hangs.pth").write_text("import time; time.sleep(60)\n")
    answer = describe.ask(str(venv / "bin" / "python"), environ, timeout=1.0)
    assert answer.data is None
    assert "did not end within 1 seconds" in answer.error
