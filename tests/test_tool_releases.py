"""The script that brings the data about releases up to date: what it takes from an index, and what it leaves alone."""

import base64
import importlib.util
import json
import os
import subprocess
import sys
from contextlib import contextmanager
from copy import deepcopy
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from threading import Thread

import pytest

ROOT = Path(__file__).parent.parent
SCRIPT = ROOT / "tools" / "releases.py"
JSON_PAGE = "application/vnd.pypi.simple.v1+json"
LINUX, WINDOWS = "manylinux_2_27_x86_64", "win_amd64"
RELEASES = {
    "about": "\u00b5", "measured": "2026-01-01", "schema": 1, "folders": {"tensorflow": ["tensorflow", "tf-nightly"]},
    "releases": {
        "keras": {"3.9.0": {"date": "2025-03-01", "requires_python": ">=3.9", "size": [50, 60], "wheels": {"any": "py3"}}},
        "tensorflow": {
            "2.90.0": {
                "and_cuda": True, "cuda": "12.5", "cudnn": "9.3", "date": "2025-08-13", "requires_python": ">=3.9",
                "size": [1950, 600000000], "stub": {WINDOWS: "tensorflow-intel"},
                "wheels": {LINUX: "cp39 cp310", WINDOWS: "cp39"},
            },
        },
        "tf-nightly": {f"2.91.0.dev2026010{day}": {"date": f"2026-01-0{day}", "size": [9, 9], "wheels": {LINUX: "cp310"}} for day in range(1, 9)},
    },
}  # fmt: skip
REQUIREMENTS = {"about": "r", "measured": "2026-01-01", "schema": 1, "requirements": {"2.90.0": ["numpy>=1.26"]}}
METADATA = """Metadata-Version: 2.4
Name: tensorflow
Version: 2.91.0
Requires-Dist: ml_dtypes<1.0.0,>=0.5.1
Requires-Dist: keras-preprocessing>=1.1
Requires-Dist: keras>=3.12.0
Requires-Dist: enum34>=1.1.6; python_version < "3.4"
Requires-Dist: tensorflow; platform_system == "Windows"
Requires-Dist: wrapt>=1.11; platform_machine != "arm64" or platform_system != "Darwin"
Provides-Extra: and-cuda
Requires-Dist: nvidia-cublas-cu12<13.0,>=12.5.3.2; extra == "and-cuda"

Requires-Dist: none of the text below
"""


def file_of(name, day="2025-08-13", size=1, **more):
    whole = {"filename": name, "url": f"../../files/{name}", "hashes": {}, "size": size, "yanked": False}
    return {**whole, "upload-time": f"{day}T23:59:59.9Z", **more}


def wheel(name, version, python, platform, **more):
    return file_of(f"{name}-{version}-{python}-{'none' if python == 'py3' else python}-{platform}.whl", **more)


