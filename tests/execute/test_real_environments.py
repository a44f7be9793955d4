"""Environments that real interpreters made: after a repair they run, activate, and name no stage."""

import os
import shutil
import subprocess
import sys
from pathlib import Path

import pytest
from execute_support import Outside, add_distribution, plan_for, smoke, write

from tfrepair.execute.fingerprint import tree_digest
from tfrepair.execute.ports import Ports
from tfrepair.execute.run_folder import RunFolder
from tfrepair.execute.runs import rollback
from tfrepair.execute.transaction import Transaction
from tfrepair.model.plan import Carry, CreateEnvironment, RemovePath
from tfrepair.target.discover import describe_environment, find_base, find_bases
from tfrepair.target.environments import create_venv

pytestmark = pytest.mark.skipif(os.name == "nt", reason="activation through sh")


def bases():
    found = {}
    for base in find_bases(os.environ):
        found.setdefault(base.version[:2], base)
    return [found[version] for version in sorted(found)]


def real_ports():
    fakes = Outside()
    return Ports(
        create_venv=lambda base, *place, **how: create_venv(find_base(base, os.environ), *place, **how),
        install=fakes.install,
        run_command=fakes.run_command,
        describe=lambda prefix: describe_environment(prefix, os.environ),
    )


def make(maker, base, folder):
    if maker == "virtualenv":
        create_venv(base, folder, prompt=None, system_site_packages=False)
    else:
        subprocess.run([base.executable, "-m", "venv", "--without-pip", folder], check=True)


def run(*argv):
    return subprocess.run(argv, capture_output=True, text=True, check=True).stdout


def repair(prefix, environ, plan):
    record = RunFolder.create(prefix, environ)
    with Transaction(prefix, record, real_ports(), lock_timeout=5) as transaction:
        transaction.stage(plan)
        transaction.apply(plan)
        transaction.seal()
        python = transaction.stage_path / "bin" / "python"
        assert run(python, "-c", "import kept; print(kept.value)") == "7\n"
        transaction.commit(smoke)
    return record


def names_the_stage(prefix, record):
    needle = str(record.beside.folder).encode()
    return [path for path in prefix.rglob("*") if path.is_file() and needle in path.read_bytes()]


def combinations():
    return list(_combinations())


def _combinations():
    every = bases()
    for base in every:
        yield pytest.param("venv", "in-place", base, id=f"venv-in-place-{base.version[1]}")
    for base in dict.fromkeys((every[0], every[len(every) // 2], every[-1])):
        yield pytest.param("virtualenv", "rebuild", base, id=f"virtualenv-rebuild-{base.version[1]}")


@pytest.mark.parametrize(("maker", "strategy", "base"), combinations())
def test_an_environment_works_after_its_repair(tmp_path, environ, maker, strategy, base):
    prefix = tmp_path / "my env"
    make(maker, base, prefix)
    minor = f"{base.version[0]}.{base.version[1]}"
    site = prefix / "lib" / f"python{minor}" / "site-packages"
    add_distribution(prefix, "kept", "1.0", {"kept/__init__.py": "value = 7\n"}, minor=minor)
    write(
        prefix / "bin" / "kepttool",
        f"#!/bin/sh\n'''exec' \"{prefix}/bin/python\" \"$0\" \"$@\"\n' '''\nimport kept, sys\nprint(sys.prefix, kept.value)\n",
        0o755,
    )
    write(site / "~leftover" / "x.py")
    before = tree_digest(prefix)
    operations = [RemovePath(path=f"lib/python{minor}/site-packages/~leftover", why="a test")]
    if strategy == "rebuild":
        operations = [
            CreateEnvironment(base=base.executable, version=minor),
            Carry(distributions=("kept",), leave=(f"lib/python{minor}/site-packages/~leftover",)),
        ]
    record = repair(prefix, environ, plan_for(prefix, strategy, operations))
    assert run(prefix / "bin" / "kepttool") == f"{prefix} 7\n"
    assert not (site / "~leftover").exists()
    assert names_the_stage(prefix, record) == []
    activated = run(
        "sh",
        "-c",
        f'. "{prefix}/bin/activate"; echo "$VIRTUAL_ENV"; echo "$VIRTUAL_ENV_PROMPT $PS1"; command -v python',
    )
    assert activated.splitlines()[0] == str(prefix)
    assert "tree" not in activated.splitlines()[1]
    assert "my env" in activated.splitlines()[1]
    assert activated.splitlines()[2] == f"{prefix}/bin/python"
    rollback(record, environ)
    assert tree_digest(prefix) == before


def test_a_venv_whose_base_is_gone_is_rebuilt_on_another(tmp_path, environ):
    base = bases()[-1]
    prefix = tmp_path / "env"
    make("venv", base, prefix)
    minor = f"{base.version[0]}.{base.version[1]}"
    add_distribution(prefix, "kept", "1.0", {"kept/__init__.py": "value = 7\n"}, ["kepttool"], minor=minor)
    for name in ("python", "python3", f"python{minor}"):
        (prefix / "bin" / name).unlink()
    (prefix / "bin" / "python").symlink_to("/gone/bin/python")
    (prefix / "pyvenv.cfg").write_text(f"home = /gone/bin\nversion = {minor}.0\nprompt = mine\n")
    plan = plan_for(
        prefix,
        "rebuild",
        [CreateEnvironment(base=base.executable, version=minor, prompt="mine"), Carry(distributions=("kept",))],
    )
    repair(prefix, environ, plan)
    assert run(prefix / "bin" / "python", "-c", "import kept, sys; print(kept.value, sys.prefix)") == f"7 {prefix}\n"
    assert "prompt = mine" in (prefix / "pyvenv.cfg").read_text().replace('"', "")
    run(prefix / "bin" / "kepttool")


@pytest.mark.skipif(shutil.which("cp") is None or sys.platform != "linux", reason="needs GNU cp")
def test_staging_is_not_slower_than_cp_with_links(tmp_path):
    import time

    from tfrepair.execute.linking import link_tree

    source = Path(tmp_path / "env")
    for folder in range(200):
        for name in range(20):
            write(source / f"d{folder}" / f"f{name}")

    def seconds(action):
        start = time.perf_counter()
        action()
        return time.perf_counter() - start

    ours = min(seconds(lambda n=n: link_tree(source, tmp_path / f"a{n}", lambda _path: False)) for n in range(3))
    theirs = min(
        seconds(lambda n=n: subprocess.run(["cp", "-al", source, tmp_path / f"b{n}"], check=True)) for n in range(3)
    )
    assert ours < theirs * 3
