"""A conda environment: repaired in place on a stage, and what conda installed is left to conda."""

import json

import pytest
from functional_support import NEW, NUMPY, NUMPY_2, site

from tfrepair.execute.fingerprint import tree_lines


@pytest.fixture
def prefix(python):
    """What conda makes: an interpreter with its standard library, and a record of each of its packages."""
    found = python.parent.parent
    (found / "conda-meta").mkdir()
    (found / "conda-meta" / "history").write_text("==> 2026-01-01 00:00:00 <==\n")
    owned = [path.relative_to(found).as_posix() for path in (site(found) / "colours").rglob("*") if path.is_file()]
    record = {"name": "colours", "version": "1.0", "files": owned}
    (found / "conda-meta" / "colours-1.0-py_0.json").write_text(json.dumps(record))
    return found


def of_conda(prefix, name, version):
    info = site(prefix) / f"{name}-{version}.dist-info"
    (info / "INSTALLER").write_text("conda\n")
    rows = (info / "RECORD").read_text().splitlines()
    installer = f"{info.name}/INSTALLER"
    (info / "RECORD").write_text("".join(f"{installer},,\n" if r.startswith(installer) else f"{r}\n" for r in rows))


def lines(prefix):
    return list(tree_lines(prefix))


def test_what_pip_installed_is_repaired_in_place_and_comes_back_exactly(world, prefix):
    of_conda(prefix, "colours", "1.0")
    before = lines(prefix)
    done = world.tfrepair("fix", "--yes", "--env", prefix, "--json")
    assert done.code == 0, done
    assert done.json["target"]["kind"] == "conda"
    assert done.json["plan"]["strategy"] == "in-place"
    assert world.imported(prefix) == NEW
    assert (prefix / "conda-meta" / "colours-1.0-py_0.json").is_file()
    back = world.tfrepair("rollback", "--yes", "--env", prefix)
    assert back.code == 0, back
    assert lines(prefix) == before


def test_what_conda_installed_gets_the_conda_command(world, prefix):
    of_conda(prefix, "numpy", NUMPY_2)
    before = world.tree()
    done = world.tfrepair("fix", "--yes", "--env", prefix, "--json")
    assert done.code == 4, done
    assert done.json["status"] == "manual"
    assert "conda installed numpy" in done.json["error"]["message"]
    assert f'conda install --prefix {prefix} "numpy={NUMPY}"' in done.json["manual"]
    assert world.tree(".tfrepair-local") == before


def test_the_base_environment_is_left_alone(world, prefix):
    (prefix / "condabin").mkdir()
    (prefix / "pkgs").mkdir()
    before = world.tree()
    done = world.tfrepair("fix", "--yes", "--env", prefix, "--json")
    assert done.code == 4, done
    assert "base environment" in done.json["error"]["message"]
    assert "--venv DIR" in done.json["error"]["hint"]
    assert world.tree() == before


def test_it_is_never_rebuilt_as_a_venv(world, prefix):
    done = world.tfrepair("fix", "--dry-run", "--strategy", "rebuild", "--env", prefix, "--json")
    assert done.code == 2, done
    assert "a conda environment" in done.json["error"]["message"]
    assert "--venv" in done.json["error"]["hint"]
