"""Compiling ahead of an import: the modules that it needs, into a private folder, without executing any."""

import importlib.util
import json
import os
import py_compile
import subprocess
import sys
import time
from pathlib import Path

import pytest

from tfrepair.target import compiling
from tfrepair.target.compiling import settle, start_compiling

pytestmark = pytest.mark.skipif(os.name == "nt", reason="laid out as on POSIX")
SCRIPT = Path(compiling.__file__).parent / "scripts" / "compile_script.py"
FILES = {
    "tensorflow/__init__.py": "raise SystemExit('executed')\nfrom tensorflow.python import (  # the core\n    ops as o,\n    math_ops,\n)\n",
    "tensorflow/python/__init__.py": "import json, other.deep as deep\n",
    "tensorflow/python/ops.py": "from . import near\nfrom .. import top\nfrom ..far.away import thing, Class\n",
    "tensorflow/python/math_ops.py": "def lazy():\n    import never\n",
    "tensorflow/python/near.py": "not python at all\n",
    "tensorflow/top.py": "",
    "tensorflow/far/__init__.py": "",
    "tensorflow/far/away/__init__.py": "from .thing import Class\n",
    "tensorflow/far/away/thing.py": "import tensorflow\nimport no_such_module\n",
    "tensorflow/unused.py": "",
    "other/__init__.py": "",
    "other/deep.py": "",
    "never.py": "",
    "keras/__init__.py": "",
}
NEEDED = set(FILES) - {"tensorflow/unused.py", "never.py"}


@pytest.fixture
def filled(site):
    for name, text in FILES.items():
        path = site / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text)
    return site


@pytest.fixture
def bytecode(tmp_path):
    folder = tmp_path / "bytecode"
    folder.mkdir()
    return folder


def started(venv, environ, bytecode):
    """What compiles an environment; nothing was kept before."""
    python = str(venv / "bin" / "python")
    return start_compiling(python, environ=environ, bytecode=bytecode, kept=bytecode.parent / "kept")


def compiled(bytecode, site):
    """The source files within a site that there is bytecode of."""
    below = bytecode.joinpath(*site.parts[1:])
    names = (path.relative_to(below) for path in below.rglob("*.pyc"))
    return {(name.parent / f"{name.name.partition('.')[0]}.py").as_posix() for name in names}


def waited(helpers):
    for helper in helpers:
        helper._process.wait(60)


def test_what_an_import_needs_is_compiled_and_nothing_is_executed(venv, filled, environ, bytecode, monkeypatch):
    monkeypatch.setattr(compiling, "_processors", lambda: 3)
    helpers = started(venv, environ, bytecode)
    assert len(helpers) == 2
    waited(helpers)
    assert compiled(bytecode, filled) == NEEDED - {"tensorflow/python/near.py"}
    assert not list(filled.rglob("*.pyc"))
    assert any(path.name.startswith("json") or path.parent.name == "json" for path in bytecode.rglob("*.pyc"))


def test_modules_are_met_in_the_order_of_an_import(filled):
    code = (
        "import sys, json; sys.path.insert(0, sys.argv[1]); import compile_script as c\n"
        "walk = c.Walk([sys.argv[2]]); walk.visit('tensorflow')\n"
        "print(json.dumps([loader.name for loader in walk.order]))"
    )
    argv = [sys.executable, "-c", code, str(SCRIPT.parent), str(filled)]
    done = subprocess.run(argv, capture_output=True, text=True, check=True)
    assert json.loads(done.stdout) == [
        "tensorflow", "tensorflow.python", "other", "other.deep", "tensorflow.python.ops", "tensorflow.python.near",
        "tensorflow.top", "tensorflow.far", "tensorflow.far.away", "tensorflow.far.away.thing",
        "tensorflow.python.math_ops",
    ]  # fmt: skip


def test_without_the_scripts_folder_on_its_path_it_finds_the_same(
    venv, filled, environ, bytecode, tmp_path, monkeypatch
):
    monkeypatch.setattr(compiling, "_processors", lambda: 2)
    first = tmp_path / "first"  # on the search path before everything else
    first.mkdir()
    (filled / "other").rename(first / "other")
    safe = environ | {"PYTHONSAFEPATH": "1", "PYTHONPATH": str(first)}
    waited(started(venv, safe, bytecode))
    assert compiled(bytecode, first) == {"other/__init__.py", "other/deep.py"}


def test_what_is_compiled_already_is_left_alone(venv, filled, environ, bytecode, monkeypatch):
    monkeypatch.setattr(compiling, "_processors", lambda: 2)
    for _ in range(2):
        waited(started(venv, environ, bytecode))
        (found,) = bytecode.rglob("tensorflow/far/away/thing.*.pyc")
        found.write_bytes(b"the import was here")
    assert found.read_bytes() == b"the import was here"


def test_what_is_compiled_serves_the_import(venv, filled, environ, bytecode, monkeypatch):
    monkeypatch.setattr(compiling, "_processors", lambda: 2)
    (filled / "tensorflow" / "__init__.py").write_text("import other.deep\n")
    python = str(venv / "bin" / "python")
    waited(started(venv, environ, bytecode))
    before = {path: path.stat().st_mtime_ns for path in bytecode.rglob("*.pyc")}
    variables = compiling.bytecode_variables(environ, bytecode)
    done = subprocess.run(
        [python, "-v", "-c", "import tensorflow"], env=variables, capture_output=True, text=True, check=True
    )
    assert f"code object from '{filled}" not in done.stderr
    assert all(path.stat().st_mtime_ns == moment for path, moment in before.items())