class Index:
    """What the index says; the same as the data to begin with."""

    def __init__(self):
        of_old = {"requires-python": ">=3.9"}
        self.kind, self.login, self.broken, self.asked = JSON_PAGE, None, (), []
        self.metadata = {}
        self.files = {
            "keras": [
                wheel("keras", "3.9.0", "py3", "any", day="2025-03-01", size=60, **of_old),
                file_of("keras-3.9.0.tar.gz", "2025-03-02", 50, **of_old),
                file_of("Keras-3.9.0-py2.7.egg", "2020-01-01", 5),
            ],
            "tensorflow": [
                wheel("tensorflow", "2.90.0", "cp310", LINUX, size=600000000, **of_old),
                wheel("tensorflow", "2.90.0", "cp39", LINUX, day="2025-08-14", size=500000000, **of_old),
                wheel("tensorflow", "2.90.0", "cp39", WINDOWS, size=1950, **of_old),
            ],
            "tf-nightly": [
                wheel("tf_nightly", f"2.91.0.dev2026010{day}", "cp310", LINUX, day=f"2026-01-0{day}", size=9)
                for day in range(1, 9)
            ],
        }

    def release(self):
        """A new release, and one more yanked."""
        for file in self.files["keras"]:
            file["yanked"] = "broken"
        self.files["tensorflow"] += [
            wheel("tensorflow", "2.91.0", "cp314", LINUX, day="2026-02-03", size=7_000_000, **{"requires-python": ">=3.10"}),
            wheel("tensorflow", "2.91.0", "cp310", LINUX, day="2026-02-02", size=8_000_000),
            wheel("tensorflow", "2.91.0", "cp310", WINDOWS, day="2026-02-02", size=2000),
            wheel("tensorflow", "2.91.0rc0", "cp310", LINUX, day="2026-01-02", size=8_000_000),
        ]  # fmt: skip
        self.metadata[f"tensorflow-2.91.0-cp310-cp310-{LINUX}.whl"] = METADATA  # of the newest Python there is none

    def nightly(self):
        self.files["tf-nightly"] += [
            wheel("tf_nightly", "2.91.0.dev20260109", "cp310", LINUX, day="2026-01-09", size=9)
        ]

    def answer(self, path, headers):
        self.asked.append(path)
        place, _, name = path.strip("/").rpartition("/")
        if self.login and headers["Authorization"] != self.login:
            return 401, "text/plain", ""
        if name in self.broken:
            return 500, "text/plain", ""
        if place == "simple" and name in self.files:
            assert headers["Accept"] == JSON_PAGE
            return 200, self.kind, json.dumps({"meta": {"api-version": "1.1"}, "name": name, "files": self.files[name]})
        text = self.metadata.get(name.removesuffix(".metadata")) if place == "files" else None
        return (404, "text/plain", "") if text is None else (200, "binary/octet-stream", text)


@contextmanager
def served(index):
    class Handler(BaseHTTPRequestHandler):
        def do_GET(self):
            code, kind, text = index.answer(self.path, self.headers)
            self.send_response(code)
            self.send_header("Content-Type", kind)
            self.end_headers()
            self.wfile.write(text.encode())

        def log_message(self, *_):
            pass

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    thread = Thread(target=server.serve_forever, kwargs={"poll_interval": 0.01})
    thread.start()
    try:
        yield f"127.0.0.1:{server.server_port}/simple"
    finally:
        server.shutdown()
        thread.join()
        server.server_close()


@pytest.fixture
def index():
    return Index()


@pytest.fixture(scope="module")
def script():
    spec = importlib.util.spec_from_file_location("releases", SCRIPT)
    module = importlib.util.module_from_spec(spec)
    sys.modules["releases"] = module
    spec.loader.exec_module(module)
    return module


class Data:
    def __init__(self, folder, script):
        self.folder = folder
        self.write(RELEASES, REQUIREMENTS, script)

    def write(self, releases, requirements, script):
        (self.folder / "releases.json").write_text(script.releases_text(releases))
        (self.folder / "requirements.json").write_text(script.requirements_text(requirements))

    def texts(self):
        return {path.name: path.read_text() for path in self.folder.iterdir()}

    def documents(self):
        texts = self.texts()
        assert set(texts) == {"releases.json", "requirements.json"}
        return json.loads(texts["releases.json"]), json.loads(texts["requirements.json"])

    def run(self, index, *arguments, configured=False, login=""):
        """Exit code and output."""
        environ = {
            k: v for k, v in os.environ.items() if not k.lower().endswith("_proxy") and k[:3] not in {"PIP", "UV_"}
        }
        environ |= {"PIP_CONFIG_FILE": os.devnull, "HOME": str(self.folder.parent)}
        with served(index) as place:
            url = f"http://{login}{place}"
            argv = [sys.executable, str(SCRIPT), "--data", str(self.folder), *arguments]
            argv += [] if configured else ["--index-url", url]
            environ |= {"PIP_INDEX_URL": url} if configured else {}
            done = subprocess.run(argv, env=environ, capture_output=True, text=True, check=False, timeout=120)
        assert "Traceback" not in done.stderr
        return done.returncode, done.stdout + done.stderr


@pytest.fixture
def data(tmp_path, script):
    folder = tmp_path / "data"
    folder.mkdir()
    return Data(folder, script)


