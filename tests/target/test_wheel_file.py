"""Whether a wheel that was named is whole, and whether it is what is installed."""

import base64
import hashlib
import zipfile

import pytest

from tfrepair.target.wheel_file import damage_of, is_installed

RECORD = "tensorflow-2.15.1.dist-info/RECORD"


def row(name, data):
    digest = base64.urlsafe_b64encode(hashlib.sha256(data).digest()).rstrip(b"=").decode()
    return f"{name},sha256={digest},{len(data)}\n"


@pytest.fixture
def wheel(tmp_path):
    def write(files, record=None):
        path = tmp_path / "tensorflow-2.15.1-py3-none-any.whl"
        with zipfile.ZipFile(path, "w") as archive:
            for name, data in files.items():
                archive.writestr(name, data)
            if record is not None:
                archive.writestr(RECORD, record)
        return path

    return write


LIBRARY = b"\x7fELF" + b"x" * 4_000_000
FILES = {"tensorflow/__init__.py": b"", "tensorflow/lib.so": LIBRARY}
ROWS = "".join(row(name, data) for name, data in FILES.items()) + f"{RECORD},,\n"


def test_a_whole_wheel(wheel):
    assert damage_of(wheel(FILES, ROWS)) is None
    assert damage_of(wheel({**FILES, "unnamed.txt": b""}, ROWS)) is None
    assert damage_of(wheel(FILES, ROWS.replace("sha256=", "sha9=", 1))) is None, "nothing here can tell"


@pytest.mark.parametrize(
    ("files", "record", "said"),
    [
        (FILES, None, "no RECORD"),
        ({"tensorflow/__init__.py": b""}, ROWS, "`tensorflow/lib.so` in it is missing"),
        ({**FILES, "tensorflow/lib.so": LIBRARY[:-1] + b"y"}, ROWS, "`tensorflow/lib.so` in it is not as its RECORD"),
        (FILES, b"\xff\xfe", "cannot be read"),
    ],
)
def test_one_that_is_not(wheel, files, record, said):
    assert said in damage_of(wheel(files, record))


def test_bytes_that_were_lost_on_the_way(wheel):
    path = wheel(FILES, ROWS)
    data = bytearray(path.read_bytes())
    at = data.index(b"xxxx") + 1_000_000
    data[at] ^= 1
    path.write_bytes(data)
    assert damage_of(path) == "`tensorflow/lib.so` in it is damaged"
    path.write_bytes(data[: len(data) // 2])
    assert "cannot be read" in damage_of(path)
    path.write_bytes(b"")
    assert "cannot be read" in damage_of(path)


OLD_FILES = {"tensorflow/__init__.py": b"", "tensorflow-2.15.1.data/purelib/tensorflow/lib.so": LIBRARY}
OLD_FILES |= {"tensorflow-2.15.1.data/scripts/toco": b"#!python"}


@pytest.mark.parametrize("files", [FILES, OLD_FILES])
def test_a_wheel_is_installed_when_its_files_are_recorded_whatever_installers_add(wheel, tmp_path, files):
    rows = "".join(row(name, data) for name, data in files.items())
    path, metadata = wheel(files, rows + f"{RECORD},,\n"), tmp_path / "site" / "tensorflow-2.15.1.dist-info"
    assert not is_installed(path, metadata)
    metadata.mkdir(parents=True)
    written = "".join(row(name, data) for name, data in FILES.items())
    written += "../../../bin/toco,sha256=x,9\ntensorflow-2.15.1.dist-info/INSTALLER,sha256=y,2\n"
    (metadata / "RECORD").write_text(written)
    assert is_installed(path, metadata)
    (metadata / "RECORD").write_text(written.replace(row("tensorflow/__init__.py", b""), ""))
    assert not is_installed(path, metadata)
    (metadata / "RECORD").write_text(written.replace(row("tensorflow/lib.so", LIBRARY), row("tensorflow/lib.so", b"")))
    assert not is_installed(path, metadata)


def test_a_wheel_that_says_nothing_of_its_files_is_not_installed(wheel, tmp_path):
    (tmp_path / "RECORD").write_text(ROWS)
    for path in (wheel(FILES), wheel(FILES, ""), wheel(FILES, b"\xff\xfe"), tmp_path / "none.whl"):
        assert not is_installed(path, tmp_path)
