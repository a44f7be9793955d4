"""Tiny environments made by hand, and fakes for what a transaction needs from outside."""

import base64
import hashlib
import os
import warnings
from dataclasses import dataclass, field
from pathlib import Path

from tfrepair.execute.fingerprint import fingerprint, tree_lines
from tfrepair.execute.paths import STASH
from tfrepair.execute.ports import Ports
from tfrepair.model.plan import Choice, Install, Lock, Pin, Plan, Uninstall
from tfrepair.model.run import Smoke
from tfrepair.model.target import Environment, Host, Interpreter, Target

SITE = "lib/python3.10/site-packages"


def write(path, text="", mode=None):
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_bytes(text if isinstance(text, bytes) else text.encode())
    if mode is not None:
        path.chmod(mode)
    return path


def add_distribution(prefix, name, version, files, scripts=(), minor="3.10"):
    """Install by hand: files of the site folder, console scripts, and the metadata with its RECORD."""
    site = prefix / "lib" / f"python{minor}" / "site-packages"
    info = f"{name}-{version}.dist-info"
    written = {}
    for relative, text in files.items():
        written[relative] = write(site / relative, text)
    for script in scripts:
        text = f"#!{prefix}/bin/python\nimport sys\nsys.exit(0)\n"
        written[f"../../../bin/{script}"] = write(prefix / "bin" / script, text, 0o755)
    written[f"{info}/METADATA"] = write(
        site / info / "METADATA", f"Metadata-Version: 2.1\nName: {name}\nVersion: {version}\n"
    )
    rows = [record_row(relative, path) for relative, path in written.items()]
    write(site / info / "RECORD", "\n".join([*rows, f"{info}/RECORD,,", ""]))
    return site / info


def record_row(relative, path):
    data = path.read_bytes()
    digest = base64.urlsafe_b64encode(hashlib.sha256(data).digest()).rstrip(b"=").decode()
    return f"{relative},sha256={digest},{len(data)}"


def make_environment(prefix, minor="3.10"):
    """The scaffolding of a venv, whose python is the true one only in name."""
    write(prefix / "bin" / "python", "not really python", 0o755)
    (prefix / "bin" / "python3").symlink_to("python")
    write(prefix / "bin" / "activate", f"VIRTUAL_ENV={prefix}\n")
    write(prefix / "pyvenv.cfg", "home = /usr/bin\n")
    (prefix / "lib" / f"python{minor}" / "site-packages").mkdir(parents=True)
    (prefix / "lib64").symlink_to("lib")
    return prefix


def describe(prefix):
    """The target of a tree like these."""
    lib = next(iter(sorted((prefix / "lib").iterdir())))
    site = str(lib / "site-packages")
    minor = int(lib.name.partition(".")[2])
    return Target(
        spec=str(prefix),
        reason="a test",
        interpreter=Interpreter(
            executable=str(prefix / "bin" / "python"), version=(3, minor, 0), platform="linux-x86_64", machine="x86_64",
            markers={}, tags=(), base_executable=None,
        ),
        environment=Environment(
            prefix=str(prefix), base_prefix="/usr", kind="venv", purelib=site, platlib=site,
            scripts=str(prefix / "bin"), sys_path=(),
        ),
        host=Host(system="linux", machine="x86_64"),
    )  # fmt: skip


def broken_environment(prefix):
    """An environment with an old and a kept distribution, and things of the user's."""
    make_environment(prefix)
    add_distribution(
        prefix, "old", "1.0", {"old/__init__.py": "value = 1\n", "old/lib.so": b"\x7fELF old" * 50}, ["oldtool"]
    )
    add_distribution(prefix, "kept", "2.0", {"kept/__init__.py": "kept\n", "kept/data.json": "{}"}, ["kepttool"])
    write(prefix / SITE / "old" / "__pycache__" / "__init__.cpython-310.pyc", b"\0pyc")
    write(prefix / "notes" / "mine.txt", "mine")
    (prefix / "notes" / "empty").mkdir()
    (prefix / "notes" / "outside").symlink_to("/usr/share")
    (prefix / "notes").chmod(0o750)
    return prefix