def test_the_files_that_come_with_the_package_are_written_as_they_are(script):
    folder = ROOT / "tfrepair" / "data"
    for name, text in (("releases.json", script.releases_text), ("requirements.json", script.requirements_text)):
        content = (folder / name).read_text(encoding="utf-8")
        assert text(json.loads(content)) == content


def test_an_index_without_news_changes_nothing(index, data):
    before = data.texts()
    assert data.run(index) == (0, "nothing is new\n")
    assert data.run(index, "--check") == (0, "nothing is new\n")
    assert data.texts() == before
    assert set(index.asked) == {"/simple/keras/", "/simple/tensorflow/", "/simple/tf-nightly/"}


def test_a_new_release_and_a_yanked_one(index, data):
    index.release()
    index.nightly()
    before = data.texts()
    code, said = data.run(index, "--check")
    assert code == 1
    assert "keras 3.9.0: other yanked\n" in said
    assert "tensorflow 2.91.0: new\n" in said
    assert data.texts() == before

    code, said = data.run(index)
    assert code == 0, said
    releases, requirements = data.documents()
    expected = deepcopy(RELEASES["releases"])
    expected["keras"]["3.9.0"]["yanked"] = True
    expected["tensorflow"]["2.91.0rc0"] = {"date": "2026-01-02", "size": [8_000_000] * 2, "wheels": {LINUX: "cp310"}}
    expected["tensorflow"]["2.91.0"] = {
        "and_cuda": True, "date": "2026-02-02", "requires_python": ">=3.10", "size": [2000, 8_000_000],
        "wheels": {LINUX: "cp310 cp314", WINDOWS: "cp310"},
    }  # fmt: skip
    nightly = expected["tf-nightly"]
    del nightly["2.91.0.dev20260103"]  # the first two stay, the newest six are listed
    nightly["2.91.0.dev20260109"] = {"date": "2026-01-09", "size": [9, 9], "wheels": {LINUX: "cp310"}}
    assert releases["releases"] == expected
    assert list(releases["releases"]["tensorflow"]) == ["2.90.0", "2.91.0rc0", "2.91.0"]
    assert requirements["requirements"] == {
        "2.90.0": ["numpy>=1.26"],
        "2.91.0": [
            "keras>=3.12.0", "keras-preprocessing>=1.1", "ml-dtypes<1.0.0,>=0.5.1",
            'wrapt>=1.11; platform_machine != "arm64" or platform_system != "Darwin"',
        ],
    }  # fmt: skip
    assert releases["measured"] == requirements["measured"] > "2026-01-01"
    assert {key: releases[key] for key in ("about", "folders", "schema")} == {
        key: RELEASES[key] for key in ("about", "folders", "schema")
    }
    assert f"by hand, tensorflow 2.91.0: `stub` for {WINDOWS}: its wheel has 2000 bytes" in said
    assert "by hand, tensorflow 2.91.0: `cuda`, `cudnn`" in said
    assert 'by hand, gpu_builds.json: `and_cuda`: "2.91.0": ["nvidia-cublas-cu12<13.0,>=12.5.3.2"]' in said
    assert "rc0: `" not in said
    assert not any(path.endswith(".whl") for path in index.asked)

    index.asked.clear()
    assert data.run(index) == (0, "nothing is new\n")
    assert len(index.asked) == 3  # what METADATA said is known


def test_what_metadata_would_say_is_asked_for_by_hand_where_there_is_none(index, data):
    index.release()
    index.metadata.clear()
    code, said = data.run(index)
    assert code == 0
    assert "by hand, tensorflow 2.91.0: requirements.json and `and_cuda`; no METADATA on the index" in said
    releases, requirements = data.documents()
    assert "2.91.0" in releases["releases"]["tensorflow"]
    assert requirements == REQUIREMENTS


def test_the_index_is_that_of_pips_configuration_with_its_password(index, data):
    index.release()
    index.login = "Basic " + base64.b64encode(b"me:p@ss").decode()
    code, said = data.run(index, "--check", configured=True, login="me:p%40ss@")
    assert code == 1, said
    before = data.texts()
    code, said = data.run(index, configured=True, login="me:secret@")
    assert code == 2
    assert "401" in said
    assert "secret" not in said
    assert data.texts() == before


