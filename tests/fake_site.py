"""Builds site folders with distributions, the way an installer leaves them."""

import hashlib
from base64 import urlsafe_b64encode
from pathlib import Path

from packaging.tags import compatible_tags, cpython_tags

from tfrepair.model.target import Environment, Host, Interpreter, Target

LINUX = (
    *(f"manylinux_2_{minor}_x86_64" for minor in range(36, 16, -1)),
    *("manylinux2014_x86_64", "manylinux2010_x86_64", "manylinux1_x86_64", "linux_x86_64"),
)


def tags(version, platforms=LINUX):
    abi = f"cp{version[0]}{version[1]}{'m' if version < (3, 8) else ''}"
    own = cpython_tags(version, [abi], platforms)
    return tuple(map(str, own)) + tuple(map(str, compatible_tags(version, f"cp{version[0]}{version[1]}", platforms)))


def digest(data):
    return "sha256=" + urlsafe_b64encode(hashlib.sha256(data).digest()).rstrip(b"=").decode()


class Site:
    """A venv's folders in a temporary folder."""

    def __init__(self, prefix):
        self.prefix = Path(prefix)
        self.path = self.prefix / "lib" / "python3.10" / "site-packages"
        self.path.mkdir(parents=True)
        (self.prefix / "bin").mkdir()

    def install(self, name, version, files, requires=(), record=True):
        folder = self.path / f"{name.replace('-', '_')}-{version}.dist-info"
        folder.mkdir()
        lines = [f"Requires-Dist: {line}\n" for line in requires]
        (folder / "METADATA").write_text(
            f"Metadata-Version: 2.1\nName: {name}\nVersion: {version}\n{''.join(lines)}\nText\n"
        )
        (folder / "INSTALLER").write_text("pip\n")
        rows = []
        for path, text in files.items():
            data = text.encode()
            file = self.path / path
            file.parent.mkdir(parents=True, exist_ok=True)
            file.write_bytes(data)
            rows.append(f"{path},{digest(data)},{len(data)}\n")
        if record:
            rows.append(f"{folder.name}/RECORD,,\n")
            (folder / "RECORD").write_text("".join(rows))
        return folder

    @property
    def environment(self):
        return Environment(
            prefix=str(self.prefix), base_prefix="/usr", kind="venv", purelib=str(self.path), platlib=str(self.path),
            scripts=str(self.prefix / "bin"), sys_path=(),
        )  # fmt: skip

    @property
    def target(self):
        markers = {
            "python_version": "3.10", "python_full_version": "3.10.13", "sys_platform": "linux", "os_name": "posix",
            "platform_system": "Linux", "platform_machine": "x86_64", "implementation_name": "cpython",
            "platform_python_implementation": "CPython", "platform_release": "6", "platform_version": "1",
            "implementation_version": "3.10.13",
        }  # fmt: skip
        return Target(
            spec="test",
            reason="test",
            interpreter=Interpreter(
                executable=str(self.prefix / "bin" / "python"), version=(3, 10, 13), platform="linux-x86_64",
                machine="x86_64", markers=markers, tags=tags((3, 10)), base_executable=None,
            ),
            environment=self.environment,
            host=Host(system="linux", machine="x86_64", libc="glibc", libc_version="2.36"),
        )  # fmt: skip