@pytest.fixture
def final(venv, filled, environ, bytecode, tmp_path, monkeypatch):
    """The environment at its final path; what was compiled while it was staged lies in `bytecode`."""
    monkeypatch.setattr(compiling, "_processors", lambda: 2)
    (filled / "tensorflow" / "__init__.py").write_text("from tensorflow.python.near import deep\n")
    (filled / "tensorflow" / "python" / "near.py").write_text(
        "import keras, other.deep, tensorflow.far\ndef deep():\n    return (lambda: deep).__code__\n"
    )
    final, python = tmp_path / "final", str(venv / "bin" / "python")
    waited(started(venv, environ, bytecode))
    for path in bytecode.rglob("near.*.pyc"):
        path.unlink()  # this one is left to the import, which names the stage
    subprocess.run([python, "-c", "import tensorflow"], env=compiling.bytecode_variables(environ, bytecode), check=True)
    venv.rename(final)
    bytecode.joinpath(*venv.parts[1:]).rename(bytecode.joinpath(*final.parts[1:]))
    return final


def settled(final, venv, environ):
    python = str(final / "bin" / "python")
    sites = [str(site) for site in final.glob("lib/*/site-packages")]
    settle(python, environ=environ, bytecode=final.parent / "bytecode", folders=sites, kept=final.parent / "kept")


def test_what_was_compiled_lies_beside_its_files_in_the_end_and_names_no_stage(final, venv, filled, environ):
    settled(final, venv, environ)
    site = final / filled.relative_to(venv)
    found = list(site.rglob("__pycache__/*.pyc"))
    assert {path.name.partition(".")[0] for path in found if "python" in path.parts} >= {"near", "__init__"}
    assert not any(bytes(venv) in path.read_bytes() for path in found)
    told = "import tensorflow, tensorflow.python.near as n; print(n.deep().co_filename)"  # the import names it
    done = subprocess.run(
        [str(final / "bin" / "python"), "-v", "-B", "-c", told], env=environ, capture_output=True, text=True, check=True
    )
    near = site / "tensorflow" / "python" / "near.py"
    assert done.stdout.strip() == str(near)
    assert f"matches {near}" in done.stderr


def test_bytecode_is_put_in_place_and_not_written_into_what_others_share(final, venv, filled, environ, tmp_path):
    (compiled_file,) = (tmp_path / "bytecode").rglob("other/deep.*.pyc")
    cache = final / filled.relative_to(venv) / "other" / "__pycache__"
    old, shared = cache / compiled_file.name, tmp_path / "shared"
    old.parent.mkdir()
    old.write_bytes(b"old")
    os.link(old, shared)
    settled(final, venv, environ)
    assert shared.read_bytes() == b"old"
    assert old.read_bytes() == compiled_file.read_bytes() != b"old"
    settled(final, venv, environ)
    assert old.read_bytes() == compiled_file.read_bytes()


def test_no_bytecode_is_put_where_a_link_leads_out_of_the_environment(final, venv, filled, environ, tmp_path):
    site, outside = final / filled.relative_to(venv), tmp_path / "outside"
    (site / "other").rename(outside)
    (site / "other").symlink_to(outside)
    (site / "keras" / "__pycache__").symlink_to(outside)
    settled(final, venv, environ)
    assert sorted(path.name for path in outside.rglob("*")) == ["__init__.py", "deep.py"]
    assert list(site.rglob("tensorflow/far/__pycache__/*.pyc"))


def test_what_is_no_package_of_the_environment_gets_no_bytecode(final, venv, filled, environ, tmp_path):
    """As the standard library of an installation of Python, which no way back would reach."""
    library = final / filled.relative_to(venv).parent / "standard.py"
    library.write_text("")
    cached = importlib.util.cache_from_source(str(tmp_path.joinpath("bytecode", *library.parts[1:])))
    py_compile.compile(str(library), cfile=str(Path(cached).parent.parent / Path(cached).name), doraise=True)
    settled(final, venv, environ)
    assert not library.with_name("__pycache__").exists()
    assert list((final / filled.relative_to(venv)).rglob("tensorflow/far/__pycache__/*.pyc"))


@pytest.mark.skipif(not hasattr(os, "geteuid") or os.geteuid() != 0, reason="only root gives files away")
def test_what_root_compiles_is_the_users(final, venv, filled, environ):
    for path in (final, *final.rglob("*")):
        os.lchown(path, 4711, 4712)
    settled(final, venv, environ)
    found = [path for path in final.rglob("*") if "__pycache__" in path.parts]
    assert {(path.stat().st_uid, path.stat().st_gid) for path in found} == {(4711, 4712)}


def test_on_one_processor_nobody_compiles_ahead(venv, environ, bytecode, monkeypatch):
    monkeypatch.setattr(compiling, "_processors", lambda: 1)
    assert started(venv, environ, bytecode) == ()


def test_a_helper_that_is_stopped_is_gone_with_what_it_started(tmp_path):
    from tfrepair.target.interpreter import Helper

    mark = tmp_path / "pid"
    code = (
        "import subprocess, sys, time\n"
        "below = subprocess.Popen([sys.executable, '-c', 'import time; time.sleep(60)'])\n"
        f"open({str(mark)!r}, 'w').write(f'{{below.pid}} '); time.sleep(60)"
    )
    helper = Helper([sys.executable, "-c", code], env=os.environ, cwd=tmp_path)
    for _ in range(400):
        if mark.exists() and mark.read_text().endswith(" "):
            break
        time.sleep(0.05)
    below = int(mark.read_text())
    helper.stop()
    helper.stop()
    for _ in range(200):
        state = Path(f"/proc/{below}/stat")
        if not state.exists() or state.read_text().rpartition(")")[2].split()[0] in {"Z", "X"}:
            return
        time.sleep(0.05)
    pytest.fail(f"process {below} lives on")
