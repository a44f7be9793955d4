"""What a distribution with native libraries is imported as, and whether it can be."""

import pytest

from tfrepair.model.distribution import Distribution
from tfrepair.target.native_imports import MOST, native_imports
from tfrepair.target.smoke import import_modules


def recorded(folder, *paths):
    info = folder / "thing-1.0.dist-info"
    info.mkdir()
    (info / "RECORD").write_text("".join(f"{path},,\n" for path in (*paths, "thing-1.0.dist-info/RECORD")))
    return Distribution(name="thing", version="1.0", metadata_path=str(info))


@pytest.mark.parametrize(
    ("paths", "modules"),
    [
        (["six.py"], ()),
        (["pandas/__init__.py", "pandas/_libs/__init__.py", "pandas/_libs/lib.cpython-310-x86_64.so"], ("pandas",)),
        (
            [
                "scipy/__init__.py", "scipy/linalg/__init__.py", "scipy/linalg/_fblas.so", "scipy/io/__init__.py",
                "scipy/io/tests/__init__.py", "scipy/_lib/__init__.py", "scipy/_lib/_c.so", "scipy.libs/libopenblas.so",
            ],
            ("scipy", "scipy.linalg"),
        ),
        (["_cffi_backend.cpython-310-x86_64-linux-gnu.so", "cffi/__init__.py"], ("_cffi_backend",)),
        (["cv2/__init__.py", "cv2/cv2.abi3.so", "opencv_python.libs/libavcodec.so.59"], ("cv2",)),
        (["google/protobuf/__init__.py", "google/protobuf/pyext/__init__.py", "google/protobuf/pyext/_message.so"],
         ("google.protobuf", "google.protobuf.pyext")),
        (["nvidia/cublas/lib/libcublas.so.12"], ()),
        (["../../bin/tool.so", "/usr/lib/other.so", "lib.dll"], ()),
        (["win/__init__.py", "win/core.pyd"], ("win",)),
    ],
)  # fmt: skip
def test_the_packages_that_hold_libraries_and_their_public_parts(tmp_path, paths, modules):
    assert native_imports(recorded(tmp_path, *paths)) == modules


def test_there_is_a_most(tmp_path):
    parts = [f"big/part{number}/{file}" for number in range(40) for file in ("__init__.py", "core.so")]
    modules = native_imports(recorded(tmp_path, "big/__init__.py", *parts))
    assert len(modules) == MOST
    assert modules[0] == "big"


def test_without_a_record_nothing_is_known(tmp_path):
    assert native_imports(Distribution(name="gone", version="1", metadata_path=str(tmp_path / "gone.dist-info"))) == ()


def test_each_module_is_tried_on_every_interpreter(each_base, environ):
    passed, printed = import_modules(
        each_base.executable, ["json", "nothing_here", "email.mime"], environ=environ, timeout=60
    )
    assert passed == {"json", "email.mime"}
    assert "nothing_here" in printed.strip().splitlines()[-1]


def test_what_hangs_or_ends_the_child_is_not_importable(environ, base, tmp_path):
    (tmp_path / "hangs.py").write_text("import time\ntime.sleep(60)\n")
    (tmp_path / "ends.py").write_text("import os\nprint('bye', flush=True)\nos._exit(0)\n")
    environ = {**environ, "PYTHONPATH": str(tmp_path)}
    passed, printed = import_modules(base.executable, ["json", "hangs"], environ=environ, timeout=2)
    assert (passed, "did not end in time" in printed) == ({"json"}, True)
    assert import_modules(base.executable, ["json", "ends"], environ=environ, timeout=60) == ({"json"}, "bye")


def test_an_interpreter_that_cannot_be_started_imports_nothing(environ, tmp_path):
    passed, printed = import_modules(str(tmp_path / "nothing"), ["json"], environ=environ, timeout=5)
    assert not passed
    assert "cannot be executed" in printed