def test_nightly_builds_alone_are_no_reason_to_fail_a_check(index, data):
    index.nightly()
    code, said = data.run(index, "--check")
    assert code == 0
    assert "tf-nightly 2.91.0.dev20260109: new\n" in said
    assert "differs: releases.json\n" in said
    assert data.run(index)[0] == 0
    assert "2.91.0.dev20260109" in data.documents()[0]["releases"]["tf-nightly"]


def without(files, *keys):
    for file in files:
        for key in keys:
            file.pop(key, None)


def html(index):
    index.kind = "text/html"


def no_times(index):
    without(index.files["tf-nightly"], "upload-time")


def no_sizes(index):
    without(index.files["tf-nightly"], "size")


def no_time_of_a_new_release(index):
    without(index.files["tensorflow"][3:], "upload-time")


def no_page(index):
    del index.files["tf-nightly"]


def no_files(index):
    index.files["tf-nightly"] = []


def broken(index):
    index.broken = ("tf-nightly",)


def not_a_page(index):
    index.files["tf-nightly"] = [{"size": 1}]


def half_metadata(index):
    index.metadata = dict.fromkeys(index.metadata, "Metadata-Version: 2.4\nRequires-Dist: what is this?\n")


@pytest.mark.parametrize(
    ("spoil", "why"),
    [
        (html, "text/html only"),
        (no_times, "no `upload-time` (PEP 700) of any file of `tf-nightly`"),
        (no_sizes, "no `size` (PEP 700) of any file of `tf-nightly`"),
        (no_time_of_a_new_release, "no size or no upload time of `tensorflow` 2.91.0"),
        (no_page, "the index has no `tf-nightly`"),
        (no_files, "lists no release of `tf-nightly`"),
        (broken, "cannot be read: HTTP Error 500"),
        (not_a_page, "is not what PEP 691 says"),
        (half_metadata, "what is this?"),
    ],
)
def test_an_index_that_does_not_answer_as_it_must_changes_nothing(index, data, spoil, why):
    index.release()
    spoil(index)
    before = data.texts()
    for arguments in ((), ("--check",)):
        code, said = data.run(index, *arguments)
        assert code == 2, said
        assert why in said
        assert data.texts() == before


def test_sizes_and_times_that_single_files_lack_stay_as_they_are(index, data):
    without(index.files["tensorflow"][:1], "size", "upload-time", "requires-python")
    without(index.files["tensorflow"], "requires-python")
    assert data.run(index) == (0, "nothing is new\n")


def test_a_release_that_has_gone_or_lost_a_wheel_stays_and_is_named(index, data, script):
    releases = deepcopy(RELEASES)
    releases["releases"]["tensorflow"]["2.89.0"] = {"date": "2025-01-01", "size": [1, 1], "wheels": {LINUX: "cp39"}}
    rows = releases["releases"]["tensorflow"]
    releases["releases"]["tensorflow"] = {version: rows[version] for version in ("2.89.0", "2.90.0")}
    data.write(releases, {**REQUIREMENTS, "requirements": {"2.89.0": [], "2.90.0": ["numpy"]}}, script)
    del index.files["tensorflow"][1]
    before = data.texts()
    code, said = data.run(index)
    assert code == 0
    assert "tensorflow 2.89.0: kept, the index no longer has it" in said
    assert "tensorflow 2.90.0: kept, the index lists fewer wheels of it" in said
    assert data.texts() == before


def test_files_are_replaced_together_or_not_at_all(script, tmp_path):
    first, second = tmp_path / "first", tmp_path / "none" / "second"
    first.write_text("old")
    with pytest.raises(OSError, match="second"):
        script.write({first: "new", second: "new"})
    assert first.read_text() == "old"
    assert list(tmp_path.iterdir()) == [first]


def test_what_pip_asks_when_nothing_is_configured_is_known(script, monkeypatch):
    monkeypatch.setenv("PIP_CONFIG_FILE", os.devnull)
    monkeypatch.delenv("PIP_INDEX_URL", raising=False)
    assert script.default_index().startswith("https://")