@dataclass
class Outside:
    """Fakes that write what a real installer would."""

    calls: list = field(default_factory=list)
    bad_installs: int = 0
    bad_texts: int = 0
    """As often, `__init__.py` is not what RECORD says, but as long."""

    def create_venv(self, base, destination, *, prompt, system_site_packages):
        self.calls.append(("venv", base))
        make_environment(destination, minor=base)
        write(destination / "pyvenv.cfg", f"home = /usr/bin\ncommand = {base} -m venv {destination}\n")
        add_distribution(destination, "pip", "25.0", {"pip/__init__.py": "new pip\n"}, ["pip"], minor=base)

    def install(self, target, lock, names, *, reinstall, past_cache, on_line, limit=None):
        self.calls.append(("install", tuple(names), reinstall, past_cache))
        prefix = Path(target.environment.prefix)
        minor = next(iter((prefix / "lib").iterdir())).name.removeprefix("python")
        for name in names:
            files = {f"{name}/__init__.py": "new\n", f"{name}/lib.so": b"\x7fELF new" * 50}
            info = add_distribution(prefix, name, lock.get(name).version, files, [f"{name}tool"], minor)
            if self.bad_installs:
                self.bad_installs -= 1
                write(info.parent / name / "lib.so", b"cut short")
            if self.bad_texts:
                self.bad_texts -= 1
                write(info.parent / name / "__init__.py", "odd\n")

    def run_command(self, argv, *, cwd, timeout):
        self.calls.append(("run", tuple(argv)))
        return "done"

    def ports(self, **other):
        return Ports(
            create_venv=self.create_venv,
            install=self.install,
            run_command=self.run_command,
            describe=other.pop("describe", describe),
            **other,
        )


def lock_of(**versions):
    pins = tuple(Pin(name=name, version=version, hashes=()) for name, version in versions.items())
    return Lock(pins=pins, pylock="lock-version = '1.0'\n")


def plan_for(prefix, strategy, operations, lock=None):
    return Plan(
        round=1,
        strategy=strategy,
        prefix=str(prefix),
        fingerprint=fingerprint(prefix) if prefix.exists() else None,
        causes=("conflicting-distributions",),
        tensorflow=Choice(name="tensorflow", version="2.10.0", reason="a test"),
        operations=tuple(operations),
        lock=lock or lock_of(new="3.0"),
    )


def in_place_plan(prefix):
    return plan_for(
        prefix,
        "in-place",
        [
            Uninstall(name="old", version="1.0", metadata=f"{SITE}/old-1.0.dist-info"),
            Install(names=("new",), summary_text="install new 3.0"),
        ],
    )


def smoke(ok=True):
    return Smoke(
        ok=ok,
        rung="keras" if ok else "import",
        seconds=0.1,
        tensorflow="2.10.0" if ok else None,
        exit_code=0,
        signal=None,
        output="said",
    )


def records_hold(prefix, minor="3.10"):
    """Whether every hash in every RECORD of an environment is that of the file."""
    site = prefix / "lib" / f"python{minor}" / "site-packages"
    for record in site.glob("*.dist-info/RECORD"):
        for line in record.read_text().splitlines():
            relative, digest, _ = line.rsplit(",", 2)
            if digest and record_row(relative, Path(os.path.normpath(site / relative))) != line:
                return False
    return True


def lines(prefix):
    """What a tree is, for comparing; None when there is none. What a repair keeps in it does not count."""
    if not prefix.exists():
        return None
    return [line for line in tree_lines(prefix) if not line.startswith(STASH)]


def forked(act):
    """Do something in a process of its own; its exit code: what `act` returns, 1 for an error."""
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", DeprecationWarning)  # forking is what we want
        pid = os.fork()
    if not pid:
        code = 1
        try:
            code = act()
        finally:
            os._exit(code)
    return os.waitstatus_to_exitcode(os.waitpid(pid, 0)[1])
